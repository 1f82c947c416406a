# SPDX-License-Identifier: Apache-2.0
"""A file that appears whole or not at all: written beside its place, and then renamed.

Not for the folder of a saved run (`loadgen.result.folder`), nor for logs that are written while a
run goes on.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from loadgen.errors import LoadGenError

__all__ = ["prepare", "replacing"]

Check = Callable[[Path], None]
"""Takes a file that is there already; raises LoadGenError where it may not be replaced."""

_SHOWN = 50  # letters of a file's name in that of the partial one: names may have 255 bytes


def prepare(path: str | os.PathLike[str], check: Check | None = None) -> Path:
    """Make sure, before the work for a file, that it can be written after it.

    Parameters
    ----------
    path : path
        Of the file; parents are made.
    check : callable, optional
        None: a file that is there already may be replaced.

    Returns
    -------
    Path
        The file, absolute and without links.

    Raises
    ------
    LoadGenError
        What is there is no file or may not be replaced, or nothing can be written there; says why.
    """
    target = Path(path).absolute()
    try:
        target = Path(os.path.realpath(target))  # Path.resolve raises RuntimeError for loops
        target.parent.mkdir(parents=True, exist_ok=True)
        _mode_of_old(target, check)
        _new_partial(target).unlink()
    except (OSError, ValueError) as error:  # ValueError: no file can have such a name
        raise _cannot_write(target, error) from error
    return target


@contextmanager
def replacing(path: str | os.PathLike[str], check: Check | None = None) -> Iterator[Path]:
    """Give a path to write to; what is there is put into its place if nothing was raised.

    A file that is replaced hands its permissions down; a new one has the usual ones.

    Parameters
    ----------
    path, check : path, callable or None
        As for `prepare`.

    Raises
    ------
    LoadGenError
        As `prepare` does, or an OSError came from within; what was there is still there.
    """
    target = prepare(path, check)
    try:
        partial = _new_partial(target)
        try:
            yield partial
            mode = _mode_of_old(target, check)
            _sync(partial)
            if mode is not None:
                partial.chmod(mode)
            partial.replace(target)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _cannot_write(target, error) from error


def _new_partial(target: Path) -> Path:
    partial = target.with_name(f".{target.name[:_SHOWN]}.{secrets.token_hex(4)}.partial")
    partial.touch(exist_ok=False)
    return partial


def _mode_of_old(target: Path, check: Check | None) -> int | None:
    """Return the permissions of a file that may be replaced; None where there is none."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise LoadGenError(f"{target}: is a folder; expected the name of a file")
    if not stat.S_ISREG(mode):
        raise LoadGenError(f"{target}: is no file; expected an absent file, or one to replace")
    if check is not None:
        check(target)
    return stat.S_IMODE(mode)


def _sync(file: Path) -> None:
    """Have the disk keep what was written, before the name says that it is there."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def _cannot_write(target: Path, error: OSError | ValueError) -> LoadGenError:
    reason = getattr(error, "strerror", None) or str(error)
    about = getattr(error, "filename", None)
    beside = about is None or Path(str(about)).parent == target.parent
    where = "" if beside else f" ({about})"
    return LoadGenError(f"{target}: cannot be written: {reason}{where}")
