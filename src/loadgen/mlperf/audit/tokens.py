# SPDX-License-Identifier: Apache-2.0
"""Answers as tokens: what the bytes of an accuracy log are where the answers are token ids."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["tokens_of"]


def tokens_of(data: bytes, dtype: str) -> npt.NDArray[np.integer] | None:
    """Return an answer's tokens; None where its bytes are no whole number of them.

    Parameters
    ----------
    data : bytes
    dtype : {"int16", "int32", "int64"}
        Little-endian.

    Examples
    --------
    >>> tokens_of(bytes([5, 0, 0, 0, 2, 0, 0, 0]), "int32").tolist()
    [5, 2]
    """
    kind = np.dtype(dtype).newbyteorder("<")
    return None if len(data) % kind.itemsize else np.frombuffer(data, kind)
