# SPDX-License-Identifier: Apache-2.0
"""Values at the ends of what MLPerf's settings hold: what both run, and what only ours refuses."""

import json
from typing import Any

import pytest
from checks import SCENARIOS, case, check, compare, settings
from logs import accuracy_of, detail_of
from sides import Case, Sides

LARGEST = 2**64 - 1
UNIQUE = {"performance_issue_unique": True}
CONCATENATE = {"sample_concatenate_permutation": True}


@pytest.mark.parametrize(
    ("scenario", "fields"),
    [
        ("SingleStream", {"accuracy_log_sampling_target": LARGEST}),
        ("Offline", {"accuracy_log_sampling_target": 2**34}),
        ("SingleStream", {"accuracy_log_probability": 1.5}),
        ("Server", {"accuracy_log_probability": -0.5}),
        ("SingleStream", {"single_stream_expected_latency_ns": 0.5}),
        ("MultiStream", {"multi_stream_expected_latency_ns": 0.001}),
        ("SingleStream", {"single_stream_expected_latency_ns": 0.001, **CONCATENATE}),
        (
            "SingleStream",
            {"single_stream_expected_latency_ns": 0.5, "min_duration_ms": 50, **UNIQUE},
        ),
        ("Offline", {"offline_expected_qps": 1e-7}),
        ("Offline", {"offline_expected_qps": 1e30}),
        ("SingleStream", {"single_stream_target_latency_percentile": 0.001}),
        ("MultiStream", {"multi_stream_target_latency_percentile": 0.005}),
        ("Server", {"server_target_latency_percentile": 0.0099}),
        ("Server", {"server_target_latency_percentile": 0.0}),
        ("Server", {"server_max_async_queries": LARGEST}),
        ("Server", {"performance_issue_same_index": LARGEST}),
        ("SingleStream", {**UNIQUE, "performance_issue_same_index": LARGEST}),
        ("Offline", {**UNIQUE, "min_query_count": LARGEST}),
        ("MultiStream", {**UNIQUE, "min_query_count": 0}),
    ],
)
def test_values_that_both_run(sides: Sides, scenario: str, fields: dict[str, Any]) -> None:
    check(sides, case(settings(scenario, **fields)))


@pytest.mark.parametrize(
    ("scenario", "fields"),
    [
        ("SingleStream", {"min_query_count": 0}),
        ("Offline", {"min_query_count": 0}),
        ("SingleStream", {"single_stream_expected_latency_ns": 1e-7, "min_duration_ms": 50}),
        ("MultiStream", {"multi_stream_expected_latency_ns": 0.5}),
        ("Server", {"server_target_qps": 1e12, "min_duration_ms": 50}),
        ("Server", {"server_target_qps": 1e30}),
        ("Offline", {"offline_expected_qps": 1e-7}),
        ("SingleStream", {"single_stream_target_latency_percentile": 1.5}),
        ("Server", {"server_target_latency_percentile": -0.25}),
    ],
)
def test_values_that_accuracy_runs_do_not_use(
    sides: Sides, scenario: str, fields: dict[str, Any]
) -> None:
    check(sides, case(settings(scenario, "AccuracyOnly", **fields)))


@pytest.mark.parametrize("flags", [{}, UNIQUE, CONCATENATE])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_library_that_leaves_its_performance_count_to_the_settings(
    sides: Sides, scenario: str, flags: dict[str, Any]
) -> None:
    wanted = settings(scenario, "SubmissionRun", performance_sample_count_override=7, **flags)
    given = case(wanted, performance=0)
    if scenario == "SingleStream" and flags == CONCATENATE:  # divides by it
        assert refusal(sides, given).startswith("SettingsError: performance sample count = 0: ")
        return
    check(sides, given)


@pytest.mark.parametrize(
    ("scenario", "mode", "fields", "logged_otherwise"),
    [
        ("SingleStream", None, {"max_query_count": LARGEST}, {"effective_max_query_count"}),
        ("Server", None, {"max_query_count": 2**40}, {"effective_max_query_count"}),
        ("MultiStream", None, {"max_duration_ms": 2**40}, {"effective_max_duration_ms"}),
        (
            "SingleStream",
            "SubmissionRun",
            {"accuracy_sample_count_override": LARGEST},
            {"effective_accuracy_sample_count"},
        ),
        (
            "MultiStream",
            "AccuracyOnly",
            {"min_query_count": LARGEST},
            {"effective_min_query_count", "effective_min_sample_count"},
        ),
        (
            "Server",
            "AccuracyOnly",
            {"min_duration_ms": 2**40},
            {"effective_min_duration_ms", "effective_target_duration_ms"},
        ),
        (
            "MultiStream",
            None,
            {**UNIQUE, "min_query_count": 2**40},
            {"effective_min_query_count", "effective_min_sample_count"},
        ),
        # 1 / 0, and what follows from it.
        (
            "SingleStream",
            None,
            {"single_stream_expected_latency_ns": 0.0},
            {"effective_target_qps"},
        ),
        ("Offline", None, {"offline_expected_qps": 0.0}, {"generated_query_duration"}),
        ("Offline", "AccuracyOnly", {"offline_expected_qps": 0.0}, {"generated_query_duration"}),
        (
            "Server",
            None,
            {"server_target_qps": 1e12},
            {"generated_query_duration", "result_scheduled_samples_per_sec"},
        ),
    ],
)
def test_values_that_both_run_and_ours_logs_as_what_it_made_of_them(
    sides: Sides,
    scenario: str,
    mode: str | None,
    fields: dict[str, Any],
    logged_otherwise: set[str],
) -> None:
    given = case(settings(scenario, mode or "PerformanceOnly", **fields))
    official, official_logs = sides.official.run(given)
    ours, our_logs = sides.ours.run(given)
    assert ours == official
    compare("accuracy", accuracy_of(our_logs), accuracy_of(official_logs))
    details = [
        [entry for entry in detail_of(logs) if entry[0] not in logged_otherwise]
        for logs in (our_logs, official_logs)
    ]
    compare("detail", details[0], details[1])


def test_a_limit_of_time_that_overflows_in_the_official_package_is_none_in_ours(
    sides: Sides,
) -> None:
    given = case(settings("SingleStream", max_duration_ms=LARGEST))
    official, _ = sides.official.run(given)
    ours, _ = sides.ours.run(given)
    assert len(official["queries"]) == 1
    assert len(ours["queries"]) == 70


def test_a_percentile_of_100_has_no_estimate_in_ours(sides: Sides) -> None:
    given = case(settings("SingleStream", single_stream_target_latency_percentile=1.0))
    validity = []
    for side in (sides.official, sides.ours):
        _, logs = side.run(given)
        validity += [value for key, value, _ in detail_of(logs) if key == "result_validity"]
    assert validity == ["VALID", "INVALID"]


# The official package never ends, crashes, and runs: it is not asked here. All of ours are in the
# unit tests.
@pytest.mark.parametrize(
    ("given", "text"),
    [
        (
            settings("SingleStream", single_stream_expected_latency_ns=0.5, min_duration_ms=50),
            "single_stream_expected_latency_ns = 0.5: needs at least 1 ns with "
            "min_duration_ms = 50, or the plan would have no end",
        ),
        (
            settings("Server", min_query_count=0),
            "min_query_count = 0: needs at least 1 with min_duration_ms = 0",
        ),
        (
            settings("MultiStream", multi_stream_target_latency_percentile=1.5),
            "multi_stream_target_latency_percentile = 1.5: needs a fraction in [0, 1]",
        ),
    ],
)
def test_values_that_only_ours_refuses(sides: Sides, given: dict[str, Any], text: str) -> None:
    assert refusal(sides, case(given)) == f"SettingsError: {text}"


def test_indices_have_32_bits(sides: Sides) -> None:
    text = refusal(sides, case(settings("Server"), total=2**32))
    assert text.startswith("SettingsError: total sample count = 4294967296: needs at most ")
    few = settings("Server", "SubmissionRun", accuracy_sample_count_override=19)
    check(sides, case(few, total=2**40))


def refusal(sides: Sides, given: Case) -> str:
    """The text of ours, which also stands in the detail log; and nothing was issued."""
    told, logs = sides.ours.run(given)
    said = told["error"]
    entries = [
        json.loads(line.removeprefix(":::MLLOG "))
        for line in (logs / "mlperf_log_detail.txt").read_text(encoding="utf-8").splitlines()
    ]
    errors = [e["value"] for e in entries if e["key"] == "error_invalid_test_settings"]
    assert f"SettingsError: {errors[-1]}" == said
    return said
