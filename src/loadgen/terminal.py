# SPDX-License-Identifier: Apache-2.0
"""What a stream can show: its colours, its width, and how much of it a text takes.

Not for what is written to it.
"""

from __future__ import annotations

import os
import re
import textwrap
import unicodedata
from typing import Final, Literal, TextIO

from loadgen.grades import GRADES
from loadgen.values import TEXT_WIDTH

__all__ = [
    "Style",
    "cells",
    "columns",
    "cut",
    "graded",
    "has_colour",
    "is_terminal",
    "padded",
    "painted",
    "printable",
    "size",
    "with_verdicts",
    "wrapped",
]

Style = Literal["", "dim", "bold", "green", "yellow", "red"]

_SECOND: Final = "\uffff"  # of a wide letter's columns: Unicode has no character there
_CODES: Final = {"dim": "2", "bold": "1", "green": "32", "yellow": "33", "red": "31"}
_COLOURS: Final[dict[str, Style]] = {"good": "green", "doubtful": "yellow", "bad": "red"}


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a stream is a terminal; None, one that was closed, is none."""
    return stream is not None and stream.isatty()


def has_colour(stream: TextIO | None) -> bool:
    """Return whether a stream shows colours: a terminal, without ``NO_COLOR`` (no-color.org)."""
    can = os.environ.get("TERM", "dumb") not in ("dumb", "unknown", "")
    return can and not os.environ.get("NO_COLOR") and is_terminal(stream)


def columns(most: int, stream: TextIO | None) -> int:
    """Return the width of a terminal, or of what ``COLUMNS`` says, at most `most`; else `most`."""
    return min(size(stream)[0], most) if stream is not None and stream.isatty() else most


def size(stream: TextIO) -> tuple[int, int]:
    """Return columns and lines of a terminal: what ``COLUMNS`` and ``LINES`` say, or it does.

    Of the stream's own: standard output may be a pipe while standard error is a terminal.
    """
    found = [os.environ.get(name, "") for name in ("COLUMNS", "LINES")]
    try:
        known = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        known = os.terminal_size((0, 0))
    said = [int(text) if text.isdecimal() else 0 for text in found]
    columns, lines = (a or b or c for a, b, c in zip(said, known, (80, 24), strict=True))
    return columns, lines


def painted(text: str, style: str) -> str:
    """Return a text in a style, if that is one."""
    code = _CODES.get(style)
    return text if code is None else f"\x1b[{code}m{text}\x1b[0m"


def graded(text: str, verdict: str) -> str:
    """Return a text in the colour of a verdict, if that is one."""
    return painted(text, _COLOURS.get(GRADES.get(verdict, ""), ""))


def with_verdicts(text: str, verdict: re.Pattern[str], stream: TextIO | None) -> str:
    """Return a text for a stream: where that shows colours, with its verdicts in theirs.

    Parameters
    ----------
    text : str
    verdict : pattern
        Finds them in it.
    stream : text file
    """
    if not has_colour(stream):
        return text
    return verdict.sub(lambda found: graded(found[0], found[0]), text)


def printable(text: str) -> str:
    r"""Return a text without what a terminal obeys; line ends stay.

    Names come from files that anybody wrote, so what a terminal would take for a command, and what
    turns the direction of the text around, is shown as Python writes it.

    Examples
    --------
    >>> printable("a\x1b[31m b\u202e c") == r"a\x1b[31m b\u202e c"
    True
    """
    if text.isprintable():
        return text
    return "".join(
        each
        if each.isprintable() or each == "\n" or unicodedata.category(each) == "Zs"
        else each.encode("unicode_escape").decode()
        for each in text
    )


def cells(text: str) -> int:
    """Return how many columns a text takes on a terminal.

    Two for a wide letter (CJK, most emoji; Unicode Standard Annex 11), none for what is set upon
    the letter before.

    Examples
    --------
    >>> cells("abc"), cells("模型"), cells("é"), cells("e\N{COMBINING ACUTE ACCENT}")
    (3, 4, 1, 1)
    """
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Return a text with the blanks that it takes to be `width` columns; before it, if `right`."""
    blanks = " " * (width - cells(text))
    return blanks + text if right else text + blanks


def cut(text: str, width: int) -> str:
    """Return as much of a text's beginning as takes at most `width` columns."""
    if cells(text) <= width:
        return text
    used = 0
    for number, letter in enumerate(text):
        used += _cells(letter)
        if used > width:
            return text[:number]
    return text


def wrapped(text: str, first: str = "", rest: str | None = None, width: int = TEXT_WIDTH) -> str:
    """Return a text in lines that fit, as `printable` has it; a figure and its "%" stay together.

    Parameters
    ----------
    text : str
    first, rest : str
        What its first line begins with, and the others; `rest` None: the same.
    width : int
        Columns of a line.

    Examples
    --------
    >>> print(wrapped("below it by 5 % of all", "- ", "  ", width=15))
    - below it by
      5 % of all
    """
    spread = _spread(printable(text).replace(" %", "\N{NO-BREAK SPACE}%"))
    found = textwrap.fill(
        spread,
        width - (_SECOND in spread),  # a wide letter may be broken from its second column
        initial_indent=_spread(first),
        subsequent_indent=_spread(first if rest is None else rest),
        break_on_hyphens=False,
    )
    return found.replace(_SECOND, "").replace("\N{NO-BREAK SPACE}%", " %")


def _spread(text: str) -> str:
    """Return a text with as many characters as it has columns: `textwrap` counts characters."""
    if text.isascii():
        return text
    return "".join(_SECOND * (cells(each) - 1) + each for each in text)
