# SPDX-License-Identifier: Apache-2.0
"""When a share is certain: ratios against numerical integration, error rates, clusters."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from loadgen.search.evidence import LEAST_SAMPLES, log_ratios, weigh

NEVER = np.iinfo(np.int64).max
LIMIT = 1_000


def flags(rng: np.random.Generator, n: int, share: float) -> np.ndarray:
    """Latencies of which a share is over the limit, each by itself."""
    return np.where(rng.random(n) < share, 2_000, rng.integers(1, 500, n))


def repeated(values: np.ndarray, times: int) -> np.ndarray:
    """The same, each so many times: so many neighbours say as much as one."""
    return np.repeat(values, times)


@pytest.mark.parametrize(
    ("n", "over", "allowed"), [(50, 0, 0.1), (50, 9, 0.1), (400, 2.5, 0.01), (400, 20.25, 0.01)]
)
def test_ratios_are_the_integrals_that_they_are_said_to_be(
    n: float, over: float, allowed: float
) -> None:
    def ratio(p: float) -> float:
        return math.exp(
            over * math.log(p / allowed) + (n - over) * math.log((1 - p) / (1 - allowed))
        )

    found_pass, found_fail = log_ratios(n, over, allowed)
    passes = integrate.quad(ratio, 1e-12, allowed)[0] / allowed
    assert found_pass == pytest.approx(math.log(passes), abs=1e-6)
    if over == 0:
        assert found_fail == -math.inf
        return
    scale = -math.log(allowed)
    fails = integrate.quad(lambda p: ratio(p) / p / scale, allowed, 1 - 1e-12, limit=200)[0]
    assert found_fail == pytest.approx(math.log(fails), abs=1e-6)


@pytest.mark.parametrize("share", [0.1, 0.11])
def test_a_share_that_is_not_allowed_passes_seldom_however_often_it_is_looked_at(
    share: float,
) -> None:
    error, n_runs = 0.05, 100
    wrong = 0
    for seed in range(n_runs):
        values = flags(np.random.default_rng(seed), 2_000, share)
        looks = (weigh(values[:n], LIMIT, 0.1).outcome(error) for n in range(100, 2_001, 190))
        wrong += "passes" in looks
    assert wrong <= stats.binom.ppf(0.99, n_runs, error)


def test_a_share_at_what_is_allowed_fails_seldom_however_often_it_is_looked_at() -> None:
    error, n_runs = 0.05, 100
    wrong = 0
    for seed in range(n_runs):
        values = flags(np.random.default_rng(seed), 2_000, 0.1)
        looks = (weigh(values[:n], LIMIT, 0.1).outcome(error) for n in range(100, 2_001, 190))
        wrong += "fails" in looks
    assert wrong <= stats.binom.ppf(0.99, n_runs, error)


def test_clear_cases_are_told_by_few_samples() -> None:
    rng = np.random.default_rng(1)
    assert weigh(flags(rng, 250, 0.0), LIMIT, 0.1).outcome(0.002) == "passes"
    assert weigh(flags(rng, 250, 0.5), LIMIT, 0.1).outcome(0.002) == "fails"
    assert weigh(flags(rng, 4_000, 0.001), LIMIT, 0.01).outcome(0.002) == "passes"


@pytest.mark.parametrize(("times", "low", "high"), [(1, 1.0, 3), (16, 12, 48), (64, 45, 192)])
def test_design_effect_is_how_many_neighbours_are_alike(
    times: int, low: float, high: float
) -> None:
    values = repeated(flags(np.random.default_rng(2), 40_000 // times, 0.1), times)
    assert low <= weigh(values, LIMIT, 0.1).design_effect <= high


def test_what_is_certain_of_independent_samples_is_not_of_so_many_alike() -> None:
    alike = repeated(flags(np.random.default_rng(3), 80, 0.0), 50)
    assert weigh(flags(np.random.default_rng(3), 4_000, 0.0), LIMIT, 0.01).outcome(0.01) == "passes"
    assert weigh(alike, LIMIT, 0.01).outcome(0.01) == "undecided"


def test_one_burst_is_not_a_missed_limit() -> None:
    values = np.full(2_000, 5)
    values[500:700] = 2_000
    found = weigh(values, LIMIT, 0.01)
    assert found.over == 200
    assert not found.spread
    assert found.outcome(0.01) == "undecided"


def test_a_queue_that_grows_fails_from_when_it_reaches_the_limit() -> None:
    growing = np.arange(0, 16_000, 8)
    assert weigh(growing[:120], LIMIT, 0.1).outcome(0.002) == "undecided"  # all below, still
    assert weigh(growing, LIMIT, 0.1).outcome(0.002) == "fails"


def test_a_queue_that_grows_does_not_pass_before_it_reaches_the_limit() -> None:
    assert weigh(np.arange(10_000), 20_000, 0.01).outcome(0.01) == "undecided"


def test_samples_without_an_answer_are_over_the_limit() -> None:
    found = weigh(np.full(500, NEVER), LIMIT, 0.1)
    assert (found.over, found.n) == (450, 450)  # a tenth is left out
    assert found.outcome(0.002) == "fails"


@pytest.mark.parametrize("n", [0, 1, 10, LEAST_SAMPLES - 2])
def test_few_samples_say_nothing(n: int) -> None:
    assert weigh(np.full(n, NEVER), LIMIT, 0.5).outcome(0.3) == "undecided"
    assert weigh(np.full(n, 5), LIMIT, 0.5).outcome(0.3) == "undecided"


def test_identical_latencies_at_the_limit_are_not_over_it() -> None:
    assert weigh(np.full(1_000, LIMIT), LIMIT, 0.01).outcome(0.01) == "passes"
