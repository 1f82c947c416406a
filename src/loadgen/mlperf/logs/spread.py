# SPDX-License-Identifier: Apache-2.0
"""Extremes, mean and percentiles of one list, as MLPerf's logs show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from loadgen.metrics import Distribution

__all__ = ["SHOWN", "Spread"]

SHOWN: Final = {
    "50.00": 0.50,
    "90.00": 0.90,
    "95.00": 0.95,
    "97.00": 0.97,
    "99.00": 0.99,
    "99.90": 0.999,
}
"""The percentiles of the logs: their label, and the fraction as LoadGen has it in double."""


@dataclass(frozen=True)
class Spread:
    """Extremes, mean and percentiles of a list, ns; zeros for an empty one.

    Parameters
    ----------
    min, max, mean : int, ns
    percentiles : mapping of str to int, ns
        By their label in the logs.
    target : int, ns
        At the target percentile of the scenario.
    count : int
        Of the list.
    """

    min: int
    max: int
    mean: int
    percentiles: dict[str, int]
    target: int
    count: int

    def keeps(self, limit_ns: int) -> bool:
        """Whether the target percentile keeps a limit; that of an empty list keeps none."""
        return self.count > 0 and self.target <= limit_ns

    @classmethod
    def of(cls, values: Distribution, fraction: float) -> Spread:
        """Return the figures of a list; `fraction` is the target percentile."""
        n = values.count
        if not n:
            return cls(0, 0, 0, dict.fromkeys(SHOWN, 0), 0, 0)
        ranks = [min(int(n * each), n - 1) for each in (*SHOWN.values(), fraction)]
        *shown, target = values.elements(ranks)
        percentiles = dict(zip(SHOWN, shown, strict=True))
        return cls(values.min, values.max, values.mean, percentiles, target, n)
