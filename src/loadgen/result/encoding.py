# SPDX-License-Identifier: Apache-2.0
"""An answer of a system under test: into bytes while a run goes on, back into an object afterwards.

The record keeps an answer as bytes and a small number that says what the bytes are (its kind).
Three kinds of answers exist: bytes-like objects, arrays (and NumPy's scalars, and whatever has
`__array__`, such as a tensor in the CPU's memory), and plain JSON values. Nothing is ever pickled.
Not for finding a row's answer: that is `loadgen.result.outputs`.
"""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Callable, Sequence
from json.encoder import encode_basestring
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from loadgen.errors import text_of

if TYPE_CHECKING:
    from loadgen._core import Engine

__all__ = ["Encoder", "Kind", "decode"]

Kind = str | list[Any]
"""What an answer's bytes are: "bytes", "json", or [dtype, shape] as `numpy.dtype.str` and a list.

A leading -1 in the shape means "as long as the bytes say", so arrays that differ only in their
first dimension are of one kind.
"""

BYTES, JSON = 0, 1
_MOST_KINDS = 1 << 16  # a kind is a uint16 in the record
_ALLOWED = (
    "bytes-like objects, NumPy arrays and scalars, objects with __array__ (tensors in the CPU's"
    " memory), str, int, float, bool, None, and lists and dicts of these"
)
_BYTES_LIKE = (bytes, bytearray, memoryview)
_JSON_TYPES = (str, int, float, bool, type(None), list, tuple, dict)


class Encoder:
    """Turns what `complete(outputs)` was given into bytes, one buffer a sample.

    Examples
    --------
    >>> encoder = Encoder()
    >>> kinds, buffers = encoder([b"cat", {"label": 3}], 2)
    >>> list(kinds), [bytes(buffer) for buffer in buffers]
    ([0, 1], [b'cat', b'{"label": 3}'])

    Notes
    -----
    Thread safety: may be called from any threads at once (each holding the GIL or not).
    """

    def __init__(self) -> None:
        self._kinds: list[Kind] = ["bytes", "json"]
        self._shared: Engine | None = None
        self._numbers: dict[tuple[np.dtype[Any], tuple[int, ...]], int] = {}
        self._lock = threading.Lock()

    @property
    def kinds(self) -> list[Kind]:
        """All kinds that there are, by their numbers."""
        if self._shared is None:
            return self._kinds
        return [json.loads(kind) for kind in self._shared.kinds()]

    def share(self, engine: Engine) -> None:
        """Agree on the numbers with the encoders of other processes, before anything is encoded.

        Parameters
        ----------
        engine : Engine
            Its memory has them. It holds this encoder, so it is not held in return.
        """
        self._shared = weakref.proxy(engine)
        for kind in self._kinds:
            engine.kind_number(json.dumps(kind))

    def __call__(self, outputs: Any, n: int) -> tuple[Sequence[int], Sequence[Any]]:
        """Encode the answers of a batch.

        Parameters
        ----------
        outputs : array of shape (n, ...), or sequence of n answers
            One answer a sample, in the batch's order.
        n : int
            How many samples are answered.

        Returns
        -------
        kinds : sequence of int, length n
            Positions in `self.kinds`.
        buffers : sequence of bytes-like, length n
            They may be views into `outputs`.

        Raises
        ------
        TypeError
            Something is neither bytes-like, nor an array, nor JSON; names its type.
        ValueError
            Not n answers.
        """
        if isinstance(outputs, np.ndarray):
            return self._encode_array(outputs, n)
        if isinstance(outputs, (list, tuple)):
            return self._encode_each(outputs, n)
        if isinstance(outputs, (str, dict, *_BYTES_LIKE)):
            raise TypeError(
                f"outputs must hold one answer for each of {n} samples, in a list or an array;"
                f" this is a single {_type_name(outputs)}: put it into a list"
            )
        if hasattr(outputs, "__array__"):
            return self._encode_array(_as_array(outputs), n)
        if not isinstance(outputs, Sequence):
            raise TypeError(
                f"outputs must be a list or an array with one answer a sample,"
                f" not {_type_name(outputs)}; an answer may be: {_ALLOWED}"
            )
        return self._encode_each(outputs, n)

    def _encode_array(self, array: npt.NDArray[Any], n: int) -> tuple[Sequence[int], Sequence[Any]]:
        _check_length(array.shape[0] if array.ndim else None, n)
        if array.dtype.kind == "O" and array.ndim == 1:
            return self._encode_each(array.tolist(), n)
        kind = self._array_kind(array.dtype, array.shape[1:])
        row_bytes = array.nbytes // n if n else 0
        if n == 1 or row_bytes == 0:
            return [kind] * n, [array.tobytes()] * n
        flat = np.ascontiguousarray(array).reshape(n, -1).view(np.uint8)
        return [kind] * n, list(flat)

    def _encode_each(self, outputs: Sequence[Any], n: int) -> tuple[Sequence[int], Sequence[Any]]:
        _check_length(len(outputs), n)
        kinds, buffers = [0] * n, [b""] * n
        for row, answer in enumerate(outputs):
            kinds[row], buffers[row] = self._encode_one(answer)
        return kinds, buffers

    def _encode_one(self, answer: Any) -> tuple[int, Any]:
        plain = _EXACTLY.get(type(answer))
        if plain is not None:
            kind, encode = plain
            return kind, encode(answer)
        if isinstance(answer, _BYTES_LIKE):
            return BYTES, bytes(answer)
        # np.float64 is a float and np.str_ a str, so this comes before JSON.
        if isinstance(answer, (np.ndarray, np.generic)) and not isinstance(answer, np.str_):
            return self._encode_whole(np.asarray(answer))
        if isinstance(answer, _JSON_TYPES):
            return JSON, _to_json(answer)
        if hasattr(answer, "__array__"):
            return self._encode_whole(_as_array(answer))
        raise TypeError(f"an answer may not be of type {_type_name(answer)}; allowed: {_ALLOWED}")

    def _encode_whole(self, array: npt.NDArray[Any]) -> tuple[int, Any]:
        return self._array_kind(array.dtype, array.shape), array.tobytes()

    def _array_kind(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> int:
        if shape and 0 not in shape:
            shape = (-1, *shape[1:])
        number = self._numbers.get((dtype, shape))
        return self._new_kind(dtype, shape) if number is None else number

    def _new_kind(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> int:
        if dtype.kind in "OV":
            raise TypeError(f"an array of dtype {dtype} cannot be kept; allowed: {_ALLOWED}")
        key = (dtype, shape)
        with self._lock:
            if key not in self._numbers and self._shared is not None:
                kind = json.dumps([dtype.str, list(shape)])
                self._numbers[key] = self._shared.kind_number(kind)
            elif key not in self._numbers:
                if len(self._kinds) == _MOST_KINDS:
                    raise ValueError(
                        f"the answers have more than {_MOST_KINDS:,} different dtypes and shapes:"
                        " return them as bytes"
                    )
                self._kinds.append([dtype.str, list(shape)])
                self._numbers[key] = len(self._kinds) - 1
            return self._numbers[key]


def decode(raw: bytes, kind: Kind) -> Any:
    """Turn an answer's bytes back into an object, the caller's own.

    Parameters
    ----------
    raw : bytes
    kind : Kind

    Returns
    -------
    bytes, JSON value, array, or NumPy scalar

    Examples
    --------
    >>> decode(b"[1, 2]", "json")
    [1, 2]
    >>> decode(bytes([0, 0, 128, 63]), ["<f4", [-1]])
    array([1.], dtype=float32)
    """
    if kind == "bytes":
        return raw
    if isinstance(kind, str):
        return json.loads(raw.decode("utf-8", "surrogatepass"))
    dtype, shape = kind
    # A copy: aligned, and free to be changed.
    return np.frombuffer(raw, np.dtype(dtype)).reshape(shape).copy()[()]


def _check_length(found: int | None, n: int) -> None:
    if found != n:
        what = "a single number" if found is None else f"{found:,} answers"
        raise ValueError(f"outputs must hold one answer for each of {n:,} samples, not {what}")


def _as_array(outputs: Any) -> npt.NDArray[Any]:
    try:
        return np.asarray(outputs)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"an answer of type {_type_name(outputs)} does not turn into an array"
            f" ({text_of(error)}); allowed: {_ALLOWED}"
        ) from error


def _plain(value: Any) -> Any:
    """Turn what `json` does not know, inside a list or dict, into what it knows."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"an answer may not hold a {_type_name(value)}; allowed: {_ALLOWED}")


_encode_json = json.JSONEncoder(ensure_ascii=False, default=_plain).encode


def _to_json(answer: Any) -> bytes:
    return _encode_json(answer).encode("utf-8", "surrogatepass")


def _text_to_json(answer: str) -> bytes:
    return encode_basestring(answer).encode("utf-8", "surrogatepass")


def _float_to_json(answer: float) -> bytes:
    return repr(answer).encode() if isfinite(answer) else _to_json(answer)


# The commonest answers, by exact type (a subclass may be NumPy's), past json's slower way in.
_EXACTLY: dict[type, tuple[int, Callable[[Any], bytes]]] = {
    bytes: (BYTES, lambda answer: answer),
    int: (JSON, lambda answer: str(answer).encode()),
    float: (JSON, _float_to_json),
    str: (JSON, _text_to_json),
}


def _type_name(value: Any) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
