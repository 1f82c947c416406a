# SPDX-License-Identifier: Apache-2.0
"""One column in one .npy file: written in chunks, mapped when read, never pickled.

Not for what the columns mean, nor for the folder around them: that is `loadgen.result.storage`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from loadgen.errors import ResultError
from loadgen.metrics.columns import CHUNK_ROWS

Part = Callable[[int, int], npt.NDArray[Any]]
"""Gives rows [first, last) of a column."""


def write(path: Path, n_rows: int, dtype: npt.DTypeLike, part: Part) -> None:
    """Write a column without ever holding all of it.

    Parameters
    ----------
    path : Path
        Must not exist.
    n_rows : int
    dtype : dtype
        What the file has, whatever `part` gives.
    part : callable

    Raises
    ------
    OSError
    """
    exact = np.dtype(dtype)
    header = {
        "descr": np.lib.format.dtype_to_descr(exact),
        "fortran_order": False,
        "shape": (n_rows,),
    }
    with path.open("xb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for first in range(0, n_rows, CHUNK_ROWS):
            chunk = part(first, min(first + CHUNK_ROWS, n_rows))
            file.write(np.ascontiguousarray(chunk, exact).view(np.uint8).data)


def read(path: Path, n_rows: int, dtype: npt.DTypeLike | None) -> npt.NDArray[Any]:
    """Map a column, read-only.

    Parameters
    ----------
    path : Path
    n_rows : int
        How many it must have.
    dtype : dtype or None
        What it must be of; None: anything that needs no unpickling.

    Raises
    ------
    ResultError
        It is absent, damaged, or not such a column; names the file, what is there, and what should.
    """
    try:
        shape, found_dtype, offset = _header(path)
        expected = "any" if dtype is None else str(np.dtype(dtype))
        if found_dtype.hasobject:
            raise ResultError(f"{path}: holds pickled objects; expected plain numbers or text")
        if dtype is not None and found_dtype != np.dtype(dtype):
            raise ResultError(f"{path}: holds {found_dtype}; expected {expected}")
        if shape != (n_rows,):
            raise ResultError(f"{path}: has the shape {shape}; expected {(n_rows,)}")
        size, needed = path.stat().st_size, offset + n_rows * found_dtype.itemsize
        if size != needed:
            what = "truncated" if size < needed else "too long"
            raise ResultError(f"{path}: {what}: has {size:,} bytes; expected {needed:,}")
        if n_rows == 0:
            return np.empty(0, found_dtype)
        column: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        return column.view(np.ndarray)
    except FileNotFoundError:
        raise ResultError(f"{path}: no such file; expected a column of {n_rows:,} rows") from None
    except OSError as error:
        raise ResultError(f"{path}: cannot be read: {os.strerror(error.errno or 0)}") from error


def _header(path: Path) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    with path.open("rb") as file:
        try:
            version = np.lib.format.read_magic(file)
            reader = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version]
            shape, fortran_order, dtype = reader(file)
        except (ValueError, KeyError, SyntaxError, TypeError) as error:
            raise ResultError(
                f"{path}: not an .npy file that this version reads ({error})"
            ) from error
        if fortran_order and len(shape) > 1:
            raise ResultError(f"{path}: has the shape {shape}; expected one dimension")
        return shape, dtype, file.tell()
