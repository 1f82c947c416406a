# SPDX-License-Identifier: Apache-2.0
"""What else stands for a dataset: a count, an array, any sequence, the path of a file.

Not for the files themselves (``opening.py``).
"""

from __future__ import annotations

import numbers
import operator
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from loadgen.dataset.base import Dataset, Indices, read_columns
from loadgen.dataset.opening import open_dataset
from loadgen.errors import DatasetError, raised
from loadgen.values import is_bool

__all__ = ["as_dataset"]

_MAX_TOTAL: Final = 2**32
"""The record keeps a sample's index in 32 bits."""


class _Wrapped(Dataset):
    """Samples that exist already, so that there is nothing to load."""

    _samples: Any

    def __init__(self, samples: Any) -> None:
        self._samples = samples

    @property
    def name(self) -> str:
        return type(self._samples).__name__

    def __len__(self) -> int:
        return len(self._samples)


class _Indices(Dataset):
    """A count: the samples are their own indices."""

    def __init__(self, count: int) -> None:
        self._count = count

    @property
    def name(self) -> str:
        return f"{self._count} indices"

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, indices: Indices) -> Indices:
        return np.asarray(indices, dtype=np.int64)


class _Array(_Wrapped):
    """An array: the samples are its rows, and a batch is one array."""

    def __getitem__(self, indices: Indices) -> Any:
        return self._samples[indices]


class _Series(_Wrapped):
    """A column of pandas, which finds entries by their labels: here by their positions."""

    def __init__(self, samples: Any) -> None:
        super().__init__(samples)
        self._values = samples.to_numpy()

    def __getitem__(self, indices: Indices) -> Any:
        found = self._values[indices]
        return found.tolist() if found.dtype.hasobject else found


class _Sequence(_Wrapped):
    """Any other sequence: a batch is a list."""

    def __getitem__(self, indices: Indices) -> list[Any]:
        # itemgetter would return one bare sample for one index.
        get = self._samples.__getitem__
        return [get(index) for index in indices.tolist()]


def as_dataset(samples: object) -> Dataset:
    """Return the dataset that an object stands for, with its counts and columns checked.

    Parameters
    ----------
    samples : int, sequence, ndarray, Dataset or Path
        An int is how many samples there are, and the system under test gets indices. A path is
        opened by `open_dataset`. A Series of pandas is read by position, whatever its labels are.

    Raises
    ------
    DatasetError
        It is none of these, it is empty, or its counts or columns do not fit together.

    Examples
    --------
    >>> as_dataset("a b c".split())[np.array([2, 0])]
    ['c', 'a']
    """
    dataset = _wrap(samples)
    total = _count(dataset, "len()", lambda: len(dataset))
    performance = _count(dataset, "performance_count", lambda: dataset.performance_count)
    if performance > total:
        raise DatasetError(
            f"{dataset.name}: performance_count = {performance} is larger than its "
            f"{total} samples; it needs to be in [1, {total}]"
        )
    read_columns(dataset, total)
    return dataset


def _wrap(samples: object) -> Dataset:
    if isinstance(samples, Dataset):
        return samples
    if isinstance(samples, Path):
        return open_dataset(samples)
    if isinstance(samples, type) and issubclass(samples, Dataset):
        raise DatasetError(f"{samples.__name__} is a class: give an instance, {samples.__name__}()")
    if isinstance(samples, np.ndarray):
        if samples.ndim == 0:
            raise DatasetError("an array without axes has no samples; give a count as an int")
        return _Array(samples)
    if hasattr(samples, "iloc"):
        return _of_pandas(samples)
    if isinstance(samples, numbers.Integral) and not is_bool(samples):
        if samples < 1:
            raise DatasetError(f"{samples} samples; a dataset needs at least 1")
        return _Indices(int(samples))
    if (
        isinstance(samples, (str, bytes, bytearray, Mapping))
        or not hasattr(samples, "__getitem__")
        or not hasattr(samples, "__len__")
    ):
        hint = ". A file is opened by lg.open_dataset(path)" if isinstance(samples, str) else ""
        raise DatasetError(
            f"a {type(samples).__name__} is no dataset; give a number of samples, a list or any "
            f"other sequence, an array, a pathlib.Path, or an lg.Dataset{hint}"
        )
    return _Sequence(cast("Sequence[object]", samples))


def _of_pandas(samples: Any) -> Dataset:
    """Wrap a column; a table's own indexing finds columns, not rows."""
    if hasattr(samples, "columns") or getattr(samples, "ndim", 1) != 1:
        kind = type(samples).__name__
        raise DatasetError(f"a {kind} is no dataset; give its .to_dict('records')")
    return _Series(samples)


def _count(dataset: Dataset, what: str, read: Any) -> int:
    """Return a count of the dataset, checked."""
    try:
        value = read()
    except DatasetError:
        raise
    except Exception as error:
        raise raised(DatasetError, f"{dataset.name}: {what}", error) from error
    if is_bool(value) or not hasattr(value, "__index__"):
        raise DatasetError(f"{dataset.name}: {what} = {value!r}; it needs to be an integer")
    count = operator.index(value)
    if not 1 <= count < _MAX_TOTAL:
        raise DatasetError(f"{dataset.name}: {what} = {count}; it needs to be in [1, 2**32)")
    return count
