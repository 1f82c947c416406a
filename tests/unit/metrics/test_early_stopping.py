# SPDX-License-Identifier: Apache-2.0
"""Early stopping: the official integers, and SciPy as a second opinion on the mathematics."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from loadgen.metrics import early_stopping
from loadgen.metrics.early_stopping import (
    estimate_rank_from_top,
    least_queries,
    overlatency_probability,
    queries_needed,
    under_limit_needed,
)

# MLPerf LoadGen 6.0, by running it; confirmed by summing the binomial distribution.
HMIN = {
    0.50: [7, 10, 12, 14, 15, 17, 19, 20, 22, 24, 25],
    0.90: [44, 63, 79, 94, 109, 122, 136, 149, 162, 174, 187],
    0.95: [90, 129, 163, 195, 225, 254, 282, 309, 336, 362, 388],
    0.97: [152, 218, 275, 329, 379, 428, 476, 522, 568, 613, 657],
    0.99: [459, 661, 836, 998, 1153, 1302, 1447, 1589, 1728, 1865, 2000],
    0.999: [4603, 6635, 8401, 10039, 11597, 13100, 14561, 15989, 17390, 18770, 20130],
}


def golden(checkout: Path) -> list[dict[str, Any]]:
    text = (checkout / "tests/data/sample_streams.json").read_text(encoding="utf-8")
    cases: list[dict[str, Any]] = json.loads(text)["early_stopping"]
    return cases


@pytest.mark.parametrize("p", HMIN)
def test_hmin_is_the_official_one(p: float) -> None:
    assert [under_limit_needed(t, p) for t in range(11)] == HMIN[p]


def test_every_recorded_run_is_judged_as_it_was(checkout: Path) -> None:
    cases = golden(checkout)
    assert len(cases) > 30
    for case in cases:
        n, p = case["queries"], case["percentile"]
        if case["scenario"] == "Server":
            needed = queries_needed(case["overlatency"], p)
            assert needed is not None
            assert (n >= needed) == case["early_stopping_met"], case
            assert max(needed - n, 0) == case["more_queries"], case
            assert case["required_total"] in {None, needed}, case
            continue
        assert least_queries(p) == case["min_queries"], case
        rank = estimate_rank_from_top(n, p)
        assert rank == case.get("estimate_rank_from_top"), case
        assert (rank is not None) == case["early_stopping_met"], case
        if "p99_estimate_rank_from_top" in case:
            assert estimate_rank_from_top(n, 0.99) == case["p99_estimate_rank_from_top"]
        if "p99_min_queries" in case:
            assert least_queries(0.99) == case["p99_min_queries"]


@given(
    st.integers(2, 10**8),
    st.sampled_from([0.5, 0.9, 0.95, 0.97, 0.99, 0.999, 0.9999]),
    st.floats(-8, 8),
)
def test_the_probability_is_the_incomplete_beta_function(
    n: int, p: float, deviations: float
) -> None:
    mean, spread = n * (1 - p), math.sqrt(n * p * (1 - p))
    t = min(max(round(mean + deviations * spread), 0), n - 1)
    assert overlatency_probability(n - t, t, p) == pytest.approx(
        special.betainc(n - t, t + 1, p), rel=1e-9, abs=1e-300
    )


@given(st.integers(0, 3000), st.sampled_from([0.5, 0.9, 0.99, 0.999]))
def test_hmin_is_the_smallest_that_is_sure_enough(t: int, p: float) -> None:
    h = under_limit_needed(t, p)
    assert h is not None
    assert special.betainc(h, t + 1, p) < 1 - 0.99
    assert h == 1 or special.betainc(h - 1, t + 1, p) >= 1 - 0.99


@given(st.integers(1, 10**6), st.sampled_from([0.5, 0.9, 0.99, 0.999]))
def test_the_rank_is_the_largest_that_is_sure_enough(n: int, p: float) -> None:
    least = least_queries(p)
    assert least is not None
    rank = estimate_rank_from_top(n, p)
    assert (rank is None) == (n < least)
    if rank is not None:
        needed, next_needed = queries_needed(rank, p), queries_needed(rank + 1, p)
        assert needed is not None
        assert next_needed is not None
        assert needed <= n < next_needed


@pytest.mark.parametrize(("n", "rank"), [(270_336, 2583), (10**7, 99_268), (10**8, 997_685)])
def test_long_runs_are_judged_too(n: int, rank: int) -> None:
    assert estimate_rank_from_top(n, 0.99) == rank
    # Two different evaluations meet: t is enough, and one more would not be.
    assert (
        special.betainc(n - rank, rank + 1, 0.99)
        < 1 - 0.99
        <= special.betainc(n - rank - 1, rank + 2, 0.99)
    )


@pytest.mark.parametrize("n", [2_000, 6_001, 24_576, 270_336])
@pytest.mark.parametrize("p", [0.9, 0.97, 0.99])
def test_the_rank_is_found_by_few_probabilities(
    n: int, p: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def counted(h: int, t: int, p: float) -> float:
        asked.append(t)
        return overlatency_probability(h, t, p)

    monkeypatch.setattr(early_stopping, "overlatency_probability", counted)
    rank = estimate_rank_from_top(n, p)
    assert rank is not None
    assert {1, rank, rank + 1} <= set(asked)
    assert len(asked) <= 4


@pytest.mark.parametrize("n", [10**6, 10**7, 10**8])
@pytest.mark.parametrize("p", [0.5, 0.9, 0.95, 0.97, 0.99, 0.999, 0.9999])
def test_the_rank_is_the_exact_binomial_s(n: int, p: float) -> None:
    rank = estimate_rank_from_top(n, p)
    assert rank is not None
    at_most, at_most_one_more = stats.binom.cdf([rank, rank + 1], n, 1 - p)
    assert at_most < 1 - 0.99 <= at_most_one_more


def test_no_number_of_queries_shows_the_maximum() -> None:
    assert under_limit_needed(0, 1.0) is None
    assert queries_needed(0, 1.0) is None
    assert estimate_rank_from_top(10**6, 1.0) is None


def test_the_minimum_is_shown_at_once() -> None:
    assert under_limit_needed(3, 0.0) == 1
    assert overlatency_probability(0, 3, 0.5) == 1.0
