# SPDX-License-Identifier: Apache-2.0
"""Pictures of distributions: the curve of percentiles, and the histogram."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from loadgen.metrics import SHOWN_PERCENTILES
from loadgen.metrics.histogram import Histogram
from loadgen.metrics.latency import percentile_rank
from loadgen.report import units
from loadgen.report.html import drawing, scales
from loadgen.report.html.drawing import COLOURS, Axes
from loadgen.report.html.parts import (
    NOTHING,
    Cell,
    Picture,
    Table,
    count,
    percentile_name,
    share,
    time,
)
from loadgen.report.html.thinning import buckets, counted, tail, tail_ranks
from loadgen.result.figures import CONFIDENCE
from loadgen.values import per_cent

if TYPE_CHECKING:
    from loadgen.metrics.latency import Distribution, Values

__all__ = ["curve", "figures_table", "histogram", "look_up"]

_FURTHER: Final = (99.99, 99.999, 99.9999)
_LEAST_BEYOND: Final = 10
"""With fewer values beyond it, a further percentile is that of some values only."""

_LOW_END: Final = 100
"""Of a curve's points: from this part of them on its axis begins."""

_LEVEL: Final = per_cent(CONFIDENCE)
_REST: Final = ("mean", "min", "max")
_FEW: Final = 20
"""Points of a curve, with fewer of which each is marked: one alone makes no line."""

_APART: Final = 0.006
"""Of the axis: between intervals of two lines at one percentile."""

_STYLES: Final = (("first", "-"), ("second", "--"), ("third", ":"))


def shown_percentiles(n: int, *asked: float) -> tuple[float, ...]:
    """Return the percentiles that a page shows of n values, with some that are asked for."""
    further = [p for p in _FURTHER if n * (100 - p) / 100 >= _LEAST_BEYOND]
    return tuple(sorted({*map(float, SHOWN_PERCENTILES), *map(float, asked), *further}))


def look_up(values: Distribution | None, asked: tuple[float, ...], *, bounded: bool) -> None:
    """Find all elements that a page shows, in two passes over the rows instead of many.

    Parameters
    ----------
    values : Distribution or None
        It keeps what it found.
    asked : tuple of float
        Percentiles to show besides.
    bounded : bool
        Whether there are intervals.
    """
    if not values:
        return
    n = len(values)
    percentiles = shown_percentiles(n, *asked)
    values.elements([*tail_ranks(n), *(percentile_rank(p, n) for p in percentiles)])
    if bounded:
        ends = [values.interval_ranks(p, confidence=CONFIDENCE) for p in percentiles]
        values.elements({rank for pair in ends for rank in pair if rank is not None})


def curve(
    name: str,
    title: str,
    lines: Mapping[str, Distribution],
    *,
    bounded: Collection[str] = (),
    limits_ns: Mapping[str, tuple[float, int]] | None = None,
    asked: tuple[float, ...] = (),
    about: str = "",
) -> Picture:
    """Return the curve of percentiles of some times, on an axis that spreads out the tail.

    Parameters
    ----------
    name : str
        Of the picture, within the page.
    title : str
    lines : mapping of str to Distribution
        At most three, each of at least one value.
    bounded : collection of str
        Which of them get intervals.
    limits_ns : mapping of str to (percentile, ns), optional
        What has to be kept.
    asked : tuple of float
        Percentiles to show besides.
    about : str
        What to say besides.
    """
    tails = {label: tail(values) for label, values in lines.items()}
    bounds = {label: _bounds(lines[label], asked) for label in bounded}

    def into(axes: Axes, narrow: bool) -> None:
        end = scales.tail_axis(axes, max(map(len, lines.values())), narrow)
        for (colour, style), (label, found) in zip(_STYLES, tails.items(), strict=False):
            x, y = scales.tail_places(found.beyond), found.value
            axes.plot(x, y, style, color=COLOURS[colour], label=label, drawstyle="steps-post",
                      marker="o" if len(y) < _FEW else "", markersize=4)  # fmt: skip
        for number, each in enumerate(bounds.values()):
            shift = (number - (len(bounds) - 1) / 2) * _APART * end
            _draw_bounds(axes, each, shift, f"{_LEVEL} intervals" if number == 0 else None)
        for label, (p, limit_ns) in (limits_ns or {}).items():
            at = scales.tail_places(1 - p / 100)
            axes.plot([0, at], [limit_ns, limit_ns], "-.", color=COLOURS["bad"], label=label)
        limits = [limit_ns for _, limit_ns in (limits_ns or {}).values()]
        # Below the first hundredth there may be decades of nothing that anybody waits for.
        shown = [found.value for found in tails.values()]
        values = [each[rank] for each in shown for rank in (len(each) // _LOW_END, -1)]
        scales.time_axis(axes.yaxis, [*values, *limits], "")

    described = bounded if len(bounded) > 1 else [next(iter(lines))]
    seen = " ".join([*(_in_words(label, lines[label]) for label in described), about]).strip()
    numbers = _numbers(title, lines, bounds, asked)
    return Picture(title, seen, *drawing.draw(name, into), numbers)


def _in_words(label: str, values: Distribution) -> str:
    middle, far = values.percentiles((50, 99))
    return (
        f"{label[0].upper()}{label[1:]} by percentile: half is within {units.time(middle)}, 99 % "
        f"within {units.time(far)}, the largest is {units.time(values.max)}."
    )


_Bounds = dict[float, tuple[int | None, int | None]]


def _bounds(values: Distribution, asked: tuple[float, ...]) -> _Bounds:
    return {
        p: tuple(values.interval(p, confidence=CONFIDENCE))  # type: ignore[misc]
        for p in shown_percentiles(len(values), *asked)
    }


def _draw_bounds(axes: Axes, bounds: _Bounds, shift: float, label: str | None) -> None:
    """Draw the intervals that have both ends, beside their percentiles where another line's are."""
    for p, (low, high) in bounds.items():
        if low is not None and high is not None:
            at = scales.tail_places(1 - p / 100) + shift
            axes.plot(
                [at, at], [low, high], "-", color=COLOURS["ink"], marker="_",
                markersize=5, linewidth=1, label=label,
            )  # fmt: skip
            label = None


def _numbers(
    caption: str,
    lines: Mapping[str, Distribution],
    bounds: Mapping[str, _Bounds],
    asked: tuple[float, ...],
) -> Table:
    percentiles = shown_percentiles(max(map(len, lines.values())), *asked)
    heads = ["percentile"]
    columns: list[list[Cell | str]] = [[*map(percentile_name, percentiles), *_REST]]
    for label, values in lines.items():
        heads.append(label)
        rest = [getattr(values, name) for name in _REST]
        columns.append([time(ns) for ns in (*values.percentiles(percentiles), *rest)])
        if label in bounds:
            of = f"{label} " if len(bounds) > 1 else ""
            heads += [f"{of}{_LEVEL} from", f"{of}{_LEVEL} to"]
            ends = [bounds[label].get(p, (None, None)) for p in percentiles]
            pad = [NOTHING] * len(_REST)
            columns += [[*(time(end[side]) for end in ends), *pad] for side in (0, 1)]
    return Table(caption, heads, [*zip(*columns, strict=True)])


def figures_table(
    caption: str, lines: Mapping[str, Distribution | None], keys: Mapping[str, str]
) -> Table:
    """Return the figures of the summary: percentiles, mean and extremes, a line a distribution.

    Parameters
    ----------
    caption : str
    lines : mapping of str to Distribution or None
        Those that are None or empty are left out.
    keys : mapping of str to str
        Of which field of `result.json`'s figures a line is; others are not in it.
    """
    names = [percentile_name(p) for p in SHOWN_PERCENTILES]
    heads = ["", *names, "mean", "min", "max", "count"]
    rows: list[list[Cell | str]] = []
    for label, values in lines.items():
        if not values:
            continue
        found = dict(zip(names, values.percentiles(SHOWN_PERCENTILES), strict=True))
        found |= {"mean": values.mean, "min": values.min, "max": values.max}
        prefix = f"figures.{keys[label]}." if label in keys else None
        cells = [time(ns, f"{prefix}{key}" if prefix else "") for key, ns in found.items()]
        rows.append([label, *cells, count(len(values))])
    return Table(caption, heads, rows)


def histogram(name: str, title: str, values: Values) -> Picture:
    """Return the histogram of a time, in ranges whose ends have one ratio to each other.

    Parameters
    ----------
    name, title : str
        As for `curve`.
    values : Columns or Histogram
        At least one that counts.
    """
    found = buckets(values if isinstance(values, Histogram) else np.subtract(*counted(values)))
    total = int(found.counts.sum())

    def into(axes: Axes, narrow: bool) -> None:
        low, high = found.edges[:-1], found.edges[1:]
        axes.bar(low, found.counts, high - low, align="edge", color=COLOURS["first"],
                 edgecolor=COLOURS["first"], linewidth=0.5)  # fmt: skip
        scales.time_axis(axes.xaxis, found.edges.tolist(), "latency")
        scales.count_axis(axes, float(found.counts.max()), "")
        if narrow:
            axes.tick_params(axis="x", rotation=45)

    most = int(found.counts.argmax())
    ends = [units.time(found.edges[number]) for number in (most, most + 1)]
    seen = (
        f"How many of {total:,} latencies are in each range of time. The fullest range, from "
        f"{ends[0]} to {ends[1]}, has {per_cent(found.counts[most] / total, 1)} of them."
    )
    rows = [
        [time(int(low)), time(int(high)), count(int(n)), share(n / total, 2)]
        for low, high, n in zip(found.edges[:-1], found.edges[1:], found.counts, strict=True)
        if n
    ]
    numbers = Table(title, ("from", "to below", "latencies", "share"), rows)
    return Picture(title, seen, *drawing.draw(name, into), numbers)
