# SPDX-License-Identifier: Apache-2.0
"""Is the share of samples over a limit below what a percentile allows? Told as early as it is sure.

A limit at percentile p is kept when at most a share ``q = 1 - p / 100`` of the samples is over it.
A probe is looked at again and again, so its test has to hold at every look: it is Wald's sequential
test with the alternatives mixed (Robbins), a likelihood ratio against q that under the hypothesis
exceeds 1 / error with probability ``error`` at most, over all looks together (Ville).

Samples of a queue are alike when they are neighbours: counts are divided by their *design effect*,
how many times the variance of a block's count is that of independent samples (Rao and Scott), for
the length of blocks where it is largest.

Pure: arrays in, a verdict out. Not for reading a run (``watch.py``).

References
----------
A. Wald, Sequential Tests of Statistical Hypotheses, Annals of Mathematical Statistics 16, 1945.
H. Robbins, Statistical Methods Related to the Law of the Iterated Logarithm, AMS 41, 1970.
J. N. K. Rao and A. J. Scott, A Simple Method for the Analysis of Clustered Binary Data, Biometrics
48, 1992.
D. Foreman-Mackey, D. W. Hogg, D. Lang and J. Goodman, emcee: The MCMC Hammer, PASP 125, 2013.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

__all__ = [
    "LEAST_EFFECTIVE",
    "LEAST_SAMPLES",
    "LimitEvidence",
    "Outcome",
    "fewest_that_pass",
    "log_ratios",
    "weigh",
]

Int64Array = npt.NDArray[np.int64]
Outcome = Literal["passes", "fails", "undecided"]

_START_SHARE: Final = 0.1
"""The first samples found the system empty: they are left out."""

_FEWEST_BLOCKS: Final = 16
"""A variance of fewer blocks is hardly known: of 16 it is within 75 % (chi square, 15 degrees)."""

LEAST_SAMPLES: Final = 72
"""Fewer give no verdict: what is left of them without the start makes no 16 blocks of 4."""

LEAST_EFFECTIVE: Final = 50
"""A design effect is believed of samples that are so many times as many: of fewer it is estimated
too small (Foreman-Mackey et al., who ask for 50 autocorrelation times)."""

_QUARTERS_OVER: Final = 3
"""A limit is missed where so many quarters of the samples miss it: one burst is no overload."""


@dataclass(frozen=True, slots=True)
class LimitEvidence:
    """What samples say of one limit.

    Parameters
    ----------
    n, over : int
        Samples that count, and those of them over the limit.
    design_effect : float
        How many neighbouring samples say as much as one; at least 1.
    log_pass, log_fail : float
        Logarithms of the likelihood ratios for and against the limit being kept.
    spread : bool
        Whether the samples over the limit are more than one burst.
    """

    n: int
    over: int
    design_effect: float
    log_pass: float
    log_fail: float
    spread: bool

    @property
    def worth(self) -> float:
        """How many independent samples say as much."""
        return self.n / self.design_effect

    def outcome(self, error: float) -> Outcome:
        """Return what is certain but for a probability.

        Parameters
        ----------
        error : float in (0, 1)
            Of saying "passes" of a system that does not keep the limit, and of saying "fails" of
            one that does.
        """
        needed = -math.log(error)
        if self.n < LEAST_EFFECTIVE * self.design_effect:
            return "undecided"
        if self.log_pass >= needed:
            return "passes"
        return "fails" if self.log_fail >= needed and self.spread else "undecided"


def weigh(values: Int64Array, limit: int, allowed: float) -> LimitEvidence:
    """Return what samples say of a limit.

    Parameters
    ----------
    values : int64 array, shape (n,), ns
        In the order in which they were due; the largest int64 where none will come.
    limit : int, ns
        Values may reach it.
    allowed : float in (0, 1)
        Share of the samples that may be over it.

    Examples
    --------
    >>> fast = np.full(1000, 5)
    >>> weigh(fast, 10, allowed=0.1).outcome(0.001), weigh(fast, 4, allowed=0.1).outcome(0.001)
    ('passes', 'fails')
    """
    values = values[int(len(values) * _START_SHARE) :]
    n = len(values)
    is_over = values > limit
    over = int(np.count_nonzero(is_over))
    if n < 4 * _FEWEST_BLOCKS:
        return LimitEvidence(n, over, 1.0, -math.inf, -math.inf, spread=False)
    effect = max(map(_design_effect, _levels(values, is_over, limit, allowed)))
    log_pass, log_fail = log_ratios(n / effect, over / effect, allowed)
    quarters = is_over[: n // 4 * 4].reshape(4, -1).mean(axis=1)
    spread = int(np.count_nonzero(quarters > allowed)) >= _QUARTERS_OVER
    return LimitEvidence(n, over, effect, log_pass, log_fail, spread)


def fewest_that_pass(allowed: float, error: float) -> int:
    """Return with how many samples a limit passes that none of them, each independent, is over.

    Fewer cannot pass, whatever they are. With none over it the likelihood ratio grows with n.
    SciPy is imported here.

    Parameters
    ----------
    allowed : float in (0, 1)
        As for `weigh`.
    error : float in (0, 1)
        As for `LimitEvidence.outcome`.

    Examples
    --------
    >>> fewest_that_pass(0.01, 0.05 / 24)
    825
    """
    low = max(LEAST_EFFECTIVE, 4 * _FEWEST_BLOCKS) - 1
    step = 1
    while log_ratios(low + step, 0, allowed)[0] < -math.log(error):
        low, step = low + step, step * 2
    while step > 1:
        step //= 2
        if log_ratios(low + step, 0, allowed)[0] < -math.log(error):
            low += step
    return low + 1


def _levels(
    values: Int64Array, is_over: npt.NDArray[np.bool_], limit: int, allowed: float
) -> Iterator[npt.NDArray[np.bool_]]:
    """Yield which samples are over the limit, and where few are, over the percentile of their own.

    Far below capacity nothing is over the limit, and how the slow ones cluster is seen all the
    same: as many as are allowed are always over that percentile.
    """
    yield is_over
    rank = int(len(values) * (1.0 - allowed))
    own = np.partition(values, rank)[rank]
    if own <= limit:
        yield values > own
        yield values >= own  # differs where many are alike


def _design_effect(flags: npt.NDArray[np.bool_]) -> float:
    """Return how many times the variance of blocks' counts is that of independent samples.

        effect = length * Var(share of a block) / (share (1 - share))

    for the length that gives the largest, at least 1: from a 16th of the samples downwards. Where
    the effect of the longest blocks is above that of those a quarter as long, samples are alike
    over longer than a block, and it is raised by as much again.
    """
    n = len(flags)
    n_blocks = _FEWEST_BLOCKS
    while n_blocks * 2 <= n:
        n_blocks *= 2
    before = np.concatenate([[0], np.cumsum(flags)])
    share = float(before[-1]) / n
    if not 0.0 < share < 1.0:
        return 1.0
    counts = np.diff(before[np.arange(n_blocks + 1) * n // n_blocks])  # none is left out
    effects: list[float] = []
    while len(counts) >= _FEWEST_BLOCKS:
        expected = n / len(counts) * share * (1.0 - share)
        effects.append(float(counts.var(ddof=1)) / expected)
        counts = counts[0::2] + counts[1::2]
    growing = effects[-1] / effects[-3] if effects[-3] > 0 else 1.0
    return max(1.0, *effects) * max(1.0, growing)


def log_ratios(n: float, over: float, allowed: float) -> tuple[float, float]:
    """Return the logarithms of two mixtures of likelihood ratios against a share `allowed`.

        passes: integral over p from 0 to q of                L(p) / L(q) dp / q
        fails:  integral over p from q to 1 of  (1 / ln(1/q)) L(p) / L(q) dp / p

    with ``L(p) = p^over (1 - p)^(n - over)``, q = `allowed`: of shares below, each is as likely;
    above, their logarithms are. Both are incomplete beta functions. SciPy is imported here.

    Parameters
    ----------
    n, over : float
        Independent samples, and those over the limit; need not be whole.
    allowed : float in (0, 1)

    Examples
    --------
    >>> [round(each, 3) for each in log_ratios(2, 0, 0.5)]  # (1 - 0.5**3) / 3 / 0.5**3, and none
    [0.847, -inf]
    """
    from scipy import special  # noqa: PLC0415 - on first use, as everywhere

    likelihood = over * math.log(allowed) + (n - over) * math.log1p(-allowed)
    with np.errstate(divide="ignore"):
        below = np.log(special.betainc(over + 1.0, n - over + 1.0, allowed))
        log_pass = special.betaln(over + 1.0, n - over + 1.0) + below - math.log(allowed)
        if over <= 0.0:
            return float(log_pass - likelihood), -math.inf
        above = np.log(special.betaincc(over, n - over + 1.0, allowed))
        log_fail = special.betaln(over, n - over + 1.0) + above - math.log(-math.log(allowed))
    return float(log_pass - likelihood), float(log_fail - likelihood)
