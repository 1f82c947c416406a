# SPDX-License-Identifier: Apache-2.0
"""MLPerf's early stopping: how many queries show a percentile with confidence.

With probability p a query of the system is under the limit. Then

    F(h, t) = sum over x = 0..t of C(h+t, x) * p^(h+t-x) * (1-p)^x

is the probability that of h + t queries at most t are over it; it is the regularised incomplete
beta function I_p(h, t+1). A run with t queries over the limit shows that the system meets it
when ``F(h, t) < 1 - c``, c = 0.99; ``hmin(t)`` is the smallest such h.

F falls in h and, at a fixed number of queries n = h + t, grows in t. So bisection finds the
smallest h as well as the largest t. The sum is over the binomial probabilities from t outwards,
each from its neighbour by a ratio; the first comes from Loader's saddle-point form, which is good
to 1e-11 at n = 10^7, where log-gamma functions have lost half of their digits.

Not here: which latencies are compared with which limit (``verdict``). No SciPy; it is the second
opinion in the tests.

References
----------
MLPerf inference rules, appendix "Early Stopping Criterion".
C. Loader, Fast and Accurate Computation of Binomial Probabilities, 2000.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Final

import numpy as np

__all__ = [
    "CONFIDENCE",
    "EarlyStopping",
    "estimate_rank_from_top",
    "least_queries",
    "overlatency_probability",
    "queries_needed",
    "under_limit_needed",
]

CONFIDENCE: Final = 0.99
"""MLPerf inference rules, "Early Stopping Criterion"."""

_ERROR: Final = 1.0 - CONFIDENCE  # in double, as LoadGen evaluates it: 0.010000000000000009
_NORMAL_99: Final = 2.3263478740408408  # the normal distribution's quantile of CONFIDENCE
_TERMS: Final = 4096
_NEGLIGIBLE: Final = 2.0**-60
_SMALL: Final = 16  # below, Stirling's series has too few terms and log-gamma loses nothing


@dataclass(frozen=True, slots=True)
class EarlyStopping:
    """Whether the run had enough queries for its percentile to be believed.

    Parameters
    ----------
    met : bool
        It had.
    estimate_ns : int or None, ns
        SingleStream and MultiStream: the rules' score, a latency that is above the percentile with
        a confidence of 99 %. None when not met, and in other scenarios.
    more_queries : int or None
        So many more would be needed (Server: all under the limit); 0 when met, None when no number
        would do.
    """

    met: bool
    estimate_ns: int | None
    more_queries: int | None


def overlatency_probability(h: int, t: int, p: float) -> float:
    """Return F(h, t), the probability of at most t queries over the limit among h + t.

    Parameters
    ----------
    h, t : int
        Queries under and over the limit.
    p : float in [0, 1]
        Probability that a query is under it.

    Examples
    --------
    >>> overlatency_probability(1, 1, 0.5)
    0.75
    """
    n, q = h + t, 1.0 - p
    if h <= 0 or p == 1.0:
        return 1.0
    if p == 0.0:
        return 0.0
    if t < n * q:
        return min(_tail(n, t, p, q), 1.0)
    # Above the mean the sum of the other side is short; sides change places.
    return max(1.0 - _tail(n, n - t - 1, q, p), 0.0)


def under_limit_needed(t: int, p: float) -> int | None:
    """Return hmin(t): how many queries under the limit make up for t over it.

    Parameters
    ----------
    t : int
        Queries over the limit.
    p : float in [0, 1]
        The percentile as a fraction; no number shows 1, for which the answer is None.

    Examples
    --------
    >>> [under_limit_needed(t, 0.99) for t in (0, 1, 2)]
    [459, 661, 836]
    """
    if p == 1.0:
        return None
    high = 1
    while overlatency_probability(high, t, p) >= _ERROR:
        high *= 2
    low = high // 2  # F(low, t) is not small enough, and neither is F(0, t) = 1
    while high - low > 1:
        middle = (low + high) // 2
        if overlatency_probability(middle, t, p) < _ERROR:
            high = middle
        else:
            low = middle
    return high


def queries_needed(t: int, p: float) -> int | None:
    """Return hmin(t) + t: how many queries a run with t over the limit needs."""
    needed = under_limit_needed(t, p)
    return None if needed is None else needed + t


@functools.lru_cache(maxsize=16)
def least_queries(p: float) -> int | None:
    """Return hmin(1) + 1: fewer queries give no estimate (SingleStream, MultiStream)."""
    return queries_needed(1, p)


def estimate_rank_from_top(n: int, p: float) -> int | None:
    """Return t such that the t-th largest of n latencies is the early-stopping estimate.

    The largest t >= 1 with ``hmin(t) + t <= n``; None when there is none.

    Parameters
    ----------
    n : int
        Queries.
    p : float in [0, 1]
        The percentile as a fraction.

    Examples
    --------
    >>> estimate_rank_from_top(63, 0.9), estimate_rank_from_top(24_576, 0.9)
    (None, 2348)
    """
    # hmin(t) + t <= n says the same as F(n - t, t) < 1 - c, since F falls in h.
    if n <= 1 or overlatency_probability(n - 1, 1, p) >= _ERROR:
        return None
    low, high = 1, n
    # By the normal distribution, and how skew the binomial one is, t is there nearly always.
    skew = (2.0 * p - 1.0) * (_NORMAL_99 * _NORMAL_99 - 1.0) / 6.0
    around = n * (1.0 - p) - _NORMAL_99 * math.sqrt(n * p * (1.0 - p)) + skew - 0.5
    for place in (math.floor(around), math.floor(around) + 1):
        if low < place < high:
            if overlatency_probability(n - place, place, p) < _ERROR:
                low = place
            else:
                high = place
    while high - low > 1:
        middle = (low + high) // 2
        if overlatency_probability(n - middle, middle, p) < _ERROR:
            low = middle
        else:
            high = middle
    return low


def _tail(n: int, t: int, p: float, q: float) -> float:
    """Return P(B <= t) of a binomial B with parameters n and q = 1 - p, for t below its mean.

    From t downwards each term is the one before times ``x p / ((n - x + 1) q)``, which is below 1.
    """
    term = _binomial_probability(n, t, p, q)
    total = term
    for top in range(t, 0, -_TERMS):
        x = np.arange(top, max(top - _TERMS, 0), -1, dtype=np.float64)
        terms = term * np.cumprod(x * p / ((n - x + 1.0) * q))
        total += float(terms.sum())
        term = float(terms[-1])
        if term <= total * _NEGLIGIBLE:
            break
    return total


def _binomial_probability(n: int, x: int, p: float, q: float) -> float:
    """Return C(n, x) q^x p^(n-x), in Loader's form."""
    if x == 0:
        return math.exp(n * math.log(p))
    if x == n:
        return math.exp(n * math.log(q))
    exponent = _stirling_error(n) - _stirling_error(x) - _stirling_error(n - x)
    exponent -= _deviance(x, n * q) + _deviance(n - x, n * p)
    return math.exp(exponent) * math.sqrt(n / (2.0 * math.pi * x * (n - x)))


def _stirling_error(n: int) -> float:
    """Return ln n! minus Stirling's formula, ln(sqrt(2 pi n) (n / e)^n)."""
    if n < _SMALL:
        return math.lgamma(n + 1.0) - (n + 0.5) * math.log(n) + n - 0.5 * math.log(2.0 * math.pi)
    square = float(n) * n
    series = 1 / 360 - (1 / 1260 - (1 / 1680 - 1 / (1188 * square)) / square) / square
    return (1 / 12 - series / square) / n


def _deviance(x: int, mean: float) -> float:
    """Return ``x ln(x / mean) + mean - x``, without loss where x is near the mean."""
    difference = x - mean
    if abs(difference) >= 0.1 * (x + mean):
        return x * math.log(x / mean) - difference
    v = difference / (x + mean)
    total, power = difference * v, 2.0 * x * v
    for j in range(1, 1000):
        power *= v * v
        longer = total + power / (2 * j + 1)
        if longer == total:
            return total
        total = longer
    return total
