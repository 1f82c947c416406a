# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a line of a conf file, as data, an error and a warning."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from loadgen.errors import LoadGenError

__all__ = ["ConfError", "ConfProblem", "ConfWarning", "near"]

_SHORT = reprlib.Repr()
_SHORT.maxstring = 100


@dataclass(frozen=True)
class ConfProblem:
    """One thing wrong with a conf file.

    Parameters
    ----------
    file : str
        As it was given.
    line : int or None
        From 1; None where it is about the file.
    found : str
        What stands there.
    reason : str
        What is wrong with it, and what is allowed.
    suggestion : str or None
        What could stand there instead.
    severity : {"refused", "ignored", "doubtful"}
        Whether MLPerf LoadGen refuses the file, or passes over this without a word; or nothing
        need be wrong at all.
    """

    file: str
    line: int | None
    found: str
    reason: str
    suggestion: str | None = None
    severity: Literal["refused", "ignored", "doubtful"] = "ignored"

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}, line {self.line}"
        what = f"{place}: {_SHORT.repr(self.found)} " if self.found else f"{place}: "
        hint = "" if self.suggestion is None else f"; did you mean {_SHORT.repr(self.suggestion)}?"
        return f"{what}{self.reason}{hint}"


class ConfError(LoadGenError, ValueError):
    """Conf files that cannot be used: each wrong line, and what is allowed.

    Parameters
    ----------
    problems : iterable of ConfProblem
        At least one.

    Examples
    --------
    >>> print(ConfError([ConfProblem("user.conf", 3, "x 5", "needs a '='")]))
    user.conf, line 3: 'x 5' needs a '='
    """

    problems: tuple[ConfProblem, ...]

    def __init__(self, problems: Iterable[ConfProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return str(self.problems[0])
        lines = [f"{len(self.problems)} things are wrong in the conf files:"]
        lines += [f"  - {problem}" for problem in self.problems]
        return "\n".join(lines)


class ConfWarning(UserWarning):
    """A line of a conf file that has no effect, or another one than it seems to have."""


def near(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the known name that this one nearly is.

    Examples
    --------
    >>> near("single_stream", ["SingleStream", "Server"]), near("x", ["Server"])
    ('SingleStream', None)
    """
    names = list(known)
    plain = {other.casefold().replace("_", ""): other for other in names}
    if same := plain.get(name.casefold().replace("_", "")):
        return same
    found = difflib.get_close_matches(name, names, n=1, cutoff=cutoff)
    return found[0] if found else None
