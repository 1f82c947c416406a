# SPDX-License-Identifier: Apache-2.0
"""Percentiles of a run that goes on, from its rows, in constant time a look.

Not for anything that is kept: `loadgen.metrics` has the exact figures when the run is over.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from loadgen.metrics.latency import percentile_rank

__all__ = ["Durations", "Parts", "RowReader"]

Int64Array = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Parts = Callable[[], Sequence[tuple[int, Mapping[str, npt.NDArray[Any]]]]]

_BITS: Final = 7
_SHIFT: Final = 52 - _BITS  # a double has 52 bits below its exponent
_ZERO: Final = 1023 << _BITS  # the bucket of 1 ns, before it is counted from 0
_BUCKETS: Final = 63 << _BITS

_NEVER: Final = np.int64(-1)

_AT_ONCE: Final = 8_192
"""Queries that a look takes at most: some 0.3 ms of work, which others wait for the interpreter."""


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

    def add(self, durations: Int64Array, weights: Int64Array) -> None:
        """Count durations in ns, each as often as its weight; less than 1 ns counts as 1 ns."""
        doubles = np.maximum(durations, 1).astype(np.float64)
        found = np.bincount((doubles.view(np.int64) >> _SHIFT) - _ZERO, weights)
        self._counts[: len(found)] += found.astype(np.int64)
        self.count += int(weights.sum())

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
    answer yet were overtaken by others, and are looked at again. Of more than 8,192 new ones every
    second, third, ... stands for its neighbours, so that a look takes a bounded time whatever the
    rate is; memory is 16 bytes for each that is overtaken now.

    Rows whose places are used again are read before that: of the latest rows, half as many as there
    are places. What was written over meanwhile is left out.

    Parameters
    ----------
    parts : callable
        Returns the rows of the whole run, as `_core.Engine.parts`. The series starts behind them.
    samples_per_query : int
        A query is answered when all its samples are.
    due_ns : int, optional
        When all are due, on the run's clock; None: each row knows.
    places : int
        How many there are, where they are used again; 0: each row has its own.

    Attributes
    ----------
    latency, delay : Durations
        Of the queries that were answered so far, and how late these were issued.
    failed : int
        Queries of which a sample failed; they are in neither.
    is_exact : bool
        Whether every query was looked at.
    """

    def __init__(
        self,
        parts: Parts,
        samples_per_query: int = 1,
        *,
        due_ns: int | None = None,
        places: int = 0,
    ) -> None:
        self.latency, self.delay = Durations(), Durations()
        self.failed, self.is_exact = 0, True
        self._parts, self._size = parts, samples_per_query
        self._due_ns, self._places = due_ns, places
        self._progress = [_Part(n_issued) for n_issued, _ in parts()]

    def read(self, n_answered: int) -> None:
        """Look at what is new.

        Parameters
        ----------
        n_answered : int
            Samples of the series that have an answer.
        """
        for number, part in enumerate(self._progress):
            n_issued, _ = self._parts()[number]
            end = min(part.first + n_answered, n_issued)
            end -= (end - part.first) % self._size
            first = max(part.next, self._oldest(n_issued))
            first += (part.first - first) % self._size
            each = max(-(-(end - first) // (self._size * _AT_ONCE)), 1)
            fresh = np.arange(first, end, self._size * each)
            # Shape (2, n): queries, and how many each stands for.
            rows = np.stack((fresh, np.full_like(fresh, each)))
            rows = np.concatenate((part.overtaken[:, :_AT_ONCE], rows), axis=1)
            is_open = self._open(number, *rows)
            part.overtaken = np.concatenate(
                (part.overtaken[:, _AT_ONCE:], rows[:, is_open]), axis=1
            )
            part.next = max(end, first)
            self.is_exact &= each == 1

    def _open(self, number: int, queries: Int64Array, weights: Int64Array) -> Bools:
        """Count those that are answered, each by its weight; return which are not."""
        _, columns = self._parts()[number]
        places = self._places or sys.maxsize
        end, is_ok, done = (
            np.full(len(queries), _NEVER),
            np.ones(len(queries), bool),
            np.ones(len(queries), bool),
        )
        for sample in range(self._size):
            at = (queries + sample) % places
            completed = columns["completed"][at]
            done &= completed > 0  # before the status, which is written before it
            is_ok &= columns["status"][at] == 0
            np.maximum(end, completed, out=end)
        at = queries % places
        due: Any = self._due_ns
        issued = None
        if due is None:
            due, issued = columns["scheduled"][at], columns["issued"][at]
        lost = queries < self._oldest(self._parts()[number][0])  # since then some were written over
        counted = done & is_ok & ~lost
        self.latency.add((end - due)[counted], weights[counted])
        if issued is not None:
            self.delay.add((issued - due)[counted], weights[counted])
        self.failed += int(weights[done & ~is_ok & ~lost].sum())
        return ~done & ~lost

    def _oldest(self, n_issued: int) -> int:
        """Return the oldest row that nobody is writing over."""
        return n_issued - self._places // 2 if self._places else 0


class _Part:
    """How far the rows of an issuing thread are looked at: those below `next`, but for some."""

    def __init__(self, first: int) -> None:
        self.first = self.next = first
        self.overtaken = np.empty((2, 0), np.int64)
