# SPDX-License-Identifier: Apache-2.0
"""Arrays: in memory, or in NumPy's own files, of which nothing pickled is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from loadgen.dataset.base import Indices
from loadgen.dataset.columns import no_column
from loadgen.dataset.files import DataFile, PathLike
from loadgen.dataset.loaded import LoadedDataset
from loadgen.errors import DatasetError, text_of

__all__ = ["NumpyDataset"]

_NPY: Final = b"\x93NUMPY"
_ZIP: Final = b"PK"


class NumpyDataset(LoadedDataset):
    """The rows of an array; a batch is an array.

    An .npy file is mapped: its rows are copied into memory when they are loaded, so that no page
    of the file is waited for while the clock runs. An .npz file cannot be mapped and is read whole.

    Parameters
    ----------
    source : str, PathLike or array, shape (n_samples, ...)
        An array that is a `numpy.memmap` is treated as an .npy file is.
    field : str or None
        Which array of an .npz file; None: the only one.
    lengths : callable or None
        From a row to an int, for the column "length".
    performance_count : int or None
        How many samples are loaded at once, at most; None: all.
    name : str or None
        What results call it; None: the file's name, or "ndarray".

    Raises
    ------
    DatasetError
        It has no rows, or the file is no use.

    Examples
    --------
    >>> NumpyDataset(np.array([[1, 2], [3, 4]]))[np.array([1])]
    array([[3, 4]])
    """

    def __init__(
        self,
        source: PathLike | NDArray[Any],
        *,
        field: str | None = None,
        lengths: Callable[[Any], int] | None = None,
        performance_count: int | None = None,
        name: str | None = None,
    ) -> None:
        if isinstance(source, np.ndarray):
            said, array = type(source).__name__, source
            if field is not None:
                raise _no_field(said, field)
        else:
            file = DataFile(source)
            said, array = str(file), _read(file, field)
        if array.ndim == 0:
            raise DatasetError(f"{said}: an array without axes; needs one row for each sample")
        self._is_mapped = isinstance(array, np.memmap)
        self._array = np.asarray(array)
        super().__init__(
            len(array), said, name=name, performance_count=performance_count, lengths=lengths
        )
        self._hold(np.empty(0, np.intp))

    def __getitem__(self, indices: Indices) -> NDArray[Any]:
        if not self._is_mapped:
            return self._array[indices]
        place, rows = self._memory
        try:
            found: NDArray[Any] = rows[place[indices]]
        except IndexError:
            return self._array[indices]
        return found

    def _hold(self, held: NDArray[np.intp]) -> None:
        if self._is_mapped:
            place = np.full(len(self), len(self), np.intp)  # of those that are not held: nowhere
            place[held] = np.arange(len(held))
            self._memory = place, self._array[held]

    def _read(self, indices: list[int]) -> NDArray[Any]:
        return self._array[indices]


def _read(file: DataFile, field: str | None) -> NDArray[Any]:
    try:
        with file.open() as opened:
            head = opened.read(len(_NPY))
            opened.seek(0)
            if head == _NPY:
                if field is not None:
                    raise _no_field(str(file), field)
                mapped: NDArray[Any] = np.load(file.path, mmap_mode="r", allow_pickle=False)
                return mapped
            if head.startswith(_ZIP):
                with np.load(opened, allow_pickle=False) as archive:
                    return _one_of(archive, str(file), field)
    except DatasetError:
        raise
    except Exception as error:  # a broken file breaks whatever reads it: zlib, zipfile, a header
        raise DatasetError(f"{file}: cannot be read: {text_of(error)}") from error
    raise DatasetError(f"{file}: is no .npy and no .npz file")


def _one_of(archive: Any, file: str, field: str | None) -> NDArray[Any]:
    names = archive.files
    if field is None and len(names) != 1:
        raise DatasetError(
            f"{file}: has {len(names)} arrays: field needs to name one of "
            f"{', '.join(map(repr, names)) or 'them'}"
        )
    if field is not None and field not in names:
        raise no_column(file, field, names)
    array = archive[field or names[0]]
    if not isinstance(array, np.ndarray):  # NumPy gives the bytes of what is no array of its own
        raise DatasetError(f"{file}: {field or names[0]!r} in it is no array")
    return array


def _no_field(source: str, field: str) -> DatasetError:
    return DatasetError(f"{source}: is one array without a name; field = {field!r} is for .npz")
