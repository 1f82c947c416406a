# SPDX-License-Identifier: Apache-2.0
"""The result entries of the detail log."""

from collections.abc import Callable
from typing import Any

from loadgen.config.scenarios import MultiStream, Offline, Server, SingleStream
from loadgen.config.settings import Settings
from loadgen.mlperf.logs.account import Account
from loadgen.result import Occurrence, RunData

MS = 1_000_000

MakeRun = Callable[..., RunData]
AccountOf = Callable[..., Account]
Entries = list[tuple[str, Any]]


def test_results_of_multi_stream(
    make_run: MakeRun, log: Callable[..., Entries], from_key: Callable[..., Entries]
) -> None:
    scenario = MultiStream(samples_per_query=2)
    found = from_key(log(make_run(scenario, [0, 0, 9, 9], [3, 8, 11, 14])), "result_validity")
    more = ("90.00", "95.00", "97.00", "99.00", "99.90")
    assert found == [
        ("result_validity", "INVALID"),
        ("result_min_duration_met", True),
        ("result_min_queries_met", True),
        ("early_stopping_met", False),
        ("result_invalid_reason", ""),
        (
            "early_stopping_result",
            " * Only processed 2 queries.  * Need to process at least 662 queries for early "
            "stopping.",
        ),
        ("result_query_count", 2),
        ("result_min_query_latency_ns", 5),
        ("result_max_query_latency_ns", 8),
        ("result_mean_query_latency_ns", 6),
        *[(f"result_{p}_percentile_per_query_latency_ns", 8) for p in ("50.00", *more)],
        ("early_stopping_latency_ms", 0),
        ("result_min_latency_ns", 2),
        ("result_max_latency_ns", 8),
        ("result_mean_latency_ns", 4),
        ("result_50.00_percentile_latency_ns", 5),
        *[(f"result_{p}_percentile_latency_ns", 8) for p in more],
        ("num_errors", 0),
    ]


def test_results_of_server_with_tokens(
    make_run: MakeRun, log: Callable[..., Entries], from_key: Callable[..., Entries]
) -> None:
    data = make_run(
        Server(target_qps=2.0, target_ttft_ms=10.0, target_tpot_ms=20.0),
        [0, 500 * MS, 1000 * MS],
        [90 * MS, 590 * MS, 1120 * MS],
        first_token=[5 * MS, 505 * MS, 1030 * MS],
        n_tokens=[2, 6, 4],
        settings=Settings(
            tokens=True, inferred_tokens_per_sample=3, min_duration_s=2, min_queries=9
        ),
    )
    found = from_key(log(data), "result_validity")
    told = dict(found)
    assert [key for key, _ in found[:11]] == [
        *("result_validity", "result_perf_constraints_met", "result_min_duration_met"),
        *("result_min_queries_met", "early_stopping_met", "result_invalid_reason"),
        *("early_stopping_ttft_result", "early_stopping_tpot_result", "result_query_count"),
        *("result_overlatency_query_count", "result_scheduled_samples_per_sec"),
    ]
    assert told["result_invalid_reason"] == (
        "TTFT constrain not met: Reduce target QPS to improve latency.  * TPOT constrain not met: "
        "Reduce target QPS to improve latency. Increase the target QPS so the loadgen "
        "pre-generates more queries. The test exited early, before enough queries were issued."
    )
    assert told["result_overlatency_query_count"] == 1
    assert told["result_completed_samples_per_sec"] == 1.78571
    assert [key for key, _ in found[-23:]] == [
        *("result_first_token_min_latency_ns", "result_first_token_max_latency_ns"),
        "result_first_token_mean_latency_ns",
        *[
            f"result_first_token_{p}_percentile_latency_ns"
            for p in ("50.00", "90.00", "95.00", "97.00", "99.00", "99.90")
        ],
        *("result_token_throughput_with_loadgen_overhead", "result_token_throughput"),
        *[
            f"result_time_per_output_token_{p}_percentile_ns"
            for p in ("50.00", "90.00", "95.00", "97.00", "99.00", "99.90")
        ],
        *("result_time_to_output_token_min", "result_time_to_output_token_max"),
        *("result_time_to_output_token_mean", "result_completed_tokens_per_second"),
        *("result_inferred_completed_tokens_per_second", "num_errors"),
    ]
    assert told["result_token_throughput"] == 4e-08
    assert told["result_token_throughput_with_loadgen_overhead"] == 12


def test_results_of_offline_with_tokens(
    make_run: MakeRun, log: Callable[..., Entries], from_key: Callable[..., Entries]
) -> None:
    settings = Settings(tokens=True, inferred_tokens_per_sample=3, min_duration_s=0, min_queries=1)
    data = make_run(
        Offline(n_samples=2), [0, 0], [500 * MS, 1000 * MS], n_tokens=[5, 6], settings=settings
    )
    found = from_key(log(data), "result_validity")
    assert found[4:8] == [
        ("early_stopping_ttft_result", ""),
        ("early_stopping_tpot_result", ""),
        ("result_query_count", 1),
        ("result_samples_per_second", 2),
    ]
    assert found[-3:] == [
        ("result_tokens_per_second", 11),
        ("result_inferred_tokens_per_second", 6),
        ("num_errors", 0),
    ]


def test_our_own_reasons_are_told_apart(make_run: MakeRun, log: Callable[..., Entries]) -> None:
    broken = {"answered_twice": Occurrence(2, "id 7")}
    data = make_run(SingleStream(), [0, 1], [5, 0], status=[0, 2], violations=broken)
    assert dict(log(data))["result_invalid_reason"] == (
        "1 of 2 issued samples was never answered, and none may be; "
        "2 violations (answered_twice: 2), and 0 are allowed"
    )


def test_an_accuracy_run_that_failed_has_a_verdict_and_nothing_else(
    make_run: MakeRun, log: Callable[..., Entries]
) -> None:
    data = make_run(SingleStream(), [0], [0], status=[2], settings=Settings(mode="accuracy"))
    found = [each for each in log(data) if each[0].startswith(("result_", "num_", "early_"))]
    assert found == [("result_validity", "INVALID"), ("num_errors", 2)]


def test_an_accuracy_run_has_no_results(make_run: MakeRun, log: Callable[..., Entries]) -> None:
    found = log(make_run(SingleStream(), [0], [5], settings=Settings(mode="accuracy")))
    assert ("generic_message", "Starting accuracy mode") in found
    assert found[-1][0] == "power_end"
