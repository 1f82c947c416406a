# SPDX-License-Identifier: Apache-2.0
"""From what a model returns for a batch to one answer a sample, fetched only where it is kept.

Not for the bytes that an answer becomes: that is `loadgen.result.encoding`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from loadgen.values import count_in_words

ShapeOf = Callable[[Any], "Sequence[int] | None"]


class Answers(Sequence[Any]):
    """As many answers as samples, that are made when somebody reads them.

    A run reads those that it keeps, so what is on a device is moved for these alone.

    Parameters
    ----------
    n : int
    make : callable
        Returns a sequence whose first `n` elements are the answers.

    Examples
    --------
    >>> answers = Answers(2, lambda: ["cat", "dog", "padding"])
    >>> len(answers), list(answers)
    (2, ['cat', 'dog'])
    """

    def __init__(self, n: int, make: Callable[[], Any]) -> None:
        self._n = n
        self._make = make

    def __len__(self) -> int:
        return self._n

    def __iter__(self) -> Iterator[Any]:
        return iter(self._make()[: self._n])

    def __getitem__(self, position: Any) -> Any:
        return self._make()[: self._n][position]


def shape_of(value: Any) -> Sequence[int] | None:
    """Return an array's or a tensor's shape; None: it is neither."""
    return getattr(value, "shape", None)


def check_length(result: Any, n: int, shape: ShapeOf = shape_of) -> None:
    """Make sure that a model's result has `n` answers.

    Parameters
    ----------
    result : array, or dict, tuple or list of these
        Of each, the first dimension is the batch.
    n : int
    shape : callable
        Shape of an array; None: it is none.

    Raises
    ------
    ValueError
        One has another number of answers; names both.
    TypeError
        One is no array with a batch.
    """
    found = shape(result)
    if found and found[0] == n:
        return
    if isinstance(result, (Mapping, tuple, list)):
        parts = result.values() if isinstance(result, Mapping) else result
        if not parts:
            raise TypeError("the model returned nothing; give `outputs` that finds its answers")
        for part in parts:
            check_length(part, n, shape)
        return
    if not found:
        raise TypeError(
            f"the model returned a {type(result).__name__} without a first dimension that is the"
            " batch; give `outputs` that finds its answers"
        )
    raise ValueError(wrong_length(found[0], n))


def wrong_length(found: int, n: int) -> str:
    """Return what is wrong with a number of answers."""
    batch = f"a batch of {count_in_words(n, 'sample')}"
    return f"the model returned {found} outputs for {batch}: needs one a sample"


def rows(result: Any, n: int) -> Sequence[Any]:
    """Return the answer of each sample, of a result that `check_length` has passed.

    Parameters
    ----------
    result : array, or dict, tuple or list of these, in host memory
    n : int

    Examples
    --------
    >>> import numpy as np
    >>> rows({"label": np.array([3, 4])}, 2) == [{"label": 3}, {"label": 4}]
    True
    """
    if isinstance(result, Mapping):
        columns = [rows(part, n) for part in result.values()]
        return [dict(zip(result, row, strict=True)) for row in zip(*columns, strict=True)]
    if isinstance(result, (tuple, list)):
        return list(zip(*(rows(part, n) for part in result), strict=True))
    return list(result[:n])
