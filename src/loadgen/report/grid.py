# SPDX-License-Identifier: Apache-2.0
"""Cells in aligned columns; where the lines would be too long, on their side or one below another.

Not for what is in the cells, nor for where the lines go.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from loadgen.terminal import cells, graded, padded, painted, wrapped

__all__ = ["NOTHING", "aligned", "fitted", "listed"]

Rows = Sequence[Sequence[str]]
Colour = bool | Collection[int]

NOTHING: Final = "-"
"""A cell that has no value; a list leaves it out."""

_GAPS: Final = ("  ", " ")  # the first that fits


def aligned(
    rows: Rows, left: Collection[int] = (0,), gap: str = _GAPS[0], *, colour: Colour = False
) -> list[str]:
    """Return a line for each row.

    Parameters
    ----------
    rows : sequence of sequence of str
        All of one length.
    left : collection of int
        Columns that begin at the left, from 0; the others end at the right.
    gap : str
        Between two columns.
    colour : bool, or collection of int
        Whether cells that are verdicts are coloured; or in which columns: names of anybody's may
        be the same words.
    """
    widths = [_width(column) for column in zip(*rows, strict=True)]
    return [
        gap.join(
            _coloured(padded(cell, width, right=number not in left), cell, _is_in(colour, number))
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def fitted(
    rows: Rows, width: int, left: Collection[int] = (0,), *, colour: bool = False
) -> list[str]:
    """Return the same in lines of at most `width` columns, as far as cells allow.

    Where they are too long the first row becomes the first column, and there are as many tables
    below each other as it takes.

    Parameters
    ----------
    rows, left, colour
        As for `aligned`.
    width : int
    """
    for gap in _GAPS:
        if _width(aligned(rows, left, gap)) <= width:
            return aligned(rows, left, gap, colour=colour)
    return list(_turned(rows, width, colour))


def _turned(rows: Rows, width: int, colour: bool) -> Iterator[str]:
    head, *others = ([cell.strip() for cell in row] for row in rows)
    some: list[list[str]] = []
    used = _width(head)
    for row in others:
        if some and used + len(_GAPS[0]) + _width(row) > width:
            yield from filter(None, aligned(list(zip(head, *some, strict=True)), colour=colour))
            yield ""
            used, some = _width(head), []
        some.append(row)
        used += len(_GAPS[0]) + _width(row)
    yield from filter(None, aligned(list(zip(head, *some, strict=True)), colour=colour))


def listed(rows: Rows, width: int, *, colour: Colour = False) -> Iterator[str]:
    """Yield a list: the last cell of each row, and below it the others with their heads.

    For rows of long names, which are broken where it takes that.

    Parameters
    ----------
    rows, width, colour
        As for `fitted`.
    """
    heads, *others = rows
    label = _width(heads) + len(_GAPS[0])
    for row in others:
        title = wrapped(row[-1], "", "", width)
        yield title if colour is False else painted(title, "bold")
        for number, (head, cell) in enumerate(zip(heads[:-1], row[:-1], strict=True)):
            if cell != NOTHING:
                lines = wrapped(cell, f"  {padded(head, label)}", " " * (label + 2), width)
                yield _coloured(lines, cell, _is_in(colour, number))


def _is_in(colour: Colour, number: int) -> bool:
    return colour if isinstance(colour, bool) else number in colour


def _coloured(text: str, cell: str, colour: bool) -> str:
    """Return a text that has a cell in it, that cell coloured if it is a verdict."""
    return text.replace(cell, graded(cell, cell)) if colour and cell.strip() else text


def _width(texts: Sequence[str]) -> int:
    return max(map(cells, texts), default=0)
