# SPDX-License-Identifier: Apache-2.0
"""The file of an export: may it be written, and how it comes to be whole or not at all.

Not for what is in it; nor for the folder of a saved run, which is `loadgen.result.folder`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from loadgen.errors import LoadGenError


@contextmanager
def replacing(path: str | os.PathLike[str], overwrite: bool) -> Iterator[Path]:
    """Give a path to write to; what is there is put into its place if nothing was raised.

    Parameters
    ----------
    path : path
        Of the file; parents are made.
    overwrite : bool
        Whether a file that is there already is replaced.

    Raises
    ------
    LoadGenError
        It is there already, is no file, or cannot be written; says which.
    """
    target = Path(path).absolute()
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        target = target.resolve()
        _check(target, overwrite)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
        partial.touch()
        yield partial
        _check(target, overwrite)
        partial.replace(target)
    except OSError as error:
        reason = error.strerror or str(error)
        own = (None, str(partial), str(target))
        where = "" if error.filename in own else f" ({error.filename})"
        raise LoadGenError(f"{target}: cannot be written: {reason}{where}") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _check(target: Path, overwrite: bool) -> None:
    if target.exists() and not target.is_file():
        raise LoadGenError(f"{target}: is no file; expected an absent file, or one to replace")
    if target.exists() and not overwrite:
        raise LoadGenError(f"{target}: is there already (overwrite=True replaces it)")
