# SPDX-License-Identifier: Apache-2.0
"""A run's rows as a file beside its logs: ``mlperf_log_rows.npy``, which LoadGen does not have.

An array of shape (rows, 7), little-endian int64, in the order and with the columns of
`loadgen.mlperf.chain`, in NumPy's format 1.0: a header of 128 bytes, then the rows, 56 bytes each.
Not for judging them: that is ``checker/logs/rows.py``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import numpy as np

from loadgen.mlperf.chain import COLUMNS, DTYPE, row_blocks
from loadgen.mlperf.logs.files import DEFAULT_PREFIX, path_text, writing
from loadgen.result import Result

__all__ = ["ROWS", "write_rows"]

ROWS: Final = f"{DEFAULT_PREFIX}rows.npy"


def write_rows(result: Result, path: str | os.PathLike[str]) -> Path:
    """Write the rows of a result, in which order and origin of its logs can be verified.

    Parameters
    ----------
    result : Result
        A saved one has the same rows.
    path : path
        A file, which is replaced; or a folder with logs, which gets ``mlperf_log_rows.npy``.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    SettingsError
        There is no result, or no path.
    LoadGenError
        It keeps no rows, or the file cannot be written.
    """
    file = Path(path_text(path))
    file = file / ROWS if file.is_dir() else file
    blocks = row_blocks(result)
    shape = (result.data.n_rows, len(COLUMNS))
    header = {"descr": DTYPE.str, "fortran_order": False, "shape": shape}
    with writing(file), file.open("wb") as out:
        np.lib.format.write_array_header_1_0(out, header)
        for block in blocks:
            out.write(block.data)
    return file
