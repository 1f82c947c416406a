# SPDX-License-Identifier: Apache-2.0
"""Thinned rows keep their extremes, and every figure of a column is that of all its values."""

import numpy as np
import pytest

from loadgen.metrics.columns import Columns
from loadgen.metrics.histogram import Histogram
from loadgen.metrics.latency import Distribution
from loadgen.report.html.thinning import STEP, buckets, counts_over_time, spread, tail, tail_ranks

N = 5_000


def rows(ordered: bool) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    at = rng.integers(0, 3_600, N)
    return np.sort(at) if ordered else at, rng.lognormal(10, 2, N).astype(np.int64)


@pytest.mark.parametrize("ordered", [True, False], ids=["ordered", "out of order"])
def test_each_column_has_the_smallest_and_the_largest_of_its_values(ordered: bool) -> None:
    at, values = rows(ordered)
    strokes, _ = spread(at, values, 10)
    for start_s, low, high in zip(*strokes, strict=True):
        inside = values[at // 10 == round(start_s * 1e9) // 10]
        assert (low, high) == (inside.min(), inside.max())
    assert strokes.low.min() == values.min()
    assert strokes.high.max() == values.max()


@pytest.mark.parametrize("ordered", [True, False], ids=["ordered", "out of order"])
def test_each_step_has_the_percentiles_of_all_its_values(ordered: bool) -> None:
    at, values = rows(ordered)
    _, steps = spread(at, values, 10)
    assert steps.n_values.sum() == N
    for start_s, n, low, p50, p99, high in zip(*steps, strict=True):
        inside = np.sort(values[at // (10 * STEP) == round(start_s * 1e9) // (10 * STEP)])
        assert n == len(inside)
        assert (low, high) == (inside[0], inside[-1])
        assert (p50, p99) == (inside[n * 50 // 100], inside[min(n * 99 // 100, n - 1)])


def test_columns_without_values_are_left_out() -> None:
    strokes, steps = spread(np.array([3, 250]), np.array([5, 6]), 10)
    assert strokes.at_s.tolist() == [0.0, 250e-9]
    assert steps.at_s.tolist() == [0.0, 240e-9]


def test_instants_are_counted_where_they_are_and_late_ones_at_the_end() -> None:
    at = np.array([100, 109, 110, 139, 999])
    assert counts_over_time(at, 100, 10, 4).tolist() == [2, 1, 0, 2]
    odd = counts_over_time(at, 100, 10, 4, lambda part: at[part] % 2 == 1)
    assert odd.tolist() == [1, 0, 0, 2]


def test_a_histogram_counts_each_value_once_between_its_edges() -> None:
    values = rows(ordered=True)[1]
    found = buckets(values)
    assert found.counts.tolist() == np.histogram(values, found.edges)[0].tolist()
    assert found.counts.sum() == N
    assert found.edges[0] <= values.min()
    assert found.edges[-1] > values.max()


@pytest.mark.parametrize("value", [0, 1, 10**9])
def test_equal_values_are_in_one_range(value: int) -> None:
    found = buckets(np.full(10, value))
    assert found.counts.tolist() == [10]


def test_counted_values_are_shown_where_their_buckets_are() -> None:
    smallest, largest = np.array([10, 1_000]), np.array([19, 1_099])
    counted = Histogram(smallest, largest, np.array([3, 4]), 0, 12, 1_080)
    found = buckets(counted)
    assert found.counts.sum() == 7
    assert found.counts[found.edges[:-1] < 100].sum() == 3


def test_the_tail_curve_ends_with_the_maximum_and_begins_with_the_minimum() -> None:
    values = rows(ordered=True)[1]
    found = tail(Distribution(Columns(values, np.zeros(N, np.int64), None)))
    assert (found.value[0], found.value[-1]) == (values.min(), values.max())
    assert found.beyond[0] == 1.0
    assert found.beyond[-1] == pytest.approx(1 / N)
    assert (np.sort(values)[tail_ranks(N)] == found.value).all()


@pytest.mark.parametrize("n", [1, 2, 3, 10, 459, 10**7])
def test_the_ranks_of_a_curve_are_few_and_those_of_the_list(n: int) -> None:
    ranks = tail_ranks(n)
    assert ranks[0] == 0
    assert ranks[-1] == n - 1
    assert ranks == sorted(set(ranks))
    assert len(ranks) <= 241
