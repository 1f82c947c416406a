# SPDX-License-Identifier: Apache-2.0
"""Which keys the entries of a run's detail log have, in their order: `keys_of`.

References
----------
MLPerf LoadGen 6.0: version.cc, loadgen.cc, test_settings_internal.cc, logging.cc, results.cc.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Final, NamedTuple

from loadgen.mlperf.chain import HEAD, NONCE, TRAFFIC
from loadgen.mlperf.checker.logs.case import Case
from loadgen.mlperf.checker.logs.evidence import LOADED
from loadgen.mlperf.logs.spread import SHOWN

__all__ = ["STREAM", "TOKEN_STOPPING", "VERSION", "keys_of"]

VERSION: Final = (
    *("loadgen_version", "loadgen_build_date_local", "loadgen_build_date_utc"),
    *("loadgen_git_commit_date", "loadgen_git_log_message", "loadgen_git_status_message"),
    *("loadgen_file_sha1", "test_datetime", "sut_name", "get_sut_name_duration_ns", "qsl_name"),
    *("qsl_reported_total_count", "qsl_reported_performance_count"),
)
STREAM: Final = ("_expected_latency_ns", "_target_latency_percentile")
_OF_SCENARIO: Final = {
    "SingleStream": tuple(f"single_stream{name}" for name in STREAM),
    "MultiStream": tuple(f"multi_stream{name}" for name in (*STREAM, "_samples_per_query")),
    "Server": (
        *("server_target_qps", "server_target_latency_ns", "server_target_latency_percentile"),
        *("server_coalesce_queries", "server_find_peak_qps_decimals_of_precision"),
        *("server_find_peak_qps_boundary_step_size", "server_max_async_queries"),
        "server_num_issue_query_threads",
    ),
    "Offline": ("offline_expected_qps",),
}
_SEEDS_AND_LOGGING: Final = (
    *("qsl_rng_seed", "sample_index_rng_seed", "schedule_rng_seed", "accuracy_log_rng_seed"),
    *("accuracy_log_probability", "accuracy_log_sampling_target", "print_timestamps"),
    *("performance_issue_unique", "performance_issue_same", "performance_issue_same_index"),
)
_REQUESTED: Final = (
    *("min_duration_ms", "max_duration_ms", "min_query_count", "max_query_count"),
    *(*_SEEDS_AND_LOGGING, "performance_sample_count_override", "accuracy_sample_count_override"),
    "sample_concatenate_permutation",
)
_EFFECTIVE: Final = (
    *("scenario", "test_mode", "samples_per_query", "target_qps", "target_latency_ns"),
    *("target_latency_percentile", "max_async_queries", "target_duration_ms", "min_duration_ms"),
    *("max_duration_ms", "min_query_count", "max_query_count", "min_sample_count"),
    *(*_SEEDS_AND_LOGGING, "performance_sample_count", "accuracy_sample_count"),
    "sample_concatenate_permutation",
)
_SERIES: Final = (
    *(LOADED, "generated_query_count", "generated_samples_per_query", "generated_query_duration"),
    *("logger_swap_request_slots_retry_count", "logger_swap_request_slots_retry_retry_count"),
    *("logger_swap_request_slots_retry_reencounter_count",),
    *("logger_start_reading_entries_retry_count", "logger_tls_total_log_cas_fail_count"),
    *("logger_tls_total_swap_buffers_slot_retry_count", "power_begin", "power_end"),
)
_INFERRED: Final = {
    "Server": "result_inferred_completed_tokens_per_second",
    "Offline": "result_inferred_tokens_per_second",
}
TOKEN_STOPPING: Final = ("early_stopping_ttft_result", "early_stopping_tpot_result")


class _Kind(NamedTuple):
    """What decides which entries a run's log has, but for how many series it had."""

    scenario: str
    tokens: bool
    has_nonce: bool
    is_accuracy: bool
    is_valid: bool
    is_inferred: bool


def keys_of(case: Case, series: int) -> list[str]:
    """Return the keys that a run's entries have, in their order; without messages.

    Parameters
    ----------
    case : Case
    series : int
        How many it had.
    """
    detail = case.values
    kind = _Kind(
        case.scenario,
        tokens=case.tokens,
        has_nonce=NONCE in detail,  # only this package's logs may have one
        is_accuracy=case.expected.is_accuracy,
        is_valid=detail.get("result_validity") == "VALID",
        # The log does not say whether it was asked.
        is_inferred=_INFERRED.get(case.scenario) in detail,
    )
    before, after = _around(kind)
    return [*before, *(_SERIES * series), *after]


@functools.cache
def _around(kind: _Kind) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the keys before the series, and those after them."""
    return tuple(_before(kind)), tuple(_after(kind))


def _before(kind: _Kind) -> Iterator[str]:
    yield from VERSION
    yield from ("requested_scenario", "requested_test_mode")
    for name in (*_OF_SCENARIO.get(kind.scenario, ()), *_REQUESTED):
        yield f"requested_{name}"
    if kind.tokens:
        yield "requested_use_token_latencies"
        if kind.scenario != "Offline":
            yield from ("requested_server_ttft_latency", "requested_server_tpot_latency")
    if kind.has_nonce:
        yield from (NONCE, TRAFFIC)
    yield from (f"effective_{name}" for name in _EFFECTIVE)


def _after(kind: _Kind) -> Iterator[str]:
    if kind.has_nonce:
        yield HEAD
    if not kind.is_accuracy:
        yield from _results(kind)


def _results(kind: _Kind) -> Iterator[str]:
    scenario = kind.scenario
    yield "result_validity"
    if scenario == "Server":
        yield "result_perf_constraints_met"
    yield from ("result_min_duration_met", "result_min_queries_met", "early_stopping_met")
    if not kind.is_valid:
        yield "result_invalid_reason"
    yield from TOKEN_STOPPING if kind.tokens else ("early_stopping_result",)
    yield "result_query_count"
    yield from {
        "SingleStream": (
            *("result_qps_with_loadgen_overhead", "result_qps_without_loadgen_overhead"),
            *("early_stopping_latency_ss", "early_stopping_latency_ms"),
        ),
        "MultiStream": (
            *_spread("result_{}_query_latency_ns", "result_{}_percentile_per_query_latency_ns"),
            "early_stopping_latency_ms",
        ),
        "Server": (
            *("result_overlatency_query_count", "result_scheduled_samples_per_sec"),
            "result_completed_samples_per_sec",
        ),
        "Offline": ("result_samples_per_second",),
    }.get(scenario, ())
    yield from _spread("result_{}_latency_ns", "result_{}_percentile_latency_ns")
    if kind.tokens:
        yield from _tokens(scenario)
    if kind.is_inferred:
        yield _INFERRED[scenario]
    yield "num_errors"


def _tokens(scenario: str) -> Iterator[str]:
    if scenario == "Offline":
        yield "result_tokens_per_second"
        return
    of_first = "result_first_token_{}_percentile_latency_ns"
    yield from _spread("result_first_token_{}_latency_ns", of_first)
    yield from ("result_token_throughput_with_loadgen_overhead", "result_token_throughput")
    yield from (f"result_time_per_output_token_{label}_percentile_ns" for label in SHOWN)
    yield from (f"result_time_to_output_token_{name}" for name in ("min", "max", "mean"))
    yield "result_completed_tokens_per_second"


def _spread(extreme: str, percentile: str) -> Iterator[str]:
    yield from (extreme.format(name) for name in ("min", "max", "mean"))
    yield from (percentile.format(label) for label in SHOWN)
