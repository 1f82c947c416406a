# SPDX-License-Identifier: Apache-2.0
"""Where samples come from: counts, loading, samples by index. MLPerf's query sample library.

`Dataset` is the base class for users; `as_dataset` wraps a count, an array or any sequence. The
functions `load` and `unload` are how a run calls the hooks: what a hook raises becomes a
`DatasetError`.

Not here: which samples are loaded when (the plan), and what a sample means (the system under test).
"""

from __future__ import annotations

import numbers
import operator
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from loadgen.errors import DatasetError, raised
from loadgen.values import is_bool

__all__ = ["Dataset", "as_dataset", "load", "unload"]

Indices = NDArray[np.int64]

_MAX_TOTAL: Final = 2**32
"""The record keeps a sample's index in 32 bits."""


class Dataset:
    """Samples by index. Subclass it, or hand `as_dataset` what you have.

    A subclass says how many samples there are (``__len__``) and gives them by index
    (``__getitem__``); `load` and `unload` may do nothing, and `performance_count` says how many
    samples fit in memory at once.

    Examples
    --------
    >>> class Squares(Dataset):
    ...     def __len__(self):
    ...         return 10
    ...     def __getitem__(self, indices):
    ...         return [int(i) ** 2 for i in indices]
    >>> as_dataset(Squares())[np.array([2, 3])]
    [4, 9]
    """

    @property
    def name(self) -> str:
        """What the dataset is called in results; default: the class's name."""
        return type(self).__name__

    @property
    def performance_count(self) -> int:
        """How many samples are loaded at once, at most; default: all."""
        return len(self)

    @property
    def columns(self) -> Mapping[str, ArrayLike]:
        """Per-sample columns by name, each with one entry a sample; default: none."""
        return {}

    def __len__(self) -> int:
        """Return how many samples there are."""
        raise NotImplementedError(f"{type(self).__name__} must define __len__: how many samples")

    def __getitem__(self, indices: Indices) -> Any:
        """Return the samples at `indices`, in that order.

        Parameters
        ----------
        indices : int64 array, shape (n,)
            Which samples; an index may occur more than once.

        Returns
        -------
        sequence of length n
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define __getitem__: the samples at an array of indices"
        )

    def load(self, indices: Indices) -> None:
        """Bring samples into memory; called before the clock starts.

        Parameters
        ----------
        indices : int64 array, shape (n,)
            In load order; MultiStream repeats the first ones at the end.
        """

    def unload(self, indices: Indices) -> None:
        """Let go of the samples that `load` was called with."""


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
    samples : int, sequence, ndarray or Dataset
        An int is how many samples there are, and the system under test gets indices.

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


def read_columns(dataset: Dataset, total: int) -> dict[str, NDArray[Any]]:
    """Return the dataset's columns as arrays, one entry a sample.

    Raises
    ------
    DatasetError
        They cannot be read, or one has another length.
    """
    try:
        columns = {name: np.asarray(values) for name, values in dataset.columns.items()}
    except Exception as error:
        raise raised(DatasetError, f"{dataset.name}: columns", error) from error
    for name, values in columns.items():
        if values.shape[:1] != (total,):
            raise DatasetError(
                f"{dataset.name}: column {name!r} has {len(values) if values.ndim else 'no'} "
                f"entries; it needs one for each of the {total} samples"
            )
    return columns


def _wrap(samples: object) -> Dataset:
    if isinstance(samples, Dataset):
        return samples
    if isinstance(samples, type) and issubclass(samples, Dataset):
        raise DatasetError(f"{samples.__name__} is a class: give an instance, {samples.__name__}()")
    if isinstance(samples, np.ndarray):
        if samples.ndim == 0:
            raise DatasetError("an array without axes has no samples; give a count as an int")
        return _Array(samples)
    if isinstance(samples, numbers.Integral) and not is_bool(samples):
        if samples < 1:
            raise DatasetError(f"{samples} samples; a dataset needs at least 1")
        return _Indices(int(samples))
    if (
        isinstance(samples, (str, bytes, bytearray, Mapping))
        or not hasattr(samples, "__getitem__")
        or not hasattr(samples, "__len__")
    ):
        raise DatasetError(
            f"a {type(samples).__name__} is no dataset; give a number of samples, a list or any "
            "other sequence, an array, or an lg.Dataset"
        )
    return _Sequence(cast("Sequence[object]", samples))


def _count(dataset: Dataset, what: str, read: Any) -> int:
    """Return a count of the dataset, checked."""
    try:
        value = read()
    except Exception as error:
        raise raised(DatasetError, f"{dataset.name}: {what}", error) from error
    if is_bool(value) or not hasattr(value, "__index__"):
        raise DatasetError(f"{dataset.name}: {what} = {value!r}; it needs to be an integer")
    count = operator.index(value)
    if not 1 <= count < _MAX_TOTAL:
        raise DatasetError(f"{dataset.name}: {what} = {count}; it needs to be in [1, 2**32)")
    return count


def load(dataset: Dataset, indices: NDArray[np.integer[Any]]) -> None:
    """Call the dataset's load hook.

    Raises
    ------
    DatasetError
        From whatever the hook raised.
    """
    _call_hook(dataset, "load", indices)


def unload(dataset: Dataset, indices: NDArray[np.integer[Any]]) -> None:
    """Call the dataset's unload hook; `indices` as given to `load`.

    Raises
    ------
    DatasetError
        From whatever the hook raised.
    """
    _call_hook(dataset, "unload", indices)


def _call_hook(dataset: Dataset, hook: str, indices: NDArray[np.integer[Any]]) -> None:
    try:
        getattr(dataset, hook)(np.array(indices, dtype=np.int64))
    except Exception as error:
        who = f"{dataset.name}: {hook}() of {len(indices)} samples"
        raise raised(DatasetError, who, error) from error
