# SPDX-License-Identifier: Apache-2.0
"""Percentiles of a run that goes on, from its rows: each is looked at once, in constant memory.

Not for anything that is kept: `loadgen.metrics` has the exact figures when the run is over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from loadgen.metrics.latency import percentile_rank

__all__ = ["Durations", "RowReader"]

Int64Array = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Columns = Callable[[], Mapping[str, npt.NDArray[Any]]]

_BITS: Final = 7
_SHIFT: Final = 52 - _BITS  # a double has 52 bits below its exponent
_ZERO: Final = 1023 << _BITS  # the bucket of 1 ns, before it is counted from 0
_BUCKETS: Final = 63 << _BITS

_NEVER: Final = np.int64(-1)

_AT_ONCE: Final = 4_096
"""Rows between two chances for others to take the interpreter: some 0.1 ms of work."""

_AGAIN: Final = 65_536
"""Overtaken queries that are looked at again in one go, so that a look takes a bounded time."""


class Durations:
    """Durations in buckets of 1/128 of a power of two: what is read from them is within 0.4 %.

    A bucket is the exponent and the upper bits of the duration as a double, as in HdrHistogram:
    64 KiB, however many there are.

    Attributes
    ----------
    count : int
    """

    def __init__(self) -> None:
        self.count = 0
        self._counts = np.zeros(_BUCKETS, np.int64)

    def add(self, durations: Int64Array) -> None:
        """Count durations, shape (n,), in ns; less than 1 ns counts as 1 ns."""
        doubles = np.maximum(durations, 1).astype(np.float64)
        found = np.bincount((doubles.view(np.int64) >> _SHIFT) - _ZERO)
        self._counts[: len(found)] += found
        self.count += len(durations)

    def percentiles(self, percentiles: Iterable[float]) -> list[float] | None:
        """Return percentiles, ns: the middles of their buckets. None where nothing was counted."""
        if not self.count:
            return None
        ranks = [percentile_rank(each, self.count) for each in percentiles]
        buckets = np.searchsorted(np.cumsum(self._counts), ranks, side="right") + _ZERO
        middles = (buckets.astype(np.int64) << _SHIFT) + (1 << (_SHIFT - 1))
        found: list[float] = middles.view(np.float64).tolist()
        return found


class RowReader:
    """Counts the latencies of one series while its rows are written.

    As many queries are looked at as were answered, in their order: those of them that have no
    answer yet were overtaken by others, and are looked at again. So the work is that of the
    answers, and memory is 8 bytes for each query that is overtaken now.

    Parameters
    ----------
    columns : callable
        Returns the rows of the whole run, as `_core.Engine.columns`; nothing where none are kept.
    first_row : int
        Where the series starts.
    samples_per_query : int
        A query is answered when all its samples are.

    Attributes
    ----------
    latency, delay : Durations
        Of the queries that were answered so far, and how late these were issued.
    failed : int
        Queries of which a sample failed; they are in neither.
    """

    def __init__(self, columns: Columns, first_row: int, samples_per_query: int = 1) -> None:
        self.latency, self.delay = Durations(), Durations()
        self.failed = 0
        self._columns = columns
        self._next_row = self._first_row = first_row
        self._size = samples_per_query
        self._overtaken = np.empty(0, np.int64)

    def read(self, n_answered: int) -> None:
        """Look at what is new.

        Parameters
        ----------
        n_answered : int
            Samples of the series that have an answer.
        """
        columns = self._columns()
        if not columns:
            return
        end = min(self._first_row + n_answered, len(columns["completed"]))
        end -= (end - self._first_row) % self._size
        again, later = self._overtaken[:_AGAIN], self._overtaken[_AGAIN:]
        step = _AT_ONCE * self._size
        fresh = range(self._next_row, end, step)
        open_ones = [later]
        for queries in np.split(again, range(_AT_ONCE, len(again), _AT_ONCE)):
            open_ones.append(queries[self._open(columns, queries)])
        for first in fresh:
            rows = slice(first, min(first + step, end), self._size)
            open_ones.append(np.flatnonzero(self._open(columns, rows)) * self._size + first)
        self._next_row = max(end, self._next_row)
        self._overtaken = np.concatenate(open_ones)

    def _open(self, columns: Mapping[str, npt.NDArray[Any]], queries: Int64Array | slice) -> Bools:
        """Count those that are answered; return which are not."""
        due, issued = columns["scheduled"][queries], columns["issued"][queries]
        end, is_ok, done = (
            np.full(len(due), _NEVER),
            np.ones(len(due), bool),
            np.ones(len(due), bool),
        )
        for sample in range(self._size):
            completed = columns["completed"][sample:][queries]
            done &= completed > 0  # before the status, which is written before it
            is_ok &= columns["status"][sample:][queries] == 0
            np.maximum(end, completed, out=end)
        is_ok &= done
        self.latency.add((end - due)[is_ok])
        self.delay.add((issued - due)[is_ok])
        self.failed += int(np.count_nonzero(done) - np.count_nonzero(is_ok))
        time.sleep(0)  # who waits for the interpreter gets it
        return ~done
