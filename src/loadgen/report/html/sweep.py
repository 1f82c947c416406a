# SPDX-License-Identifier: Apache-2.0
"""The page of a sweep: latency and throughput by load, the knee, the limits, all verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from loadgen.config.scenarios import Server
from loadgen.report import units, words
from loadgen.report.causes import Mark, causes, mark, same_loads
from loadgen.report.html import drawing, provenance, scales
from loadgen.report.html.drawing import COLOURS, Axes
from loadgen.report.html.guide import guide
from loadgen.report.html.parts import (
    HEALTH_TONES,
    NOTHING,
    Block,
    Card,
    Cell,
    Fact,
    Items,
    Page,
    Picture,
    Section,
    Table,
    Text,
    Tone,
    health_cell,
    sentence,
    time,
    verdict_cell,
)
from loadgen.values import ns_in_words
from loadgen.verdict.observed import limits_ns

if TYPE_CHECKING:
    from loadgen.result import Result
    from loadgen.search import Point

__all__ = ["sweep_page"]

_GUIDE: Final = {
    "Sweep": "The same system measured at one load after the other.",
    "Knee": "The load from which on latency rises faster than the load does: more of it buys little"
    " and costs much.",
}
_MARKS: Final[dict[Mark, dict[str, Any]]] = {
    "too short": {"marker": "D", "color": COLOURS["muted"], "fillstyle": "none"},
    "over a limit": {"marker": "x", "color": COLOURS["bad"], "markeredgewidth": 2},
    "invalid": {"marker": "s", "color": COLOURS["bad"], "fillstyle": "none"},
}
_LINES: Final = (("p99", "second", "-."), ("p90", "third", "--"), ("p50", "first", "-"))


def sweep_page(results: Sequence[Result], points: Sequence[Point], knee: Point | None) -> Page:
    """Return the page of runs at several loads.

    Parameters
    ----------
    results : sequence of Result
        At least one; in the order of the points.
    points : sequence of Point
        Ascending by load.
    knee : Point or None
    """
    first = results[0]
    lowest, highest = units.load(points[0].load), units.load(points[-1].load)
    unit = "queries/s" if isinstance(first.scenario, Server) else "outstanding"
    numbers = _table(results, points, knee, unit)
    blocks: list[Block] = [_latency(results, points, knee, numbers), _throughput(points, unit)]
    if all(point.p99_ns is None for point in points):
        blocks = [Text("No run answered anything, so there is no curve.")]
    return Page(
        title=f"{first.sut_name}: sweep of {first.scenario.name}",
        subtitle=[f"{len(points):,} loads, {lowest} to {highest} {unit}"],
        cards=_cards(results, points, unit),
        facts=[*_facts(points, knee, unit)],
        sections=[
            Section("curve", "Latency and throughput by load", blocks),
            Section("runs", "Each run", [numbers, *_reasons(results, points, unit)]),
            *provenance.sections(first, f"the run at {lowest} {unit}"),
        ],
        guide=guide(first.scenario, _GUIDE),
    )


def _at(loads: Sequence[float], unit: str) -> str:
    return f"{', '.join(map(units.load, loads))} {unit}"


def _cards(results: Sequence[Result], points: Sequence[Point], unit: str) -> list[Card]:
    valid = [point for point in points if point.valid]
    bad = [point for point in points if point.health != "good"]
    marks = [mark(result) for result in results]
    lacking: list[Mark] = ["too short", "over a limit", "invalid"]
    counts = ", ".join(
        f"{marks.count(each)} {'INVALID otherwise' if each == 'invalid' else each}"
        for each in lacking
        if each in marks
    )
    loads = [point.load for point in points]
    why = [f"{_at(at, unit)}: {cause}" for at, cause in causes(zip(loads, results, strict=True))]
    system = Card("System", "INVALID", f"no run is valid: {counts}", "bad", why)
    if {*marks} == {"too short"}:
        words_of = "no run was long enough to show that the limits are kept; none is above one"
        system = Card("System", "INVALID", words_of, "bad", why)
    if valid:
        words_of = f"highest load of a valid run; {len(valid)} of {len(points)} runs are valid"
        words_of += f", {counts}" if counts else ""
        tone: Tone = "good" if len(valid) == len(points) else "warn"
        system = Card("System", f"{units.load(valid[-1].load)} {unit}", words_of, tone, why)
    worst = "bad" if any(each.health == "bad" for each in bad) else "suspect"
    generator = Card("Generator", "good", words.BELIEF["good"] + " at all loads", "good")
    if bad:
        at = ", ".join(f"{units.load(point.load)} ({point.health})" for point in bad)
        generator = Card("Generator", worst, f"not good at {at}", HEALTH_TONES[worst])
    return [generator, system] if worst == "bad" and bad else [system, generator]


def _facts(points: Sequence[Point], knee: Point | None, unit: str) -> list[Fact]:
    found = []
    if knee is None:
        note = "latency does not bend upwards, or there are fewer than 4 loads"
        found.append(Fact("knee", Cell("none"), note))
    else:
        note = "behind it latency rises faster than load"
        found.append(Fact("knee", Cell(f"{units.load(knee.load)} {unit}", knee.load), note))
    rates = [point.throughput for point in points if point.throughput is not None]
    if rates:
        found.append(Fact("most completed", Cell(f"{max(rates):,.2f} samples/s", max(rates))))
    return found


def _latency(
    results: Sequence[Result], points: Sequence[Point], knee: Point | None, numbers: Table
) -> Picture:
    unit = numbers.heads[0]
    limit_ns = limits_ns(results[0].scenario).get("target_latency_ms")
    known = [point for point in points if point.p99_ns is not None]

    def into(axes: Axes, narrow: bool) -> None:
        loads = [point.load for point in known]
        values = []
        for name, colour, style in _LINES:
            times = [getattr(point, f"{name}_ns") for point in known]
            axes.plot(loads, times, style, marker="o", markersize=4, color=COLOURS[colour],
                      label=name)  # fmt: skip
            values += times
        for found, look in _MARKS.items():
            marked = [
                (point.load, point.p99_ns)
                for point, result in zip(points, results, strict=True)
                if point.p99_ns is not None and mark(result) == found
            ]
            if marked:
                axes.plot(*zip(*marked, strict=True), linestyle="", markersize=10,
                          label="INVALID" if found == "invalid" else found, **look)  # fmt: skip
        if limit_ns is not None:
            axes.axhline(limit_ns, linestyle=":", color=COLOURS["bad"], label="limit")
            values.append(limit_ns)
        if knee is not None:
            axes.axvline(knee.load, linestyle=(0, (1, 3)), color=COLOURS["ink"], label="knee")
        scales.time_axis(axes.yaxis, values, "")
        scales.load_axis(axes.xaxis, loads, unit)

    where = "There is no knee" if knee is None else f"The knee is at {units.load(knee.load)} {unit}"
    limit = "" if limit_ns is None else f" The limit is {ns_in_words(limit_ns)}."
    seen = f"Latency by load, at three percentiles. {where}.{limit}"
    return Picture("Latency by load", seen, *drawing.draw("load", into), numbers)


def _throughput(points: Sequence[Point], unit: str) -> Picture:
    known = [(p.load, p.throughput, p.p99_ns) for p in points if p.throughput and p.p99_ns]

    def into(axes: Axes, narrow: bool) -> None:
        loads, rates = [each[0] for each in known], [each[1] for each in known]
        if unit == "queries/s":
            axes.plot(loads, loads, ":", color=COLOURS["ink"], label="all that was offered")
        axes.plot(loads, rates, marker="o", markersize=4, color=COLOURS["first"], label="completed")
        scales.load_axis(axes.xaxis, loads, unit)
        if unit == "queries/s" and axes.get_xscale() == "log":
            # On two different scales what was offered would be no straight line.
            scales.load_axis(axes.yaxis, loads, "samples/s")
        else:
            scales.count_axis(axes, max(rates, default=0.0), "samples/s")

    most = max(known, key=lambda each: each[1], default=(0, 0.0, 0))
    at = f"{units.load(most[0])} {unit}"
    seen = f"Samples completed a second by load: at most {most[1]:,.2f}, at {at}."
    rows = [
        [Cell(units.load(load), load), Cell(f"{rate:,.2f}", rate), time(p99)]
        for load, rate, p99 in known
    ]
    numbers = Table("Throughput by load", (unit, "completed samples/s", "p99"), rows)
    return Picture("Throughput by load", seen, *drawing.draw("throughput", into), numbers)


def _verdict(found: Mark) -> Cell:
    if found in ("valid", "invalid"):
        return verdict_cell(found == "valid")
    return Cell(f"INVALID: {found}", tone="bad" if found == "over a limit" else "warn")


def _table(
    results: Sequence[Result], points: Sequence[Point], knee: Point | None, unit: str
) -> Table:
    rows = []
    for result, point in zip(results, points, strict=True):
        times = (time(ns) for ns in (point.p50_ns, point.p90_ns, point.p99_ns))
        rate = point.throughput
        rows.append(
            [
                Cell(units.load(point.load), point.load),
                NOTHING if rate is None else Cell(f"{rate:,.2f}", rate),
                *times,
                _verdict(mark(result)),
                health_cell(point.health),
                "knee" if point is knee else "",
            ]
        )
    heads = (unit, "completed samples/s", "p50", "p90", "p99", "system", "generator", "")
    return Table("Each load", heads, rows)


def _reasons(results: Sequence[Result], points: Sequence[Point], unit: str) -> list[Block]:
    """Return what is said of each load, below its heading; what is said of several, once."""
    said = same_loads(
        (point.load, (*result.reasons, *result.health.causes))
        for result, point in zip(results, points, strict=True)
    )
    return [Items([*map(sentence, each)], _at(loads, unit)) for loads, each in said.items()]
