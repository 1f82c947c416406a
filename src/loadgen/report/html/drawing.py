# SPDX-License-Identifier: Apache-2.0
"""Plots as SVG in a page: text stays text, colours are the page's, so that dark and light work.

Each plot is drawn twice, for a screen and for a phone: text that is made smaller cannot be read.
matplotlib draws with colours that stand for names; each is replaced by a variable of the page.

Not for what is plotted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from io import StringIO
from typing import Any, Final

import numpy as np

from loadgen.errors import needs_extra
from loadgen.values import ns_in_words

try:
    import matplotlib as mpl
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter
except ImportError as error:
    raise needs_extra("report", error) from error

__all__ = [
    "COLOURS",
    "Axes",
    "Draw",
    "count_axis",
    "draw",
    "integer_axis",
    "seconds_axis",
    "strokes",
    "tail_axis",
    "tail_places",
    "time_axis",
]

Draw = Callable[[Axes, bool], None]
"""Draws into axes; the second argument says whether it is for a phone."""

COLOURS: Final = {
    "ink": "#010203",
    "muted": "#020304",
    "grid": "#030405",
    "first": "#040506",
    "second": "#050607",
    "third": "#060708",
    "good": "#070809",
    "bad": "#08090a",
}
"""Names of the page's colours, and what stands for each while a plot is drawn."""

_WIDE: Final = (8.6, 3.1)  # inches of 72 points, which are the page's pixels
_NARROW: Final = (3.3, 2.7)
_MARGIN: Final = 0.12
_LINE: Final = 0.2
_LETTER: Final = 0.075
"""Inches of a line of text, and of a letter."""

_DECADE: Final = 10
_FEW: Final = 5
_FINE_RATIO: Final = 4.0
_FEW_DECADES: Final = 2.2
_STYLE: Final[Any] = {  # matplotlib types it by all names that it knows
    "svg.fonttype": "none",
    "svg.hashsalt": "loadgen",
    "path.simplify": False,
    "text.parse_math": False,
    "axes.unicode_minus": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 8.5,
    "text.color": COLOURS["ink"],
    "axes.edgecolor": COLOURS["muted"],
    "axes.labelcolor": COLOURS["ink"],
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": COLOURS["grid"],
    "grid.linewidth": 0.8,
    "xtick.color": COLOURS["muted"],
    "ytick.color": COLOURS["muted"],
    "xtick.labelcolor": COLOURS["ink"],
    "ytick.labelcolor": COLOURS["ink"],
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "legend.frameon": False,
    "legend.handlelength": 2.2,
    "lines.linewidth": 1.6,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}


def draw(name: str, into: Draw) -> tuple[str, str]:
    """Return a plot for a screen and for a phone.

    Parameters
    ----------
    name : str
        Within a page; before the ids that the plot has.
    into : callable
    """
    with mpl.rc_context(_STYLE):
        return _svg(f"{name}-w", into, _WIDE, False), _svg(f"{name}-n", into, _NARROW, True)


def _svg(prefix: str, into: Draw, inches: tuple[float, float], narrow: bool) -> str:
    figure = Figure(figsize=inches)
    FigureCanvasSVG(figure)
    axes = figure.subplots()
    into(axes, narrow)
    _lay_out(figure, axes, 2 if narrow else 6)
    out = StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return _of_the_page(out.getvalue(), prefix)


def _lay_out(figure: Figure, axes: Axes, ncols: int) -> None:
    """Leave room for labels and a legend; matplotlib's own layout takes longer than the drawing."""
    width, height = figure.get_size_inches()
    low, high = sorted(axes.get_ylim())
    places = [place for place in axes.yaxis.get_majorticklocs() if low <= place <= high]
    longest = max(map(len, axes.yaxis.get_major_formatter().format_ticks(places)), default=0)
    left = _MARGIN + _LETTER * longest + (_LINE if axes.get_ylabel() else 0)
    rotated = any(label.get_rotation() for label in axes.get_xticklabels()[:1])
    bottom = _MARGIN + _LINE * (2 if rotated else 1) + (_LINE if axes.get_xlabel() else 0)
    n_labels = len(axes.get_legend_handles_labels()[1])
    top = _MARGIN + _LINE * math.ceil(n_labels / ncols)
    figure.subplots_adjust(
        left / width, bottom / height, 1 - 1.5 * _MARGIN / width, 1 - top / height
    )
    if n_labels:
        corner = (0, 1)
        figure.legend(loc="upper left", bbox_to_anchor=corner, ncols=ncols, borderpad=0)


def _of_the_page(text: str, prefix: str) -> str:
    """Return the element `svg` as a page needs it: with its colours, font and its own ids."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.S)
    used = set(re.findall(r'(?:xlink:href="|url\()#([^")]+)', text))

    def own_id(match: re.Match[str]) -> str:
        return f' id="{prefix}-{match[1]}"' if match[1] in used else ""

    text = re.sub(r' id="([^"]+)"', own_id, text)
    text = re.sub(r'(xlink:href="|url\()#', rf"\g<1>#{prefix}-", text)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.S)
    text = re.sub(r"font: ([\d.]+)px[^;\"]*", r"font-size: \1px", text)
    for name, stand_in in COLOURS.items():
        text = text.replace(stand_in, f"var(--{name})")
    width, height = re.findall(r'(?:width|height)="([\d.]+)pt"', text[:600])[:2]
    opening = f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    text = re.sub(r"<svg[^>]*>", f'{opening} aria-hidden="true" focusable="false">', text, count=1)
    return re.sub(r"\s*\n\s*", "\n", text).strip()


def strokes(low: Sequence[float] | Any, at: Any, high: Any) -> tuple[list[float], list[float]]:
    """Return one line of vertical strokes, from `low` to `high` at each place, with gaps between.

    Parameters
    ----------
    low, at, high : arrays of one length
    """
    x, y = [], []
    for place, bottom, top in zip(at, low, high, strict=True):
        x += [place, place, math.nan]
        y += [bottom, top, math.nan]
    return x, y


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
    set_scale = axis.axes.set_yscale if axis.axis_name == "y" else axis.axes.set_xscale
    set_limits = axis.axes.set_ylim if axis.axis_name == "y" else axis.axes.set_xlim
    if high > _DECADE * low:
        few = math.log10(high / low) < _FEW_DECADES
        set_scale("log")
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,), numticks=12))
        axis.set_minor_formatter(NullFormatter())
        set_limits(low * 0.8, high * 1.25)
    else:
        room = 0.08 * (high - low) or 0.05 * high
        set_limits(max(low - room, 0.0), high + room)
        axis.set_major_locator(mpl.ticker.MaxNLocator(5))
    axis.set_major_formatter(FuncFormatter(lambda value, _: ns_in_words(value)))
    axis.set_label_text(label)


def tail_axis(axes: Axes, n: int, narrow: bool) -> None:
    """Make an x axis of percentiles on which every nine takes as much room as the one before.

    Its places are ``-log10(1 - percentile / 100)``.

    Parameters
    ----------
    axes : Axes
    n : int
        How many values there are: the last place is that of the largest.
    narrow : bool
    """
    end = math.log10(max(n, 2))
    places = {0.0: "0", -math.log10(0.5): "50"}
    places |= {float(k): f"{100 - 100 * 10.0**-k:.10g}" for k in range(1, math.floor(end) + 1)}
    kept = {at: name for at, name in places.items() if at <= end and not (narrow and name == "0")}
    axes.set_xlim(0.0, end * 1.02)
    axes.xaxis.set_major_locator(FixedLocator(list(kept)))
    names = list(kept.values())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda _, position: names[position or 0]))
    axes.set_xlabel("percentile")


def seconds_axis(axes: Axes, last_s: float, label: str) -> None:
    """Make an x axis of seconds since a run's start, in the unit that reads best.

    Parameters
    ----------
    axes : Axes
    last_s : float, s
    label : str
    """
    axes.set_xlim(0.0, last_s or 1.0)
    axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(6))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: ns_in_words(value * 1e9) if value else "0")
    )
    axes.set_xlabel(label)


def count_axis(axes: Axes, highest: float, label: str) -> None:
    """Make a y axis of counts or rates that begins at 0."""
    axes.set_ylim(0.0, (highest or 1.0) * 1.08)
    axes.yaxis.set_major_locator(mpl.ticker.MaxNLocator(5, integer=highest >= _FEW))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.set_ylabel(label)


def tail_places(beyond: Any) -> Any:
    """Return where on a tail axis values are that a share of all is not below."""
    return -np.log10(beyond)


def integer_axis(axes: Axes, label: str) -> None:
    """Make an x axis of whole numbers."""
    axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(8, integer=True))
    axes.set_xlabel(label)


def ratio_axis(axes: Axes, label: str) -> None:
    """Make an x axis of ratios, on which one half is as far from 1 as 2."""
    low, high = axes.get_xlim()
    axes.set_xscale("log")
    far = high / low > _FINE_RATIO
    locator = LogLocator(subs=(1.0, 2.0, 5.0)) if far else mpl.ticker.MaxNLocator(6)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(low, high)
    axes.set_xlabel(label)


def load_axis(axes: Axes, loads: Sequence[float], label: str) -> None:
    """Make an x axis of loads; logarithmic where they differ by more than a factor of ten."""
    if loads and loads[-1] > _DECADE * loads[0]:
        axes.set_xscale("log")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=8))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    axes.set_xlabel(label)
