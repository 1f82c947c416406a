# SPDX-License-Identifier: Apache-2.0
"""The same settings through the official package and through ours: scenarios, modes and flags."""

from typing import Any

import pytest
from checks import MODES, SCENARIOS, case, check, is_refused, settings
from sides import Sides

FLAGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "unique": {"performance_issue_unique": True},
    "same": {"performance_issue_same": True, "performance_issue_same_index": 5},
    "concatenate": {"sample_concatenate_permutation": True},
    "unique+concatenate": {
        "performance_issue_unique": True,
        "sample_concatenate_permutation": True,
    },
    "same+concatenate": {
        "performance_issue_same": True,
        "performance_issue_same_index": 3,
        "sample_concatenate_permutation": True,
    },
    "tokens": {"use_token_latencies": True},
    "inferred tokens": {"infer_token_latencies": True, "token_latency_scaling_factor": 69},
    "log share": {"accuracy_log_probability": 0.3, "accuracy_log_rng_seed": 7},
    "log target": {"accuracy_log_sampling_target": 20, "accuracy_log_rng_seed": 8},
    "overrides": {"performance_sample_count_override": 7, "accuracy_sample_count_override": 19},
}


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario_mode_and_flags(sides: Sides, scenario: str, mode: str, flag: str) -> None:
    given = case(settings(scenario, mode, **FLAGS[flag]))
    if is_refused(given["settings"], *given["qsl"]):
        told, _ = sides.ours.run(given)
        assert told["error"].startswith("SettingsError: ")
        return
    check(sides, given)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_systems_that_get_ids_and_indices(sides: Sides, scenario: str) -> None:
    check(sides, case(settings(scenario), "fast"))


@pytest.mark.parametrize("scenario", ["Server", "Offline"])
def test_answers_at_the_end_and_in_another_order(sides: Sides, scenario: str) -> None:
    check(sides, case(settings(scenario, "SubmissionRun"), "flush"))


@pytest.mark.parametrize(
    ("scenario", "fields"),
    [
        # Durations say how many queries are planned; none is so short that it could end the run.
        ("SingleStream", {"min_duration_ms": 20_000, "single_stream_expected_latency_ns": 2.5e9}),
        ("SingleStream", {"min_duration_ms": 20_000, "single_stream_expected_latency_ns": 3.3e9}),
        ("MultiStream", {"min_duration_ms": 20_000, "multi_stream_expected_latency_ns": 1e9 / 3}),
        ("Server", {"min_duration_ms": 30, "min_query_count": 5}),
        ("Offline", {"min_duration_ms": 30, "offline_expected_qps": 7777.7}),
        ("SingleStream", {"max_query_count": 50}),
        ("MultiStream", {"max_query_count": 10}),
        ("Server", {"max_query_count": 10}),
        ("Server", {"max_query_count": 70}),
        ("Server", {"server_target_latency_ns": 1}),
        ("Server", {"server_target_latency_ns": 1, "server_target_latency_percentile": 0.5}),
        ("Server", {"use_token_latencies": True, "ttft_latency": 1}),
        ("Server", {"use_token_latencies": True, "tpot_latency": 0, "ttft_latency": 1}),
        ("Server", {"server_coalesce_queries": True, "server_target_qps": 1e6}),
        ("SingleStream", {"single_stream_target_latency_percentile": 0.999}),
        ("SingleStream", {"single_stream_target_latency_percentile": 0.5}),
        ("SingleStream", {"min_query_count": 700}),
        ("MultiStream", {"min_query_count": 700, "multi_stream_samples_per_query": 5}),
        ("MultiStream", {"multi_stream_samples_per_query": 40}),
        ("MultiStream", {"multi_stream_target_latency_percentile": 0.9}),
        ("Server", {"server_target_qps": -3.0, "min_query_count": 2}),
        ("SingleStream", {"performance_issue_unique": True, "performance_issue_same": True}),
        ("SingleStream", {"min_query_count": 1}),
        ("Offline", {"min_query_count": 1}),
        (
            "SingleStream",
            {"test05": True, "test05_qsl_rng_seed": 5, "test05_sample_index_rng_seed": 6},
        ),
        ("Server", {"qsl_rng_seed": 2**64 - 1, "schedule_rng_seed": 2**63 + 17}),
    ],
)
def test_limits_and_sizes(sides: Sides, scenario: str, fields: dict[str, Any]) -> None:
    check(sides, case(settings(scenario, **fields)))


def test_too_many_outstanding_queries_end_the_run(sides: Sides) -> None:
    check(sides, case(settings("Server", server_max_async_queries=3), "flush"))


@pytest.mark.parametrize("total", [1, 2, 3, 11, 12, 13, 40])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_sets_of_every_shape(sides: Sides, scenario: str, total: int) -> None:
    check(sides, case(settings(scenario, "SubmissionRun"), total=total, performance=12))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_seeds_decide(sides: Sides, scenario: str) -> None:
    zero = settings(scenario, qsl_rng_seed=0, sample_index_rng_seed=0, schedule_rng_seed=0)
    check(sides, case(zero))


def test_a_set_above_65535_samples_is_shuffled_in_the_other_way(sides: Sides) -> None:
    check(
        sides, case(settings("SingleStream", min_query_count=100), total=70000, performance=66000)
    )
