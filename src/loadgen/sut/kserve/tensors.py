# SPDX-License-Identifier: Apache-2.0
"""Samples to a request's arrays, and a response's arrays to one answer a sample.

Knows the protocol's types by their names, and no library but NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from loadgen.sut.answers import rows
from loadgen.sut.collate import converted, stacked

__all__ = ["answers", "by_name", "encoded", "kept", "stack"]


def stack(samples: Sequence[Any]) -> npt.NDArray[Any]:
    r"""Return one array of many samples; texts and bytes as objects, since NumPy cuts off zeros.

    Examples
    --------
    >>> stack([b"a", b"b\0"])
    array([b'a', b'b\x00'], dtype=object)
    """
    first = samples[0]
    if isinstance(first, np.ndarray):
        return np.stack(samples)
    while isinstance(first, (list, tuple)) and first:
        first = first[0]
    return np.array(samples, object) if isinstance(first, (str, bytes)) else stacked(samples)


def by_name(inputs: Any, names: Sequence[str]) -> Mapping[str, Any]:
    """Return the inputs of a model by name.

    Parameters
    ----------
    inputs : dict, or what a model with one input takes
    names : sequence of str
        Of the model's inputs.

    Raises
    ------
    ValueError
        They are not those of the model.
    """
    if isinstance(inputs, Mapping):
        unknown = [name for name in inputs if name not in names]
        if unknown:
            has = ", ".join(names)
            raise ValueError(f"the sample has {unknown[0]!r}, but the model's inputs are {has}")
        return inputs
    if len(names) != 1:
        has = ", ".join(names)
        raise ValueError(f"the model has the inputs {has}: a sample needs to be a dict of these")
    return {names[0]: inputs}


def encoded(name: str, value: Any, datatype: str, dtype: np.dtype[Any] | None) -> Any:
    """Return an input as an array of the type that a model has.

    Parameters
    ----------
    name : str
        The input's, for errors.
    value : array, or what turns into one
    datatype : str
        Of the protocol.
    dtype : numpy.dtype
        The same, NumPy's.

    Raises
    ------
    ValueError, TypeError
        It does not fit; names the input.
    """
    if datatype == "BYTES":
        texts = value.astype(object) if isinstance(value, np.ndarray) else np.array(value, object)
        for each in texts.flat:
            if not isinstance(each, (str, bytes)):
                kind = type(each).__name__
                raise TypeError(f"input {name!r} is BYTES: needs texts or bytes, not {kind}")
        return texts
    try:
        return np.ascontiguousarray(converted(name, value, dtype)).reshape(np.shape(value))
    except TypeError as error:
        raise TypeError(f"input {name!r} is {datatype}: {error}") from error


def kept(array: npt.NDArray[Any], datatype: str) -> npt.NDArray[Any]:
    """Return an output as an array that a result can have.

    BYTES are bytes, also where they came as text in JSON; BF16, which NumPy has not, is float32.
    """
    if datatype == "BF16":
        return array.astype(np.float32)
    if datatype != "BYTES":
        return array
    flat = [each.encode() if isinstance(each, str) else bytes(each) for each in array.flat]
    texts = np.empty(len(flat), object)
    texts[:] = flat
    return texts.reshape(array.shape)


def answers(outputs: Mapping[str, npt.NDArray[Any]], n: int | None) -> Sequence[Any]:
    """Return one answer a sample.

    Parameters
    ----------
    outputs : mapping
        Arrays by name; the first dimension of each is the batch, where there is one.
    n : int or None
        How many samples the batch has. None: there is no batch, and all is one answer.

    Returns
    -------
    sequence of length n, or 1
        Of one output its array, and bytes where it is a single BYTES element; of several a dict,
        in which BYTES are texts.

    Examples
    --------
    >>> answers({"y": np.array([[b"a"], [b"b"]], object)}, 2)
    [b'a', b'b']
    """
    each: Any = dict(outputs)
    if len(outputs) == 1:
        (each,) = outputs.values()
    return [_plain(row) for row in (rows(each, n) if n is not None else [each])]


def _plain(row: Any) -> Any:
    """Return an answer that a result can have: no arrays of objects."""
    if isinstance(row, dict):
        return {name: _in_json(part) for name, part in row.items()}
    if isinstance(row, np.ndarray) and row.dtype.hasobject and row.size == 1:
        return row.item()
    return row if isinstance(row, bytes) else _in_json(row)


def _in_json(part: Any) -> Any:
    """Return texts for bytes, nested as they were."""
    if isinstance(part, np.ndarray) and part.dtype.hasobject:
        return _in_json(part.tolist())
    if isinstance(part, list):
        return [_in_json(each) for each in part]
    return part.decode() if isinstance(part, bytes) else part
