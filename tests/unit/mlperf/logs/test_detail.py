# SPDX-License-Identifier: Apache-2.0
"""The detail log, entry by entry."""

import dataclasses
import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import loadgen
from loadgen.config.scenarios import MultiStream, Offline, Server, SingleStream
from loadgen.config.settings import Settings
from loadgen.mlperf.logs.account import Account
from loadgen.mlperf.logs.detail import detail_lines
from loadgen.mlperf.notes import Note
from loadgen.result import RunData

MS = 1_000_000
BEGAN_NS = 1_767_323_045_678 * MS  # 2026-01-02T03:04:05.678 UTC, when made-up runs start

MakeRun = Callable[..., RunData]
AccountOf = Callable[..., Account]
Entries = list[tuple[str, Any]]


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def ended(data: RunData, end: str, **fields: Any) -> RunData:
    (series,) = data.series
    return dataclasses.replace(data, series=(dataclasses.replace(series, end=end, **fields),))


def test_a_line_has_everything_that_readers_look_for(
    make_run: MakeRun, account_of: AccountOf
) -> None:
    account = account_of(make_run(SingleStream(), [0], [5]))
    lines = list(detail_lines(account))
    marker, _, text = lines[0].partition(" ")
    entry = json.loads(text)
    assert marker == ":::MLLOG"
    assert list(entry) == ["key", "value", "time_ms", "namespace", "event_type", "metadata"]
    assert entry["namespace"] == "mlperf::logging"
    assert entry["event_type"] == "POINT_IN_TIME"
    assert list(entry["metadata"]) == ["is_error", "is_warning", "file", "line_no", "pid", "tid"]
    assert entry["metadata"]["pid"] == os.getpid()
    assert lines[0].startswith(':::MLLOG {"key": "loadgen_version", "value": "loadgen ')
    assert all(line.endswith("}}\n") for line in lines)


@pytest.mark.usefixtures("utc")
def test_version_and_test(make_run: MakeRun, log: Callable[..., Entries]) -> None:
    data = make_run(SingleStream(), [0], [5])
    found = log(data, sut_name='say "x"', sut_name_duration_ns=7, total=9, performance=4)
    version = f"loadgen {loadgen.__version__} (independent implementation, not MLCommons LoadGen)"
    assert found[:6] == [
        ("loadgen_version", version),
        ("loadgen_build_date_local", "NA"),
        ("loadgen_build_date_utc", "NA"),
        ("loadgen_git_commit_date", "NA"),
        ("loadgen_git_log_message", "NA"),
        ("loadgen_git_status_message", "NA"),
    ]
    key, checksums = found[6]
    assert key == "loadgen_file_sha1"
    assert len(checksums["/mlperf/logs/detail.py"]) == 40
    assert found[7:13] == [
        ("test_datetime", "2026-01-02T03:04:05Z"),
        ("sut_name", 'say "x"'),
        ("get_sut_name_duration_ns", 7),
        ("qsl_name", "dataset"),
        ("qsl_reported_total_count", 9),
        ("qsl_reported_performance_count", 4),
    ]


def texts(found: Entries, key: str = "error_runtime") -> list[str]:
    return [value for name, value in found if name == key]


OF_ALL = [
    *("min_duration_ms", "max_duration_ms", "min_query_count", "max_query_count"),
    *("qsl_rng_seed", "sample_index_rng_seed", "schedule_rng_seed", "accuracy_log_rng_seed"),
    *("accuracy_log_probability", "accuracy_log_sampling_target", "print_timestamps"),
    *("performance_issue_unique", "performance_issue_same", "performance_issue_same_index"),
    *("performance_sample_count_override", "accuracy_sample_count_override"),
    "sample_concatenate_permutation",
]


@pytest.mark.parametrize(
    ("scenario", "asked", "own"),
    [
        (
            SingleStream(),
            {"scenario": "SingleStream"},
            {
                "single_stream_expected_latency_ns": 1000000,
                "single_stream_target_latency_percentile": 0.9,
            },
        ),
        (
            MultiStream(samples_per_query=1),
            {"scenario": "MultiStream", "multi_stream_samples_per_query": 1},
            {
                "multi_stream_expected_latency_ns": 8000000,
                "multi_stream_target_latency_percentile": 0.99,
                "multi_stream_samples_per_query": 1,
            },
        ),
        (
            Server(target_qps=2.5),
            {"scenario": "Server", "server_target_qps": 2.5, "server_coalesce_queries": True},
            {
                "server_target_qps": 2.5,
                "server_target_latency_ns": 100000000,
                "server_target_latency_percentile": 0.99,
                "server_coalesce_queries": True,
                "server_find_peak_qps_decimals_of_precision": 1,
                "server_find_peak_qps_boundary_step_size": 1,
                "server_max_async_queries": 0,
                "server_num_issue_query_threads": 0,
            },
        ),
        (
            Offline(expected_qps=3.0),
            {"scenario": "Offline", "offline_expected_qps": 3.0},
            {"offline_expected_qps": 3},
        ),
    ],
)
def test_requested_settings(
    scenario: Any,
    asked: dict[str, Any],
    own: dict[str, Any],
    make_run: MakeRun,
    log: Callable[..., Entries],
) -> None:
    found = log(make_run(scenario, [0], [5]), asked=asked)
    told = [(key, value) for key, value in found if key.startswith("requested_")]
    assert told[:2] == [
        ("requested_scenario", asked["scenario"]),
        ("requested_test_mode", "PerformanceOnly"),
    ]
    assert told[2 : 2 + len(own)] == [(f"requested_{name}", value) for name, value in own.items()]
    assert [key for key, _ in told[2 + len(own) :]] == [f"requested_{name}" for name in OF_ALL]


@pytest.mark.parametrize("is_offline", [False, True])
def test_requested_token_limits(
    is_offline: bool, make_run: MakeRun, log: Callable[..., Entries]
) -> None:
    settings = Settings(tokens=True, min_duration_s=0, min_queries=1)
    scenario = Offline(n_samples=1) if is_offline else SingleStream()
    data = make_run(scenario, [0], [5], first_token=[2], n_tokens=[2], settings=settings)
    keys = [key for key, _ in log(data) if key.startswith("requested_")]
    limits = ["requested_server_ttft_latency", "requested_server_tpot_latency"]
    last = ["requested_use_token_latencies"] + ([] if is_offline else limits)
    assert keys[-len(last) :] == last


def test_effective_settings(
    make_run: MakeRun, log: Callable[..., Entries], from_key: Callable[..., Entries]
) -> None:
    settings = Settings(min_duration_s=2, max_duration_s=3, min_queries=5, max_queries=6)
    scenario = Server(target_qps=2.0, target_latency_ms=7.0, max_outstanding=3)
    found = from_key(log(make_run(scenario, [0], [5], settings=settings)), "effective_scenario")
    assert found[:13] == [
        ("effective_scenario", "Server"),
        ("effective_test_mode", "PerformanceOnly"),
        ("effective_samples_per_query", 1),
        ("effective_target_qps", 2),
        ("effective_target_latency_ns", 7000000),
        ("effective_target_latency_percentile", 0.99),
        ("effective_max_async_queries", 3),
        ("effective_target_duration_ms", 2000),
        ("effective_min_duration_ms", 2000),
        ("effective_max_duration_ms", 3000),
        ("effective_min_query_count", 5),
        ("effective_max_query_count", 6),
        ("effective_min_sample_count", 5),
    ]
    assert found[13:26] == [
        ("effective_qsl_rng_seed", 0),
        ("effective_sample_index_rng_seed", 0),
        ("effective_schedule_rng_seed", 0),
        ("effective_accuracy_log_rng_seed", 0),
        ("effective_accuracy_log_probability", 0),
        ("effective_accuracy_log_sampling_target", 0),
        ("effective_print_timestamps", False),
        ("effective_performance_issue_unique", False),
        ("effective_performance_issue_same", False),
        ("effective_performance_issue_same_index", 0),
        ("effective_performance_sample_count", 4),
        ("effective_accuracy_sample_count", 4),
        ("effective_sample_concatenate_permutation", False),
    ]


def test_a_series(
    make_run: MakeRun, log: Callable[..., Entries], from_key: Callable[..., Entries]
) -> None:
    data = ended(
        make_run(SingleStream(), [0, 9 * MS], [4 * MS, 61_000 * MS]), "natural", start_ns=22 * MS
    )
    data = dataclasses.replace(data, run_start_ns=data.run_start_ns - 22 * MS)
    found = from_key(log(data), "generic_message")
    assert found[:6] == [
        ("generic_message", "Starting performance mode"),
        ("loaded_qsl_set", [0, 2, 1, 3]),
        ("generated_query_count", 2),
        ("generated_samples_per_query", 1),
        ("generated_query_duration", 9 * MS),
        ("generic_message", "Ending naturally: Minimum query count and test duration met."),
    ]
    assert found[6:12] == [
        ("logger_swap_request_slots_retry_count", 0),
        ("logger_swap_request_slots_retry_retry_count", 0),
        ("logger_swap_request_slots_retry_reencounter_count", 0),
        ("logger_start_reading_entries_retry_count", 0),
        ("logger_tls_total_log_cas_fail_count", 0),
        ("logger_tls_total_swap_buffers_slot_retry_count", 0),
    ]
    assert found[12:14] == [
        ("power_begin", "01-02-2026 03:04:05.700"),
        ("power_end", "01-02-2026 03:05:06.700"),
    ]


def test_what_was_planned_is_told_where_it_is_known(
    make_run: MakeRun, log: Callable[..., Entries]
) -> None:
    data = ended(
        make_run(SingleStream(), [0], [5]), "natural", planned_queries=50, planned_duration_ns=77
    )
    found = dict(log(data))
    assert (found["generated_query_count"], found["generated_query_duration"]) == (50, 77)


def test_what_was_said_stands_at_its_time(make_run: MakeRun, log: Callable[..., Entries]) -> None:
    found = log(
        make_run(Server(target_qps=1.0), [0], [5]),
        notes=(Note("warning_generic_message", "early"),),
        later_notes=(
            Note("generic_message", "after", BEGAN_NS + 99),
            Note("generic_message", "before", BEGAN_NS - 1),
        ),
    )
    keys = [key for key, _ in found]
    assert found[keys.index("requested_scenario") - 1] == ("warning_generic_message", "early")
    assert found[keys.index("loaded_qsl_set") - 2] == ("generic_message", "before")
    assert found[keys.index("result_validity") - 1] == ("generic_message", "after")


def test_times_count_from_when_logging_began_and_never_go_back(
    make_run: MakeRun, account_of: AccountOf
) -> None:
    account = account_of(
        make_run(SingleStream(), [0, 9], [4, 1_234_567]),
        began_ns=BEGAN_NS - 2 * MS,
        notes=(Note("generic_message", "long ago", 5),),
        later_notes=(Note("error_runtime", "in between", BEGAN_NS + 100),),
    )
    lines = [json.loads(line.partition(" ")[2]) for line in detail_lines(account)]
    times = [line["time_ms"] for line in lines]
    assert times == sorted(times)
    assert times[0] == 0
    assert {line["key"]: line["time_ms"] for line in lines}["loaded_qsl_set"] == 2.0
    assert times[-1] == 3.234567
    flags = [line["metadata"]["is_error"] for line in lines if line["value"] == "in between"]
    assert flags == [True]


def test_a_search_for_the_peak_has_its_own_start(
    make_run: MakeRun, log: Callable[..., Entries]
) -> None:
    asked = {"scenario": "Server", "mode": "FindPeakPerformance", "server_target_qps": 3.0}
    found = log(make_run(Server(target_qps=7.0), [0], [5]), asked=asked)
    assert texts(found, "generic_message") == ["Starting FindPeakPerformance mode"]
    assert dict(found)["effective_target_qps"] == 3
