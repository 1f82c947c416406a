# SPDX-License-Identifier: Apache-2.0
"""Pictures over time: latency with the steady window, what was issued and answered, what waited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from loadgen.config.scenarios import Offline, Server
from loadgen.metrics.throughput import latest_done_ns
from loadgen.report import units
from loadgen.report.html import drawing, scales
from loadgen.report.html.drawing import COLOURS, Axes
from loadgen.report.html.parts import Cell, Picture, Table, count, time
from loadgen.report.html.thinning import COLUMNS, STEP, counted, counts_over_time, spread
from loadgen.result.data import FAILED, OK
from loadgen.result.latencies import answers, judged_rows, judged_series

if TYPE_CHECKING:
    from loadgen.result import Result

__all__ = ["latency_over_time", "load_over_time"]

_N_STEPS: Final = COLUMNS // STEP
"""Lines of a table over time."""

_ENOUGH: Final = 20
"""Values that a point of a percentile is made of, on average, where it is drawn."""

_FEW: Final = 100
"""Values, with fewer of which each end of a stroke is marked: some have no length."""

Int64Array = NDArray[np.int64]


def latency_over_time(result: Result) -> Picture | None:
    """Return latency by when samples were due, with the steady window; None without rows.

    In Offline, where all are due at the start, there is nothing to see.
    """
    data = result.data
    if data.tally is not None or not result.latency or isinstance(result.scenario, Offline):
        return None
    columns = answers(data)
    end, start = counted(columns)
    origin = data.run_start_ns + judged_series(data)[0].start_ns
    at, values = start - origin, end - start
    span = int(at.max()) + 1
    width_ns = -(-span // COLUMNS)
    strokes, coarse = spread(at, values, width_ns)
    middle_s = coarse.at_s + STEP * width_ns / 2e9
    window = _window(result, float(columns.start[0] - origin) / 1e9)

    def into(axes: Axes, narrow: bool) -> None:
        if window is not None:
            axes.axvspan(*window, color=COLOURS["good"], alpha=0.10, linewidth=0, label="steady")
        axes.plot(
            *drawing.strokes(strokes.low, strokes.at_s, strokes.high),
            color=COLOURS["first"], alpha=0.45, label="smallest to largest",
            solid_capstyle="projecting", marker="o" if len(values) < _FEW else "", markersize=3,
        )  # fmt: skip
        if len(values) >= _ENOUGH * _N_STEPS:
            axes.plot(middle_s, coarse.p99, "-.", color=COLOURS["second"], label="p99")
            axes.plot(middle_s, coarse.p50, "-", color=COLOURS["ink"], label="p50")
        scales.time_axis(axes.yaxis, [int(values.min()), int(values.max())], "")
        scales.seconds_axis(axes, span / 1e9, "due after", narrow)

    worst = int(values.argmax())
    seen = (
        f"Latency by when {_unit(result)} were due: every one of {len(values):,} is between the "
        f"ends of a stroke. The largest, {units.time(int(values[worst]))}, was due after "
        f"{units.time(int(at[worst]))}. {_window_in_words(result)}"
    )
    rows = [
        [time(at_s * 1e9), *(count(n) if column == 0 else time(n) for column, n in enumerate(row))]
        for at_s, *row in zip(coarse.at_s, *(column.tolist() for column in coarse[1:]), strict=True)
    ]
    heads = ("due from", "answered", "smallest", "p50", "p99", "largest")
    numbers = Table("Latency over time", heads, rows)
    return Picture("Latency over time", seen.strip(), *drawing.draw("time", into), numbers)


def _unit(result: Result) -> str:
    return "queries" if result.scenario.name == "multi_stream" else "samples"


def _window(result: Result, first_s: float) -> tuple[float, float] | None:
    found = result.steady_state
    if found is None or found.verdict not in ("steady", "warm-up"):
        return None
    return first_s + found.start_s, first_s + found.end_s


def _window_in_words(result: Result) -> str:
    if result.steady_state is None:
        return ""
    words = result.steady_state.words
    return f"{words[0].upper()}{words[1:]}."


@dataclass(frozen=True)
class _Load:
    """What was issued, answered and in flight, by column of a picture."""

    width_ns: int
    issued: Int64Array
    answered: Int64Array
    failed: Int64Array

    @property
    def start_s(self) -> NDArray[np.float64]:
        return np.arange(len(self.issued)) * self.width_ns / 1e9

    @property
    def outstanding(self) -> Int64Array:
        """At the end of each column."""
        return np.cumsum(self.issued - self.answered - self.failed)

    def rate(self, counts: Int64Array) -> NDArray[np.float64]:
        return counts * np.float64(1e9 / self.width_ns)


def load_over_time(result: Result) -> list[Picture]:
    """Return rates of issue and answer, and what was in flight, over time; none without rows."""
    if result.data.tally is not None or not result.data.n_rows:
        return []
    found = _load(result)
    if not found.issued.any():
        return []
    rates = _rates(result, found)
    return [rates, _outstanding(found)] if found.outstanding.any() else [rates]


def _load(result: Result) -> _Load:
    data, rows = result.data, judged_rows(result.data)
    origin = data.run_start_ns + judged_series(data)[0].start_ns
    status, completed = data.columns["status"][rows], data.columns["completed"][rows]
    issued = data.columns["issued"][rows]
    last = max(latest_done_ns(completed, status, origin), int(issued.max(initial=origin)) - origin)
    width = last // _N_STEPS + 1

    def answered(wanted: int) -> Int64Array:
        return counts_over_time(
            completed, origin, width, _N_STEPS, lambda part: status[part] == wanted
        )

    in_steps = counts_over_time(issued, origin, width, _N_STEPS)
    return _Load(width, in_steps, answered(OK), answered(FAILED))


def _rates(result: Result, found: _Load) -> Picture:
    issued, answered = found.rate(found.issued), found.rate(found.answered)
    scenario = result.scenario
    target = scenario.target_qps if isinstance(scenario, Server) else None
    at_once = isinstance(scenario, Offline)  # one column would hide all else

    def into(axes: Axes, narrow: bool) -> None:
        if not at_once:
            axes.step(found.start_s, issued, "--", where="post", color=COLOURS["second"],
                      label="issued")  # fmt: skip
        axes.step(found.start_s, answered, where="post", color=COLOURS["first"], label="answered")
        if found.failed.any():
            axes.step(found.start_s, found.rate(found.failed), ":", where="post",
                      color=COLOURS["bad"], label="failed")  # fmt: skip
        if target is not None:
            axes.axhline(target, linestyle="-.", linewidth=1, color=COLOURS["ink"], label="target")
        highest = max(answered.max(), 0 if at_once else issued.max(), target or 0.0)
        scales.count_axis(axes, highest, "samples/s")
        scales.seconds_axis(axes, len(issued) * found.width_ns / 1e9, "since the start", narrow)

    seen = (
        f"Samples issued and answered a second, in {len(issued)} steps of "
        f"{units.time(found.width_ns)}: up to {answered.max():,.1f} answers/s."
    )
    names = ("issued", "answered", "failed")
    rows = [
        [time(at_s * 1e9), *map(count, row)]
        for at_s, *row in zip(
            found.start_s, *(getattr(found, name).tolist() for name in names), strict=True
        )
    ]
    numbers = Table("Samples in each step", ("from", *names), rows)
    return Picture("Rate over time", seen, *drawing.draw("rate", into), numbers)


def _outstanding(found: _Load) -> Picture:
    waiting, width_s = found.outstanding, found.width_ns / 1e9

    def into(axes: Axes, narrow: bool) -> None:
        axes.fill_between(found.start_s, 0, waiting, step="post", color=COLOURS["third"],
                          alpha=0.25, linewidth=0)  # fmt: skip
        axes.step(found.start_s, waiting, where="post", color=COLOURS["third"])
        scales.count_axis(axes, float(waiting.max()), "samples")
        scales.seconds_axis(axes, len(waiting) * width_s, "since the start", narrow)

    seen = (
        f"Samples issued and not yet answered, at the end of each step: up to "
        f"{waiting.max():,}, and {waiting[-1]:,} at the end. What grows all the time is a queue "
        "that the system cannot keep up with."
    )
    rows: list[list[Cell | str]] = [
        [time(at_s * 1e9), count(int(n))]
        for at_s, n in zip(found.start_s + width_s, waiting, strict=True)
    ]
    numbers = Table("In flight over time", ("at", "in flight"), rows)
    return Picture("In flight over time", seen, *drawing.draw("flight", into), numbers)
