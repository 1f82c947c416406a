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

import numpy as np

from loadgen.errors import LoadGenError, SettingsError
from loadgen.metrics.columns import Columns
from loadgen.metrics.dependence import FEW, variance_inflation
from loadgen.metrics.histogram import Histogram
from loadgen.metrics.intervals import Interval, interval_ranks, samples_needed
from loadgen.values import percentile as percentile_check
from loadgen.values import problem_of

__all__ = ["Distribution", "Values", "percentile_fraction", "percentile_rank"]

Values = Columns | Histogram
"""Where a distribution's values are: in two columns, or counted."""


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
    """Values in ns, of the rows that count. Exact where there are rows; computed when asked for.

    Parameters
    ----------
    values : Columns, Histogram or callable
        The values, or what gives them at the first question.
    name : str
        What the values are, for messages.

    Notes
    -----
    Columns are read, never copied. What was computed is kept.

    Examples
    --------
    >>> done, due = np.array([15, 40, 25]), np.array([10, 20, 20])
    >>> latency = Distribution(Columns(done, due, None))
    >>> latency.percentile(50), latency.mean, latency.min, latency.max, len(latency)
    (5, 10, 5, 20, 3)
    """

    def __init__(self, values: Values | Callable[[], Values], *, name: str = "latency") -> None:
        self._source = values
        self._name = name
        self._summary: tuple[int, int, int, int] | None = None
        self._elements: dict[int, int] = {}
        self._effective: dict[int, int] = {}

    def __repr__(self) -> str:
        return f"<{self._name} of {len(self)} samples, ns>"

    def __len__(self) -> int:
        return self.count

    def __bool__(self) -> bool:
        return self.count > 0

    @property
    def _values(self) -> Values:
        """The values; made now if they are not yet."""
        if not isinstance(self._source, Values):
            self._source = self._source()
        return self._source

    @property
    def columns(self) -> Columns | None:
        """The values in order of issue; None where they were counted."""
        return self._values if isinstance(self._values, Columns) else None

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
            found = self._values.elements(ranks)
            self._elements.update(zip(missing, map(int, found), strict=True))
        return [self._elements[rank] for rank in wanted]

    def interval(self, percentile: float, *, confidence: float = 0.95) -> Interval:
        """Return a confidence interval of a percentile, ns, whatever the distribution.

        Its ends are order statistics, further apart where samples depend on those before them; see
        ``metrics/intervals.py``. Of values that were counted the order is lost: they are taken for
        independent.

        Parameters
        ----------
        percentile : float in [0, 100]
            Which one.
        confidence : float in (0, 1)
            So often the interval holds the true percentile.

        Returns
        -------
        Interval
            ``low_ns`` and ``high_ns``; None where there are too few samples to bound that side.
        """
        low, high = self.interval_ranks(percentile, confidence=confidence)
        found = iter(self.elements(rank for rank in (low, high) if rank is not None))
        return Interval(None if low is None else next(found), None if high is None else next(found))

    def interval_ranks(
        self, percentile: float, *, confidence: float = 0.95
    ) -> tuple[int | None, int | None]:
        """Return which elements the ends of `interval` are, counted from 0.

        For many intervals: `elements` finds all ends in one pass.
        """
        fraction, worth = percentile_fraction(percentile), self.effective_size(percentile)
        return interval_ranks(self.count, fraction, confidence, worth)

    def effective_size(self, percentile: float) -> int:
        """Return how many independent samples would say as much of a percentile.

        See ``metrics/dependence.py``. Near the ends it is that of the nearest percentile with 20
        samples beyond it; of at most 40 samples, and of values that were counted, their number.
        """
        values, n = self._values, self._some()[0]
        rank = min(max(percentile_rank(percentile, n), FEW), n - 1 - FEW)
        if isinstance(values, Histogram) or n <= 2 * FEW:
            return n
        if rank not in self._effective:
            limit_ns = self.elements([rank])[0]
            # Where many values are equal there may be nothing above them.
            found = variance_inflation(values, limit_ns) or variance_inflation(values, limit_ns - 1)
            self._effective[rank] = max(int(n / (found or 1.0)), 1)
        return self._effective[rank]

    def more_for(self, percentile: float, *, confidence: float = 0.95) -> int | None:
        """Return how many more samples it takes until both ends of an interval exist.

        0 when they do. That samples depend on each other as much as until now is taken for granted.

        Parameters
        ----------
        percentile, confidence : float
            As for `interval`.

        Returns
        -------
        int or None
            None for the percentiles 0 and 100, which no number of samples bounds.

        Examples
        --------
        >>> latency = Distribution(Columns(np.arange(10), np.zeros(10, np.int64), None))
        >>> latency.more_for(99), latency.more_for(50)
        (358, 0)
        """
        needed = samples_needed(percentile_fraction(percentile), confidence)
        if needed is None or not self.count:
            return needed
        worth = self.effective_size(percentile)
        return max(0, -(-needed * self.count // worth) - self.count)

    def count_above(self, limit_ns: int) -> int:
        """Return how many values are larger than a limit.

        Parameters
        ----------
        limit_ns : int, ns
            A value that equals it is not above.
        """
        return self._values.count_above(limit_ns)

    def _summarise(self) -> tuple[int, int, int, int]:
        if self._summary is None:
            self._summary = self._values.summary()
        return self._summary

    def _some(self) -> tuple[int, int, int, int]:
        summary = self._summarise()
        if summary[0] == 0:
            raise LoadGenError(f"there is no {self._name}: no completed samples")
        return summary
