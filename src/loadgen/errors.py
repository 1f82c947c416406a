# SPDX-License-Identifier: Apache-2.0
"""Every exception of the package, and what any exception says in words.

::

    LoadGenError
    +-- SettingsError     (also a ValueError)         wrong settings, all at once: .problems
    +-- DatasetError                                  a dataset that is no use, or whose hook raised
    +-- SUTError                                      the system under test raised: .result
    +-- Interrupted       (also a KeyboardInterrupt)  Ctrl-C during a run: .result
    +-- ResultError                                   a saved result or log that cannot be read
    +-- ComparisonError                               runs that are not comparable: .reasons
    +-- loadgen.mlperf.ConfError  (also a ValueError) conf files that cannot be used: .problems
    +-- loadgen.compat's HandleError, MissingCallback what an official script does wrong

Not here: what a system under test does wrong while a run goes on. That is counted, not raised.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from typing import Final, NamedTuple, TypeVar

__all__ = [
    "MISSING",
    "ComparisonError",
    "DatasetError",
    "Interrupted",
    "LoadGenError",
    "Problem",
    "ResultError",
    "SUTError",
    "SettingsError",
    "described",
    "needs_extra",
    "raised",
    "text_of",
    "unwrapped",
]

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60


class _Missing:
    """The value of a field that was not given although it must be."""

    def __repr__(self) -> str:
        return "(missing)"

    def __reduce__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()


class Problem(NamedTuple):
    """One wrong field.

    Parameters
    ----------
    field : str
        Its name; dotted where it is nested, as in ``seeds.qsl``.
    value : object
        What was given; `MISSING` where nothing was.
    allowed : str
        What it needs to be, in words.
    """

    field: str
    value: object
    allowed: str

    def __str__(self) -> str:
        return f"{self.field} = {_SHORT.repr(self.value)}: needs {self.allowed}"


class LoadGenError(Exception):
    """Root of all errors that this package raises on purpose."""

    _wraps_cause = False  # its cause is what a user's code raised; see `raised`


class SettingsError(LoadGenError, ValueError):
    """Settings that cannot be used: each wrong field, its value and what is allowed.

    Parameters
    ----------
    problems : iterable of Problem
        At least one.

    Examples
    --------
    >>> print(SettingsError([Problem("min_queries", -1, "an integer of at least 0")]))
    min_queries = -1: needs an integer of at least 0
    """

    problems: tuple[Problem, ...]

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(Problem(*problem) for problem in problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return str(self.problems[0])
        lines = [f"{len(self.problems)} settings cannot be used:"]
        lines += [f"  - {problem}" for problem in self.problems]
        return "\n".join(lines)


class DatasetError(LoadGenError):
    """A dataset whose counts, columns or samples cannot be used, or whose hook raised."""


class _WithResult(LoadGenError):
    """An error that keeps what was measured until then.

    Parameters
    ----------
    message : str
        What happened.
    result : Result or None
        The rows measured until then; None where nothing had been issued.
    """

    result: object | None

    def __init__(self, message: str, result: object | None = None) -> None:
        super().__init__(message)
        self.result = result


class SUTError(_WithResult):
    """The system under test raised; its own exception is the cause, the rows are on `result`."""


class Interrupted(_WithResult, KeyboardInterrupt):
    """Ctrl-C during a run; the rows measured until then are on `result`."""

    def __init__(self, message: str = "interrupted", result: object | None = None) -> None:
        super().__init__(message, result)


class ResultError(LoadGenError):
    """A saved result that is damaged, incomplete, or written by a newer version."""


class ComparisonError(LoadGenError):
    """Runs that are not comparable: all that differs, and all that is wrong with one of them.

    Parameters
    ----------
    reasons : iterable of str
        At least one.
    """

    reasons: tuple[str, ...]

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(self.reasons)

    def __str__(self) -> str:
        return "\n".join(
            ["the runs are not comparable (force=True or --force compares them all the same):"]
            + [f"  - {reason}" for reason in self.reasons]
        )


_Error = TypeVar("_Error", bound=LoadGenError)


def raised(kind: type[_Error], who: str, error: BaseException) -> _Error:
    """Return an error of ours around what a user's code raised; to be raised from it.

    Parameters
    ----------
    kind : type
    who : str
        Whose code.
    error : BaseException

    Examples
    --------
    >>> print(raised(DatasetError, "images: load()", OSError("no disk")))
    images: load() raised OSError: no disk
    """
    wrapper = kind(f"{who} raised {described(error)}")
    wrapper._wraps_cause = True
    return wrapper


def needs_extra(extra: str, error: ImportError) -> ImportError:
    """Return an error of an optional library that cannot be imported: how to install it.

    Examples
    --------
    >>> print(needs_extra("torch", ModuleNotFoundError("No module named 'torch'")))
    this needs the extra `torch`: pip install 'loadgen[torch]' (No module named 'torch')
    """
    text = f"this needs the extra `{extra}`: pip install 'loadgen[{extra}]' ({text_of(error)})"
    return ImportError(text, name=error.name)


def unwrapped(error: BaseException) -> BaseException:
    """Return what a user's code raised, where `raised` made the error; else the error."""
    wraps = isinstance(error, LoadGenError) and error._wraps_cause
    return error.__cause__ if wraps and error.__cause__ is not None else error


def text_of(error: BaseException) -> str:
    r"""Return what an exception says, whoever wrote it; its type's name where it cannot say it.

    Parameters
    ----------
    error : BaseException
        Anybody's: its text may not be encodable, or not be there to be had.

    Examples
    --------
    >>> text_of(ValueError(chr(0xDCE9))) == r"\udce9"
    True
    """
    try:
        return str(error).encode("utf-8", "backslashreplace").decode("utf-8")
    except Exception:
        return type(error).__name__


def described(error: BaseException) -> str:
    """Return the type's name and what an exception says.

    Examples
    --------
    >>> described(SystemExit(5)), described(TimeoutError())
    ('SystemExit: 5', 'TimeoutError')
    """
    name, text = type(error).__name__, text_of(error)
    return f"{name}: {text}" if text not in ("", name) else name
