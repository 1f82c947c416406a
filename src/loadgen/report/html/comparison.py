# SPDX-License-Identifier: Apache-2.0
"""The page of a comparison: the verdict, each figure's ratio with its interval, what to know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from loadgen.metrics import Metric
from loadgen.report import units
from loadgen.report.html import drawing, provenance, scales
from loadgen.report.html.curves import curve, look_up
from loadgen.report.html.drawing import COLOURS, Axes
from loadgen.report.html.guide import guide
from loadgen.report.html.parts import (
    NOTHING,
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
    count,
    health_cell,
    sentence,
    verdict_cell,
)
from loadgen.result.figures import are_estimates
from loadgen.result.observation import reported_percentile
from loadgen.values import four_digits, per_cent

if TYPE_CHECKING:
    from loadgen.comparison import Comparison, Difference
    from loadgen.result import Result

__all__ = ["comparison_page"]

_TONES: Final[dict[str, Tone]] = {"same": "good", "faster": "good", "slower": "bad"}
_COLOURS: Final = {"same": "ink", "faster": "good", "slower": "bad", "cannot tell": "muted"}
_VERDICTS: Final = {
    "same": ("B is", "as fast as A"),
    "faster": ("B is", "faster than A"),
    "slower": ("B is", "slower than A"),
    "cannot tell": ("Whether B is faster or slower than A:", "cannot tell"),
}
_TIMES: Final = {
    "latency": "latency",
    "time to first token": "ttft",
    "time per output token": "tpot",
}
_ROOM: Final = 1.05
_MOST: Final = 20.0
"""Of a ratio, and one over it: what is further away is drawn at the edge."""


def comparison_page(found: Comparison) -> Page:
    """Return the page of a comparison.

    Parameters
    ----------
    found : Comparison
    """
    cards = [Card(*_VERDICTS[found.verdict], _meaning(found), _TONES.get(found.verdict, "warn"))]
    if found.forced:
        forced = "compared all the same; do not believe it"
        cards.insert(0, Card("The runs are", "not comparable", forced, "bad", found.forced))
    ratios = _ratios(found) if found.differences else Text("Nothing could be compared.")
    left_out = dict(found.left_out)
    sections = (
        Section("differences", "Differences", [ratios]),
        Section("curves", "Percentiles", [*_curves(found.results)]),
        Section(
            "left-out",
            "Not compared",
            [Table.of_pairs("What could not be compared, and why", left_out)] if left_out else [],
        ),
        Section("know", "What to know", [Items([*map(sentence, found.remarks())])]),
        Section("runs", "The runs", [*_runs(found)]),
    )
    subtitle = [f"{name}: {run}" for name, run in zip("AB", found.runs, strict=True)]
    facts = [_fact(each) for each in found.differences]
    kept = [section for section in sections if section.blocks]
    known = guide(found.results[0].scenario) if found.results else {}
    return Page("Comparison of two runs", subtitle, cards, facts, kept, known)


def _meaning(found: Comparison) -> str:
    """Say of which figures the verdict is, and what counts as a difference."""
    names: dict[str, list[str]] = {}
    for each in found.differences:
        names.setdefault(each.verdict, []).append(each.name)
    order = sorted(names, key=lambda verdict: verdict != found.verdict)
    parts = [f"{verdict}: {', '.join(names[verdict])}" for verdict in order]
    rule = (
        f"Up to {per_cent(found.margin)} is no difference; confidence {per_cent(found.confidence)}"
    )
    return f"{sentence('; '.join(parts))} {rule}." if parts else f"{rule}."


def _fact(each: Difference) -> Fact:
    """Return by how much a figure is larger or smaller in B."""
    a, b = (_figure(each, value) for value in (each.a, each.b))
    change = Cell(f"{100 * (each.ratio - 1):+,.1f} %", each.ratio)
    return Fact(each.name, change, f"{a.text} in A, {b.text} in B: {each.verdict}")


def _figure(each: Difference, value: float) -> Cell:
    return Cell(units.metric(Metric("", value, each.unit)), value)


def _curves(results: Sequence[Result]) -> Iterator[Picture]:
    """Yield the percentile curves of both runs, of each time that both have."""
    if not all(map(are_estimates, results)):
        return
    asked = tuple(reported_percentile(each.scenario) for each in results)
    for name, figure in _TIMES.items():
        lines = {run: getattr(each, figure) for run, each in zip("AB", results, strict=False)}
        if lines and all(lines.values()):
            for values in lines.values():
                look_up(values, asked, bounded=True)
            yield curve(figure, f"Percentiles of {name}", lines, bounded=lines, asked=asked)


def _runs(found: Comparison) -> Iterator[Table]:
    rows: list[list[Cell | str]] = [["run", *found.runs], ["latencies", *map(count, found.counts)]]
    if found.results:
        rows += [
            ["system", *(verdict_cell(each.valid) for each in found.results)],
            ["generator", *(health_cell(each.health.verdict) for each in found.results)],
        ]
    yield Table("What A and B are", ("", "A", "B"), rows)
    if found.results:
        of_a, of_b = (dict(provenance.described(each)) for each in found.results)
        rows = [
            [name, of_a.get(name, NOTHING), of_b.get(name, NOTHING)]
            for name in {**of_a, **of_b}
            if of_a.get(name) != of_b.get(name)
        ]
        if rows:
            yield Table("What is not the same of settings and machines", ("", "A", "B"), rows)


def _ratios(found: Comparison) -> Picture:
    ends = [end for each in found.differences for end in (*each.ratio_interval, each.ratio)]
    known = [min(max(end, 1 / _MOST), _MOST) for end in ends if end]
    width = _ROOM * max(1 + 2 * found.margin, *known, *(1 / end for end in known))

    def into(axes: Axes, narrow: bool) -> None:
        margin = f"no more than {per_cent(found.margin)} apart"
        axes.axvspan(1 / (1 + found.margin), 1 + found.margin, color=COLOURS["good"], alpha=0.12,
                     linewidth=0, label=margin)  # fmt: skip
        axes.axvline(1.0, color=COLOURS["ink"], linewidth=0.8)
        for place, each in enumerate(found.differences):
            low, high = each.ratio_interval
            ends = [1 / width if low is None else low, width if high is None else high]
            colour = COLOURS[_COLOURS[each.verdict]]
            axes.plot(ends, [place, place], "-", color=colour, linewidth=2)
            axes.plot([each.ratio], [place], "o", color=colour, markersize=5)
        axes.set_yticks(range(len(found.differences)), [each.name for each in found.differences])
        axes.set_ylim(len(found.differences) - 0.4, -0.6)
        axes.set_xlim(1 / width, width)
        scales.ratio_axis(axes, "B / A")

    seen = (
        f"The ratio B / A of each figure with its {per_cent(found.confidence)} interval. Right of "
        "1 a time is longer in B, and a rate is higher. An interval within the band is the same; "
        "one that leaves out 1 is a difference; a stroke up to the edge has an open end."
    )
    return Picture("Ratios", seen, *drawing.draw("ratios", into), _table(found), is_open=True)


def _table(found: Comparison) -> Table:
    level = per_cent(found.confidence)
    heads = ("figure", "A", "B", "B / A", f"{level} from", f"{level} to", "verdict")
    return Table("Figures of both runs", heads, [_row(each) for each in found.differences])


def _row(each: Difference) -> list[Cell | str]:
    figures = [_figure(each, value) for value in (each.a, each.b)]
    ratios = [NOTHING if v is None else Cell(four_digits(v), v) for v in each.ratio_interval]
    mark = " *" if each.clear_alone and each.verdict == "cannot tell" else ""
    verdict = Cell(each.verdict + mark, tone=_TONES.get(each.verdict, "warn"))
    return [each.name, *figures, Cell(four_digits(each.ratio), each.ratio), *ratios, verdict]
