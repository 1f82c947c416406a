# SPDX-License-Identifier: Apache-2.0
"""What a command writes: words for people, or one JSON document that is alone on standard output.

Not for results in words (``report``), nor for errors (``ending.py``).
"""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any

from loadgen import terminal
from loadgen.cli import ending
from loadgen.export.document import plain, result_document
from loadgen.report.table import summary_for
from loadgen.result import Result
from loadgen.values import TEXT_WIDTH

__all__ = ["Output", "result_document"]


class Output:
    """Where a command writes.

    Parameters
    ----------
    as_json : bool
        One document goes to standard output, whatever happens. Whatever else is printed, by Python
        or not, goes to standard error from now on, for as long as the process lives.
    quiet : bool
        Neither words nor a live line; a document all the same.

    Raises
    ------
    WrongUse
        Standard output, which the document needs, is closed.
    """

    def __init__(self, *, as_json: bool, quiet: bool) -> None:
        self.progress = not quiet
        # Without standard output print() has nothing to do; who asks for its width does.
        self.shows_words = not (as_json or quiet) and sys.stdout is not None
        self._is_complete = True
        self._document = None
        if as_json:
            if sys.stdout is None:
                raise ending.WrongUse(
                    "standard output is closed: there is no place for the document"
                )
            sys.stdout.flush()
            self._document = os.fdopen(os.dup(1), "w", encoding="utf-8")
            os.dup2(2, 1)
            ending.unwritten.append(self.end)

    @property
    def width(self) -> int:
        """Columns of a line of text."""
        return terminal.columns(TEXT_WIDTH, sys.stdout)

    @property
    def has_colour(self) -> bool:
        """Whether text may be in colour."""
        return terminal.has_colour(sys.stdout)

    def say(self, text: str, verdict: re.Pattern[str] | None = None) -> None:
        """Write a text for people.

        Parameters
        ----------
        text : str
            What a terminal would obey is shown, not obeyed.
        verdict : pattern, optional
            Finds verdicts in it; on a terminal they are in colour.
        """
        text = terminal.printable(text)
        self.write(terminal.with_verdicts(text, verdict, sys.stdout) if verdict else text)

    def show(self, result: Result) -> None:
        """Write a result for people: in colour, and as wide as it is, on a terminal."""
        if self.shows_words:
            self.write(summary_for(result, sys.stdout))

    def write(self, text: str) -> None:
        """Write a text for people as it is; no reader, or no room, keeps nothing from going on."""
        if self.shows_words:
            self._is_complete &= ending.written(text)

    def end(self, code: int, error: str | None = None, **content: Any) -> int:
        """Write the document and return the exit code.

        Parameters
        ----------
        code : int
            The exit code.
        error : str, optional
            What kept the command from finishing.
        **content
            The rest of the document.
        """
        if self._document is not None:
            document = {"exit_code": code, "error": error, **content}
            text = json.dumps(document, indent=1, allow_nan=False, default=plain)
            ending.unwritten.clear()
            try:
                with self._document as stream:
                    stream.write(text + "\n")
            except BrokenPipeError:
                pass  # nobody reads it: nobody's failure
            except OSError as why:
                ending.complain(f"the document cannot be written: {why.strerror}")
                self._is_complete = False
        return code if self._is_complete else ending.NOT_FINISHED
