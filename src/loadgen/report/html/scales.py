# SPDX-License-Identifier: Apache-2.0
"""The axes of plots: what they are in, where their ticks are, how those are written.

Not for what is plotted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from loadgen.report.html.drawing import Axes
from loadgen.values import ns_in_words

__all__ = [
    "count_axis",
    "integer_axis",
    "load_axis",
    "ratio_axis",
    "seconds_axis",
    "tail_axis",
    "tail_places",
    "time_axis",
]

_DECADE: Final = 10
_FEW: Final = 5
_FINE_RATIO: Final = 4.0
_FEW_DECADES: Final = 2.2
_ALIKE: Final = 1.01
_MOST_NINES: Final = 5
"""On a phone: of more, every second one is named."""


def time_axis(axis: Any, values_ns: Iterable[float], label: str) -> None:
    """Make an axis of times; logarithmic where they differ by more than a factor of ten.

    Parameters
    ----------
    axis : matplotlib's x or y axis
    values_ns : iterable of number, ns
        What is plotted.
    label : str
    """
    known = [value for value in values_ns if value > 0]
    low, high = min(known, default=1.0), max(known, default=1.0)
    set_limits = axis.axes.set_ylim if axis.axis_name == "y" else axis.axes.set_xlim
    if high > _DECADE * low:
        few = math.log10(high / low) < _FEW_DECADES
        _make_logarithmic(axis)
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,), numticks=12))
        axis.set_minor_formatter(NullFormatter())
        set_limits(low * 0.8, high * 1.25)
    else:
        # Ticks that are closer than four digits would all be called the same.
        room = 0.08 * (high - low) if high > _ALIKE * low else 0.05 * high
        set_limits(max(low - room, 0.0), high + room)
        axis.set_major_locator(MaxNLocator(5))
    axis.set_major_formatter(FuncFormatter(lambda value, _: ns_in_words(value)))
    axis.set_label_text(label)


def tail_axis(axes: Axes, n: int, narrow: bool) -> float:
    """Make an x axis of percentiles on which every nine takes as much room as the one before.

    Returns its last place, that of the largest value. Places are ``-log10(1 - percentile / 100)``.

    Parameters
    ----------
    axes : Axes
    n : int
        How many values there are.
    narrow : bool
    """
    end = math.log10(max(n, 2))
    places = {0.0: "0", -math.log10(0.5): "50"}
    nines = [*range(1, math.floor(end) + 1)]
    if narrow and end > _MOST_NINES:
        nines = [k for k in nines if k == 1 or k % 2 == 0]
    places |= {float(k): f"{100 - 100 * 10.0**-k:.10g}" for k in nines}
    kept = {at: name for at, name in places.items() if at <= end and not (narrow and name == "0")}
    axes.set_xlim(0.0, end * 1.02)
    axes.xaxis.set_major_locator(FixedLocator(list(kept)))
    names = list(kept.values())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda _, position: names[position or 0]))
    axes.set_xlabel("percentile")
    return end


def seconds_axis(axes: Axes, last_s: float, label: str, narrow: bool) -> None:
    """Make an x axis of seconds since a run's start, in the unit that reads best.

    Parameters
    ----------
    axes : Axes
    last_s : float, s
    label : str
    narrow : bool
        Whether it is for a phone.
    """
    axes.set_xlim(0.0, last_s or 1.0)
    axes.xaxis.set_major_locator(MaxNLocator(3 if narrow else 6))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: ns_in_words(value * 1e9) if value else "0")
    )
    axes.set_xlabel(label)


def count_axis(axes: Axes, highest: float, label: str) -> None:
    """Make a y axis of counts or rates that begins at 0."""
    axes.set_ylim(0.0, (highest or 1.0) * 1.08)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=highest >= _FEW))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.set_ylabel(label)


def tail_places(beyond: Any) -> Any:
    """Return where on a tail axis values are that a share of all is not below."""
    return -np.log10(beyond)


def integer_axis(axes: Axes, label: str) -> None:
    """Make an x axis of whole numbers."""
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.set_xlabel(label)


def ratio_axis(axes: Axes, label: str) -> None:
    """Make an x axis of ratios, on which one half is as far from 1 as 2."""
    low, high = axes.get_xlim()
    axes.set_xscale("log")
    far = high / low > _FINE_RATIO
    locator = LogLocator(subs=(1.0, 2.0, 5.0)) if far else MaxNLocator(6)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(low, high)
    axes.set_xlabel(label)


def load_axis(axis: Any, loads: Sequence[float], label: str) -> None:
    """Make an axis of loads; logarithmic where they differ by more than a factor of ten.

    Parameters
    ----------
    axis : matplotlib's x or y axis
    loads : sequence of float
        What is plotted.
    label : str
    """
    if loads and max(loads) > _DECADE * min(loads):
        _make_logarithmic(axis)
        axis.set_minor_formatter(NullFormatter())
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    axis.set_label_text(label)


def _make_logarithmic(axis: Any) -> None:
    (axis.axes.set_yscale if axis.axis_name == "y" else axis.axes.set_xscale)("log")
