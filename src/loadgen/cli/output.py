# SPDX-License-Identifier: Apache-2.0
"""What a command writes: words for people, or one JSON document that is alone on standard output.

Not for results in words (``report``), nor for errors (``ending.py``).
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from loadgen.cli.ending import WrongUse
from loadgen.export.document import plain, result_document
from loadgen.report import print_summary
from loadgen.result import Result

__all__ = ["Output", "result_document"]


class Output:
    """Where a command writes.

    Parameters
    ----------
    as_json : bool
        One document goes to standard output. Whatever else is printed, by Python or not, goes to
        standard error from now on, for as long as the process lives.
    quiet : bool
        Neither words nor a live line; a document all the same.

    Raises
    ------
    WrongUse
        Standard output, which the document needs, is closed.
    """

    def __init__(self, *, as_json: bool, quiet: bool) -> None:
        self.progress = not quiet
        self.shows_words = not (as_json or quiet)
        self._document = None
        if as_json:
            if sys.stdout is None:
                raise WrongUse("standard output is closed: there is no place for the document")
            sys.stdout.flush()
            self._document = os.fdopen(os.dup(1), "w", encoding="utf-8")
            os.dup2(2, 1)

    def say(self, text: str) -> None:
        """Write a text for people."""
        if self.shows_words:
            print(text, flush=True)

    def show(self, result: Result) -> None:
        """Write a result for people: in colour, and as wide as it is, on a terminal."""
        if self.shows_words:
            print_summary(result)
            sys.stdout.flush()

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
            with self._document as stream:
                json.dump(document, stream, indent=1, allow_nan=False, default=plain)
                stream.write("\n")
        return code
