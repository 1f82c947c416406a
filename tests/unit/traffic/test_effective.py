# SPDX-License-Identifier: Apache-2.0
"""What settings come to: every recorded official case, and our own rules where none is expected."""

from typing import Any

import pytest

from loadgen.config.scenarios import (
    Concurrent,
    MultiStream,
    Offline,
    Scenario,
    Server,
    SingleStream,
)
from loadgen.config.settings import Settings
from loadgen.traffic.effective import Effective, effective


def sizes(scenario: Scenario, total: int = 1000, performance: int = 64, **fields: Any) -> Effective:
    return effective(scenario, Settings(**fields), total, performance)


def test_every_recorded_run_has_the_official_sizes(recorded: dict[str, list[Any]]) -> None:
    assert len(recorded["cases"]) == 15
    for run in recorded["cases"]:
        found = effective(run.scenario, run.settings, run.total, run.performance)
        expected = run.case["effective"]
        assert found.min_queries == expected["min_query_count"], run.case["name"]
        assert found.min_samples == expected["min_sample_count"], run.case["name"]
        assert found.samples_per_query == expected["samples_per_query"], run.case["name"]
        assert found.performance_sample_count == expected["performance_sample_count"]
        assert found.accuracy_sample_count == expected["accuracy_sample_count"]
        assert found.target_duration_ns == expected["target_duration_ms"] * 1_000_000


def test_every_recorded_plan_has_the_official_sizes(recorded: dict[str, list[Any]]) -> None:
    assert len(recorded["pregenerated"]) == 20
    for run in recorded["pregenerated"]:
        found = effective(run.scenario, run.settings, run.total, run.performance)
        assert found.min_queries == run.case["effective_min_query_count"], run.case
        assert found.min_samples == run.case["effective_min_sample_count"], run.case
        assert found.samples_per_query == run.case["effective_samples_per_query"], run.case


def test_nothing_expected_leaves_the_rate_open() -> None:
    assert sizes(SingleStream()).target_qps is None
    assert sizes(MultiStream()).target_qps is None
    assert sizes(Concurrent(4)).target_qps is None
    assert sizes(Offline(n_samples=5)).target_qps is None


def test_an_expected_latency_is_a_rate() -> None:
    assert sizes(SingleStream(expected_latency_ms=0.5)).target_qps == 2000.0
    assert sizes(MultiStream(expected_latency_ms=8)).target_qps == 125.0
    assert sizes(Server(2000)).target_qps == 2000.0


def test_the_written_decimal_of_an_expected_latency_counts() -> None:
    # 3.333333 * 1e6 is 3333332.9999999995 in double, and would shorten the period by 1 ns.
    assert sizes(SingleStream(expected_latency_ms=3.333333)).target_qps == 1e9 / 3333333.0


def test_offline_with_neither_knob_is_one_pass_without_a_minimum_duration() -> None:
    found = sizes(Offline(), min_duration_s=60, min_queries=5000)
    assert (found.samples_per_query, found.min_samples, found.min_queries) == (64, 64, 1)
    assert (found.min_duration_ns, found.target_duration_ns) == (0, 0)


def test_offline_passes_over_no_more_samples_than_there_are() -> None:
    assert sizes(Offline(), total=50, performance=50, performance_sample_count=64).min_samples == 50


def test_offline_with_a_count_has_exactly_that() -> None:
    found = sizes(Offline(n_samples=7), min_duration_s=2)
    assert (found.samples_per_query, found.min_samples) == (7, 7)
    assert (found.min_duration_ns, found.target_duration_ns) == (2_000_000_000, 0)


def test_offline_with_a_rate_has_a_tenth_more_than_the_duration_needs() -> None:
    assert sizes(Offline(expected_qps=1000), min_duration_s=10).samples_per_query == 11_000
    assert sizes(Offline(expected_qps=1), min_duration_s=10).samples_per_query == 100


def test_offline_issues_each_loaded_sample_once_in_unique_order() -> None:
    found = sizes(Offline(expected_qps=1000), sample_order="unique")
    assert found.samples_per_query == 64


def test_single_stream_fills_whole_permutations_and_one_more() -> None:
    scenario = SingleStream(expected_latency_ms=50)
    order: dict[str, Any] = {"sample_order": "permutation", "min_duration_s": 0}
    assert sizes(scenario, min_queries=100, **order).min_queries == 128
    assert sizes(scenario, min_queries=128, **order).min_queries == 192
    assert sizes(SingleStream(), min_queries=100, **order).min_queries == 100


def test_counts_come_from_the_settings_before_the_dataset() -> None:
    found = sizes(Server(1), performance_sample_count=8, accuracy_sample_count=16)
    assert (found.performance_sample_count, found.accuracy_sample_count) == (8, 16)
    found = sizes(Server(1))
    assert (found.performance_sample_count, found.accuracy_sample_count) == (64, 1000)


@pytest.mark.parametrize("scenario", [SingleStream(), MultiStream(), Server(1), Concurrent(2)])
def test_durations_are_whole_nanoseconds(scenario: Scenario) -> None:
    found = sizes(scenario, min_duration_s=0.3, max_duration_s=0.7, max_queries=9)
    assert found.min_duration_ns == found.target_duration_ns == 300_000_000
    assert (found.max_duration_ns, found.max_queries) == (700_000_000, 9)
    assert sizes(scenario).max_duration_ns is None
