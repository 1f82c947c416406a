# SPDX-License-Identifier: Apache-2.0
"""The rate of a run, compared; how sure one is: ``result/rates.py``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from loadgen.comparison.quantity import LEAST_PAIRS, MOST_PAIRS, Bounds, Quantity, correlated
from loadgen.metrics.throughput import latest_done_ns
from loadgen.result import Result
from loadgen.result.rates import (
    BIN_ANSWERS,
    answer_counts,
    answers_in_bins,
    answers_of,
    no_bounds,
    rate_bounds,
)

__all__ = ["RateOf"]

Float64Array = NDArray[np.float64]


class RateOf(Quantity):
    """The headline of a run, where it is a rate.

    Parameters
    ----------
    a, b : Result
    """

    metric = "rate"
    unit = "samples/s"
    less_is_better = False

    def __init__(self, a: Result, b: Result) -> None:
        self._both = (a, b)

    @cached_property
    def _counts(self) -> tuple[Float64Array, Float64Array]:
        a, b = map(answer_counts, self._both)
        return a, b

    def lacking(self, confidence: float) -> str | None:
        """Say whether it is no rate, or where answers are too few, not kept, or came at once."""
        pairs = zip("AB", self._both, strict=True)
        found = [why for name, run in pairs if (why := no_bounds(run, name)) is not None]
        if found and found[-1].endswith("of its rate"):
            found.append("compare several runs of each")
        return "; ".join(found) or None

    def bounds(self, confidences: Sequence[float]) -> tuple[Bounds, Bounds]:
        """Return those of a normal logarithm."""
        values = (run.metric.value if run.metric else 0.0 for run in self._both)
        a, b = (
            Bounds(value, *rate_bounds(value, counts, confidences))
            for value, counts in zip(values, self._counts, strict=True)
        )
        return a, b

    def correlation(self) -> float:
        """Take that of the answers in the same bins, as far as both runs went."""
        short, long = sorted(latest_done_ns(*answers_of(run)) for run in self._both)
        n_pairs = min(MOST_PAIRS, *(run.n_completed // BIN_ANSWERS for run in self._both))
        if n_pairs < LEAST_PAIRS:
            return 0.0
        width_ns = max(1, -(-short // n_pairs))
        a, b = (answers_in_bins(*answers_of(run), width_ns) for run in self._both)
        return math.sqrt(short / max(long, 1)) * correlated(a, b, short // width_ns)
