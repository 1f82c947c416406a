# SPDX-License-Identifier: Apache-2.0
"""What samples that depend on each other are worth: closed forms, and series of known worth."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import signal, stats

from loadgen.errors import LoadGenError
from loadgen.metrics.columns import Columns
from loadgen.metrics.dependence import (
    block_counts,
    indicator_sums,
    long_run_variance,
    variance_inflation,
)
from loadgen.metrics.histogram import Histogram
from loadgen.metrics.latency import Distribution


def columns(values: Any, status: Any = None) -> Columns:
    start = np.arange(len(values), dtype=np.int64) * 1000
    marks = None if status is None else np.asarray(status, np.uint8)
    return Columns(start + np.asarray(values, np.int64), start, marks)


def autoregressive(rng: np.random.Generator, n: int, phi: float) -> npt.NDArray[np.float64]:
    """A Gaussian AR(1) process of variance 1."""
    noise = rng.standard_normal(n + 500)
    return signal.lfilter([np.sqrt(1 - phi * phi)], [1, -phi], noise)[500:]


def true_inflation(fraction: float, phi: float) -> float:
    """By the bivariate normal: cov(I_0, I_k) = P(both below) - p^2."""
    at = stats.norm.ppf(fraction)
    both = [
        stats.multivariate_normal([0, 0], [[1, phi**k], [phi**k, 1]]).cdf([at, at])
        for k in range(1, 60)
    ]
    return 1 + 2 * sum(np.array(both) - fraction**2) / (fraction * (1 - fraction))


def test_blocks_are_counted_without_rows_that_do_not_count() -> None:
    below, counted = block_counts(columns([5, 9, 5, 9, 5], [0, 0, 1, 0, 0]), 5, 2)
    assert (below.tolist(), counted.tolist()) == ([1, 0, 1], [2, 1, 1])


@pytest.mark.parametrize("block_rows", [1, 7, 4096, 100_000, 300_000])
def test_blocks_of_any_size_are_counted_across_chunks(block_rows: int) -> None:
    values = np.random.default_rng(1).integers(0, 100, 200_001)
    below, counted = block_counts(columns(values), 49, block_rows)
    parts = np.array_split(values, range(block_rows, len(values), block_rows))
    assert below.tolist() == [int((part <= 49).sum()) for part in parts]
    assert counted.tolist() == [len(part) for part in parts]


def test_block_sums_are_deviations_and_sum_to_nothing() -> None:
    found = indicator_sums(columns([1] * 30 + [9] * 90), 5, 40)
    assert found is not None
    assert found.sums.tolist() == [20, -10, -10]
    assert found.independent == 120 * 0.25 * 0.75


@pytest.mark.parametrize("n_above", [0, 19])
def test_nothing_is_said_where_too_few_are_on_one_side(n_above: int) -> None:
    assert variance_inflation(columns([1] * 100 + [9] * n_above), 5) is None


def test_the_long_run_variance_of_a_moving_average_is_that_of_its_sum() -> None:
    # x_i = e_i + e_(i-1): the sum of n values is about twice that of n shocks, so 4 times as wide.
    noise = np.random.default_rng(2).standard_normal(100_001)
    assert long_run_variance(noise[1:] + noise[:-1]) == pytest.approx(4, rel=0.08)


def test_values_that_balance_each_other_have_none() -> None:
    assert long_run_variance(np.tile([1.0, -1.0], 500)) < 0.01
    assert variance_inflation(columns(np.tile([1, 9], 500)), 5) == 1.0


@pytest.mark.parametrize("fraction", [0.5, 0.9, 0.99])
@pytest.mark.parametrize(("phi", "tolerance"), [(0.5, 0.06), (0.9, 0.13)])
def test_inflation_of_an_autoregressive_process_is_the_closed_form(
    fraction: float, phi: float, tolerance: float
) -> None:
    rng = np.random.default_rng(3)
    limit = int(1e6 * np.exp(stats.norm.ppf(fraction)))
    found = [
        variance_inflation(columns(1e6 * np.exp(autoregressive(rng, 50_000, phi))), limit)
        for _ in range(20)
    ]
    assert np.mean(np.array(found, float)) == pytest.approx(
        true_inflation(fraction, phi), rel=tolerance
    )


def test_independent_samples_lose_hardly_anything() -> None:
    rng = np.random.default_rng(4)
    sizes = [
        Distribution(columns(rng.exponential(1e6, 10_000))).effective_size(90) for _ in "x" * 40
    ]
    assert max(sizes) <= 10_000
    assert np.mean(sizes) > 9_200


def test_a_slow_disturbance_below_much_noise_is_found() -> None:
    # Of each stall of 200 samples, one in ten is slow: neighbours are never both slow. Stalls come
    # by a Poisson process: the number of slow samples has 20 times the variance of a Poisson one.
    rng = np.random.default_rng(5)
    slow = np.zeros(100_000, bool)
    for at in np.flatnonzero(rng.random(99_800) < 5e-4):
        slow[at : at + 200 : 10] = True
    values = np.where(slow, 9_000, 1_000)
    found = variance_inflation(columns(values), 5_000)
    assert found is not None
    assert 10 < found < 40


def test_more_rows_than_blocks_give_the_same_figure() -> None:
    rng = np.random.default_rng(6)
    found = variance_inflation(columns(1e6 * np.exp(autoregressive(rng, 1_000_000, 0.5))), 10**6)
    assert found == pytest.approx(true_inflation(0.5, 0.5), rel=0.05)


def test_a_run_that_only_gets_slower_is_worth_next_to_nothing() -> None:
    latency = Distribution(columns(np.arange(10_000)))
    assert latency.effective_size(50) < 10
    assert latency.interval(99).high_ns is None
    more = latency.more_for(99)
    assert more is not None
    assert more > 10_000


@pytest.mark.parametrize("values", [[5], range(10), [7] * 1_000, range(40)])
def test_few_or_equal_samples_are_worth_their_number(values: Any) -> None:
    latency = Distribution(columns(values))
    assert [latency.effective_size(p) for p in (0, 50, 99, 100)] == [len(values)] * 4


def test_a_tie_at_the_top_is_judged_by_what_is_below_it() -> None:
    # Nothing is above the 99th percentile, and the rest comes in runs of 8.
    fast = np.repeat(np.random.default_rng(7).random(1_250) < 0.2, 8)
    latency = Distribution(columns(np.where(fast, 10, 50)))
    assert latency.effective_size(99) == pytest.approx(1_250, rel=0.25)


def test_the_tail_is_judged_by_the_highest_percentile_with_twenty_samples_beyond() -> None:
    rng = np.random.default_rng(8)
    latency = Distribution(columns(np.repeat(rng.exponential(1e6, 500), 4)))
    assert latency.effective_size(99.9) == latency.effective_size(98.98)
    assert latency.effective_size(99.9) == pytest.approx(500, rel=0.35)


def test_failed_samples_are_in_no_count() -> None:
    rng = np.random.default_rng(9)
    values, status = rng.exponential(1e6, 5_000), rng.integers(0, 2, 5_000)
    latency = Distribution(columns(values, status))
    assert 0.85 * latency.count < latency.effective_size(50) <= latency.count
    assert Distribution(columns(values, np.ones(5_000))).more_for(50) == 6
    with pytest.raises(LoadGenError, match="no completed samples"):
        Distribution(columns(values, np.ones(5_000))).effective_size(50)


def test_counted_values_have_no_order_and_are_taken_for_independent() -> None:
    ones = np.ones(1_000, np.int64)
    values = np.arange(1_000, dtype=np.int64)
    latency = Distribution(Histogram(values, values, ones, sum=499_500, min=0, max=999))
    assert latency.effective_size(50) == 1_000
    assert latency.columns is None


@pytest.mark.parametrize("phi", [0.0, 0.8])
def test_so_many_more_samples_as_are_told_give_both_ends(phi: float) -> None:
    values = 1e6 * np.exp(autoregressive(np.random.default_rng(10), 2_000, phi))
    latency = Distribution(columns(values))
    more = latency.more_for(99.9)
    assert more is not None
    worth = latency.effective_size(99.9)
    assert 3_688 * 2_000 / worth == pytest.approx(2_000 + more, abs=1)
    assert None in latency.interval(99.9)
    assert latency.more_for(90) == 0
    assert None not in latency.interval(90)


def test_no_number_of_samples_bounds_the_extremes() -> None:
    latency = Distribution(columns([5, 6]))
    assert (latency.more_for(0), latency.more_for(100)) == (None, None)
