# SPDX-License-Identifier: Apache-2.0
"""Cells in aligned columns, turned on their side where the lines would be too long."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

__all__ = ["aligned", "fitted"]

Rows = Sequence[Sequence[str]]
_GAPS = ("  ", " ")  # the first that fits


def aligned(rows: Rows, left: Collection[int] = (0,), gap: str = _GAPS[0]) -> list[str]:
    """Return a line for each row.

    Parameters
    ----------
    rows : sequence of sequence of str
        All of one length.
    left : collection of int
        Columns that begin at the left, from 0; the others end at the right.
    gap : str
        Between two columns.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        gap.join(
            f"{cell:<{width}}" if number in left else f"{cell:>{width}}"
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def fitted(rows: Rows, width: int, left: Collection[int] = (0,)) -> list[str]:
    """Return the same in lines of at most `width` columns, as far as cells allow.

    Where they are too long the first row becomes the first column, and there are as many tables
    below each other as it takes.

    Parameters
    ----------
    rows, left
        As for `aligned`.
    width : int
    """
    for gap in _GAPS:
        lines = aligned(rows, left, gap)
        if max(map(len, lines)) <= width:
            return lines
    return list(_turned(rows, width))


def _turned(rows: Rows, width: int) -> Iterator[str]:
    head, *others = ([cell.strip() for cell in row] for row in rows)
    some: list[list[str]] = []
    used = _width(head)
    for row in others:
        if some and used + len(_GAPS[0]) + _width(row) > width:
            yield from aligned(list(zip(head, *some, strict=True)))
            yield ""
            used, some = _width(head), []
        some.append(row)
        used += len(_GAPS[0]) + _width(row)
    yield from aligned(list(zip(head, *some, strict=True)))


def _width(cells: Sequence[str]) -> int:
    return max(map(len, cells))
