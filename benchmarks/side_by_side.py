# SPDX-License-Identifier: Apache-2.0
"""Both sides alternately, and what comes of it: pairs of figures, ratios, the table."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from one_run import Run

from loadgen.selftest import Machine

TIMEOUT_S = 600
LOOK_S = 0.5  # at the machine, in each repeat
ESTIMATED = "*"

UNITS = {
    "rate": "M samples/s",
    "CPU": "s",
    "end": "ms",
    "bytes": "B/sample",
    "first": "ms",
    **dict.fromkeys(("p50", "p90", "p99", "p99.9", "max"), "us"),
}


@dataclass(frozen=True)
class Ours:
    """One way of running loadgen, and what it shall reach.

    `targets` are times better than the official package, by figure; `limits` are bounds of the
    figure itself; `gains` are by how much the official figure would be larger in an interface that
    cannot be measured.
    """

    label: str
    run: Run
    targets: dict[str, float] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)
    gains: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Work:
    """The same work for the official package and for each of ours."""

    name: str
    official: Run | None
    ours: tuple[Ours, ...]
    figures: tuple[str, ...]
    spare_cores: int | None = None  # all others compute


@dataclass(frozen=True)
class Row:
    """One line of the table; `ratio` is how many times better loadgen is, `own` its issue delay."""

    work: str
    label: str
    figure: str
    unit: str
    official: float | None
    loadgen: float | None
    own: float | None
    estimated: bool
    ratio: float | None
    lowest: float | None
    highest: float | None
    target: float | None
    limit: float | None

    @property
    def misses(self) -> bool:
        """Whether the median does not reach its target; without the other side nobody knows."""
        if self.loadgen is None:
            return True
        if self.limit is not None and self.loadgen > self.limit:
            return True
        return self.target is not None and self.ratio is not None and self.ratio < self.target


def measured(run: Run) -> dict[str, float]:
    """Return a run's figures; none, and a line on standard error, where it failed."""
    return _slope(run) if run.measure == "memory" else _alone(run)


def _alone(run: Run) -> dict[str, float]:
    script = Path(__file__).with_name("one_run.py")
    command = [sys.executable, str(script), run.as_json()]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=True
        )
        figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError) as error:
        last = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1:]
        print(f"failed: {run}: {''.join(last)}", file=sys.stderr)
        return {}
    return figures


def _slope(run: Run) -> dict[str, float]:
    """Bytes a sample: by how much more memory ten times the samples take."""
    few = replace(run, n_samples=run.n_samples // 10)
    low, high = _alone(few).get("peak"), _alone(run).get("peak")
    if low is None or high is None:
        return {}
    return {"bytes": (high - low) / (run.n_samples - few.n_samples)}


def compare(work: Work, repeats: int) -> tuple[list[Row], list[float]]:
    """Run all sides in turn, `repeats` times.

    Returns the rows, and for each repeat the share of time in which a thread that only looks at the
    clock was stopped.
    """
    official: list[dict[str, float]] = []
    ours: list[list[dict[str, float]]] = [[] for _ in work.ours]
    stopped = []
    with _busy(work.spare_cores) if work.spare_cores is not None else contextlib.nullcontext():
        for _ in range(repeats):
            official.append(measured(work.official) if work.official else {})
            for each, found in zip(work.ours, ours, strict=True):
                found.append(measured(each.run))
            stopped.append(Machine().interruptions(LOOK_S)[0])
    rows = (
        _row(work, each, figure, official, found)
        for each, found in zip(work.ours, ours, strict=True)
        for figure in work.figures
    )
    return [row for row in rows if row is not None], stopped


def _row(
    work: Work,
    ours: Ours,
    figure: str,
    theirs: list[dict[str, float]],
    found: list[dict[str, float]],
) -> Row | None:
    gain = ours.gains.get(figure)
    a = [value * (gain or 1) if (value := each.get(figure)) else None for each in theirs]
    b = [each.get(figure) for each in found]
    target, limit = ours.targets.get(figure), ours.limits.get(figure)
    if any(found) and not any(b):
        return None  # it ran, and has no such figure
    pairs = [_gain(figure, x, y) for x, y in zip(a, b, strict=True) if x and y]
    x, y = _median(a), _median(b)
    return Row(
        work=work.name,
        label=ours.label,
        figure=figure,
        unit=UNITS[figure],
        official=x,
        loadgen=y,
        own=_median([each.get(f"own {figure}") for each in found]),
        estimated=gain is not None,
        ratio=_gain(figure, x, y) if x and y else None,
        lowest=min(pairs, default=None),
        highest=max(pairs, default=None),
        target=target,
        limit=limit,
    )


def _gain(figure: str, official: float, loadgen: float) -> float:
    return loadgen / official if figure == "rate" else official / loadgen


def _median(values: Iterable[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return statistics.median(there) if there else None


@contextlib.contextmanager
def _busy(spare_cores: int) -> Iterator[None]:
    """Keep every core but so many busy: a process on each."""
    code = "import os, sys\nos.sched_setaffinity(0, {int(sys.argv[1])})\nwhile True: pass"
    cores = sorted(os.sched_getaffinity(0))[spare_cores:]
    busy = [subprocess.Popen([sys.executable, "-c", code, str(cpu)]) for cpu in cores]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def machine() -> str:
    """Say what the figures belong to."""
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.split(": ")[1] for line in lines if line.startswith("model name"))
        return f"{model}, {os.cpu_count()} CPUs, {platform.platform()}, Python {_python()}"
    return f"{os.cpu_count()} CPUs, {platform.platform()}, Python {_python()}"


def _python() -> str:
    return platform.python_version()


def commit() -> str:
    """Return the commit that the figures belong to, and whether files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    folder = Path(__file__).parent
    try:
        done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


HEADER = (
    f"{'':<26}{'figure':<7}{'official':>12}{'loadgen':>12} {'unit':<12}"
    f"{'times better (lowest-highest)':>32}{'own delay':>11}  target"
)


def line(row: Row) -> str:
    """Return a row as a line of the table."""
    ratio = "-"
    if row.ratio is not None:
        ratio = f"{row.ratio:,.1f} ({row.lowest:,.1f}-{row.highest:,.1f})"
    target = "" if row.target is None else f"{row.target:g}x"
    if row.limit is not None:
        target = f"{target} < {row.limit:g} {row.unit}".strip()
    official = _number(row.official) + (ESTIMATED if row.estimated else "")
    found = (
        f"  {row.label:<24}{row.figure:<7}{official:>12}{_number(row.loadgen):>12} {row.unit:<12}"
        f"{ratio:>32}{'' if row.own is None else _number(row.own):>11}  {target}"
    )
    return (found + (" MISSED" if row.misses else "")).rstrip()


def stops_in_words(shares: Sequence[float]) -> str:
    """Say in which share of time the machine did not let a thread go on."""
    low, middle, high = min(shares), statistics.median(shares), max(shares)
    spread = f"{100 * low:.1f} to {100 * high:.1f} %"
    return f"machine: stopped {100 * middle:.1f} % ({spread}) of the time"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.3f}" if abs(value) < 1_000 else f"{value:,.0f}"
