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
from typing import Final

import loadgen
from loadgen.errors import SettingsError

VALID: Final = 0
INVALID: Final = 1
WRONG_USE: Final = 2
NOT_FINISHED: Final = 3

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


def explain(error: BaseException) -> loadgen.Result | None:
    """Write what ended a run early; return what was measured until then.

    Parameters
    ----------
    error : BaseException
        What `loadgen.run` raised.
    """
    if isinstance(error, loadgen.SUTError) and error.__cause__ is not None:
        show_traceback(error.__cause__)
    elif not isinstance(error, (loadgen.LoadGenError, KeyboardInterrupt)):
        show_traceback(error)
    result = getattr(error, "result", None)
    kept = result if isinstance(result, loadgen.Result) else None
    measured = "what was measured until then is kept" if kept else "nothing was measured"
    complain(f"{in_words(error)}; {measured}")
    return kept


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
