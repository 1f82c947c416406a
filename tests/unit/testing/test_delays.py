# SPDX-License-Identifier: Apache-2.0
"""Systems that answer after known times."""

import numpy as np
import pytest

import loadgen as lg
from loadgen.testing import (
    BimodalSUT,
    DelaySUT,
    ExponentialSUT,
    FixedSUT,
    StallingSUT,
    VirtualClock,
)

MS = 1_000_000
SYSTEMS = [
    FixedSUT(latency_ns=MS),
    ExponentialSUT(mean_ns=MS, seed=4),
    BimodalSUT(fast_ns=MS, slow_ns=5 * MS, slow_share=0.3, seed=4),
]
every_system = pytest.mark.parametrize("sut", SYSTEMS, ids=lambda each: each.name)


def simulated(sut: lg.SystemUnderTest, scenario: lg.Scenario, **fields) -> lg.Result:
    fields = {"min_duration_s": 0, "min_queries": 60, **fields}
    return lg.run(sut, 10, scenario, clock=VirtualClock(), **fields)


@every_system
def test_service_times_are_known_beforehand(sut: DelaySUT) -> None:
    result = simulated(sut, lg.Server(target_qps=1000))
    expected = sut.service_times_ns(result.n_issued).tolist()
    assert result.samples["latency_ns"].tolist() == expected
    assert sut.truth.service_time_ns.tolist() == expected


@every_system
def test_each_run_starts_afresh(sut: DelaySUT) -> None:
    first = simulated(sut, lg.Concurrent(2))
    second = simulated(sut, lg.Concurrent(2))
    assert first.samples["latency_ns"].tolist() == second.samples["latency_ns"].tolist()
    assert len(sut.truth) == second.n_issued


@every_system
def test_service_times_do_not_depend_on_the_size_of_queries(sut: DelaySUT) -> None:
    result = simulated(sut, lg.Offline(n_samples=60))
    assert result.samples["latency_ns"].tolist() == sut.service_times_ns(60).tolist()


def test_two_servers_serve_two_at_a_time_first_come_first_served() -> None:
    sut = FixedSUT(latency_ns=MS, servers=2)
    result = simulated(sut, lg.Offline(n_samples=5))
    assert result.samples["latency_ns"].tolist() == [MS, MS, 2 * MS, 2 * MS, 3 * MS]


def test_free_server_takes_the_next_in_line() -> None:
    sut = BimodalSUT(fast_ns=MS, slow_ns=5 * MS, slow_share=0.5, servers=2, seed=0)
    assert sut.service_times_ns(7).tolist() == [each * MS for each in (1, 1, 1, 1, 5, 1, 5)]
    result = simulated(sut, lg.Offline(n_samples=7))
    # The two are free at (1, 1), (2, 2), (2, 7), (3, 7), (8, 7) ms.
    answered = [1, 1, 2, 2, 7, 3, 8]
    assert result.samples["latency_ns"].tolist() == [each * MS for each in answered]


def test_means_and_shares_are_those_asked_for() -> None:
    exponential = ExponentialSUT(mean_ns=MS, seed=1).service_times_ns(100_000)
    assert abs(exponential.mean() / MS - 1) < 0.01
    assert abs(exponential.std() / MS - 1) < 0.01
    bimodal = BimodalSUT(fast_ns=1, slow_ns=2, slow_share=0.2, seed=1).service_times_ns(100_000)
    assert abs(np.count_nonzero(bimodal == 2) / 100_000 - 0.2) < 0.01


def test_latency_of_zero_answers_inside_issue() -> None:
    answered = []

    class Asking(FixedSUT):
        def issue(self, batch: lg.Batch) -> None:
            super().issue(batch)
            answered.append(batch.pending)

    result = lg.run(Asking(latency_ns=0), 3, lg.Offline())
    assert (answered, result.n_completed) == ([0], 3)


def test_nothing_is_answered_during_a_stall() -> None:
    sut = StallingSUT(latency_ns=MS, every_ns=100 * MS, stall_ns=10 * MS)
    steady = lg.Server(target_qps=1000, arrivals=lg.Constant())
    result = simulated(sut, steady, min_duration_s=0.25)
    completed = result.samples["completed_ns"]
    expected = [(k + 1) * MS for k in range(251)]
    for start in (100, 200):
        for answer in range(start, start + 10):
            expected[answer - 1] = (start + 10) * MS
    assert completed.tolist() == expected
    assert result.latency.max == 11 * MS


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (lambda: FixedSUT(latency_ns=-1), ["latency_ns"]),
        (lambda: FixedSUT(latency_ns=1.5), ["latency_ns"]),
        (lambda: FixedSUT(latency_ns=1, servers=0), ["servers"]),
        (lambda: ExponentialSUT(mean_ns="1"), ["mean_ns"]),
        (lambda: ExponentialSUT(mean_ns=1, seed=-1), ["seed"]),
        (
            lambda: BimodalSUT(fast_ns=-1, slow_ns=-1, slow_share=2),
            ["fast_ns", "slow_ns", "slow_share"],
        ),
        (lambda: StallingSUT(latency_ns=1, every_ns=10, stall_ns=10), ["stall_ns"]),
    ],
)
def test_wrong_arguments_are_named(make, names: list[str]) -> None:
    with pytest.raises(lg.SettingsError) as caught:
        make()
    assert [problem.field for problem in caught.value.problems] == names
