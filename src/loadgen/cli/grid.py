# SPDX-License-Identifier: Apache-2.0
"""Rows of words on a terminal or in a pipe: a table, or where that is too wide, a list.

Words come from files that anybody wrote: control characters are shown as Python writes them, and
nothing in them is taken for markup. Not for what the words are.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from rich.console import Console

NOTHING: Final = "-"
"""A cell that has no value; a list leaves it out."""

_UNBOUNDED: Final = 10_000  # columns; wider than any table
_COLOURS: Final = {
    "VALID": "green",
    "INVALID": "red",
    "good": "green",
    "suspect": "yellow",
    "bad": "red",
}


def printable(text: str) -> str:
    r"""Return a text without what a terminal obeys; line ends stay.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> printable("a\x1b[31m b\u202e c") == r"a\x1b[31m b\u202e c"
    True
    """
    return "".join(
        each if each.isprintable() or each == "\n" else each.encode("unicode_escape").decode()
        for each in text
    )


def print_grid(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Mapping[str, bool] | None = None,
    file: TextIO | None = None,
) -> None:
    """Write rows, in colour if `file` is a terminal.

    Parameters
    ----------
    heads : sequence of str
    rows : sequence of sequence of str
        As many cells each as there are heads.
    right : mapping of str to bool, optional
        Which heads' cells stand at the right.
    file : text file or None
        None: standard output.
    """
    out = sys.stdout if file is None else file
    cells = [[printable(cell).replace("\n", "\\n") for cell in row] for row in (heads, *rows)]
    at_right = [bool(right and right.get(head)) for head in heads]
    if out.isatty():
        _print_on_terminal(cells, at_right, out)
        return
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        parts = [
            f"{cell:>{width}}" if is_right else f"{cell:<{width}}"
            for cell, width, is_right in zip(row, widths, at_right, strict=True)
        ]
        out.write("  ".join(parts).rstrip() + "\n")


def _print_on_terminal(cells: list[list[str]], at_right: list[bool], out: TextIO) -> None:
    from rich.console import Console  # noqa: PLC0415 - only where there is a terminal
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(file=out, highlight=False)
    drawn = Table(box=None, pad_edge=False, collapse_padding=True)
    heads, *rows = cells
    for head, is_right in zip(heads, at_right, strict=True):
        drawn.add_column(Text(head), justify="right" if is_right else "left", no_wrap=True)
    for row in rows:
        drawn.add_row(*(Text(cell, _COLOURS.get(cell, "")) for cell in row))
    needed = console.measure(drawn, options=console.options.update(max_width=_UNBOUNDED)).maximum
    if needed <= console.width:
        console.print(drawn)
    else:
        _print_as_list(heads, rows, console)


def _print_as_list(heads: list[str], rows: list[list[str]], console: Console) -> None:
    """Write a row under the other: its last cell, and below it the others, with their heads."""
    from rich.text import Text  # noqa: PLC0415 - only where there is a terminal

    label = max(map(len, heads)) + 2
    for row in rows:
        console.print(Text(row[-1], "bold"), overflow="fold")
        for head, cell in zip(heads[:-1], row[:-1], strict=True):
            if cell == NOTHING:
                continue
            text = Text(f"  {head:<{label}}") + Text(cell, _COLOURS.get(cell, ""))
            console.print(text, overflow="fold")
