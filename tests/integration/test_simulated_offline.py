# SPDX-License-Identifier: Apache-2.0
"""Offline, to the nanosecond, in simulated time."""

import numpy as np

import loadgen as lg
from loadgen.testing import BatchingServer, FixedSUT, VirtualClock

MS = 1_000_000


def test_offline_issues_one_query_with_one_pass_over_the_performance_set() -> None:
    sut = FixedSUT(latency_ns=MS)
    result = lg.run(sut, 100, lg.Offline(), performance_sample_count=40, clock=VirtualClock())
    assert (result.series[0].n_queries, result.n_issued) == (1, 40)
    assert sorted(result.samples["index"].tolist()) == list(range(40))
    assert set(result.samples["scheduled_ns"].tolist()) == {0}
    assert set(result.samples["issued_ns"].tolist()) == {0}


def test_offline_metric_is_samples_by_the_last_answer() -> None:
    sut = BatchingServer(max_batch=10, max_wait_ns=0, batch_ns=MS, sample_ns=100_000)
    result = lg.run(sut, 95, lg.Offline(), clock=VirtualClock())
    # Nine batches of 10 take 2 ms each, the last one of 5 takes 1.5 ms.
    assert result.latency.max == 19_500_000
    assert result.metric.value == 95 / 0.0195
    expected = [2 * MS * (1 + k // 10) for k in range(90)] + [19_500_000] * 5
    assert result.samples["latency_ns"].tolist() == expected


def test_expected_rate_sizes_the_query_as_mlperf_does() -> None:
    # 1.1 * 1 s * 777.7: 855 samples; the loaded set of 70 in load order, again and again.
    result = lg.run(
        FixedSUT(latency_ns=MS), 1000, lg.Offline(expected_qps=777.7), min_duration_s=1,
        min_queries=24, performance_sample_count=70, seeds=lg.Seeds(qsl=13), clock=VirtualClock(),
    )  # fmt: skip
    index = result.samples["index"]
    assert result.n_issued == result.series[0].samples_per_query == 855
    assert index[:6].tolist() == [7, 40, 48, 3, 9, 33]
    assert index.tolist() == np.resize(index[:70], 855).tolist()


def test_number_of_samples_is_exactly_what_was_asked_for() -> None:
    result = lg.run(
        FixedSUT(latency_ns=MS), 10, lg.Offline(n_samples=123), min_duration_s=0,
        clock=VirtualClock(),
    )  # fmt: skip
    assert result.n_issued == 123


def test_offline_that_is_faster_than_its_minimum_duration_is_invalid() -> None:
    result = lg.run(
        FixedSUT(latency_ns=MS), 10, lg.Offline(n_samples=1000), min_duration_s=1,
        clock=VirtualClock(),
    )  # fmt: skip
    assert (result.valid, result.series[0].end) == (False, "natural")
    assert any("min_duration_s = 1" in reason for reason in result.reasons)
