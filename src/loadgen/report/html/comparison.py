# SPDX-License-Identifier: Apache-2.0
"""The page of a comparison: the verdict, each figure's ratio with its interval, what to know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from loadgen.metrics import Metric
from loadgen.report import units
from loadgen.report.html import drawing
from loadgen.report.html.drawing import COLOURS, Axes
from loadgen.report.html.parts import (
    NOTHING,
    Card,
    Cell,
    Items,
    Page,
    Picture,
    Section,
    Table,
    Text,
    Tone,
)
from loadgen.values import per_cent

if TYPE_CHECKING:
    from loadgen.comparison import Comparison, Difference

__all__ = ["comparison_page"]

_TONES: Final[dict[str, Tone]] = {"same": "good", "faster": "good", "slower": "bad"}
_COLOURS: Final = {"same": "ink", "faster": "good", "slower": "bad", "cannot tell": "muted"}
_ROOM: Final = 1.05
_MOST: Final = 20.0
"""Of a ratio, and one over it: what is further away is drawn at the edge."""


def comparison_page(found: Comparison) -> Page:
    """Return the page of a comparison.

    Parameters
    ----------
    found : Comparison
    """
    cards = [Card("B is", found.verdict, found.headline, _TONES.get(found.verdict, "warn"))]
    if found.forced:
        forced = "compared all the same; do not believe it"
        cards.insert(0, Card("The runs are", "not comparable", forced, "bad", found.forced))
    runs = zip("AB", found.runs, found.counts, strict=True)
    ratios = _ratios(found) if found.differences else Text("Nothing could be compared.")
    sections = [
        Section("differences", "Differences", [ratios]),
        Section("know", "What to know", [Items([*found.remarks()])]),
        Section("runs", "The runs", [
            Table("What A and B are", ("", "run", "latencies"),
                  [[name, run, Cell(f"{n:,}", n)] for name, run, n in runs]),
        ]),
    ]  # fmt: skip
    if found.left_out:
        left_out = Table.of_pairs("What could not be compared, and why", dict(found.left_out))
        sections.insert(1, Section("left-out", "Not compared", [left_out]))
    subtitle = [f"{name}: {run}" for name, run in zip("AB", found.runs, strict=True)]
    return Page("Comparison of two runs", subtitle, cards, (), sections)


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
        drawing.ratio_axis(axes, "B / A")

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
    figures = [Cell(units.metric(Metric("", v, each.unit)), v) for v in (each.a, each.b)]
    ratios = [NOTHING if v is None else Cell(f"{v:.4g}", v) for v in each.ratio_interval]
    mark = " *" if each.clear_alone and each.verdict == "cannot tell" else ""
    verdict = Cell(each.verdict + mark, tone=_TONES.get(each.verdict, "warn"))
    return [each.name, *figures, Cell(f"{each.ratio:.4g}", each.ratio), *ratios, verdict]
