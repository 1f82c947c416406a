# SPDX-License-Identifier: Apache-2.0
"""Percentiles, mean and extremes of a difference between two columns of instants.

The percentile rule is MLPerf's: element ``trunc(n * f)`` of the ascending list, counted from 0 and
at most n - 1, without interpolation. ``f`` is the percentile divided by 100 *in decimal*:
``99.99 / 100`` in binary is 0.9998999999999999, and that is another element at n = 10,000.

Not here: which columns a figure is the difference of (the result knows), and SciPy: only
`Distribution.interval` needs it, and imports it when called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadgen import _core
from loadgen.errors import LoadGenError, SettingsError
from loadgen.metrics.intervals import Interval, interval_ranks
from loadgen.values import percentile as percentile_check
from loadgen.values import problem_of

__all__ = ["Columns", "Distribution", "percentile_fraction", "percentile_rank", "query_columns"]

_CHUNK_ROWS: Final = 1 << 16
"""Rows worked on at once: the temporaries stay in the cache and out of the memory figures."""


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


def percentile_fraction(percentile: float) -> float:
    """Return a percentile as a fraction, divided in decimal.

    Parameters
    ----------
    percentile : float in [0, 100]
        Not in (0, 1), which is taken for a fraction.

    Raises
    ------
    SettingsError
        It is none; "did you mean 99?" for 0.99.

    Examples
    --------
    >>> percentile_fraction(99.99), 99.99 / 100
    (0.9999, 0.9998999999999999)
    """
    problem = problem_of("percentile", percentile, percentile_check)
    if problem:
        raise SettingsError([problem])
    plain = percentile if isinstance(percentile, int) else float(percentile)
    return float(Decimal(repr(plain)).scaleb(-2))


def percentile_rank(percentile: float, n: int) -> int:
    """Return the position of a percentile in an ascending list, counted from 0.

    ``min(trunc(n * f), n - 1)``, with f from `percentile_fraction`.

    Parameters
    ----------
    percentile : float in [0, 100]
        Which one.
    n : int
        Length of the list, at least 1.

    Examples
    --------
    >>> percentile_rank(90, 100), percentile_rank(99, 100), percentile_rank(100, 100)
    (90, 99, 99)
    """
    if n < 1:
        raise LoadGenError("there is no percentile of an empty list")
    return min(int(n * percentile_fraction(percentile)), n - 1)


class Distribution:
    """The values ``end - start`` of the rows that count, in ns. Exact; computed when asked for.

    Parameters
    ----------
    columns : Columns or callable
        The columns, or what gives them at the first question.
    name : str
        What the values are, for messages.

    Notes
    -----
    The columns are read, never copied. What was computed is kept.

    Examples
    --------
    >>> done, due = np.array([15, 40, 25]), np.array([10, 20, 20])
    >>> latency = Distribution(Columns(done, due, None))
    >>> latency.percentile(50), latency.mean, latency.min, latency.max, len(latency)
    (5, 10, 5, 20, 3)
    """

    def __init__(self, columns: Columns | Callable[[], Columns], *, name: str = "latency") -> None:
        self._source = columns
        self._name = name
        self._summary: tuple[int, int, int, int] | None = None
        self._elements: dict[int, int] = {}

    def __repr__(self) -> str:
        return f"<{self._name} of {len(self)} samples, ns>"

    def __len__(self) -> int:
        return self.count

    def __bool__(self) -> bool:
        return self.count > 0

    @property
    def columns(self) -> Columns:
        """The columns; made now if they are not yet."""
        if not isinstance(self._source, Columns):
            self._source = self._source()
        return self._source

    @property
    def count(self) -> int:
        """How many rows count."""
        return self._summarise()[0]

    @property
    def min(self) -> int:
        """Smallest value, ns."""
        return self._some()[1]

    @property
    def max(self) -> int:
        """Largest value, ns."""
        return self._some()[2]

    @property
    def sum(self) -> int:
        """Sum of the values, ns."""
        return self._summarise()[3]

    @property
    def mean(self) -> int:
        """Mean, ns: the exact sum divided by the count, truncated towards zero as in MLPerf."""
        count, _, _, total = self._some()
        return total // count if total >= 0 else -(-total // count)

    def percentile(self, percentile: float) -> int:
        """Return a percentile, ns; see `percentile_rank` for the rule.

        Parameters
        ----------
        percentile : float in [0, 100]
            Which one.

        Raises
        ------
        SettingsError
            It is no percentile.
        LoadGenError
            No row counts.
        """
        return self.percentiles([percentile])[0]

    def percentiles(self, percentiles: Iterable[float]) -> list[int]:
        """Return several percentiles, ns; one pass over the columns for all.

        Parameters
        ----------
        percentiles : iterable of float in [0, 100]
            In any order.
        """
        wanted = list(percentiles)
        for each in wanted:
            percentile_fraction(each)  # a wrong percentile is told before an empty list
        count = self._some()[0]
        return self.elements(percentile_rank(each, count) for each in wanted)

    def elements(self, ranks: Iterable[int]) -> list[int]:
        """Return elements of the ascending list, ns.

        Parameters
        ----------
        ranks : iterable of int
            Counted from 0; in any order.
        """
        wanted = list(ranks)
        missing = sorted(set(wanted) - self._elements.keys())
        if missing:
            ranks = np.array(missing, dtype=np.int64)
            found = _core.order_statistics(*self.columns, ranks)
            self._elements.update(zip(missing, map(int, found), strict=True))
        return [self._elements[rank] for rank in wanted]

    def interval(self, percentile: float, *, confidence: float = 0.95) -> Interval:
        """Return a confidence interval of a percentile, ns, whatever the distribution.

        Its ends are order statistics; see ``metrics/intervals.py``.

        Parameters
        ----------
        percentile : float in [0, 100]
            Which one.
        confidence : float in (0, 1)
            At least so often the interval holds the true percentile, for independent samples.

        Returns
        -------
        Interval
            ``low_ns`` and ``high_ns``; None where there are too few samples to bound that side.
        """
        fraction = percentile_fraction(percentile)
        low, high = interval_ranks(self._some()[0], fraction, confidence)
        found = iter(self.elements(rank for rank in (low, high) if rank is not None))
        return Interval(None if low is None else next(found), None if high is None else next(found))

    def count_above(self, limit_ns: int) -> int:
        """Return how many values are larger than a limit.

        Parameters
        ----------
        limit_ns : int, ns
            A value that equals it is not above.
        """
        end, start, status = self.columns
        above = 0
        for first in range(0, len(end), _CHUNK_ROWS):
            rows = slice(first, first + _CHUNK_ROWS)
            over = end[rows] - start[rows] > limit_ns
            if status is not None:
                over &= status[rows] == 0
            above += int(np.count_nonzero(over))
        return above

    def _summarise(self) -> tuple[int, int, int, int]:
        if self._summary is None:
            summary = _core.difference_summary(*self.columns)
            count, low, high, total = map(int, summary)
            self._summary = count, low, high, total
        return self._summary

    def _some(self) -> tuple[int, int, int, int]:
        summary = self._summarise()
        if summary[0] == 0:
            raise LoadGenError(f"there is no {self._name}: no completed samples")
        return summary


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
    step = max(1, _CHUNK_ROWS // samples_per_query)
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
