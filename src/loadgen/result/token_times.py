# SPDX-License-Identifier: Apache-2.0
"""When tokens came: the gaps between them as the core counted them, or every instant.

Not for the figures made of them: that is `loadgen.metrics`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadgen.errors import ResultError
from loadgen.metrics.columns import CHUNK_ROWS
from loadgen.metrics.histogram import Histogram
from loadgen.result import columnfile

if TYPE_CHECKING:
    from loadgen.result.manifest import Reader

__all__ = ["TokenTimes", "gaps_from_core", "read", "write"]

_FILES: Final = ("row", "at_ns")


class TokenTimes(NamedTuple):
    """Each arrival of tokens of a run; those that came together are one.

    Parameters
    ----------
    row : int64 array, shape (n,)
        Which row of `Result.samples` it is of; ascending.
    at_ns : int64 array, shape (n,), ns
        When, since the run's start; ascending within a row.
    """

    row: NDArray[np.int64]
    at_ns: NDArray[np.int64]


def gaps_from_core(found: tuple[Any, ...] | None) -> Histogram | None:
    """Take what the core counted; None where that is nothing.

    Parameters
    ----------
    found : tuple or None
        Of `_core.Engine.token_gaps`.

    Notes
    -----
    Smallest and largest gap are exact; the sum, and so the mean, counts each gap as the middle of
    its bucket: within 0.025 %.
    """
    if found is None or not len(found[0]):
        return None
    smallest, largest, counts, low, high = found
    middles = smallest + (largest - smallest) // 2
    # Python's integers: the sum may need more than 64 bits.
    total = sum(n * middle for n, middle in zip(counts.tolist(), middles.tolist(), strict=True))
    n_gaps = int(counts.sum())
    total = min(max(total, n_gaps * low), n_gaps * high)
    return Histogram(smallest, largest, counts, total, low, high)


def write(times: TokenTimes | None, folder: Path) -> dict[str, int] | None:
    """Write the instants into a new folder; return what `read` needs to know."""
    if times is None:
        return None
    folder.mkdir()
    for name in _FILES:
        values: NDArray[np.int64] = getattr(times, name)
        part = _part_of(values)
        columnfile.write(folder / f"{name}.npy", len(values), np.int64, part)
    return {"n": len(times.row)}


def _part_of(values: NDArray[np.int64]) -> columnfile.Part:
    return lambda first, last: values[first:last]


def read(reader: Reader, folder: Path, n_rows: int) -> TokenTimes | None:
    """Map what `write` wrote, of a run of so many rows.

    Raises
    ------
    ResultError
        It is absent, damaged, or not in its order.
    """
    if reader.get("token_times", "dict | None") is None:
        return None
    n = reader.inner("token_times").get("n", "int")
    times = TokenTimes(*(columnfile.read(folder / f"{name}.npy", n, np.int64) for name in _FILES))
    if n and not 0 <= times.row[0] <= times.row[-1] < n_rows:
        raise ResultError(
            f"{folder / 'row.npy'}: has the rows {times.row[0]} to {times.row[-1]}; expected them "
            f"within 0 to {n_rows - 1}"
        )
    for first in range(0, n - 1, CHUNK_ROWS):
        part = slice(first, first + CHUNK_ROWS + 1)
        row_steps, steps = np.diff(times.row[part]), np.diff(times.at_ns[part])
        if (row_steps < 0).any():
            raise ResultError(f"{folder / 'row.npy'}: is not in its order; expected ascending rows")
        if (steps[row_steps == 0] < 0).any():
            raise ResultError(
                f"{folder / 'at_ns.npy'}: is not in its order; expected ascending instants of a row"
            )
    return times
