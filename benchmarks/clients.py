# SPDX-License-Identifier: Apache-2.0
"""HTTP load generators for LLM servers beside each other, on one server whose truth is known.

The server is `loadgen.testing.ScriptedServer`, on loopback: it computes nothing, streams, and keeps
the instants of each request, so that one ruler measures every tool. Two things are measured: how
many requests a second a tool keeps up (the server counts them), and by how much the latencies that
it reports exceed those that the server took. The tools take turns; figures are medians over the
repeats, with the lowest and the highest. See benchmarks/README.md.

    python benchmarks/clients.py --json clients.json
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path

from http_tools import FIGURES, MODEL, TOOLS, Job, Tool, Unavailable, installed, prepare
from side_by_side import commit, machine

import loadgen
from loadgen.testing import Script, ScriptedServer
from loadgen.testing.scripted import Answered

N_TOKENS = 16
AT_ONCE = Script(n_tokens=N_TOKENS)
SLOWLY = Script(n_tokens=N_TOKENS, ttft_ms=20, itl_ms=1)
LEAST_ANSWERS = 100
LONGER_S = 180  # than it was asked to run may a tool take: it starts, and writes its files
LOOK_S = 0.2


@dataclass(frozen=True)
class Run:
    """One run of one tool, and what came of it.

    `concurrency` is None where requests came at a rate. `rate_qps` is what the server counted,
    `server_ms` what it took, and `added_ms` what the tool reports less that, by the figure's name;
    `processes` is the most that the tool had at once.
    """

    tool: str
    concurrency: int | None
    repeat: int
    processes: int = 0
    n_answers: int = 0
    rate_qps: float | None = None
    added_ms: dict[str, float] | None = None
    server_ms: dict[str, float] | None = None
    failure: str = ""
    load_average: float = 0.0


class Failed(Exception):
    """A tool did not do what was asked; says how."""


def sustained_qps(answers: Sequence[Answered]) -> float:
    """Return answers a second of the steady part: without the first and the last tenth of them."""
    ends = sorted(answer.last_ns for answer in answers)
    if len(ends) < LEAST_ANSWERS:
        raise Failed(f"the server answered {len(ends)} requests")
    first, last = len(ends) // 10, len(ends) - 1 - len(ends) // 10
    return (last - first) / (ends[last] - ends[first]) * 1e9


def taken_ms(answers: Sequence[Answered]) -> dict[tuple[str, int], float]:
    """Return what the server took, by figure and percentile: element trunc(n*p/100), sorted."""
    if len(answers) < LEAST_ANSWERS:
        raise Failed(f"the server answered {len(answers)} requests")
    columns = {
        "ttft": sorted(answer.first_ns - answer.received_ns for answer in answers),
        "latency": sorted(answer.last_ns - answer.received_ns for answer in answers),
    }
    return {(what, p): columns[what][len(answers) * p // 100] / 1e6 for what, p in FIGURES}


def measured(tool: Tool, program: list[str], run: Run, job: Job) -> Run:
    """Return a run with its figures, or with why it has none."""
    with tempfile.TemporaryDirectory() as folder:
        job = replace(job, folder=Path(folder))
        prepare(job)
        try:
            with ScriptedServer(SLOWLY if job.qps else AT_ONCE, model=MODEL) as server:
                job = replace(job, url=server.url)
                output, processes = _called(tool, program, job)
                answers = [each for each in server.answered() if each.n_tokens == N_TOKENS]
            run = replace(run, processes=processes, n_answers=len(answers))
            run = replace(run, rate_qps=sustained_qps(answers))
            if not job.qps:
                return run
            took, says = taken_ms(answers), tool.says(job, output)
        except Failed as failure:
            return replace(run, failure=str(failure))
        except (LookupError, TypeError, ValueError, OSError) as error:
            return replace(run, failure=f"its export: {type(error).__name__}: {error}")
    return replace(
        run,
        added_ms={_name(figure): says[figure] - took[figure] for figure in FIGURES},
        server_ms={_name(figure): took[figure] for figure in FIGURES},
    )


def _name(figure: tuple[str, int]) -> str:
    return f"{figure[0]} p{figure[1]}"


def _called(tool: Tool, program: list[str], job: Job) -> tuple[str, int]:
    """Run a tool to its end; return its standard output, and its most processes at once."""
    paths = [job.folder / "stdout", job.folder / "stderr"]
    with paths[0].open("wb") as stdout, paths[1].open("wb") as stderr:
        process = subprocess.Popen(
            [*program, *tool.command(job)],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            cwd=job.folder,
            env=os.environ | dict(tool.environment),
            start_new_session=True,
        )
        most, ends_s = 0, time.monotonic() + job.seconds + LONGER_S
        try:
            while True:
                most = max(most, _in_session(process.pid))  # before it is waited for: at least 1
                if process.poll() is not None or time.monotonic() > ends_s:
                    break
                time.sleep(LOOK_S)
        finally:  # and those that it left behind
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
    told, wrong = (path.read_text(encoding="utf-8", errors="replace") for path in paths)
    if code not in tool.exit_codes:
        lines = (wrong.strip() or told.strip() or "nothing said").splitlines()
        raise Failed(f"exit code {code}: {lines[-1]}")
    return told, most


def _in_session(session: int) -> int:
    """Count the processes of a session."""
    n = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            n += int(path.read_text(errors="replace").rpartition(")")[2].split()[3]) == session
    return n


# The table.


def rate_lines(runs: Sequence[Run]) -> Iterator[str]:
    """Yield the table of rates: each tool at its best concurrency."""
    yield f"sustained, streamed requests/s of {N_TOKENS} tokens, counted by the server"
    yield f"  {'':<16}{'processes':>9}{'at once':>9}  {'requests/s (lowest-highest)':<34}others"
    for tool, found in _by_tool(runs):
        rates: dict[int, list[float]] = {}
        for run in found:
            if run.rate_qps is not None and run.concurrency is not None:
                rates.setdefault(run.concurrency, []).append(run.rate_qps)
        if not rates:
            yield _failed(tool, found)
            continue
        middle = {at: statistics.median(each) for at, each in rates.items()}
        best = max(middle, key=middle.__getitem__)
        spread = f"{middle[best]:,.0f} ({min(rates[best]):,.0f}-{max(rates[best]):,.0f})"
        others = ", ".join(f"{middle[at]:,.0f} at {at}" for at in sorted(middle) if at != best)
        processes = max(run.processes for run in found if run.concurrency == best)
        yield f"  {tool:<16}{processes:>9}{best:>9}  {spread:<34}{others}".rstrip()


def added_lines(runs: Sequence[Run], qps: int) -> Iterator[str]:
    """Yield the table of what tools add to the latencies that they report."""
    yield (
        f"added latency in ms at {qps} requests/s: what is reported less what the server took,"
        " median (lowest-highest)"
    )
    names = [_name(figure) for figure in FIGURES]
    heads = "".join(f"{name:>28}" for name in names)
    yield f"  {'':<16}{'processes':>9}{'kept up':>9}{heads}"
    for tool, found in _by_tool(runs):
        there = [run for run in found if run.added_ms is not None]
        if not there:
            yield _failed(tool, found)
            continue
        shown = ""
        for name in names:
            added = [run.added_ms[name] for run in there if run.added_ms is not None]
            text = f"{_ms(statistics.median(added))} ({_ms(min(added))}-{_ms(max(added))})"
            shown += f"{text:>28}"
        kept = statistics.median(run.rate_qps or 0.0 for run in there)
        yield f"  {tool:<16}{max(run.processes for run in there):>9}{kept:>9.0f}{shown}"


def _ms(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"


def _by_tool(runs: Sequence[Run]) -> Iterator[tuple[str, list[Run]]]:
    for tool in dict.fromkeys(run.tool for run in runs):
        yield tool, [run for run in runs if run.tool == tool]


def _failed(tool: str, runs: Sequence[Run]) -> str:
    reasons = dict.fromkeys(run.failure for run in runs if run.failure)
    return f"  {tool:<16}{'-':>9}  {'; '.join(reasons)[:160]}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "loadgen" / "clients"
    parser.add_argument("--repeats", type=int, help="5; with --quick 1")
    parser.add_argument("--seconds", type=float, help="of each run: 8; with --quick 2")
    parser.add_argument("--concurrency", type=_numbers, help="4,16,64,256; with --quick 64")
    parser.add_argument("--qps", type=int, default=100, help="where latency is measured: 100")
    parser.add_argument("--only", type=_names, default=[], metavar="TOOL,...", help="these tools")
    parser.add_argument("--quick", action="store_true", help="small: whether everything works")
    parser.add_argument("--venvs", type=Path, default=cache, metavar="DIR", help="the tools' own")
    parser.add_argument("--python", action="append", default=[], metavar="PATH", help="for them")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all runs")
    options = parser.parse_args()
    defaults = (1, 2.0, [64]) if options.quick else (5, 8.0, [4, 16, 64, 256])
    for name, default in zip(("repeats", "seconds", "concurrency"), defaults, strict=True):
        if getattr(options, name) is None:
            setattr(options, name, default)
    return options


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


def _names(text: str) -> list[str]:
    names = text.lower().split(",")
    known = [tool.name.lower() for tool in TOOLS]
    if not set(names) <= set(known):
        raise argparse.ArgumentTypeError(f"{text}: known are {', '.join(known)}")
    return names


def main() -> int:
    """Measure, print the tables, write the JSON; 1 where a run of loadgen came to no figure."""
    options = _options()
    pythons = [*options.python, sys.executable, "python3.12", "python3.13"]
    tools = [tool for tool in TOOLS if not options.only or tool.name.lower() in options.only]
    programs: dict[str, list[str]] = {}
    runs: list[Run] = []
    for tool in tools:
        try:
            programs[tool.name] = installed(tool, options.venvs, pythons)
        except Unavailable as reason:
            runs.append(Run(tool.name, None, 0, failure=str(reason)))
    there = [tool for tool in tools if tool.name in programs]
    for repeat, at, tool in product(range(options.repeats), (*options.concurrency, None), there):
        print(f"[{repeat + 1}/{options.repeats}] {tool.name} {at or ''}", file=sys.stderr)
        job = Job("", Path(), options.seconds, at, options.qps if at is None else None)
        run = Run(tool.name, at, repeat, load_average=os.getloadavg()[0])
        runs.append(measured(tool, programs[tool.name], run, job))
        if options.json:  # each time: an interrupt costs one run
            _write(runs, options)
    _print(runs, options)
    return int(any(run.failure for run in runs if run.tool == "loadgen"))


def _about() -> dict[str, str]:
    packages = [tool.package or f"loadgen=={loadgen.__version__}" for tool in TOOLS]
    return {"machine": machine(), "commit": commit(), "tools": ", ".join(packages)}


def _write(runs: Sequence[Run], options: argparse.Namespace) -> None:
    document = _about() | {"options": vars(options), "runs": [asdict(run) for run in runs]}
    options.json.write_text(json.dumps(document, indent=2, default=str) + "\n", encoding="utf-8")


def _print(runs: Sequence[Run], options: argparse.Namespace) -> None:
    about, loads = _about(), [run.load_average for run in runs if run.load_average]
    print(
        f"{about['machine']}; commit {about['commit']}; {options.repeats} repeats, in turn, medians"
    )
    print(f"{about['tools']}; load average {min(loads, default=0):.1f}-{max(loads, default=0):.1f}")
    if options.quick:
        print("QUICK: too short to quote.")
    print(*rate_lines(runs), "", *added_lines(runs, options.qps), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
