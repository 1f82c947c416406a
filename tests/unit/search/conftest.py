# SPDX-License-Identifier: Apache-2.0
"""A queue whose capacity is known, cheap enough for many searches in simulated time."""

import math
from typing import Any

import numpy as np
import pytest

import loadgen as lg


class ExponentialQueue(lg.SystemUnderTest):
    """One server with exponential times: M/M/1 under Poisson arrivals.

    `loadgen.testing.ExponentialSUT` is the same and keeps stamps, which takes twice as long.
    """

    def __init__(self, rate: float, seed: int, n: int = 50_000) -> None:
        times = np.random.RandomState(seed).standard_exponential(n) * 1e9 / rate
        self._times = times.astype(np.int64).tolist()

    def start(self, run: lg.Run) -> None:
        assert run.clock is not None
        self._clock, self._next, self._free = run.clock, iter(self._times).__next__, 0

    def issue(self, batch: Any) -> None:
        self._free = max(self._clock.now_ns, self._free) + self._next()
        self._clock.call_at(self._free, batch.complete)


def capacity(rate: float, limit_s: float, percentile: float) -> float:
    """P(T > t) = exp(-(mu - lambda) t), so the rate at which it is 1 - p is mu - ln(1/(1-p)) / t.

    D. Gross and C. M. Harris, Fundamentals of Queueing Theory, 1998, section 2.2.
    """
    return rate - math.log(100 / (100 - percentile)) / limit_s


@pytest.fixture
def queue() -> Any:
    return ExponentialQueue


@pytest.fixture
def capacity_of() -> Any:
    return capacity
