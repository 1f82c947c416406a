# SPDX-License-Identifier: Apache-2.0
"""From the samples of a batch to a model's inputs: stacked, padded, handed over.

Knows no library but NumPy: how tensors of another one are stacked is handed in. Not for what the
model returns (`answers`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from loadgen.errors import described

Stack = Callable[[Sequence[Any]], Any]


def is_array(value: Any) -> bool:
    """Whether something is an array or a tensor, of whichever library."""
    return hasattr(value, "ndim")


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return the same nest of dicts, tuples and lists, with each value in it changed.

    Examples
    --------
    >>> mapped({"a": 1, "b": (2, 3)}, lambda number: -number)
    {'a': -1, 'b': (-2, -3)}
    """
    if is_array(value):  # the most frequent; to ask for a Mapping takes longer
        return change(value)
    if isinstance(value, Mapping):
        return {key: mapped(part, change) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        parts = [mapped(part, change) for part in value]
        return tuple(parts) if isinstance(value, tuple) else parts
    return change(value)


def check_fits(who: str, array: npt.NDArray[Any], dtype: npt.DTypeLike) -> None:
    """Make sure that each integer of an array is one of another type of integers.

    Raises
    ------
    ValueError
        One is not; names it.

    Examples
    --------
    >>> check_fits("input 'ids'", np.array([1, 300]), np.int8)
    Traceback (most recent call last):
        ...
    ValueError: input 'ids': 300 does not fit int8, which has -128 to 127
    """
    if array.size == 0 or np.can_cast(array.dtype, dtype):
        return
    info = np.iinfo(np.dtype(dtype))
    for value in (int(array.min()), int(array.max())):
        if not info.min <= value <= info.max:
            allowed = f"{info.dtype}, which has {info.min} to {info.max}"
            raise ValueError(f"{who}: {value} does not fit {allowed}")


def converted(name: str, value: Any, dtype: np.dtype[Any] | None) -> Any:
    """Return an input as the type that a model has; precision may be lost, values may not.

    Parameters
    ----------
    name : str
        The input's, for errors.
    value : array, or what turns into one
    dtype : numpy.dtype or None
        None: as it is.

    Raises
    ------
    ValueError
        A value does not fit; names it.
    TypeError
        Another kind of numbers, such as fractions for integers.

    Examples
    --------
    >>> converted("x", [1, 2], np.dtype("float16"))
    array([1., 2.], dtype=float16)
    """
    array = np.asarray(value)
    if dtype is None or array.dtype == dtype:
        return array
    with np.errstate(over="ignore"):  # told below, with the input's name
        fitted = array.astype(dtype, casting="same_kind")
    if array.dtype.kind in "iu" and dtype.kind in "iu":
        check_fits(f"input {name!r}", array, dtype)
    elif dtype.kind == "f" and not np.can_cast(array.dtype, dtype):
        is_lost = np.isinf(fitted)
        # Nearly always none is, and then one look at the batch is all that is measured of this.
        if is_lost.any() and (is_lost := is_lost & ~np.isinf(array)).any():
            most = np.finfo(dtype).max
            allowed = f"{dtype}, which has -{most} to {most}"
            raise ValueError(f"input {name!r}: {array[is_lost][0]} does not fit {allowed}")
    return fitted


def called(model: Callable[..., Any], inputs: Any) -> Any:
    """Call a model: a tuple holds its arguments, a dict those by name, all else is one argument."""
    if is_array(inputs):
        return model(inputs)
    if isinstance(inputs, tuple):
        return model(*inputs)
    return model(**inputs) if isinstance(inputs, Mapping) else model(inputs)


def stacked(arrays: Sequence[Any]) -> npt.NDArray[Any]:
    """Return one array of many values that turn into arrays of one shape.

    Raises
    ------
    ValueError, TypeError
        They do not.
    """
    one = np.stack(arrays) if isinstance(arrays[0], np.ndarray) else np.array(arrays)
    if one.dtype.hasobject:
        raise TypeError(f"samples with a {type(arrays[0]).__name__} in them do not stack")
    return one


def collate(
    samples: Any,
    indices: Callable[[], Sequence[int]],
    stack: Stack = stacked,
    remedy: str = "give a `collate` that can",
) -> Any:
    """Make one batch of samples: arrays and numbers are stacked, also in tuples and dicts.

    Parameters
    ----------
    samples : sequence, length n, or dict of arrays, shape (n, ...)
        An array, and a dict of arrays, is a batch already.
    indices : callable
        Returns which samples they are; called for errors.
    stack : callable
        Makes one array of many.
    remedy : str
        What errors say is to be done.

    Raises
    ------
    ValueError
        Their shapes differ; names two of them by sample index.
    TypeError
        They hold something that does not stack.

    Examples
    --------
    >>> collate([(np.ones(3), 1), (np.zeros(3), 0)], lambda: [0, 1])[1]
    array([1, 0])
    """
    if isinstance(samples, np.ndarray):
        is_batch = not samples.dtype.hasobject
    else:
        is_batch = is_array(samples) or isinstance(samples, Mapping)
    if is_batch:
        return samples
    samples = list(samples)
    try:
        return _collated(samples, stack)
    except Exception as error:
        first, known = _form(samples[0]), indices()
        for index, sample in zip(known, samples, strict=False):  # padding has no indices
            if (form := _form(sample)) != first:
                raise ValueError(
                    f"samples of one batch need to be alike, but sample index {index} has {form},"
                    f" sample index {known[0]} has {first}: {remedy}"
                ) from error
        raise TypeError(f"{described(error)}; {remedy}") from error


def _collated(samples: list[Any], stack: Stack) -> Any:
    first = samples[0]
    if isinstance(first, Mapping):
        if any(sample.keys() != first.keys() for sample in samples):
            raise ValueError("different keys")
        return {key: _collated([sample[key] for sample in samples], stack) for key in first}
    if isinstance(first, tuple):
        columns = zip(*samples, strict=True)
        return tuple(_collated(list(column), stack) for column in columns)
    return stack(samples)


def _form(sample: Any) -> str:
    """Return in words what has to be the same for samples to be stacked."""
    if isinstance(sample, Mapping):
        return "{" + ", ".join(f"{key!r}: {_form(part)}" for key, part in sample.items()) + "}"
    if isinstance(sample, tuple):
        return "(" + ", ".join(_form(part) for part in sample) + ")"
    try:
        return f"shape {tuple(np.shape(sample))}"
    except Exception:  # a list of lists of different lengths, or what NumPy does not know
        return f"a {type(sample).__name__} without a shape"


def padded(samples: Any, n: int, size: int) -> Any:
    """Return `size` samples: the `n` that there are, and the last one again and again.

    Parameters
    ----------
    samples : sequence, length n, or dict of arrays, shape (n, ...)
    n, size : int
    """
    if isinstance(samples, Mapping):
        return {key: padded(part, n, size) for key, part in samples.items()}
    if is_array(samples):
        return samples[np.minimum(np.arange(size), n - 1)]
    return [*samples, *[samples[n - 1]] * (size - n)]
