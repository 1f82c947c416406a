# SPDX-License-Identifier: Apache-2.0
"""The simulated batching server."""

import threading

import pytest

import loadgen as lg
from loadgen.testing import BatchingServer, VirtualClock

MS = 1_000_000


def replayed(sut: lg.SystemUnderTest, at_ms: list[float]) -> list[float]:
    """When samples that come at given ms are answered, in ms."""
    arrivals = lg.Replay([each / 1000 for each in at_ms])
    result = lg.run(
        sut, 10, lg.Server(target_qps=1, arrivals=arrivals), min_duration_s=0, clock=VirtualClock()
    )
    assert result.n_missing == 0
    assert sut.truth.answered_ns.tolist() == [
        each + 1_000_000_000 for each in result.samples["completed_ns"].tolist()
    ]
    return [each / MS for each in result.samples["completed_ns"].tolist()]


def test_full_batch_goes_at_once() -> None:
    sut = BatchingServer(max_batch=2, max_wait_ns=50 * MS, batch_ns=10 * MS)
    assert replayed(sut, [0, 1, 100, 101]) == [11, 11, 111, 111]


def test_oldest_sample_waits_no_longer_than_it_may() -> None:
    sut = BatchingServer(max_batch=9, max_wait_ns=5 * MS, batch_ns=10 * MS)
    assert replayed(sut, [0, 3, 100]) == [15, 15, 115]


def test_busy_server_collects_what_comes_meanwhile() -> None:
    sut = BatchingServer(max_batch=3, max_wait_ns=0, batch_ns=10 * MS)
    # The first goes alone; five gather behind it: three of them, then two.
    assert replayed(sut, [0, 1, 2, 3, 4, 5]) == [10, 20, 20, 20, 30, 30]


def test_wait_goes_on_after_a_batch_for_what_is_left() -> None:
    sut = BatchingServer(max_batch=2, max_wait_ns=20 * MS, batch_ns=10 * MS)
    # Two go at 1 ms and are done at 11 ms; the one of 5 ms then waits until 25 ms.
    assert replayed(sut, [0, 1, 5]) == [11, 11, 35]


def test_batch_takes_a_time_for_itself_and_one_for_each_sample() -> None:
    sut = BatchingServer(max_batch=4, max_wait_ns=0, batch_ns=10 * MS, sample_ns=2 * MS)
    result = lg.run(sut, 6, lg.Offline(), clock=VirtualClock())
    assert result.samples["latency_ns"].tolist() == [18 * MS] * 4 + [32 * MS] * 2


def test_all_is_answered_on_the_real_clock_too() -> None:
    sut = BatchingServer(max_batch=8, max_wait_ns=MS // 10, batch_ns=MS // 20)
    before = threading.active_count()
    result = lg.run(sut, 10, lg.Server(target_qps=20_000), min_duration_s=0.02)
    assert result.n_completed == result.n_issued == len(sut.truth)
    assert (sut.truth.service_time_ns >= MS // 20).all()
    assert threading.active_count() == before


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(lg.SettingsError) as caught:
        BatchingServer(max_batch=0, max_wait_ns=-1, batch_ns=1.5, sample_ns=None)
    fields = [problem.field for problem in caught.value.problems]
    assert fields == ["max_batch", "max_wait_ns", "batch_ns", "sample_ns"]
