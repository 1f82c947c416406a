# SPDX-License-Identifier: Apache-2.0
"""What a stream can show: its colours and its width. Not for what is written to it."""

from __future__ import annotations

import os
import shutil
from typing import Final, Literal, TextIO

__all__ = ["Style", "columns", "has_colour", "painted"]

Style = Literal["", "dim", "bold", "green", "yellow", "red"]

_CODES: Final = {"dim": "2", "bold": "1", "green": "32", "yellow": "33", "red": "31"}


def has_colour(stream: TextIO) -> bool:
    """Return whether a stream shows colours: a terminal, without ``NO_COLOR`` (no-color.org)."""
    can = os.environ.get("TERM", "dumb") not in ("dumb", "unknown", "")
    return can and not os.environ.get("NO_COLOR") and stream.isatty()


def columns(most: int) -> int:
    """Return the width of the terminal, or of what ``COLUMNS`` says; at most `most`."""
    return min(shutil.get_terminal_size((most, 24)).columns, most)


def painted(text: str, style: str) -> str:
    """Return a text in a style, if that is one."""
    code = _CODES.get(style)
    return text if code is None else f"\x1b[{code}m{text}\x1b[0m"
