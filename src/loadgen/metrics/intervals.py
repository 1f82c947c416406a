# SPDX-License-Identifier: Apache-2.0
"""Confidence intervals of percentiles that hold for any distribution.

Of n independent samples, the number B of those that are not above the true percentile is binomial
with parameters n and f. So the interval from the l-th to the u-th smallest sample (counted from 1)
holds the percentile with probability ``P(l <= B <= u - 1)``. The ends are those with at most half
of the allowed error on each side:

    l = largest rank with P(B <= l - 1) <= (1 - confidence) / 2
    u = smallest rank with P(B >= u) <= (1 - confidence) / 2

Samples that depend on each other are worth fewer, m < n, independent ones (``dependence.py``). The
k-th smallest of m stands, on average, where a share k / (m + 1) of all values is smaller, and so
does the one with rank k (n + 1) / (m + 1) of n: ranks of m become ranks of n, rounded outwards.

Not here: the samples; ranks are all there is to it. SciPy is imported when a rank is asked for.

References
----------
H. A. David and H. N. Nagaraja, Order Statistics, 3rd ed., Wiley 2003, section 7.1.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from loadgen.errors import Problem, SettingsError
from loadgen.values import Refused, number

__all__ = ["Interval", "confidence_check", "interval_ranks", "samples_needed"]


class Interval(NamedTuple):
    """An interval of a time.

    Parameters
    ----------
    low_ns, high_ns : int or None, ns
        Both belong to it; None where there are too few samples to bound that side.
    """

    low_ns: int | None
    high_ns: int | None


def confidence_check(confidence: float) -> float:
    """Return a confidence as a float in (0, 1).

    Raises
    ------
    SettingsError
        It is none; "did you mean 0.95?" for 95.
    """
    allowed = "a fraction in (0, 1)"
    try:
        plain: float = number()(confidence)
    except Refused:
        raise SettingsError([Problem("confidence", confidence, allowed)]) from None
    if not 0.0 < plain < 1.0:
        hint = f"; did you mean {plain / 100:g}?" if 0.0 < plain / 100 < 1.0 else ""
        raise SettingsError([Problem("confidence", confidence, allowed + hint)])
    return plain


def interval_ranks(
    n: int, fraction: float, confidence: float, effective: int | None = None
) -> tuple[int | None, int | None]:
    """Return the ranks of an interval's ends, counted from 0; None where there is no such rank.

    Parameters
    ----------
    n : int
        Number of samples, at least 1.
    fraction : float in [0, 1]
        The percentile as a fraction.
    confidence : float in (0, 1)
        At least so often the interval holds the percentile.
    effective : int in [1, n], optional
        How many independent samples they are worth. None: all.

    Examples
    --------
    >>> interval_ranks(100, 0.5, 0.95), interval_ranks(100, 0.5, 0.95, effective=25)
    ((39, 60), (30, 69))
    """
    worth = n if effective is None else effective
    error = (1.0 - confidence_check(confidence)) / 2.0
    low = _binomial_quantile(error, worth, fraction)  # P(B <= low - 1) < error
    high = _binomial_quantile(1.0 - error, worth, fraction) + 1  # P(B >= high) <= error
    return (
        low * (n + 1) // (worth + 1) - 1 if low >= 1 else None,
        -(-high * (n + 1) // (worth + 1)) - 1 if high <= worth else None,
    )


def samples_needed(fraction: float, confidence: float) -> int | None:
    """Return how many independent samples bound a percentile from both sides.

    The smallest n for which neither ``fraction^n`` nor ``(1 - fraction)^n`` is above the error
    that each side may have. None for 0 and 1, which no number bounds.

    Parameters
    ----------
    fraction : float in [0, 1]
        The percentile as a fraction.
    confidence : float in (0, 1)
        Of the interval.

    Examples
    --------
    >>> samples_needed(0.99, 0.95), samples_needed(0.5, 0.95)
    (368, 6)
    """
    error = (1.0 - confidence_check(confidence)) / 2.0
    if fraction in (0.0, 1.0):
        return None
    n = max(1, math.floor(math.log(error) / math.log(max(fraction, 1.0 - fraction))))
    while None in interval_ranks(n, fraction, confidence):
        n += 1
    return n


def _binomial_quantile(probability: float, n: int, fraction: float) -> int:
    """Return the smallest k with P(B <= k) >= probability."""
    if fraction in (0.0, 1.0):
        return n if fraction == 1.0 else 0
    from scipy import special  # noqa: PLC0415 - 100 ms and 24 MiB that most runs never need

    k: int = min(max(math.ceil(special.bdtrik(probability, n, fraction)), 0), n)
    while k > 0 and special.bdtr(k - 1, n, fraction) >= probability:
        k -= 1
    while k < n and special.bdtr(k, n, fraction) < probability:
        k += 1
    return k
