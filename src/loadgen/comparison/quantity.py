# SPDX-License-Identifier: Apache-2.0
"""A figure that two runs have, with bounds in each; and percentiles of times, which are one.

Bounds of a percentile are order statistics, for the number of independent samples that there are
(`Distribution.interval`). Not here: rates (``rate.py``), and what follows from bounds
(``judge.py``).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadgen.metrics.dependence import indicator_sums
from loadgen.metrics.latency import Distribution, percentile_rank
from loadgen.values import count_in_words

__all__ = ["LEAST_PAIRS", "MOST_PAIRS", "Bounds", "PercentileOf", "Quantity", "correlated"]

LEAST_PAIRS: Final = 16
"""With fewer pairs of blocks there is no correlation to speak of."""

MOST_PAIRS: Final = 1024
"""So many make its standard error at most 1/32."""

_BLOCK_SAMPLES: Final = 8
"""Independent samples that a block is to have, so that blocks hardly depend on each other."""
_TICK_NS: Final = 1
"""No time counts as shorter: ratios need one."""

Float64Array = NDArray[np.float64]


class Bounds(NamedTuple):
    """A figure of one run with its lower and upper bounds, one for each confidence.

    Parameters
    ----------
    value : float
    lows, highs : list of float
        0 and infinity where there are too few samples to bound a side.
    """

    value: float
    lows: list[float]
    highs: list[float]


class Quantity(ABC):
    """A figure that both runs have."""

    metric: str
    percentile: float | None = None
    unit = "ns"
    less_is_better = True

    @property
    def name(self) -> str:
        """What it is called."""
        return self.metric if self.percentile is None else f"{self.metric} p{self.percentile:g}"

    @abstractmethod
    def lacking(self, confidence: float) -> str | None:
        """Return why there are no bounds at a confidence, of both runs; None where there are."""

    @abstractmethod
    def bounds(self, confidences: Sequence[float]) -> tuple[Bounds, Bounds]:
        """Return the figure of A and that of B."""

    @abstractmethod
    def correlation(self) -> float:
        """Return how the errors of the two figures go together, where the traffic is the same."""


class PercentileOf(Quantity):
    """A percentile of a time.

    Parameters
    ----------
    metric : str
    percentile : float in [0, 100]
    a, b : Distribution
    """

    def __init__(self, metric: str, percentile: float, a: Distribution, b: Distribution) -> None:
        self.metric, self.percentile, self._both = metric, percentile, (a, b)
        self._at = percentile

    def lacking(self, confidence: float) -> str | None:
        """Say how many samples are missing."""
        found = []
        for name, values in zip("AB", self._both, strict=True):
            more = values.more_for(self._at, confidence=confidence)
            if more is None:
                return f"no number of samples bounds percentile {self._at:g}"
            if more:
                has = count_in_words(len(values), "sample")
                found.append(f"{name} has {has} and needs {more:,} more")
        return "; ".join(found) or None

    def bounds(self, confidences: Sequence[float]) -> tuple[Bounds, Bounds]:
        """Return order statistics."""
        a, b = (self._bounds(values, confidences) for values in self._both)
        return a, b

    def _bounds(self, values: Distribution, confidences: Sequence[float]) -> Bounds:
        ranks = [values.interval_ranks(self._at, confidence=each) for each in confidences]
        values.elements({rank for pair in ranks for rank in pair if rank is not None})  # one pass

        def time(rank: int) -> float:
            return float(max(values.elements([rank])[0], _TICK_NS))

        return Bounds(
            time(percentile_rank(self._at, len(values))),
            [0.0 if low is None else time(low) for low, _ in ranks],
            [math.inf if high is None else time(high) for _, high in ranks],
        )

    def correlation(self) -> float:
        """Take that of being below the percentile, over blocks of the same queries."""
        a, b = (values.columns for values in self._both)
        if a is None or b is None:
            return 0.0
        n_common = min(len(a.end), len(b.end))
        worth = min(values.effective_size(self._at) for values in self._both)
        n_pairs = min(MOST_PAIRS, worth // _BLOCK_SAMPLES)
        if n_pairs < LEAST_PAIRS:
            return 0.0
        block_rows = -(-n_common // n_pairs)
        found = [
            indicator_sums(columns, values.percentile(self._at), block_rows)
            for columns, values in zip((a, b), self._both, strict=True)
        ]
        if found[0] is None or found[1] is None:
            return 0.0
        together = n_common / math.sqrt(len(a.end) * len(b.end))
        return together * correlated(found[0].sums, found[1].sums, n_common // block_rows)


def correlated(a: Float64Array, b: Float64Array, n: int) -> float:
    """Return the correlation of the first n pairs; 0 where one of the two does not vary."""
    if n < 1:
        return 0.0
    of_a, of_b = a[:n] - a[:n].mean(), b[:n] - b[:n].mean()
    scale = math.sqrt(float(of_a @ of_a) * float(of_b @ of_b))
    return float(of_a @ of_b) / scale if scale else 0.0
