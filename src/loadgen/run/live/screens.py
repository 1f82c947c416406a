# SPDX-License-Identifier: Apache-2.0
"""Where the view of a run goes: a terminal, a pipe or a log, a notebook. And which of them it is.

A terminal gets no help of `rich`: it would hold the interpreter for some 2 ms at each redraw, which
a push run waits for; these few sequences take 0.5 ms.

Not for what is said (`words`).
"""

from __future__ import annotations

import html
import os
import sys
from typing import Any, Final, Protocol, TextIO

from loadgen import terminal
from loadgen.run.live.state import Snapshot
from loadgen.run.live.words import Word, lines, one_line

__all__ = ["Notebook", "Pipe", "Screen", "Terminal", "choose"]

_NOTEBOOK_COLUMNS: Final = 80


class Screen(Protocol):
    """Shows looks at a run; from one thread. Raises OSError or ValueError where it is gone."""

    every_s: float

    def show(self, seen: Snapshot) -> None:
        """Show a look, in place of the one before where that can be."""

    def close(self) -> None:
        """Leave nothing behind that is not to stay."""


def choose(progress: bool | None, stream: TextIO | None = None) -> Screen | None:
    """Return where the view goes; None: there is none.

    Parameters
    ----------
    progress : bool, optional
        None: on a terminal and in a notebook, else there is none. True: plain lines elsewhere.
    stream : text stream, optional
        None: standard error.
    """
    out = sys.stderr if stream is None else stream
    if progress is False or out is None:
        return None
    if stream is None and _in_notebook():
        return Notebook()
    is_terminal = out.isatty()
    if progress is None and not is_terminal:
        return None
    return Terminal(out) if is_terminal and _can_redraw() else Pipe(out)


def _can_redraw() -> bool:
    """Whether a terminal is one for people: continuous integration has some that are not."""
    in_ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
    return not in_ci and os.environ.get("TERM", "dumb") not in ("dumb", "unknown", "")


def _in_notebook() -> bool:
    """Whether a kernel runs this; nothing is imported for it."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


class Terminal:
    """Lines that are written over.

    They stand below the cursor, which stays visible, at the start of an empty line: what else is
    printed has that line, and a process that is killed leaves the terminal as it should be.
    """

    every_s = 1.0

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._has_colour = terminal.has_colour(stream)
        unicode = (getattr(stream, "encoding", None) or "").lower().startswith("utf")
        self._bar = ("━", "╌") if unicode else ("#", "-")

    def show(self, seen: Snapshot) -> None:
        """Show a look."""
        columns, height = terminal.size(self._stream)
        # The last column stays free, since some terminals wrap there; and what is higher than the
        # screen could not be written over.
        shown = list(lines(seen, max(columns - 1, 1), self._bar))[: max(height - 2, 0)]
        text = "".join("\n" + "".join(map(self._coloured, line)) for line in shown)
        self._write(f"\r\x1b[J{text}\r" + (f"\x1b[{len(shown)}A" if shown else ""))

    def close(self) -> None:
        """Remove it."""
        self._write("\r\x1b[J")

    def _coloured(self, word: Word) -> str:
        return terminal.painted(word.text, word.style) if self._has_colour else word.text

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class Pipe:
    """A line now and then, without any sequences."""

    every_s = 5.0

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def show(self, seen: Snapshot) -> None:
        """Write a line."""
        self._stream.write(f"{one_line(seen)}\n")
        self._stream.flush()

    def close(self) -> None:
        """Do nothing: the lines stay."""


class Notebook:
    """A bar and lines below the cell; removed at the end."""

    every_s = 1.0

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, seen: Snapshot) -> None:
        """Show a look."""
        text = "\n".join(
            "".join(word.text for word in line)
            for line in lines(seen._replace(done=None), _NOTEBOOK_COLUMNS)
        )
        bar = "" if seen.done is None else f'<progress max="1" value="{seen.done:.4f}"></progress>'
        self._update({"text/html": f"{bar}<pre>{html.escape(text)}</pre>", "text/plain": text})

    def close(self) -> None:
        """Remove it."""
        if self._handle is not None:
            self._update({"text/html": "", "text/plain": ""})

    def _update(self, data: dict[str, str]) -> None:
        from IPython.display import display  # noqa: PLC0415 - only where it runs already

        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)
