# SPDX-License-Identifier: Apache-2.0
"""Where a run has warmed up, and whether it is steady from there on.

Latencies are averaged in batches of five (more in long runs), and the logarithms of the averages
looked at: what matters is by which factor they differ. Three steps:

1. *Where would one cut?* MSER-5: of the values Z_1 .. Z_k leave out the first d that minimise

       sum over j > d of (Z_j - mean)^2 / (k - d)^2,      d at most k / 2

   Values are held within `_CLIP` robust deviations of their median: a single stall is no warm-up.
2. *Is it a warm-up?* The mean rank of what was left out differs from that of the rest by more than
   `_WARM_UP` deviations, and the mean value by `NOTICEABLE`. Else all rows stay.
3. *Is the rest steady?* KPSS, the Cramer-von Mises statistic of the partial sums S_t of the
   differences from the mean of k means of neighbours:

       sum of S_t^2 / (k^2 v)

   must be below `_DRIFT`, or the means of the quarters be alike within `NOTICEABLE`.

v is the long-run variance, by Bartlett's weights, so that neighbours may be alike, as behind a
queue. It is the median of those of four parts, each about its own mean: else a step would hide
behind the variance that it makes (as in ``dependence.py``, which takes all for steady). Where k v
shows that the run is worth fewer than `MIN_INDEPENDENT` independent means, one cannot tell.

Not here: which rows a run has (the result).

References
----------
K. P. White, An effective truncation heuristic for bias reduction in simulation output, Simulation
69, 1997. D. Kwiatkowski, P. C. B. Phillips, P. Schmidt and Y. Shin, Testing the null hypothesis of
stationarity, Journal of Econometrics 54, 1992.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from loadgen.metrics.columns import CHUNK_ROWS, Columns
from loadgen.metrics.latency import Distribution
from loadgen.values import NOTICEABLE, count_in_words, ns_in_words, per_cent

__all__ = ["SteadyState", "steady_state"]

MIN_BATCHES: Final = 100
MIN_INDEPENDENT: Final = 60
"""Fewer independent means, and a long busy period looks as a warm-up does."""
_BATCH: Final = 5
_MOST_BATCHES: Final = 4096
_COARSE: Final = 256
"""So many means are enough to find drift in; each is then longer than most correlation."""

_CLIP: Final = 5.0
_WARM_UP: Final = 4.5
"""The cut is the best of thousands, so chance has thousands of tries."""
_DRIFT: Final = 2.0
"""Independent means exceed it once in 3,000 times, those with a correlation of 0.5 once in 900.
(The asymptotic quantile of 0.1 % is 1.167; the variance of four parts is not as well known.)"""
_PARTS: Final = 4
_LONGEST: Final = 0.45
"""Of a run; what takes longer is no warm-up."""

FloatArray = NDArray[np.float64]
Verdict = Literal["steady", "warm-up", "drift", "cannot tell"]


@dataclass(frozen=True)
class SteadyState:
    """Which part of a run is steady, and its latency beside that of the whole run.

    Parameters
    ----------
    verdict : {"steady", "warm-up", "drift", "cannot tell"}
        "warm-up": steady after it. "drift": no steady state was found.
    start_row, stop_row : int
        The window: rows from the first to before the second. All rows where none is steady.
    start_s, end_s : float, s
        When its first and its last row were due, since the first row was.
    change : float or None
        By which share the largest mean of the window's quarters is above the smallest; the means
        are geometric. None where one cannot tell.
    statistic : float or None
        KPSS of the window; drift where it is above 2 and `change` is noticeable. None as above.
    latency, whole : Distribution
        Of the window and of all rows.
    """

    verdict: Verdict
    start_row: int
    stop_row: int
    start_s: float
    end_s: float
    change: float | None
    statistic: float | None
    latency: Distribution
    whole: Distribution

    @property
    def words(self) -> str:
        """The verdict in a sentence or two."""
        if self.verdict == "cannot tell":
            n = count_in_words(self.stop_row - self.start_row, "latency", "latencies")
            return f"steady state: cannot tell from {n}, too few or too much alike; run longer"
        if self.verdict == "drift":
            return (
                "no steady state: mean latency still changes by"
                f" {per_cent(self.change or 0.0)} within the run. Run longer, or lower the load if"
                " the system cannot keep up; the percentiles are those of no one state"
            )
        if self.verdict == "steady":
            return "steady from the start: no warm-up and no drift"
        p99 = [ns_in_words(each.percentile(99)) for each in (self.latency, self.whole)]
        return (
            f"warm-up: {self.start_s:.3g} s ({self.start_row:,} queries). Steady after it, with p99"
            f" {p99[0]} instead of {p99[1]}; warm the system up first (warmup_queries)"
        )


def steady_state(columns: Columns) -> SteadyState:
    """Return which part of a run is steady.

    Parameters
    ----------
    columns : Columns
        End and start of each latency, in the order of issue; rows that do not count are left out.
    """
    n_rows = len(columns.end)
    size = max(_BATCH, -(-n_rows // _MOST_BATCHES))
    means, first_rows = _batch_means(columns, size)
    if len(means) < MIN_BATCHES:
        return _found("cannot tell", columns)
    values = _clip(np.log(np.maximum(means, 1.0)))
    cut = _mser(values)
    if not _is_warm_up(values, cut):
        cut = 0
    rest = values[cut:]
    if _independent(rest) < MIN_INDEPENDENT:
        return _found("cannot tell", columns)
    change, statistic = _change(rest), _kpss(_coarse(rest))
    # A cut near the end of what may be cut is a step or a trend, as White has it.
    if (statistic > _DRIFT and change > NOTICEABLE) or cut > _LONGEST * len(values):
        return _found("drift", columns, 0, _change(values), _kpss(_coarse(values)))
    first = int(first_rows[cut]) if cut else 0
    return _found("warm-up" if cut else "steady", columns, first, change, statistic)


def _found(
    verdict: Verdict,
    columns: Columns,
    first: int = 0,
    change: float | None = None,
    statistic: float | None = None,
) -> SteadyState:
    end, start, status = columns
    whole = latency = Distribution(columns)
    if first:
        window = Columns(end[first:], start[first:], None if status is None else status[first:])
        latency = Distribution(window, name="latency in the steady window")
    n = len(start)
    start_s, end_s = (float(start[row] - start[0]) / 1e9 if n else 0.0 for row in (first, -1))
    return SteadyState(verdict, first, n, start_s, end_s, change, statistic, latency, whole)


def _batch_means(columns: Columns, size: int) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return the mean of each `size` rows, of those that count, and each batch's first row."""
    end, start, status = columns
    whole = len(end) // size
    means, counts = np.empty(whole), np.full(whole, size, np.int64)
    step = max(1, CHUNK_ROWS // size)
    for first in range(0, whole, step):
        batches = slice(first, min(first + step, whole))
        rows = slice(first * size, batches.stop * size)
        values = (end[rows] - start[rows]).reshape(-1, size)
        if status is not None and status[rows].any():
            counting = status[rows].reshape(-1, size) == 0
            counts[batches] = counting.sum(axis=1)
            values = np.where(counting, values, 0)
        means[batches] = values.sum(axis=1) / np.maximum(counts[batches], 1)
    kept = np.flatnonzero(counts)
    return means[kept], kept * size


def _clip(values: FloatArray) -> FloatArray:
    """Hold values within some deviations of the median; of nearly constant ones none are known."""
    middle = float(np.median(values))
    deviation = 1.4826 * float(np.median(np.abs(values - middle)))
    if deviation == 0.0:
        return values
    return np.clip(values, middle - _CLIP * deviation, middle + _CLIP * deviation)


def _mser(values: FloatArray) -> int:
    """Return how many values to leave out; see the top of the file."""
    k = len(values)
    centred = values - np.median(values)  # against cancellation; exactly 0 where all are alike
    left = k - np.arange(k // 2 + 1)
    total = np.cumsum(centred[::-1])[::-1][: k // 2 + 1]
    squares = np.cumsum(centred[::-1] ** 2)[::-1][: k // 2 + 1]
    return int(np.argmin((squares - total**2 / left) / left**2))


def _is_warm_up(values: FloatArray, cut: int) -> bool:
    """Return whether the first `cut` values differ from the rest: by ranks, and noticeably."""
    if cut == 0:
        return False
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[place] / len(values)
    head, rest = rank[:cut], rank[cut:]
    variance = float(rest.var()) * len(rest) / _independent(rest)
    deviation = math.sqrt(variance * (1 / len(head) + 1 / len(rest)))
    apart = abs(float(values[:cut].mean() - values[cut:].mean()))
    noticeable = apart > math.log1p(NOTICEABLE)
    return noticeable and abs(float(head.mean() - rest.mean())) > _WARM_UP * deviation


def _independent(values: FloatArray) -> float:
    """Return how many independent values would tell as much: not more than there are."""
    coarse, variance = _coarse(values), float(values.var())
    long_run = _long_run_variance(coarse) * len(values) / len(coarse)
    if variance <= _rounding(values) or long_run <= variance:
        return float(len(values))
    return len(values) * variance / long_run


def _coarse(means: FloatArray) -> FloatArray:
    """Return at most 256 means of neighbours; a rest at the end is left out."""
    size = -(-len(means) // _COARSE)
    coarse: FloatArray = means[: len(means) // size * size].reshape(-1, size).mean(axis=1)
    return coarse


def _long_run_variance(means: FloatArray) -> float:
    """Median of Bartlett's estimate in each of four parts, about its own mean, by a quarter of it.

    Taking off a part's own mean makes the estimate smaller by (lags + 1) / length: put right.
    """
    length = len(means) // _PARTS
    parts = means[: _PARTS * length].reshape(_PARTS, length)
    parts = parts - parts.mean(axis=1, keepdims=True)
    lags = length // 4
    value = (parts**2).mean(axis=1)
    for lag in range(1, lags + 1):
        both = (parts[:, lag:] * parts[:, :-lag]).sum(axis=1) / length
        value += 2 * (1 - lag / (lags + 1)) * both
    return max(float(np.median(value)), 0.0) / (1 - (lags + 1) / length)


def _kpss(means: FloatArray) -> float:
    sums = np.cumsum(means - means.mean())
    squares = float(sums @ sums) / len(means) ** 2
    if squares <= _rounding(means):
        return 0.0
    return squares / max(_long_run_variance(means), _rounding(means))  # a step may have no noise


def _rounding(values: FloatArray) -> float:
    """Return what a variance may be where all values are alike; above 0."""
    return 1e-24 * max(float(np.abs(values).max()) ** 2, 1.0)


def _change(values: FloatArray) -> float:
    quarters = [float(part.mean()) for part in np.array_split(values, 4)]
    return math.expm1(max(quarters) - min(quarters))
