# SPDX-License-Identifier: Apache-2.0
"""Two columns of instants, whose differences are what a distribution is about.

Not for what is said of the values: that is `Distribution`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadgen import _core

__all__ = ["CHUNK_ROWS", "Columns", "query_columns"]

CHUNK_ROWS: Final = 1 << 16
"""Rows worked on at once: 512 KiB of int64 stay in the cache, and out of the memory figures."""


class Columns(NamedTuple):
    """Two columns of instants and which rows count.

    Parameters
    ----------
    end, start : int64 array, shape (n,), ns
        The value of a row is ``end - start``. May be mapped, or of stride 0.
    status : uint8 array, shape (n,), or None
        Rows whose status is not 0 do not count; None: all do.
    """

    end: NDArray[np.int64]
    start: NDArray[np.int64]
    status: NDArray[np.uint8] | None

    def summary(self) -> tuple[int, int, int, int]:
        """Return how many rows count, their smallest and largest value, and the sum."""
        count, low, high, total = map(int, _core.difference_summary(*self))
        return count, low, high, total

    def elements(self, ranks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return elements of the ascending list of values, counted from 0."""
        return _core.order_statistics(*self, ranks)

    def count_above(self, limit_ns: int) -> int:
        """Return how many values are larger than a limit."""
        end, start, status = self
        above = 0
        for first in range(0, len(end), CHUNK_ROWS):
            rows = slice(first, first + CHUNK_ROWS)
            over = end[rows] - start[rows] > limit_ns
            if status is not None:
                over &= status[rows] == 0
            above += int(np.count_nonzero(over))
        return above


def query_columns(columns: Columns, samples_per_query: int) -> Columns:
    """Return columns with one row a query instead of one a sample.

    A query ends with the last of its samples, and does not count when one of them does not.

    Parameters
    ----------
    columns : Columns
        Samples in issue order; a query at the end that is not whole is left out.
    samples_per_query : int
        Samples of each query.
    """
    end, start, status = columns
    n_queries = len(end) // samples_per_query
    last = np.empty(n_queries, dtype=np.int64)
    worst = np.zeros(n_queries, dtype=np.uint8)
    step = max(1, CHUNK_ROWS // samples_per_query)
    for first in range(0, n_queries, step):
        queries = slice(first, min(first + step, n_queries))
        rows = slice(first * samples_per_query, queries.stop * samples_per_query)
        np.max(end[rows].reshape(-1, samples_per_query), axis=1, out=last[queries])
        if status is not None:
            np.max(status[rows].reshape(-1, samples_per_query), axis=1, out=worst[queries])
    due = start[: n_queries * samples_per_query : samples_per_query]
    if start.strides[0]:
        due = np.ascontiguousarray(due)
    return Columns(last, due, None if status is None else worst)
