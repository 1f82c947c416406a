# SPDX-License-Identifier: Apache-2.0
"""Percentiles, mean and extremes: MLPerf's rules, exact."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.errors import LoadGenError, SettingsError
from loadgen.metrics.columns import Columns, query_columns
from loadgen.metrics.latency import Distribution, percentile_fraction, percentile_rank

PERCENTILES = [0, 1, 50, 90, 95, 97, 99, 99.9, 99.99, 100]


def distribution(values: Sequence[int], status: Sequence[int] | None = None) -> Distribution:
    start = np.arange(len(values), dtype=np.int64) * 1000
    marks = None if status is None else np.array(status, dtype=np.uint8)
    return Distribution(Columns(start + np.array(values, dtype=np.int64), start, marks))


@pytest.mark.parametrize(
    ("percentile", "n", "rank"),
    [
        (90, 100, 90),  # the 91st smallest
        (99, 100, 99),  # the largest
        (100, 100, 99),  # one past the end, held back
        (0, 100, 0),
        (50, 1, 0),
        (50, 2, 1),
        (99.9, 1000, 999),
        (99.9, 10_000, 9990),
        (99.99, 10_000, 9999),  # in binary 99.99 / 100 * 10,000 is 9,998.999...
        (97, 100, 97),
        (99, 10_000_000, 9_900_000),
    ],
)
def test_the_rank_is_the_truncated_product(percentile: float, n: int, rank: int) -> None:
    assert percentile_rank(percentile, n) == rank


def test_a_percentile_is_divided_in_decimal() -> None:
    shown = {p: percentile_fraction(p) for p in (50, 90, 97.0, 99.9, 99.99, 100)}
    assert shown == {50: 0.5, 90: 0.9, 97.0: 0.97, 99.9: 0.999, 99.99: 0.9999, 100: 1.0}
    assert percentile_fraction(np.float64(99.99)) == 0.9999


@given(st.integers(100, 10_000), st.integers(1, 10**8))
def test_the_rank_is_at_most_one_below_exact_arithmetic(hundredths: int, n: int) -> None:
    rank = percentile_rank(hundredths / 100, n)
    exact = min(int(n * Fraction(hundredths, 10_000)), n - 1)
    assert exact - 1 <= rank <= exact


@pytest.mark.parametrize(
    ("percentile", "meant"),
    [(0.99, "did you mean 99?"), (0.999, "did you mean 99.9?"), (0.5, "did you mean 50?")],
)
def test_a_fraction_is_refused_with_the_percentile_that_was_meant(
    percentile: float, meant: str
) -> None:
    with pytest.raises(SettingsError) as error:
        distribution([1, 2]).percentile(percentile)
    assert str(error.value).startswith(f"percentile = {percentile}: needs a percentile in [0, 100]")
    assert meant in str(error.value)


@pytest.mark.parametrize("percentile", [-1, 100.5, float("nan"), True, "99", None])
def test_what_is_no_percentile_is_refused(percentile: Any) -> None:
    with pytest.raises(ValueError, match=r"^percentile = .*needs a percentile in \[0, 100\]$"):
        distribution([1, 2]).percentile(percentile)


def test_figures_of_a_literal_list() -> None:
    latency = distribution([40, 10, 30, 20])
    assert latency.percentiles([0, 25, 50, 75, 100, 50]) == [10, 20, 30, 40, 40, 30]
    assert (latency.min, latency.max, latency.mean, latency.sum) == (10, 40, 25, 100)
    assert (latency.count, len(latency), bool(latency)) == (4, 4, True)


def test_only_completed_samples_count() -> None:
    latency = distribution([40, 10, 30, -20], status=[1, 0, 0, 2])
    assert (latency.count, latency.min, latency.max, latency.mean) == (2, 10, 30, 20)
    assert latency.percentile(100) == 30


@pytest.mark.parametrize(
    ("values", "mean"), [([1, 2], 1), ([-1, -2], -1), ([-3, 0], -1), ([2**62, 2**62, 2**62], 2**62)]
)
def test_the_mean_is_truncated_towards_zero_and_exact(values: list[int], mean: int) -> None:
    assert distribution(values).mean == mean


@pytest.mark.parametrize("figure", ["min", "max", "mean"])
def test_a_figure_of_no_samples_is_an_error_and_not_a_number(figure: str) -> None:
    with pytest.raises(LoadGenError, match="there is no latency: no completed samples"):
        getattr(distribution([5], status=[1]), figure)


def test_a_percentile_of_no_samples_is_an_error_and_not_a_number() -> None:
    empty = Distribution(Columns(*[np.zeros(0, np.int64)] * 2, None), name="issue delay")
    with pytest.raises(LoadGenError, match="there is no issue delay: no completed samples"):
        empty.percentile(99)
    with pytest.raises(LoadGenError, match="there is no percentile of an empty list"):
        percentile_rank(99, 0)
    assert (len(empty), bool(empty), empty.sum) == (0, False, 0)


@given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=300), st.data())
def test_percentiles_are_elements_of_the_sorted_list(values: list[int], data: Any) -> None:
    status = data.draw(st.lists(st.integers(0, 2), min_size=len(values), max_size=len(values)))
    kept = sorted(value for value, mark in zip(values, status, strict=True) if mark == 0)
    latency = distribution(values, status)
    assert latency.count == len(kept)
    if kept:
        expected = [kept[percentile_rank(p, len(kept))] for p in PERCENTILES]
        assert latency.percentiles(PERCENTILES) == expected
        assert latency.mean == int(Fraction(sum(kept), len(kept)))


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=200))
def test_percentiles_are_those_of_a_sort_by_numpy(values: list[int]) -> None:
    ordered = np.sort(values)
    for percentile, fraction in ((1, 0.01), (50, 0.5), (90, 0.9), (99, 0.99), (99.9, 0.999)):
        element = ordered[min(math.trunc(len(values) * fraction), len(values) - 1)]
        assert distribution(values).percentile(percentile) == element


def test_columns_may_be_constant_and_are_made_when_asked_for() -> None:
    made = []

    def columns() -> Columns:
        made.append(1)
        start = np.broadcast_to(np.int64(7), (3,))
        return Columns(np.array([8, 9, 10]), start, None)

    latency = Distribution(columns)
    assert made == []
    assert (latency.percentile(100), latency.min, latency.percentiles([0, 100])) == (3, 1, [1, 3])
    assert made == [1]


def test_values_above_a_limit_are_counted_without_those_that_equal_it() -> None:
    latency = distribution([10, 20, 30, 40], status=[0, 0, 0, 1])
    assert [latency.count_above(limit) for limit in (0, 10, 20, 30)] == [3, 2, 1, 0]


def test_values_above_a_limit_are_counted_across_chunks() -> None:
    assert distribution(list(range(200_000))).count_above(99_999) == 100_000


def test_a_query_ends_with_its_last_sample_and_fails_with_any() -> None:
    columns = Columns(
        end=np.array([13, 19, 25, 22, 34, 31, 99]),
        start=np.array([10, 10, 20, 20, 30, 30, 40]),
        status=np.array([0, 0, 0, 0, 0, 1, 0], dtype=np.uint8),
    )
    queries = query_columns(columns, 2)
    assert queries.end.tolist() == [19, 25, 34]
    assert queries.start.tolist() == [10, 20, 30]
    assert queries.status is not None
    assert queries.status.tolist() == [0, 0, 1]
    assert Distribution(queries).percentiles([0, 100]) == [5, 9]


@given(st.integers(1, 9), st.integers(0, 40))
def test_queries_are_the_same_whatever_their_number(samples_per_query: int, n_rows: int) -> None:
    end = np.arange(n_rows, dtype=np.int64) * 7 % 11
    queries = query_columns(Columns(end, np.zeros(n_rows, np.int64), None), samples_per_query)
    whole = end[: n_rows // samples_per_query * samples_per_query]
    assert queries.end.tolist() == [int(q.max()) for q in whole.reshape(-1, samples_per_query)]
    assert queries.status is None


def test_a_repr_is_no_wall_of_numbers() -> None:
    assert repr(distribution([1, 2, 3])) == "<latency of 3 samples, ns>"
