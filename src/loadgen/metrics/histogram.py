# SPDX-License-Identifier: Apache-2.0
"""Percentiles of values that were counted in buckets; mean and extremes are exact.

What a run has that keeps no rows. The core's buckets are 1/2048 of their values wide, so an element
is within 0.05 % of the true one; and on the right side of the limit that was counted exactly, so
that verdicts are those of all values. Not for counting: that is the core's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Histogram"]

Int64Array = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Histogram:
    """Values by bucket, ascending.

    Parameters
    ----------
    smallest, largest : int64 array, shape (n,), ns
        The values that each bucket may hold.
    counts : int64 array, shape (n,)
        How many it holds; none is empty.
    sum, min, max : int, ns
        Of the values, exact; 0 where there are none.
    limit_ns : int or None, ns
        How many are above it was counted exactly.
    above : int
        So many.

    Examples
    --------
    >>> one = np.array([1], dtype=np.int64)
    >>> values = Histogram(8 * one, 15 * one, 4 * one, sum=44, min=8, max=15)
    >>> values.elements(np.array([0, 1, 3])).tolist()
    [8, 10, 15]
    """

    smallest: Int64Array
    largest: Int64Array
    counts: Int64Array
    sum: int
    min: int
    max: int
    limit_ns: int | None = None
    above: int = 0

    def summary(self) -> tuple[int, int, int, int]:
        """Return count, smallest and largest value, and sum."""
        return int(self.counts.sum()), self.min, self.max, self.sum

    def elements(self, ranks: Int64Array) -> Int64Array:
        """Return elements of the ascending list: spread evenly over their bucket, to its middle.

        Parameters
        ----------
        ranks : int64 array
            Counted from 0.
        """
        ends = np.cumsum(self.counts)
        bucket = np.searchsorted(ends, ranks, side="right")
        place = ranks - (ends[bucket] - self.counts[bucket])
        width = self.largest[bucket] - self.smallest[bucket]
        into = (width * ((place + 0.5) / self.counts[bucket])).astype(np.int64)
        values: Int64Array = np.clip(self.smallest[bucket] + into, self.min, self.max)
        values[ranks == 0] = self.min
        values[ranks == ends[-1] - 1] = self.max
        if self.limit_ns is not None:
            over = ranks >= ends[-1] - self.above
            values = np.where(
                over, np.maximum(values, self.limit_ns + 1), np.minimum(values, self.limit_ns)
            )
        return values

    def count_above(self, limit_ns: int) -> int:
        """Return how many values are larger than a limit: exact for `limit_ns`.

        Parameters
        ----------
        limit_ns : int, ns
            Elsewhere a bucket that it lies in counts as one whose values are spread evenly.
        """
        if limit_ns == self.limit_ns:
            return self.above
        width = self.largest - self.smallest + 1
        over = np.clip(self.largest - limit_ns, 0, width)
        return int(np.floor(self.counts * (over / width)).sum())
