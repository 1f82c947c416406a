# SPDX-License-Identifier: Apache-2.0
"""A log file as its readers take it: line by line, never trusted, each complaint with its place.

Not for what any line means.
"""

from __future__ import annotations

import json
import reprlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn, TypeVar

from loadgen.errors import ResultError
from loadgen.values import name_hint

__all__ = ["UNREADABLE", "Defect", "Defects", "Named", "Source", "parse_json", "short"]

_Value = TypeVar("_Value")

UNREADABLE: Final = object()

LONGEST_LINE: Final = 1 << 28  # bytes: an answer of 128 MiB
_MOST_DEFECTS = 1_000  # kept of one directory
_EXCERPT = 30  # characters that are shown of where JSON ends to be JSON

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60


class _NoSuchName(KeyError):
    """Suggests a name when it is shown, and not before: to look for one takes ms."""

    def __init__(self, name: object, known: Iterable[str]) -> None:
        super().__init__(name)
        self._known = known

    def __str__(self) -> str:
        name = self.args[0]
        hint = name_hint(str(name), self._known)
        return repr(f"{name}{hint}" if hint else name)


class Named(dict[str, _Value]):
    """What a log has, by its label or key; the error for one that it does not have suggests one."""

    def __missing__(self, name: str) -> NoReturn:
        raise _NoSuchName(name, self)


class Defect(NamedTuple):
    """Something in a log that is not as it should be.

    Parameters
    ----------
    file : str
        Name of the file.
    line : int
        Its first line is 1; 0: the file as a whole.
    what : str
    """

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{where}: {self.what}"


class Defects:
    """The defects of one directory: each once, the first thousand."""

    def __init__(self) -> None:
        self._found: dict[Defect, None] = {}

    def add(self, defect: Defect) -> None:
        """Keep a defect, unless it is known."""
        if len(self._found) < _MOST_DEFECTS:
            self._found[defect] = None
        elif len(self._found) == _MOST_DEFECTS and defect not in self._found:
            self._found[
                Defect(defect.file, defect.line, "more defects; from here none is kept")
            ] = None

    def all(self) -> tuple[Defect, ...]:
        """Return them in the order in which they were found."""
        return tuple(self._found)


class Source:
    """One log file.

    Parameters
    ----------
    path : Path
    strict : bool
        Whether a defect is an error.
    defects : Defects
        Where they go otherwise.
    """

    def __init__(self, path: Path, strict: bool, defects: Defects) -> None:
        self.path = path
        self.strict = strict
        self._defects = defects

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield each line's number and text, without its end.

        Raises
        ------
        ResultError
            The file cannot be read, or has a line that no log would have.
        """
        try:
            with self.path.open("rb") as file:
                number = 0
                while raw := file.readline(LONGEST_LINE + 1):
                    number += 1
                    if len(raw) > LONGEST_LINE:
                        self.fail(number, f"longer than {LONGEST_LINE:,} bytes")
                    yield number, self._decoded(number, raw.rstrip(b"\r\n"))
        except OSError as error:
            raise self.unreadable(error) from error

    def _decoded(self, number: int, raw: bytes) -> str:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            self.defect(number, f"not UTF-8 at its byte {error.start}")
            return raw.decode("utf-8", "replace")

    def parsed(self, line: int, text: str, repair: Callable[[str], Any]) -> Any:
        """Return what a line says as JSON, or what was meant by it; `UNREADABLE` where neither is.

        Parameters
        ----------
        line : int
        text : str
        repair : callable
            Returns what LoadGen meant by a text that is no JSON, or None.

        Raises
        ------
        ResultError
            Strict, and it is not JSON.
        """
        try:
            return parse_json(text)
        except ValueError as error:
            self.defect(line, f"{short(text)} is not valid JSON: {error}")
        repaired = repair(text)
        return UNREADABLE if repaired is None else repaired

    def defect(self, line: int, what: str) -> None:
        """Complain: raise if strict, else remember.

        Raises
        ------
        ResultError
        """
        if self.strict:
            self.fail(line, what)
        self._defects.add(Defect(self.path.name, line, what))

    def fail(self, line: int, what: str) -> NoReturn:
        """Raise the error that names the file, the line, what is there and what was expected."""
        raise ResultError(str(Defect(str(self.path), line, what)))

    def unreadable(self, error: OSError) -> ResultError:
        """Return the error of a file that cannot be read."""
        return ResultError(f"{self.path}: cannot be read: {error.strerror or error}")


def short(value: object) -> str:
    """Return a value as a message shows it."""
    return _SHORT.repr(value)


def parse_json(text: str) -> Any:
    """Return what a text says as JSON, by the letter.

    Raises
    ------
    ValueError
        Not JSON, a NaN or an infinity, a key that stands twice, numbers or nesting out of all
        bounds; says which.

    Examples
    --------
    >>> parse_json('{"a": -nan}')
    Traceback (most recent call last):
        ...
    ValueError: expecting value at column 7, '-nan}'
    """
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        what = error.msg[:1].lower() + error.msg[1:].removesuffix(" at")
        there = short(text[error.pos : error.pos + _EXCERPT])
        raise ValueError(f"{what} at column {error.colno}, {there}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ValueError(f"the key {short(name)} stands twice")
            seen.add(name)
    return table


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_object)
