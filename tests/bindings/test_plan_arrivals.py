# SPDX-License-Identifier: Apache-2.0
"""Arrivals of Server plans against exact fractions and the distributions of SciPy."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from loadgen import _core

# Below this level a test of a fixed seed would be called a coincidence once in ten thousand seeds.
LEVEL = 1e-4


def due(n: int, **fields: Any) -> NDArray[np.int64]:
    loaded = _core.loadable_sets(
        count=8, total=8, performance_sample_count=8, padding=0, qsl_seed=0
    )[0]
    settings = _core.PlanSettings(scenario="server", min_query_count=n, **fields)
    return _core.TrafficPlan(settings, loaded).draw(n, n)[0]


@given(qps=st.floats(1e-3, 1e9), n=st.integers(1, 300))
@example(qps=3.0, n=300)
@example(qps=1e9 / 3, n=300)
@example(qps=1e10, n=300)
@example(qps=2.0**-32, n=2)
def test_constant_arrivals_are_the_floor_of_the_exact_instant(qps: float, n: int) -> None:
    expected = [10**9 * k // Fraction(qps) for k in range(n)]
    assert due(n, arrivals="constant", target_qps=qps).tolist() == expected


def test_constant_arrivals_do_not_drift() -> None:
    at = due(1_000_001, arrivals="constant", target_qps=333.0)
    assert at[-1] == 1_000_000 * 10**9 // 333


@given(at=st.lists(st.integers(0, 2**62), min_size=1, max_size=50).map(sorted))
def test_replayed_arrivals_are_the_given_instants(at: list[int]) -> None:
    trace = np.array(at, dtype=np.int64)
    assert due(len(at), arrivals="replay", timestamps_ns=trace).tolist() == at


def test_replayed_instants_may_lie_apart_in_memory() -> None:
    trace = np.arange(20)[::2]
    assert due(10, arrivals="replay", timestamps_ns=trace).tolist() == list(range(0, 20, 2))


@pytest.mark.parametrize("seed", [0, 1, 2**40 + 1])
def test_poisson_gaps_are_exponential(seed: int) -> None:
    gaps = np.diff(due(20_001, target_qps=1_000.0, schedule_seed=seed)) / 1e9
    assert stats.kstest(gaps, stats.expon(scale=1e-3).cdf).pvalue > LEVEL


@pytest.mark.parametrize("shape", [0.3, 0.5, 0.99, 1.0, 1.5, 4.0, 100.0])
def test_gamma_gaps_have_the_shape_asked_for(shape: float) -> None:
    gaps = np.diff(due(20_001, arrivals="gamma", burstiness=shape, target_qps=1.0)) / 1e9
    assert stats.kstest(gaps, stats.gamma(shape, scale=1 / shape).cdf).pvalue > LEVEL


@pytest.mark.parametrize("shape", [0.25, 1.0, 8.0])
def test_gamma_gaps_keep_the_rate_and_have_variance_one_over_shape(shape: float) -> None:
    n, qps = 200_000, 500.0
    gaps = np.diff(due(n + 1, arrivals="gamma", burstiness=shape, target_qps=qps)) * (qps / 1e9)
    error_of_mean = (1 / shape / n) ** 0.5
    kurtosis = 6 / shape
    error_of_variance = ((kurtosis + 2) / n) ** 0.5 / shape
    assert abs(gaps.mean() - 1) < 4 * error_of_mean
    assert abs(gaps.var() - 1 / shape) < 4 * error_of_variance


def test_successive_gamma_gaps_do_not_depend_on_each_other() -> None:
    gaps = np.diff(due(50_001, arrivals="gamma", burstiness=2.0, target_qps=1_000.0))
    for lag in (1, 2, 3):
        assert stats.spearmanr(gaps[:-lag], gaps[lag:]).pvalue > LEVEL


def test_schedule_and_samples_have_seeds_of_their_own() -> None:
    first = due(100, schedule_seed=1, sample_index_seed=1)
    assert np.array_equal(first, due(100, schedule_seed=1, sample_index_seed=2))
    assert not np.array_equal(first, due(100, schedule_seed=2, sample_index_seed=1))


@pytest.mark.parametrize("arrivals", ["poisson", "gamma"])
def test_arrivals_far_in_the_future_stay_inside_64_bits(arrivals: str) -> None:
    at = due(1_000, arrivals=arrivals, target_qps=2.0**-32)
    assert at[-1] == 2**62
    assert (np.diff(at) >= 0).all()


def time_change(seed: int, qps: float, pieces: list[tuple[float, float, float]]) -> Any:
    """Return instants in s: the integrated rate, found by bisection, of a unit-rate process."""
    raw = np.random.RandomState(seed)._bit_generator.random_raw(2 * 3_000)
    u01 = (raw[0::2].astype(float) + raw[1::2].astype(float) * 2.0**32) / 2.0**64
    arrived = np.concatenate([[0.0], np.cumsum(-np.log(1.0 - u01))])

    def integrated(at: NDArray[np.float64]) -> NDArray[np.float64]:
        total, begin = np.zeros_like(at), 0.0
        for start, stop, lasts in pieces:
            within = np.clip(at - begin, 0, lasts)
            total += qps * (start * within + (stop - start) * within**2 / (2 * lasts))
            begin += lasts
        return total + qps * pieces[-1][1] * np.maximum(at - begin, 0)

    low, high = np.zeros_like(arrived), np.full_like(arrived, 1e4)
    for _ in range(100):
        middle = (low + high) / 2
        below = integrated(middle) < arrived
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return high


@pytest.mark.parametrize(
    "pieces",
    [
        [(1.0, 1.0, 1.0)],
        [(1.0, 1.0, 2.0), (4.0, 4.0, 1.0), (0.5, 0.5, 3.0)],
        [(1.0, 1.0, 2.0), (0.0, 0.0, 5.0), (2.0, 2.0, 1.0)],
        [(0.0, 5.0, 4.0)],
        [(5.0, 0.25, 3.0)],
        [(2.0, 0.0, 1.0), (0.0, 2.0, 1.0)],
    ],
)
def test_varying_arrivals_are_a_time_change_of_a_poisson_process(
    pieces: list[tuple[float, float, float]],
) -> None:
    rate = [(start, stop, round(lasts * 1e9)) for start, stop, lasts in pieces]
    at = due(3_001, arrivals="varying", target_qps=200.0, rate=rate, schedule_seed=11) / 1e9
    expected = time_change(11, 200.0, pieces)
    assert np.abs(at - expected).max() < 2e-9  # where the rate is 0, bisection may stop anywhere


def test_varying_arrivals_are_as_many_in_each_part_as_the_rate_says() -> None:
    rate = [(1.0, 1.0, 10 * 10**9), (0.0, 0.0, 10**9), (0.0, 3.0, 20 * 10**9)]
    at = due(60_000, arrivals="varying", target_qps=1_000.0, rate=rate, schedule_seed=3) / 1e9
    counts, _ = np.histogram(at, bins=[0, 5, 10, 11, 21, 31, 36])
    # 1000/s; the pause; 0 to 1500/s, 1500 to 3000/s, 3000/s.
    expected = np.array([5_000, 5_000, 0, 7_500, 22_500, 15_000])
    assert counts[2] == 0
    assert (np.abs(counts - expected) <= 4 * np.sqrt(expected)).all()
    rest = at[at > 31]
    assert stats.kstest(np.diff(rest), stats.expon(scale=1 / 3_000).cdf).pvalue > LEVEL


@given(
    rate=st.lists(
        st.tuples(st.floats(0, 100), st.floats(0, 100), st.integers(1, 10**10)),
        min_size=1,
        max_size=5,
    ),
    qps=st.floats(1e-3, 1e7),
)
def test_varying_arrivals_never_go_back(rate: list[tuple[float, float, int]], qps: float) -> None:
    rate = [*rate, (1.0, 1.0, 1)]
    at = due(300, arrivals="varying", target_qps=qps, rate=rate)
    assert at[0] >= 0
    assert (np.diff(at) >= 0).all()
