# SPDX-License-Identifier: Apache-2.0
"""The base class of all datasets, and how a run reads its columns and calls its hooks.

What a hook raises becomes a `DatasetError`. Not here: what else stands for a dataset
(``wrapping.py``), and files (a module for each format).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from loadgen.errors import DatasetError, raised
from loadgen.values import count_in_words

__all__ = ["Dataset", "Indices", "load", "read_columns", "unload"]

Indices = NDArray[np.int64]


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
    >>> Squares()[np.array([2, 3])]
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


def read_columns(dataset: Dataset, total: int) -> dict[str, NDArray[Any]]:
    """Return the dataset's columns as arrays, one entry a sample.

    Raises
    ------
    DatasetError
        They cannot be read, or one has another length.
    """
    try:
        columns = {name: np.asarray(values) for name, values in dataset.columns.items()}
    except DatasetError:
        raise
    except Exception as error:
        raise raised(DatasetError, f"{dataset.name}: columns", error) from error
    for name, values in columns.items():
        if values.shape[:1] != (total,):
            raise DatasetError(
                f"{dataset.name}: column {name!r} has {len(values) if values.ndim else 'no'} "
                f"entries; it needs one for each of the {total} samples"
            )
    return columns


def load(dataset: Dataset, indices: NDArray[np.integer[Any]]) -> None:
    """Call the dataset's load hook.

    Raises
    ------
    DatasetError
        Made of whatever the hook raised.
    """
    _call_hook(dataset, "load", indices)


def unload(dataset: Dataset, indices: NDArray[np.integer[Any]]) -> None:
    """Call the dataset's unload hook; `indices` as given to `load`.

    Raises
    ------
    DatasetError
        Made of whatever the hook raised.
    """
    _call_hook(dataset, "unload", indices)


def _call_hook(dataset: Dataset, hook: str, indices: NDArray[np.integer[Any]]) -> None:
    try:
        getattr(dataset, hook)(np.array(indices, dtype=np.int64))
    except DatasetError:
        raise  # says itself which sample of which file
    except Exception as error:
        who = f"{dataset.name}: {hook}() of {count_in_words(len(indices), 'sample')}"
        raise raised(DatasetError, who, error) from error
