# SPDX-License-Identifier: Apache-2.0
"""Scenarios in which an answer lets the next query go, to the nanosecond: simulated time."""

import heapq

import numpy as np
import pytest

import loadgen as lg
from loadgen.testing import BimodalSUT, ExponentialSUT, FixedSUT, VirtualClock

MS = 1_000_000


def single_stream(sut: lg.SystemUnderTest, **fields) -> lg.Result:
    expected_ms = fields.pop("expected_latency_ms", None)
    scenario = lg.SingleStream(expected_latency_ms=expected_ms)
    return lg.run(sut, 10, scenario, clock=VirtualClock(), **fields)


def test_every_latency_of_a_fixed_system_is_its_latency() -> None:
    result = single_stream(FixedSUT(latency_ns=MS), min_duration_s=1)
    samples = result.samples
    assert set(samples["latency_ns"].tolist()) == {MS}
    assert samples["issued_ns"].tolist() == list(range(0, 1001 * MS, MS))
    assert samples["scheduled_ns"].tolist() == samples["issued_ns"].tolist()
    assert (result.latency.percentile(50), result.latency.mean) == (MS, MS)
    assert result.metric.value == MS


def test_single_stream_goes_on_until_both_minima_are_met() -> None:
    by_duration = single_stream(FixedSUT(latency_ns=MS), min_duration_s=1, min_queries=10)
    by_count = single_stream(FixedSUT(latency_ns=MS), min_duration_s=1, min_queries=5000)
    # The first query issued at or after 1 s is number 1,001: the k-th is issued at (k - 1) ms.
    assert [each.series[0].end for each in (by_duration, by_count)] == ["natural"] * 2
    assert [each.n_issued for each in (by_duration, by_count)] == [1001, 5000]
    assert (by_duration.series[0].last_issued_ns, by_duration.series[0].end_ns) == (
        10**9,
        1001 * MS,
    )


def test_plan_that_expects_the_true_latency_has_twice_the_queries_that_are_needed() -> None:
    result = single_stream(FixedSUT(latency_ns=MS), min_duration_s=1, expected_latency_ms=1)
    (series,) = result.series
    # MLPerf: max(min_queries, ceil(2 * min_duration / period) + 1) are planned.
    assert (series.planned_queries, series.planned_duration_ns) == (2001, 2001 * MS)
    assert (series.end, series.n_queries) == ("natural", 1001)


def test_plan_that_expects_too_long_a_latency_runs_out_and_is_invalid() -> None:
    result = single_stream(FixedSUT(latency_ns=MS), min_duration_s=1, expected_latency_ms=4)
    (series,) = result.series
    assert (series.planned_queries, series.n_queries, series.end) == (501, 501, "ran_out")
    assert not result.valid
    assert any("min_duration_s = 1" in reason for reason in result.reasons)


def test_single_stream_waits_for_each_answer_before_the_next_query() -> None:
    sut = ExponentialSUT(mean_ns=MS, seed=5)
    result = single_stream(sut, min_duration_s=0, min_queries=500)
    latency = sut.service_times_ns(500)
    assert result.samples["latency_ns"].tolist() == latency.tolist()
    issued = np.concatenate([[0], np.cumsum(latency)[:-1]])
    assert result.samples["issued_ns"].tolist() == issued.tolist()


def test_latency_of_a_multi_stream_query_is_that_of_its_slowest_sample() -> None:
    sut = BimodalSUT(fast_ns=MS, slow_ns=9 * MS, slow_share=0.1, seed=3)
    scenario = lg.MultiStream(samples_per_query=4)
    result = lg.run(sut, 50, scenario, min_duration_s=0, min_queries=300, clock=VirtualClock())
    service = sut.service_times_ns(1200).reshape(300, 4)
    slowest = service.max(axis=1)
    assert result.samples["latency_ns"].tolist() == service.ravel().tolist()
    assert result.latency.count == 300
    assert result.latency.percentile(90) == np.sort(slowest)[270]
    assert result.latency.mean == int(slowest.sum()) // 300
    starts = np.concatenate([[0], np.cumsum(slowest)[:-1]])
    assert result.samples["issued_ns"].tolist() == np.repeat(starts, 4).tolist()


def test_multi_stream_counts_queries_and_plans_by_its_expected_query_latency() -> None:
    scenario = lg.MultiStream(samples_per_query=8, expected_latency_ms=2)
    result = lg.run(
        FixedSUT(latency_ns=2 * MS), 50, scenario, min_duration_s=1, clock=VirtualClock()
    )
    (series,) = result.series
    assert (series.planned_queries, series.n_queries, series.n_rows) == (1001, 501, 4008)


@pytest.mark.parametrize("concurrency", [1, 3, 16])
def test_concurrent_issues_at_the_very_answer_that_makes_room(concurrency: int) -> None:
    sut = ExponentialSUT(mean_ns=MS, seed=11)
    result = lg.run(
        sut, 10, lg.Concurrent(concurrency), min_duration_s=0, min_queries=400, clock=VirtualClock()
    )
    slots = [0] * concurrency
    issued = []
    for service in sut.service_times_ns(400).tolist():
        issued.append(slots[0])
        heapq.heapreplace(slots, slots[0] + service)
    assert result.samples["issued_ns"].tolist() == issued
    assert result.samples["latency_ns"].tolist() == sut.service_times_ns(400).tolist()


def test_concurrent_lasts_for_its_minimum_duration() -> None:
    result = lg.run(
        FixedSUT(latency_ns=MS), 10, lg.Concurrent(4), min_duration_s=1, clock=VirtualClock()
    )
    # Four every ms; the first that is issued at 1 s ends it.
    assert (result.n_issued, result.series[0].end) == (4001, "natural")


def test_truth_of_the_system_is_what_the_result_says() -> None:
    sut = ExponentialSUT(mean_ns=MS, servers=2, seed=1)
    result = lg.run(
        sut, 10, lg.Concurrent(5), min_duration_s=0, min_queries=200, clock=VirtualClock()
    )
    assert sut.truth.service_time_ns.tolist() == result.samples["latency_ns"].tolist()
    assert result.service_time.percentile(50) == result.latency.percentile(50)
