# SPDX-License-Identifier: Apache-2.0
"""How a figure of one run differs from another run's. Not a whole comparison (``outcome.py``)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Difference", "Ends", "Verdict", "times_more"]

Verdict = Literal["same", "faster", "slower", "cannot tell"]
Ends = tuple[float | None, float | None]


@dataclass(frozen=True)
class Difference:
    """How one figure of B differs from that of A.

    Parameters
    ----------
    metric : str
        "latency", "service_time", "ttft", "tpot" or "rate".
    percentile : float or None
        Of the times; None for the rate.
    unit : str
        "ns" or "samples/s".
    a, b : float
        The figure in each run.
    interval : tuple of two floats or None
        Of b - a; None where there are too few samples to bound that side.
    ratio : float
        b / a; times below 1 ns count as 1 ns.
    ratio_interval : tuple of two floats or None
        Of b / a; from it follows the verdict.
    correlation : float or None
        Of the errors of a and b; None where the runs had other traffic.
    verdict : {"same", "faster", "slower", "cannot tell"}
    clear_alone : bool
        The interval excludes 1. If one cannot tell all the same, so many figures are looked at.
    """

    metric: str
    percentile: float | None
    unit: str
    a: float
    b: float
    interval: Ends
    ratio: float
    ratio_interval: Ends
    correlation: float | None
    verdict: Verdict
    clear_alone: bool

    @property
    def name(self) -> str:
        """What is compared, as in "latency p99"."""
        return self.metric if self.percentile is None else f"{self.metric} p{self.percentile:g}"

    @property
    def difference(self) -> float:
        """B - A."""
        return self.b - self.a

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "metric": self.metric,
            "percentile": self.percentile,
            "unit": self.unit,
            "a": self.a,
            "b": self.b,
            "difference": self.difference,
            "interval": list(self.interval),
            "ratio": self.ratio,
            "ratio_interval": list(self.ratio_interval),
            "correlation": self.correlation,
            "verdict": self.verdict,
            "clear_alone": self.clear_alone,
        }


def times_more(found: Difference, margin: float) -> float | None:
    """Return how many times as many samples one figure needs; None where that cannot be said.

    The width goes with 1 / sqrt(n). It has to come within the margin or to exclude 1.
    """
    low, high = found.ratio_interval
    if low is None or high is None:
        return None
    half, apart = math.log(high / low) / 2.0, abs(math.log(high * low) / 2.0)
    enough = max(math.log1p(margin) - apart, apart)
    return max((half / enough) ** 2, 1.0) if enough > 0.0 else None
