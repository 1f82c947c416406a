# SPDX-License-Identifier: Apache-2.0
"""How far a series is, from counts, rows and instants alone. Not for how that is said (`words`)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from loadgen import _core

__all__ = ["Counts", "Figures", "Progress", "Series", "Snapshot"]

Counts = tuple[int, int]
"""Samples issued and answered, of the whole run, as `_core.Engine.progress`."""

Figures = Callable[[int, int | None], _core.LiveFigures]
"""Makes those of a series that begins now, of its samples a query and when all are due, ns."""

_RATE_OVER_S: Final = 2.0
_SILENT_AFTER_S: Final = 5.0


class Series(NamedTuple):
    """What is to be run.

    Parameters
    ----------
    name : str
        What runs, as the first line says it.
    percentile : float in (0, 100)
        The reported one: where the generator's delay is looked at.
    asked : str
        What traffic was asked for, in words; empty: as much as the system answers.
    samples_per_query : int
    n_samples : int or None
        So many samples are the whole series; None: the limits below end it.
    min_queries : int
    min_duration_s : float, s
        It goes on until both are reached.
    max_queries : int or None
    max_duration_s : float or None, s
        Either one ends it.
    are_all_due : bool
        Whether all samples are due when the series begins.
    is_timed : bool
        Whether queries are due at instants of their own, so that the generator can be late.
    may_end_early : bool
        Whether something else may end it, such as a search that knows enough.
    is_warm_up : bool
        Its queries are not counted, so nothing but the time is known.
    """

    name: str
    percentile: float = 99.0
    asked: str = ""
    samples_per_query: int = 1
    n_samples: int | None = None
    min_queries: int = 0
    min_duration_s: float = 0.0
    max_queries: int | None = None
    max_duration_s: float | None = None
    are_all_due: bool = False
    is_timed: bool = False
    may_end_early: bool = False
    is_warm_up: bool = False


class Snapshot(NamedTuple):
    """One look at a series.

    Parameters
    ----------
    series : Series
    elapsed_s : float, s
    left_s : float or None, s
        None: cannot be told.
    done : float in [0, 1] or None
        Which part of it is over; None: cannot be told.
    issued, answered, failed : int
        Samples; of the failed, queries.
    rate : float, samples/s
        Answers, over the last two seconds.
    silent_s : float, s
        For so long nothing was issued or answered, though something is in flight; else 0.
    latency : tuple of int or None, ns
        At percentiles 50, 99 and the reported one; None where none is known.
    delay_ns : int or None, ns
        The issue delay at the reported percentile; None where nothing is due.
    is_exact : bool
        Whether `failed` and percentiles are of all answers; else of an even part of them.
    """

    series: Series
    elapsed_s: float
    left_s: float | None
    done: float | None
    issued: int
    answered: int
    failed: int
    rate: float
    silent_s: float
    latency: tuple[int, int, int] | None
    delay_ns: int | None
    is_exact: bool = True

    @property
    def in_flight(self) -> int:
        """Samples that are issued and not answered."""
        return self.issued - self.answered


class Progress:
    """Follows one series.

    Parameters
    ----------
    series : Series
    counts : callable
        Returns `Counts`.
    figures : callable or None
        None: no latencies are looked at.
    start_s : float, s
        Now, on the clock that `look` gets its instants from.
    """

    def __init__(
        self,
        series: Series,
        counts: Callable[[], Counts],
        figures: Figures | None,
        start_s: float,
    ) -> None:
        self._series, self._counts, self._start_s = series, counts, start_s
        self._before = counts()
        self._recent: deque[tuple[float, Counts]] = deque([(start_s, (0, 0))])
        self._changed_s = start_s
        due_ns = round(start_s * 1e9) if series.are_all_due else None
        self._figures = figures and figures(series.samples_per_query, due_ns)

    def look(self, now_s: float) -> Snapshot:
        """Return how far the series is now."""
        issued, answered = (n - k for n, k in zip(self._counts(), self._before, strict=True))
        if (issued, answered) != self._recent[-1][1]:
            self._changed_s = now_s
        silent_s = now_s - self._changed_s if issued > answered else 0.0
        rates = self._rates(now_s, (issued, answered))
        elapsed_s = now_s - self._start_s
        left_s = self._left_s(elapsed_s, issued, answered, *rates)
        latency = delay_ns = None
        failed = 0
        if self._figures:
            self._figures.look(answered)
            percentile, failed = self._series.percentile, self._figures.failed
            if found := self._figures.latency_ns((50, 99, percentile)):
                latency = (found[0], found[1], found[2])
            if self._series.is_timed and (late := self._figures.issue_delay_ns((percentile,))):
                (delay_ns,) = late
        return Snapshot(
            series=self._series,
            elapsed_s=elapsed_s,
            left_s=left_s,
            done=self._done(elapsed_s, left_s, answered),
            issued=issued,
            answered=answered,
            failed=failed,
            rate=rates[1],
            silent_s=silent_s if silent_s >= _SILENT_AFTER_S else 0.0,
            latency=latency,
            delay_ns=delay_ns,
            is_exact=self._figures is None or self._figures.exact,
        )

    def _rates(self, now_s: float, counts: Counts) -> tuple[float, float]:
        """Issued and answered samples a second, over the last two seconds."""
        while len(self._recent) > 1 and now_s - self._recent[0][0] > _RATE_OVER_S:
            self._recent.popleft()
        then_s, (issued, answered) = self._recent[0]
        self._recent.append((now_s, counts))
        if now_s <= then_s:
            return 0.0, 0.0
        return (counts[0] - issued) / (now_s - then_s), (counts[1] - answered) / (now_s - then_s)

    def _left_s(
        self, elapsed_s: float, issued: int, answered: int, issue_rate: float, rate: float
    ) -> float | None:
        series = self._series
        if series.n_samples is not None:
            # Answers that come in large batches: nothing for seconds, and then many.
            rate = rate or answered / max(elapsed_s, 1e-9)
            return (series.n_samples - answered) / rate if rate else None
        size = series.samples_per_query
        missing = series.min_queries * size - issued
        if missing > 0 and not issue_rate:
            return None
        left_s = max(series.min_duration_s - elapsed_s, missing / issue_rate if missing > 0 else 0)
        if series.max_queries is not None and issue_rate:
            left_s = min(left_s, (series.max_queries * size - issued) / issue_rate)
        if series.max_duration_s is not None:
            left_s = min(left_s, series.max_duration_s - elapsed_s)
        return max(left_s, 0.0)

    def _done(self, elapsed_s: float, left_s: float | None, answered: int) -> float | None:
        if self._series.n_samples is not None:
            return min(answered / max(self._series.n_samples, 1), 1.0)
        if left_s is None or elapsed_s + left_s <= 0:
            return None
        return elapsed_s / (elapsed_s + left_s)
