# SPDX-License-Identifier: Apache-2.0
"""A file of samples: opened for each reading, and the same file every time.

Nothing stays open between readings, so that threads, forks and runs may share a dataset. Not for
what is in the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from loadgen.errors import DatasetError

__all__ = ["DataFile", "PathLike", "missing_library"]

PathLike = str | os.PathLike[str]


class DataFile:
    """A file that exists and has something in it.

    Parameters
    ----------
    path : str or PathLike

    Raises
    ------
    DatasetError
        There is no such file, it is a folder, it cannot be read, or it is empty.
    """

    def __init__(self, path: PathLike) -> None:
        self.path = Path(path)
        self._state: tuple[int, int] | None = None
        with self.open() as file:
            self._state = _state(file)
        if self._state[0] == 0:
            raise DatasetError(f"{self}: is empty; a dataset needs at least 1 sample")

    def __str__(self) -> str:
        return str(self.path)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the file for reading, at its start.

        Raises
        ------
        DatasetError
            It cannot be opened or read, or it is not what it was at first.
        """
        try:
            with self.path.open("rb") as file:
                if self._state not in (None, _state(file)):
                    raise DatasetError(f"{self}: was changed after it was opened; open it again")
                yield file
        except FileNotFoundError:
            raise DatasetError(f"{self}: no such file, seen from {Path.cwd()}") from None
        except IsADirectoryError:
            raise DatasetError(f"{self}: is a folder; needs a file") from None
        except OSError as error:
            raise DatasetError(f"{self}: cannot be read: {error.strerror or error}") from error


def _state(file: BinaryIO) -> tuple[int, int]:
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns


def missing_library(who: str, library: str, extra: str, error: ImportError) -> DatasetError:
    """Return the error of an optional library that cannot be imported; to be raised from it."""
    return DatasetError(
        f"{who} needs the library {library}: pip install 'loadgen[{extra}]' ({error})"
    )
