# SPDX-License-Identifier: Apache-2.0
"""Which samples are issued, in simulated time: orders, seeds, digests, warm-up."""

import numpy as np
import pytest

import loadgen as lg
from loadgen.testing import ExponentialSUT, FixedSUT, VirtualClock

MS = 1_000_000
SCENARIOS = [
    lg.SingleStream(),
    lg.MultiStream(samples_per_query=2),
    lg.Server(target_qps=1000),
    lg.Offline(n_samples=200),
    lg.Concurrent(4),
]


def issued(scenario: lg.Scenario, sut: lg.SystemUnderTest | None = None, **fields) -> lg.Result:
    fields = {"min_duration_s": 0, "min_queries": 100, **fields}
    system = sut or FixedSUT(latency_ns=MS)
    return lg.run(system, 40, scenario, clock=VirtualClock(), **fields)


def indices(result: lg.Result) -> list[int]:
    return result.samples["index"].tolist()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_same_seeds_give_the_same_traffic_whatever_the_system_does(scenario) -> None:
    seeds = lg.Seeds(qsl=1, sample_index=2, schedule=3)
    fast = issued(scenario, FixedSUT(latency_ns=0), seeds=seeds)
    slow = issued(scenario, ExponentialSUT(mean_ns=5 * MS, seed=9), seeds=seeds)
    assert indices(fast) == indices(slow)
    assert fast.traffic_digest == slow.traffic_digest
    if isinstance(scenario, lg.Server):
        scheduled = [each.samples["scheduled_ns"].tolist() for each in (fast, slow)]
        assert scheduled[0] == scheduled[1]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_other_seeds_give_other_traffic_and_another_digest(scenario) -> None:
    first = issued(scenario, seeds=lg.Seeds(qsl=1, sample_index=2))
    other = issued(scenario, seeds=lg.Seeds(qsl=4, sample_index=5))
    assert indices(first) != indices(other)
    assert first.traffic_digest != other.traffic_digest


def test_digest_changes_with_the_rate_and_not_with_the_latency_limit() -> None:
    digests = [
        issued(lg.Server(target_qps=qps, target_latency_ms=limit)).traffic_digest
        for qps, limit in ((1000, 15), (1000, 99), (1001, 15))
    ]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("scenario", SCENARIOS[:3], ids=lambda scenario: scenario.name)
def test_random_order_draws_from_the_loaded_set_with_repeats(scenario) -> None:
    found = indices(issued(scenario, performance_sample_count=10))
    assert set(found) <= set(range(10))
    assert len(found) >= 100


@pytest.mark.parametrize(
    "scenario", [SCENARIOS[0], SCENARIOS[2], lg.Offline(), SCENARIOS[4]], ids=lambda each: each.name
)
def test_unique_order_issues_each_loaded_sample_once(scenario) -> None:
    found = indices(issued(scenario, sample_order="unique", performance_sample_count=30))
    assert sorted(found) == list(range(30))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_same_order_repeats_one_query(scenario) -> None:
    found = issued(scenario, sample_order="same", same_index=7)
    per_query = 2 if isinstance(scenario, lg.MultiStream) else 1
    queries = np.array(indices(found)).reshape(-1, per_query)
    assert len(np.unique(queries, axis=0)) == 1
    assert len(queries) >= 100


@pytest.mark.parametrize(
    "scenario",
    [lg.SingleStream(expected_latency_ms=1), lg.Server(target_qps=1000), lg.Offline(n_samples=81)],
    ids=lambda each: each.name,
)
def test_permutation_order_issues_every_sample_equally_often(scenario) -> None:
    counts = np.bincount(indices(issued(scenario, sample_order="permutation")), minlength=40)
    assert set(counts.tolist()) == {counts[0]}
    assert counts[0] >= 3


def test_permutation_is_the_official_load_generators() -> None:
    result = lg.run(
        FixedSUT(latency_ns=150_000), 100, lg.SingleStream(expected_latency_ms=0.33),
        min_duration_s=0.03, performance_sample_count=64, sample_order="permutation",
        seeds=lg.Seeds(qsl=11, sample_index=22), clock=VirtualClock(),
    )  # fmt: skip
    # Of its own run with these settings.
    assert indices(result)[:8] == [61, 52, 43, 37, 27, 29, 35, 18]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_warm_up_is_neither_recorded_nor_drawn_from_the_traffic(scenario) -> None:
    sut = FixedSUT(latency_ns=MS)
    cold = issued(scenario)
    warm = issued(scenario, sut, warmup_queries=5)
    per_query = 2 if isinstance(scenario, lg.MultiStream) else 1
    assert indices(warm) == indices(cold)
    assert len(sut.truth) == warm.n_issued + 5 * per_query
    assert warm.samples["scheduled_ns"].tolist() == cold.samples["scheduled_ns"].tolist()
    assert warm.samples["issued_ns"][0] == 0
    # One at a time, each 1 ms, before the clock starts.
    starts = sut.truth.issued_ns - sut.truth.last(warm.n_issued).issued_ns[0]
    expected = [-5 * MS + each * MS for each in range(5) for _ in range(per_query)]
    assert starts[: 5 * per_query].tolist() == expected


def test_first_loaded_set_is_the_official_load_generators() -> None:
    result = lg.run(
        FixedSUT(latency_ns=MS), 1000, lg.SingleStream(), min_duration_s=0, min_queries=500,
        performance_sample_count=128, clock=VirtualClock(),
    )  # fmt: skip
    # Of its own run with default seeds.
    assert indices(result)[:6] == [4, 95, 112, 107, 9, 89]
