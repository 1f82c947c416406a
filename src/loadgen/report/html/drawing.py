# SPDX-License-Identifier: Apache-2.0
"""Plots as SVG in a page: text stays text, colours are the page's, so that dark and light work.

Each plot is drawn twice, for a screen and for a phone: text that is made smaller cannot be read.
matplotlib draws with colours that stand for names; each is replaced by a variable of the page.

Its settings are those of the whole process. They are ours while a plot is drawn, whatever a user
has made of them, so one thread draws at a time.

Not for what is plotted, nor for what its axes are in (``scales.py``).
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable, Sequence
from io import StringIO
from typing import Any, Final

from loadgen.errors import needs_extra

try:
    from matplotlib import style
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
except ImportError as error:
    raise needs_extra("report", error) from error

__all__ = [
    "COLOURS",
    "Axes",
    "Draw",
    "Span",
    "draw",
    "strokes",
]

Span = Callable[..., object]
"""One of the axes' own, for a band or a line across them."""

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

_DRAWING: Final = threading.Lock()
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
    with _DRAWING, style.context(["default", _STYLE]):
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
    left = _MARGIN + _LETTER * _longest(axes.yaxis) + (_LINE if axes.get_ylabel() else 0)
    # Half of the last label may stand beyond the end of its axis.
    right = max(1.5 * _MARGIN, 0.5 * _LETTER * _longest(axes.xaxis))
    rotated = any(label.get_rotation() for label in axes.get_xticklabels()[:1])
    bottom = _MARGIN + _LINE * (2 if rotated else 1) + (_LINE if axes.get_xlabel() else 0)
    n_labels = len(axes.get_legend_handles_labels()[1])
    top = _MARGIN + _LINE * math.ceil(n_labels / ncols)
    figure.subplots_adjust(left / width, bottom / height, 1 - right / width, 1 - top / height)
    if n_labels:
        corner = (0, 1)
        figure.legend(loc="upper left", bbox_to_anchor=corner, ncols=ncols, borderpad=0)


def _longest(axis: Any) -> int:
    """Return how many letters the longest label of an axis has."""
    low, high = sorted(axis.get_view_interval())
    places = [place for place in axis.get_majorticklocs() if low <= place <= high]
    return max(map(len, axis.get_major_formatter().format_ticks(places)), default=0)


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
