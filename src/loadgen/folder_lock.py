# SPDX-License-Identifier: Apache-2.0
"""A folder that one process at a time writes into.

Not for single files (`loadgen.whole_file`).
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loadgen.errors import LoadGenError

__all__ = ["locked"]


@contextmanager
def locked(folder: Path, name: str, who: str) -> Iterator[None]:
    """Keep others out of a folder, which is made if it is not there.

    The lock ends with the process at the latest, however that ends; its file stays.

    Parameters
    ----------
    folder : Path
    name : str
        Of the file in it that is locked.
    who : str
        Who others are, in words: "suite".

    Raises
    ------
    LoadGenError
        It cannot be written, or another one is writing into it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / name).open("w")
    except OSError as error:
        raise LoadGenError(f"{folder}: cannot be written: {error.strerror or error}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LoadGenError(f"{folder}: another {who} is writing into it") from None
        yield
