# SPDX-License-Identifier: Apache-2.0
"""How a command ends: exit codes, signals, errors in words.

Not for what a command does, nor for what it shows of results (``output.py``).
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Final, TypeVar

import loadgen
from loadgen.errors import ResultError, SettingsError

VALID: Final = 0
INVALID: Final = 1
WRONG_USE: Final = 2
NOT_FINISHED: Final = 3

_T = TypeVar("_T")

_OWN_FOLDER: Final = str(Path(__file__).resolve().parents[1]) + os.sep
_IMPORT_MACHINERY: Final = ("<frozen importlib", str(Path(os.__file__).parent / "importlib"))


class WrongUse(Exception):
    """What was asked for cannot be started; the text says why."""


def exit_code(action: Callable[[], int]) -> int:
    """Return the exit code of a command, whatever it raises. SIGTERM is like Ctrl-C meanwhile.

    Parameters
    ----------
    action : callable
        The command; returns its code.
    """
    try:
        with stopped_by_sigterm():
            code = action()
        if sys.stdout is not None:
            sys.stdout.flush()
    except (WrongUse, SettingsError) as error:
        complain(str(error))
        return WRONG_USE
    except KeyboardInterrupt:
        complain("interrupted")
    except BrokenPipeError:
        # Nobody reads any more: Python's own flush at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except Exception:
        traceback.print_exc()
    else:
        return code
    return NOT_FINISHED


def code_of(results: Iterable[loadgen.Result], error: str | None) -> int:
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
    """Write an error to standard error."""
    print(f"Error: {text}", file=sys.stderr)


def show_traceback(error: BaseException) -> None:
    """Write the traceback of the user's code, without the frames of this package before it."""
    users = error.__traceback__
    while users is not None and _is_ours(users.tb_frame.f_code):
        users = users.tb_next
    print("".join(traceback.format_exception(error.with_traceback(users))), end="", file=sys.stderr)


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
    except (WrongUse, BrokenPipeError):
        raise  # nobody reads what is said; where a system's pipe broke, it is a SUTError
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        explain(error, left)
        return None, error


def explain(error: BaseException, left: str | None = None) -> None:
    """Write what ended runs early, and what there is of them.

    Parameters
    ----------
    error : BaseException
        What `loadgen.run`, or another one, raised.
    left : str, optional
        What is left of runs before, and how to go on. None: there are none.
    """
    if isinstance(error, loadgen.SUTError) and error.__cause__ is not None:
        show_traceback(error.__cause__)
    elif not isinstance(error, (loadgen.LoadGenError, KeyboardInterrupt)):
        show_traceback(error)
    if left is None:
        kept = result_of(error) is not None
        left = "what was measured until then is kept" if kept else "nothing was measured"
    complain(f"{in_words(error)}; {left}")


def result_of(error: BaseException | None) -> loadgen.Result | None:
    """Return what was measured until an error."""
    result = getattr(error, "result", None)
    return result if isinstance(result, loadgen.Result) else None


def in_words(error: BaseException) -> str:
    """Return an error as one line of a message."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, loadgen.LoadGenError):
        return str(error)
    return f"{type(error).__name__}: {error}"


@contextmanager
def stopped_by_sigterm() -> Iterator[None]:
    """Make SIGTERM do what Ctrl-C does, so that what was measured is kept."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
