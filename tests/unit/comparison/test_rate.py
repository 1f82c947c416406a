# SPDX-License-Identifier: Apache-2.0
"""How sure a rate is: answers of a Poisson process, regular ones, and those of shared arrivals."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.comparison.rate import RateOf
from loadgen.result import RunData

Make = Callable[..., RunData]
SERVER = lg.Server(target_qps=1000, target_latency_ms=None)


def answered(make_run: Make, at_ns: Any, **fields: Any) -> lg.Result:
    """A run whose samples are due and answered at once, at these instants."""
    instants = np.asarray(at_ns, np.int64).tolist()
    return lg.Result(make_run(SERVER, instants, instants, **fields))


def poisson(rng: np.random.Generator, n: int) -> Any:
    return np.cumsum(rng.exponential(1e6, n))


def half_width(run: lg.Result) -> float:
    """Of the interval of 95 % of the rate's logarithm."""
    bounds, _ = RateOf(run, run).bounds([0.95])
    return math.log(bounds.highs[0] / bounds.value)


@pytest.mark.parametrize("n", [1_000, 20_000])
def test_a_poisson_process_is_as_sure_as_its_count(make_run: Make, n: int) -> None:
    rng = np.random.default_rng(1)
    found = np.mean([half_width(answered(make_run, poisson(rng, n))) for _ in range(20)])
    assert found == pytest.approx(1.96 / math.sqrt(n), rel=0.15)


def test_answers_in_clusters_are_less_sure_than_their_count(make_run: Make) -> None:
    rng = np.random.default_rng(2)
    batches = np.repeat(poisson(rng, 1_000), 16)  # batches of 16 come by a Poisson process
    found = half_width(answered(make_run, batches))
    assert found == pytest.approx(1.96 / math.sqrt(1_000), rel=0.25)


def test_regular_answers_are_surer(make_run: Make) -> None:
    found = half_width(answered(make_run, 1_000_000 * np.arange(1, 5_001)))
    # A tenth of what a Poisson process has, and never surer than one answer.
    assert 1.95 / 5_000 <= found < 0.15 * 1.96 / math.sqrt(5_000)


def test_arrivals_that_both_runs_share_are_no_difference(make_run: Make) -> None:
    rng = np.random.default_rng(3)
    due = poisson(rng, 8_000)
    a, b = (answered(make_run, due + rng.uniform(0, 1e5, 8_000)) for _ in range(2))
    assert RateOf(a, b).correlation() > 0.9
    low, high = lg.compare(a, b, metrics="rate")["rate"].ratio_interval
    assert low < 1 < high < 1 + 0.4 * 1.96 * math.sqrt(2 / 8_000)
    other = answered(make_run, poisson(rng, 8_000))
    assert abs(RateOf(a, other).correlation()) < 0.15


def test_a_run_that_is_much_shorter_keeps_its_own_uncertainty(make_run: Make) -> None:
    rng = np.random.default_rng(4)
    long, short = (answered(make_run, poisson(rng, n)) for n in (50_000, 500))
    bounds = RateOf(long, short).bounds([0.95])[1]
    assert math.log(bounds.highs[0] / bounds.value) == pytest.approx(
        1.96 / math.sqrt(500), rel=0.35
    )
    assert abs(RateOf(long, short).correlation()) < 0.1


def test_failed_samples_are_no_answers(make_run: Make) -> None:
    at = 1_000_000 * np.arange(1, 201)
    status = [0] * 30 + [1] * 170
    few = answered(make_run, at, status=status)
    why = "A has 30 samples and needs 40; B has 30 samples and needs 40"
    assert RateOf(few, few).lacking(0.95) == why


def test_a_latency_that_is_reported_is_no_rate(make_run: Make) -> None:
    run = lg.Result(make_run(lg.SingleStream(), [0, 10], [5, 15]))
    why = "the headline of A is no rate; the headline of B is no rate"
    assert RateOf(run, run).lacking(0.95) == why


def test_answers_that_all_come_at_once_have_no_correlation(make_run: Make) -> None:
    run = answered(make_run, [0] * 1_000)
    assert RateOf(run, run).correlation() == 0.0
