# SPDX-License-Identifier: Apache-2.0
"""Rows of words on a terminal or in a pipe: a table, or where that is too wide, a list.

Words come from files that anybody wrote: control characters are shown as Python writes them. Not
for what the words are.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Final, TextIO

from loadgen import terminal
from loadgen.cli.ending import written
from loadgen.report.grid import NOTHING, Colour, aligned, listed
from loadgen.terminal import printable

__all__ = ["NOTHING", "print_grid", "printable"]

_UNBOUNDED: Final = 10_000  # columns; wider than any terminal


def print_grid(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Mapping[str, bool] | None = None,
    file: TextIO | None = None,
    verdicts: Collection[str] = (),
) -> bool:
    """Write rows, in colour if `file` is a terminal.

    Parameters
    ----------
    heads : sequence of str
    rows : sequence of sequence of str
        As many cells each as there are heads.
    right : mapping of str to bool, optional
        Which heads' cells stand at the right.
    file : text file or None
        None: standard output, which nobody has to read.
    verdicts : collection of str
        Which heads' cells are verdicts, and have their colours.

    Returns
    -------
    bool
        False where standard output cannot be written; it is said why.
    """
    out = sys.stdout if file is None else file
    shown = [[printable(cell).replace("\n", "\\n") for cell in row] for row in (heads, *rows)]
    left = [number for number, head in enumerate(heads) if not (right and right.get(head))]
    width = terminal.columns(_UNBOUNDED, out)
    colour: Colour = False
    if terminal.has_colour(out):
        colour = [number for number, head in enumerate(heads) if head in verdicts]
    lines = aligned(shown, left)
    if max(map(terminal.cells, lines)) > width:
        lines = list(listed(shown, width, colour=colour))
    elif colour:
        lines = aligned(shown, left, colour=colour)
    if file is None:
        return written(*lines)
    print("\n".join(lines), file=file)
    return True
