# SPDX-License-Identifier: Apache-2.0
"""How a command ends: exit codes, signals, errors in words, streams that nobody reads.

A reader that closes the pipe (``| head``) has what it wanted. That is no failure: what is written
from then on is dropped, and the command ends as it would have, with its code.

Not for what a command does, nor for what it shows of results (``output.py``).
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Final, TypeVar, cast

from loadgen.errors import (
    Interrupted,
    LoadGenError,
    Problem,
    ResultError,
    SettingsError,
    SUTError,
    described,
)
from loadgen.terminal import printable

if TYPE_CHECKING:
    from loadgen.result import Result

VALID: Final = 0
INVALID: Final = 1
WRONG_USE: Final = 2
NOT_FINISHED: Final = 3

_T = TypeVar("_T")

_WITH_RESULT: Final = (SUTError, Interrupted)

_OWN_FOLDER: Final = str(Path(__file__).resolve().parents[1]) + os.sep
_IMPORT_MACHINERY: Final = ("<frozen importlib", str(Path(os.__file__).parent / "importlib"))


unwritten: Final[list[Callable[[int, str | None], int]]] = []
"""What writes the document of this process's command with an exit code and an error, and returns
the code; where one is asked for, until it is written."""


class WrongUse(Exception):
    """What was asked for cannot be started; the text says why."""


def exit_code(action: Callable[[], int]) -> int:
    """Return the exit code of a command, whatever it raises. SIGTERM is like Ctrl-C meanwhile.

    Parameters
    ----------
    action : callable
        The command; returns its code. What it raises for want of a reader is no failure.
    """
    code, why = NOT_FINISHED, None
    try:
        with stopped_by_sigterm():
            code = action()
    except (WrongUse, SettingsError) as error:
        code, why = WRONG_USE, str(error)
        complain(why)
    except KeyboardInterrupt:
        why = "interrupted"
        complain(why)
    except BrokenPipeError:
        code = VALID
    except Exception as error:
        why = described(error)
        if isinstance(error, OSError) and error.filename is None:  # of a stream, not of a file
            complain(why)
        else:
            with suppress(OSError):
                traceback.print_exc()
    while unwritten:
        code = unwritten.pop()(code, why)
    code = code if written() else NOT_FINISHED
    try:
        sys.stderr.flush()
    except OSError:
        _drop(2)
    return code


def written(*texts: str) -> bool:
    """Write texts to standard output, and what it still has.

    Where that fails, whatever is written there later is dropped. Returns False, and says why, if
    that is not because nobody reads it.
    """
    try:
        for text in texts:
            print(text)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _drop(1)
    except OSError as error:
        _drop(1)
        complain(f"standard output cannot be written: {error.strerror}")
        return False
    return True


def _drop(number: int) -> None:
    """Drop what a stream is given from now on, by Python's flush at exit too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def prepare_streams() -> None:
    """Make it safe to write to the standard streams, however the process was started.

    Those that were closed drop what they get: otherwise the next file that is opened has the number
    1 or 2, and gets what is written there. `sys.stdout` stays None, since a document needs one.
    Letters that the terminal's encoding does not have are written as Python writes them.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # has the lowest number that is free
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - for good


def code_of(results: Iterable[Result], error: str | None) -> int:
    """Return the exit code of runs.

    Parameters
    ----------
    results : iterable of Result
    error : str or None
        What kept them from being finished.
    """
    if error is not None:
        return NOT_FINISHED
    return VALID if all(result.valid for result in results) else INVALID


def complain(text: str) -> None:
    """Write an error to standard error, if that is read."""
    with suppress(OSError):
        print(printable(f"Error: {text}"), file=sys.stderr)


def show_traceback(error: BaseException) -> None:
    """Write the traceback of the user's code, without the frames of this package before it."""
    users = error.__traceback__
    while users is not None and _is_ours(users.tb_frame.f_code):
        users = users.tb_next
    with suppress(OSError):
        traceback.print_exception(error.with_traceback(users))


def _is_ours(code: CodeType) -> bool:
    return code.co_filename.startswith((_OWN_FOLDER, *_IMPORT_MACHINERY))


def attempt(
    action: Callable[[], _T], left: str | None = None
) -> tuple[_T | None, BaseException | None]:
    """Return what runs come to, and the error that ended them early, which is explained.

    Parameters
    ----------
    action : callable
    left : str, optional
        As for `explain`.

    Raises
    ------
    WrongUse
        They cannot be started.
    """
    try:
        return action(), None
    except (SettingsError, ResultError) as error:
        raise WrongUse(str(error)) from None
    except WrongUse:
        raise
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        explain(error, left)
        return None, error


@contextmanager
def as_typed(names: Mapping[str, str]) -> Iterator[None]:
    """Have errors of settings call what is wrong as it was typed.

    Parameters
    ----------
    names : mapping of str to str
        Arguments of the library to words of the command line.
    """
    try:
        yield
    except SettingsError as error:
        raise SettingsError(_as_typed(each, names) for each in error.problems) from None


def _as_typed(problem: Problem, names: Mapping[str, str]) -> Problem:
    name, dot, rest = problem.field.partition(".")
    allowed = problem.allowed.replace("resume=False", "--overwrite").replace(
        "smoke=True", "--smoke"
    )
    return problem._replace(field=names.get(name, name) + dot + rest, allowed=allowed)


def explain(error: BaseException, left: str | None = None) -> None:
    """Write what ended runs early, and what there is of them.

    Parameters
    ----------
    error : BaseException
        What `loadgen.run`, or another one, raised.
    left : str, optional
        What is left of runs before, and how to go on. None: there are none.
    """
    if isinstance(error, SUTError) and error.__cause__ is not None:
        show_traceback(error.__cause__)
    elif not isinstance(error, (LoadGenError, KeyboardInterrupt)):
        show_traceback(error)
    if left is None:
        some = result_of(error) is not None
        left = "what was measured until then follows" if some else "nothing was measured"
    complain(f"{in_words(error)}; {left}")


def result_of(error: BaseException | None) -> Result | None:
    """Return what was measured until an error."""
    return cast("Result | None", error.result) if isinstance(error, _WITH_RESULT) else None


def in_words(error: BaseException) -> str:
    """Return an error as one line of a message."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, LoadGenError):
        return str(error)
    return described(error)


@contextmanager
def stopped_by_sigterm() -> Iterator[None]:
    """Make SIGTERM do what Ctrl-C does, so that what was measured is kept."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
