# SPDX-License-Identifier: Apache-2.0
"""`find_peak` on systems whose capacity is known in closed form; simulated time."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

import loadgen as lg
from loadgen.search.evidence import weigh
from loadgen.search.narrowing import Range, bracket
from loadgen.search.probe import Probe
from loadgen.testing import BatchingServer, ExponentialSUT, FixedSUT, VirtualClock


def find(sut: Any, scenario: lg.Scenario, **fields: Any) -> lg.search.PeakResult:
    return lg.find_peak(sut, 100, scenario, clock=VirtualClock(), progress=False, **fields)


def seeds(number: int) -> lg.Seeds:
    return lg.Seeds(schedule=1_000 * number)


@pytest.mark.parametrize(("servers", "limit_ms", "truth"), [(4, 15, 4), (4, 25, 8), (1, 10, 1)])
def test_fixed_times_of_k_servers_hold_k_outstanding_per_round(
    servers: int, limit_ms: float, truth: int
) -> None:
    """Of c outstanding each waits for ceil(c / k) rounds of 10 ms."""
    sut = FixedSUT(latency_ns=10_000_000, servers=servers)
    found = find(sut, lg.Concurrent(1, target_latency_ms=limit_ms), min_duration_s=5)
    assert (found.peak, found.bracket, found.confirmed) == (truth, (truth, truth + 1), True)


def test_even_arrivals_at_one_server_keep_every_rate_up_to_its_own() -> None:
    """D/D/1: nothing waits up to 1,000 queries/s, and the queue grows above."""
    steady = lg.Server(70, target_latency_ms=5, arrivals=lg.Constant())
    found = find(FixedSUT(latency_ns=1_000_000, servers=1), steady, min_duration_s=60)
    low, high = found.bracket
    assert low is not None
    assert high is not None
    assert low <= 1_000 <= high
    assert found.peak == pytest.approx(1_000, rel=0.03)
    assert found.confirmed


def test_batches_of_even_arrivals_hold_what_a_full_batch_does() -> None:
    """Batches of up to 8 take 8 ms: no more than 1,000 samples/s, whatever the limit."""
    server = BatchingServer(max_batch=8, max_wait_ns=0, batch_ns=8_000_000)
    steady = lg.Server(400, target_latency_ms=40, arrivals=lg.Constant())
    found = find(server, steady, min_duration_s=60)
    assert found.peak == pytest.approx(1_000, rel=0.03)
    assert found.bracket[1] == pytest.approx(1_000, rel=0.03)


def test_exponential_times_at_one_server(capacity_of: Any) -> None:
    scenario = lg.Server(600, target_latency_ms=50, target_percentile=90)
    sut = ExponentialSUT(mean_ns=1_000_000, servers=1, seed=5)
    found = find(sut, scenario, min_queries=20_000, precision=0.05, seeds=seeds(5))
    low, high = found.bracket
    assert low is not None
    assert high is not None
    assert low <= capacity_of(1_000, 0.05, 90) <= high
    assert found.peak == pytest.approx(954, rel=0.1)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_with_many_queries_the_peak_is_within_three_percent(queue: Any, capacity_of: Any) -> None:
    scenario = lg.Server(700, target_latency_ms=50, target_percentile=90)
    for number in range(3):
        found = find(
            queue(1_000, number, 450_000),
            scenario,
            min_queries=400_000,
            precision=0.01,
            seeds=seeds(number),
        )
        assert found.peak == pytest.approx(capacity_of(1_000, 0.05, 90), rel=0.03)
        assert found.confirmed


def misses(n_searches: int, queue: Any, truth: float) -> int:
    """How often a bracket of 95 % does not hold the capacity."""
    scenario = lg.Server(700, target_latency_ms=50, target_percentile=90)
    missed = 0
    for number in range(n_searches):
        found = find(
            queue(1_000, number), scenario, min_queries=20_000, precision=0.05, seeds=seeds(number)
        )
        low, high = found.bracket
        missed += not (low is not None and high is not None and low <= truth <= high)
    return missed


def test_bracket_holds_the_capacity_in_some_searches(queue: Any, capacity_of: Any) -> None:
    assert misses(3, queue, capacity_of(1_000, 0.05, 90)) <= 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_bracket_holds_the_capacity_as_often_as_it_says(queue: Any, capacity_of: Any) -> None:
    """100 searches by the real engine; more misses than this come with a probability of 1 %."""
    assert misses(100, queue, capacity_of(1_000, 0.05, 90)) <= stats.binom.ppf(0.99, 100, 0.05)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("percentile", "limit_s", "n"), [(99, 0.023, 30_000), (90, 0.02, 10_000), (50, 0.02, 10_000)]
)
def test_bracket_holds_the_capacity_at_other_percentiles_and_limits(
    percentile: float, limit_s: float, n: int, capacity_of: Any
) -> None:
    """100 searches of probes by Lindley's recursion, looked at as the watcher does."""
    truth, allowed = capacity_of(1_000, limit_s, percentile), 1 - percentile / 100
    where = Range(truth * 0.7, truth / 100, truth * 100, 0.02, whole=False, enough=64)
    missed = 0
    for number in range(100):
        random = np.random.default_rng(number)
        probes: list[Probe] = []
        while len(probes) < 24 and (load := where.next_load(probes)) is not None:
            due, latency = lindley(random, load, 1_000, n)
            outcome = looked_at(due, latency, limit_s, allowed, 0.05 / 24)
            probes.append(Probe(load, outcome, n, 1.0, 0, n, "good", "natural", ""))
        low, high = bracket(probes)
        missed += not (low is not None and high is not None and low <= truth <= high)
    assert missed <= stats.binom.ppf(0.99, 100, 0.05)


def lindley(
    random: np.random.Generator, arrivals: float, served: float, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """M/M/1: departure_i = max over j <= i of (due_j + service_j + ... + service_i)."""
    due = np.cumsum(random.exponential(1 / arrivals, n))
    service = np.cumsum(random.exponential(1 / served, n))
    before = np.concatenate([[0.0], service[:-1]])
    return due, ((service + np.maximum.accumulate(due - before) - due) * 1e9).astype(np.int64)


def looked_at(
    due: np.ndarray, latency: np.ndarray, limit_s: float, allowed: float, error: float
) -> Any:
    n, outcome = 72, "undecided"
    while outcome == "undecided":
        n = min(n, len(due))
        if due[n - 1] >= 20 * limit_s or n == len(due):
            outcome = weigh(latency[:n], int(limit_s * 1e9), allowed).outcome(error)
        if n == len(due):
            return outcome
        n = int(n * 1.15) + 1
    return outcome
