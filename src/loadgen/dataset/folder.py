# SPDX-License-Identifier: Apache-2.0
"""A folder: each file in it is a sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from loadgen.dataset.files import PathLike
from loadgen.dataset.loaded import LoadedDataset
from loadgen.errors import DatasetError, raised

__all__ = ["FolderDataset"]


class FolderDataset(LoadedDataset):
    """The files of a folder, sorted by their paths, read and decoded when they are loaded.

    Parameters
    ----------
    path : str or PathLike
    pattern : str
        Which files, as for `Path.glob`: "*.jpg", or "**/*.jpg" in all folders below too. Files and
        folders whose names start with a dot are left out.
    read : callable
        From the file's `Path` to what is in it; by default the bytes.
    decode : callable or None
        From what was read to the sample; None: that is the sample.
    lengths : callable or None
        From a sample to an int, for the column "length".
    performance_count : int or None
        How many samples are loaded at once, at most; None: all.
    name : str or None
        What results call it; None: the folder's name.

    Raises
    ------
    DatasetError
        There is no such folder, or no such file in it.
    """

    def __init__(
        self,
        path: PathLike,
        *,
        pattern: str = "*",
        read: Callable[[Path], Any] = Path.read_bytes,
        decode: Callable[[Any], Any] | None = None,
        lengths: Callable[[Any], int] | None = None,
        performance_count: int | None = None,
        name: str | None = None,
    ) -> None:
        folder = Path(path)
        if not folder.is_dir():
            what = "is no folder" if folder.exists() else f"no such folder, seen from {Path.cwd()}"
            raise DatasetError(f"{folder}: {what}")
        try:
            found = [file for file in folder.glob(pattern) if not _is_hidden(file, folder)]
        except (ValueError, NotImplementedError) as error:
            raise DatasetError(f"{folder}: pattern = {pattern!r}: {error}") from error
        self._files = sorted(file for file in found if file.is_file())
        if not self._files:
            raise DatasetError(f"{folder}: has no files that are called {pattern!r}")
        self._read_file, self._decode = read, decode
        super().__init__(
            len(self._files),
            str(folder),
            name=name,
            performance_count=performance_count,
            lengths=lengths,
        )

    def _read(self, indices: list[int]) -> list[Any]:
        return [self._sample(self._files[index]) for index in indices]

    def _sample(self, file: Path) -> Any:
        step = "read()"
        try:
            sample = self._read_file(file)
            step = "decode()"
            return sample if self._decode is None else self._decode(sample)
        except Exception as error:
            raise raised(DatasetError, f"{file}: {step}", error) from error

    def _where(self, index: int) -> str:
        return str(self._files[index])


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)
