# SPDX-License-Identifier: Apache-2.0
"""Single questions to the gaps between arrivals: each a figure, and the limits of chance.

Not for choosing them: ``arrivals.py``, where the sources are named. Gaps are in units of their
planned mean. `late` is the square of the tolerated lateness in that unit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from loadgen.values import per_cent

__all__ = ["EXACT", "Check", "dispersion", "distribution", "lag", "quantiles", "total"]

EXACT: Final = 0.001
"""How often a random total is called too exact."""

MARGIN: Final = 0.01
"""Of a distance, a correlation, an index: less changes no figure that one sees."""
TOTAL_MARGIN: Final = 1e-3
"""Two clocks differ by up to some 100 millionths, and the last query may be late."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Check:
    """One question: a figure, and between which limits it is as planned; None: no limit."""

    name: str
    value: float
    low: float | None
    high: float | None

    @property
    def passed(self) -> bool:
        """Whether the figure is within its limits, which belong to it."""
        above = self.low is None or self.value >= self.low
        return above and (self.high is None or self.value <= self.high)

    @property
    def words(self) -> str:
        """What a figure that is not as planned means."""
        kind, _, scale = self.name.partition("_")
        if self.name == "total_exact":
            return "the whole took exactly as long as planned: gaps were rescaled, or not random"
        if kind == "total":
            longer = self.value - 1
            how = "longer" if longer > 0 else "less"
            return f"the whole took {per_cent(abs(longer), 2)} {how} than it should"
        if kind == "lag":
            return f"a gap depends on the one before it (correlation {self.value:.2g})"
        if kind == "dispersion":
            more = self.high is not None and self.value > self.high
            how = "burstier" if more else "more even"
            return f"over {scale} gaps arrivals are {how} than planned (index {self.value:.3g})"
        return f"gaps differ from the planned ones (by {self.value:.3g}, at most {self.high:.3g})"


def _cdf(gaps: FloatArray, shape: float) -> FloatArray:
    if shape == 1.0:
        return -np.expm1(-gaps)
    from scipy import special  # noqa: PLC0415 - half a second that few runs need

    below: FloatArray = special.gammainc(shape, shape * gaps)
    return below


def distribution(low: FloatArray, high: FloatArray, shape: float, error: float) -> Check:
    """Kolmogorov-Smirnov, where each gap is only known to lie between two.

    The true distribution function of the gaps lies between those of `high` and `low`, so what is
    beyond both is at most the usual distance. Its quantile is the first term of Kolmogorov's series
    with Stephens' correction for n.
    """
    n = len(low)
    rank = np.arange(n + 1) / n
    over = rank[1:] - np.sort(_cdf(high, shape))
    under = np.sort(_cdf(low, shape)) - rank[:-1]
    distance = max(float(over.max()), float(under.max()), 0.0)
    root = math.sqrt(n)
    most = math.sqrt(-math.log(error / 2) / 2) / (root + 0.12 + 0.11 / root)
    return Check("gaps", distance, None, MARGIN + most)


def lag(gaps: FloatArray, shape: float, late: float, error: float) -> Check:
    """Correlation of F(gap) with the next. Delays of their own make it negative, below 3 late."""
    place = _cdf(gaps, shape)
    place -= place.mean()
    spread = float(place @ place)
    alike = spread <= 1e-12 * len(gaps)  # a constant gap, but for rounding
    value = 0.0 if alike else float(place[1:] @ place[:-1]) / spread
    most = MARGIN + 3 * late + _deviations(error) / math.sqrt(len(gaps))
    return Check("lag_1", value, -most, most)


def dispersion(edges: FloatArray, m: int, shape: float, late: float, error: float) -> Check:
    """Index of dispersion of blocks of m gaps: their squared variation, times a = m shape.

    A block is gamma of shape a. By the delta method, of B blocks the index has variance
    (2 + 2/a) / B and third cumulant (8 + 40/a + 32/a^2) / B^2; for large a that is chi-square.
    """
    blocks = np.diff(edges)
    mean, a = float(blocks.mean()), m * shape
    value = float(blocks.var(ddof=1)) / mean**2 * a if mean > 0 else 0.0
    variance = (2 + 2 / a) / len(blocks)
    skew = (8 + 40 / a + 32 / a**2) / len(blocks) ** 2 / variance**1.5
    low, high = (1 + math.sqrt(variance) * q for q in quantiles(skew, error))
    margin = MARGIN + shape * late / m
    return Check(f"dispersion_{m}", value, low - margin, high + margin)


def total(sum_of_gaps: float, n: int, shape: float, late: float, error: float) -> list[Check]:
    """Compare the sum of n gaps with n mean gaps: it is gamma of shape n times that of a gap."""
    deviation = math.sqrt(n / shape)
    low, high = (deviation * q / n for q in quantiles(2 / math.sqrt(n * shape), error))
    margin = TOTAL_MARGIN + math.sqrt(late) / n
    checks = [Check("total", sum_of_gaps / n, 1 + low - margin, 1 + high + margin)]
    if deviation > math.sqrt(late):
        least = NormalDist().inv_cdf((1 + EXACT) / 2)
        checks.append(Check("total_exact", abs(sum_of_gaps - n) / deviation, least, None))
    return checks


def _deviations(error: float) -> float:
    return NormalDist().inv_cdf(1 - error / 2)


def quantiles(skew: float, error: float) -> tuple[float, float]:
    """Both quantiles of a standardised gamma distribution of a skewness, by Wilson and Hilferty."""
    z = _deviations(error)
    low, high = (
        2 / skew * (max(1 + skew * side / 6 - skew**2 / 36, 0.0) ** 3 - 1) for side in (-z, z)
    )
    return low, high
