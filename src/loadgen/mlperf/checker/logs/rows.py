# SPDX-License-Identifier: Apache-2.0
"""The rows, where they lie beside the logs: against the log's hash chain, figures, seeds, schedule.

Read in blocks of 3.7 MB, never mapped: a file may change under its reader. Of them 24 bytes a row
are kept, for what `check_samples` compares. Not for what rows prove (``docs/checking.md``).
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from loadgen.mlperf.chain import (
    BLOCK_ROWS,
    COLUMNS,
    DTYPE,
    HEAD,
    NONCE,
    NONE,
    TRAFFIC,
    chain_over,
)
from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.logs.case import Case
from loadgen.mlperf.checker.logs.drawn import MOST_SAMPLES, n_samples
from loadgen.mlperf.checker.logs.trace import Traced, check_samples
from loadgen.mlperf.logs.rows import ROWS
from loadgen.result.data import OK

__all__ = ["Rows", "check_rows", "read_rows"]

MOST_ROWS: Final = 1 << 26
"""Of a file with more none is read: 3.8 GB, which take seconds."""
_ROW_BYTES: Final = len(COLUMNS) * DTYPE.itemsize
_FORM: Final = (
    f"an array of shape (n, {len(COLUMNS)}), little-endian int64, as numpy.save writes it"
)
# NumPy's format 1.0: read by its letters, since what reads any header evaluates what stands there.
_HEADER: Final = re.compile(
    rb"\x93NUMPY\x01\x00(..)"
    rb"\{'descr': '<i8', 'fortran_order': False, 'shape': \((\d{1,15}), 7\), \} *\n",
    re.DOTALL,
)
_BEFORE_LENGTH: Final = 10  # bytes up to where the length of the rest of the header counts from
_LONGEST_HEADER: Final = 1 << 10


@dataclass(frozen=True)
class Rows:
    """A file of rows.

    Parameters
    ----------
    path : Path
    n_rows : int
    start : int, bytes
        Where they begin.
    fault : str
        Why it is no such file; empty where it is one.
    """

    path: Path
    n_rows: int = 0
    start: int = 0
    fault: str = ""

    def blocks(self) -> Iterator[NDArray[np.int64]]:
        """Yield the rows, block by block.

        Raises
        ------
        OSError
            They cannot be read, or the file ends before they do.
        """
        with self.path.open("rb") as file:
            file.seek(self.start)
            for first in range(0, self.n_rows, BLOCK_ROWS):
                count = min(BLOCK_ROWS, self.n_rows - first)
                data = file.read(count * _ROW_BYTES)
                if len(data) < count * _ROW_BYTES:
                    raise OSError(f"it ends in row {first + len(data) // _ROW_BYTES}")
                yield np.frombuffer(data, DTYPE).reshape(count, len(COLUMNS))


def read_rows(folder: Path) -> Rows | None:
    """Read the header of a file of rows; None where there is none, as beside most logs."""
    path = folder / ROWS
    try:
        there = path.stat()
        if not stat.S_ISREG(there.st_mode):
            raise OSError(None, "no regular file")
        with path.open("rb") as file:
            found = _HEADER.match(file.read(_LONGEST_HEADER))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        return Rows(path, fault=f"cannot be read: {getattr(error, 'strerror', None) or error}")
    return _by_header(path, found, there.st_size)


def _by_header(path: Path, found: re.Match[bytes] | None, size: int) -> Rows:
    if found is None or found.end() != _BEFORE_LENGTH + int.from_bytes(found[1], "little"):
        return Rows(path, fault="another header")
    n_rows = int(found[2])
    if n_rows > MOST_ROWS:
        return Rows(path, fault=f"{n_rows:,} rows; at most {MOST_ROWS:,} are looked at")
    needed = found.end() + n_rows * _ROW_BYTES
    if size != needed:
        said = f"{size:,} bytes; {n_rows:,} rows make it {needed:,}"
        return Rows(path, fault=said)
    return Rows(path, n_rows, found.end())


def check_rows(case: Case, rows: Rows) -> Iterator[Finding]:
    """Yield in what the rows are not those of the log: in their chain, order, times or figures."""
    if rows.fault:
        yield case.finding("rows.form", rows.fault, _FORM, file=ROWS)
        return
    n = n_samples(case)
    if rows.n_rows != n:
        yield case.finding("rows.samples", f"{rows.n_rows:,} rows", f"{n:,}", file=ROWS)
        return
    kept = np.empty((3, n if n <= MOST_SAMPLES else 0), np.int64)
    wrong: list[str] = []
    values = case.values
    nonce, head = values.get(NONCE), values.get(HEAD)
    try:
        blocks = _looked_at(rows, kept, wrong)
        chain = chain_over(blocks, nonce, str(values.get(TRAFFIC)))
    except OSError as error:
        yield case.finding("rows.form", f"cannot be read: {error}", _FORM, file=ROWS)
        return
    if nonce is not None and chain.head != head:
        words = f"rows whose chain ends in {chain.head}"
        yield case.finding("log.chain", words, f"{HEAD}, which is {head}", file=ROWS)
    if wrong:
        words = "answered, and due, issued and answered in this order"
        yield case.finding("rows.form", wrong[0], words, file=ROWS)
    elif kept.size:
        index, due, latency = kept
        yield from check_samples(
            case, Traced(np.arange(n), index, due, latency, None, "rows", ROWS)
        )


def _looked_at(
    rows: Rows, kept: NDArray[np.int64], wrong: list[str]
) -> Iterator[NDArray[np.int64]]:
    """Yield the blocks; keep sample, due time and latency, and say which row no run can have."""
    first = 0
    for block in rows.blocks():
        index, scheduled, issued, token, completed, n_tokens, status = block.T
        good = (index >= 0) & (scheduled >= 0) & (scheduled <= issued) & (issued <= completed)
        good &= (token >= NONE) & (n_tokens >= NONE) & (status == OK)
        bad = np.flatnonzero(~good)
        if len(bad) and not wrong:
            wrong.append(f"row {first + bad[0]} is {block[bad[0]].tolist()}")
        if kept.size:
            there = slice(first, first + len(block))
            kept[:, there] = index, scheduled, completed
            kept[2, there] -= scheduled
        first += len(block)
        yield block
