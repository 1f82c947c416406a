# SPDX-License-Identifier: Apache-2.0
"""How often intervals hold the true percentile, over simulated runs whose truth is known."""

from collections.abc import Sequence

import numpy as np
import pytest
from scipy import signal, stats

from loadgen.metrics.columns import Columns
from loadgen.metrics.latency import Distribution


def coverage(
    n: int, phi: float, percentiles: Sequence[float], runs: int, seed: int
) -> dict[float, float]:
    """Share of runs whose interval of 95 % holds each percentile.

    Latencies are lognormal, and their logarithms a Gaussian AR(1) process.
    """
    rng = np.random.default_rng(seed)
    truth = {p: np.exp(15 + stats.norm.ppf(p / 100)) for p in percentiles}
    start = np.broadcast_to(np.int64(0), (n,))
    held = dict.fromkeys(percentiles, 0)
    for _ in range(runs):
        noise = rng.standard_normal(n + 100)
        series = signal.lfilter([np.sqrt(1 - phi * phi)], [1, -phi], noise)[100:]
        latency = Distribution(Columns(np.exp(15 + series).astype(np.int64), start, None))
        for p, true in truth.items():
            low, high = latency.interval(p)
            held[p] += (low or 0) <= true <= (np.inf if high is None else high)
    return {p: count / runs for p, count in held.items()}


@pytest.mark.parametrize("phi", [0.0, 0.5])
def test_intervals_hold_the_truth_about_as_often_as_promised(phi: float) -> None:
    found = coverage(2_000, phi, [50, 90], runs=200, seed=1)
    # Of 200 runs that hold it with 95 %, fewer than 178 do so once in 2,000 times.
    assert all(share >= 178 / 200 for share in found.values()), found


@pytest.mark.slow
@pytest.mark.parametrize("phi", [0.0, 0.5], ids=["independent", "AR(1) 0.5"])
def test_coverage_is_within_two_points_of_what_is_promised(phi: float) -> None:
    found = coverage(10_000, phi, [50, 90, 99], runs=1_000, seed=2)
    assert all(abs(share - 0.95) <= 0.02 for share in found.values()), found


@pytest.mark.slow
def test_coverage_far_in_the_tail_is_within_two_points_of_what_is_promised() -> None:
    found = coverage(100_000, 0.0, [99.9], runs=1_000, seed=3)
    assert abs(found[99.9] - 0.95) <= 0.02, found
