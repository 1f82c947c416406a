# SPDX-License-Identifier: Apache-2.0
"""Which entries LoadGen's detail log has, in which order, and of which type: `check_keys`.

A log of a few forged lines is found here. Not for what the values say of each other.

References
----------
MLPerf LoadGen 6.0: version.cc, loadgen.cc, test_settings_internal.cc, logging.cc, results.cc.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from loadgen.config.nonce import FORM, is_nonce
from loadgen.mlperf.chain import HEAD, NONCE, TRAFFIC
from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.logs.case import Case, Lacking
from loadgen.mlperf.checker.logs.evidence import LOADED
from loadgen.mlperf.logs.read import DetailEntry
from loadgen.mlperf.logs.read_source import short
from loadgen.mlperf.logs.spread import SHOWN

__all__ = ["MESSAGES", "check_keys"]

_MAX: Final = 1 << 64
_SHOWN_AT_ONCE: Final = 8

MESSAGES: Final = frozenset(
    {
        *("generic_message", "warning_generic_message", "error_runtime"),
        *("error_invalid_test_settings", "error_invalid_config"),
        "error_uncommitted_loadgen_changes",
    }
)
"""Entries that may stand anywhere."""

_VERSION: Final = (
    *("loadgen_version", "loadgen_build_date_local", "loadgen_build_date_utc"),
    *("loadgen_git_commit_date", "loadgen_git_log_message", "loadgen_git_status_message"),
    *("loadgen_file_sha1", "test_datetime", "sut_name", "get_sut_name_duration_ns", "qsl_name"),
    *("qsl_reported_total_count", "qsl_reported_performance_count"),
)
_STREAM: Final = ("_expected_latency_ns", "_target_latency_percentile")
_OF_SCENARIO: Final = {
    "SingleStream": tuple(f"single_stream{name}" for name in _STREAM),
    "MultiStream": tuple(f"multi_stream{name}" for name in (*_STREAM, "_samples_per_query")),
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
_TOKEN_STOPPING: Final = ("early_stopping_ttft_result", "early_stopping_tpot_result")

_TEXTS: Final = frozenset(
    {
        *(*_VERSION[:6], "test_datetime", "sut_name", "qsl_name", LOADED, "power_begin"),
        *("power_end", "result_validity", "result_invalid_reason", "early_stopping_result"),
        *(*_TOKEN_STOPPING, "requested_scenario", "requested_test_mode"),
        *("effective_scenario", "effective_test_mode", *MESSAGES),
    }
)
_FLAGS: Final = frozenset(
    {
        *("requested_server_coalesce_queries", "requested_use_token_latencies"),
        *(
            f"{said}_{name}"
            for said in ("requested", "effective")
            for name in (
                *("print_timestamps", "performance_issue_unique", "performance_issue_same"),
                "sample_concatenate_permutation",
            )
        ),
        *("result_perf_constraints_met", "result_min_duration_met", "result_min_queries_met"),
        "early_stopping_met",
    }
)
_NUMBERS: Final = frozenset(
    {
        *(f"requested_{kind}_stream{name}" for kind in ("single", "multi") for name in _STREAM),
        *("requested_server_target_qps", "requested_server_target_latency_percentile"),
        *("requested_server_find_peak_qps_boundary_step_size", "requested_offline_expected_qps"),
        *("requested_accuracy_log_probability", "effective_accuracy_log_probability"),
        *("effective_target_qps", "effective_target_latency_percentile"),
        *("result_qps_with_loadgen_overhead", "result_qps_without_loadgen_overhead"),
        *("result_scheduled_samples_per_sec", "result_completed_samples_per_sec"),
        *("result_samples_per_second", "result_token_throughput_with_loadgen_overhead"),
        *("result_token_throughput", "result_completed_tokens_per_second"),
        *("result_tokens_per_second", "result_inferred_tokens_per_second"),
        "result_inferred_completed_tokens_per_second",
    }
)


def _is_sha256(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def _is_checksums(value: Any) -> bool:
    return isinstance(value, dict) and {*map(type, value.values())} <= {str}


_HASH: Final = (_is_sha256, "a SHA-256, 64 hexadecimal digits in lower case")
_OF_LOADGEN: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "loadgen_file_sha1": (_is_checksums, "a checksum for each file"),
    NONCE: (is_nonce, FORM),
    TRAFFIC: _HASH,
    HEAD: _HASH,
}


def _n_series(case: Case) -> int:
    """Return how many series a run has: one a loadable set of an accuracy run, else one."""
    if not case.expected.is_accuracy:
        return 1
    try:
        total = case.integer("qsl_reported_total_count")
        samples = min(case.integer("effective_accuracy_sample_count"), total)
        at_once = case.integer("effective_performance_sample_count")
    except Lacking:
        return 1
    return -(-samples // at_once) if at_once > 0 else 1


def check_keys(case: Case) -> Iterator[Finding]:
    """Yield entries that are missing, too many, out of order, or of another type than LoadGen's."""
    entries = case.detail.entries
    # More series than the log has lines for are no more evidence than one.
    there = min(_n_series(case), len(case.detail.all(LOADED)) + 1)
    wanted = list(_wanted(case, there))
    found = [each for each in entries if each.key not in MESSAGES]
    expected, actual = Counter(wanted), Counter(each.key for each in found)
    known = (each for each in entries if each.key in expected or each.key in MESSAGES)
    yield from _wrong_types(case, known)
    missing = [key for key in dict.fromkeys(wanted) if actual[key] < expected[key]]
    if missing:
        words = f"without {len(missing)} of LoadGen's keys: {_some(missing)}"
        yield case.finding("log.keys", words, f"all {len(wanted):,} entries of such a run")
    for key in (key for key in actual if actual[key] > expected[key]):
        line = case.detail.all(key)[expected[key]].line
        if expected[key]:
            words = f"{key} stands {actual[key]} times"
            yield case.finding("log.duplicate", words, f"{expected[key]} times", line=line)
        else:
            yield case.finding("log.keys", f"the key {key}", "no such key of this run", line=line)
    if expected == actual:
        pairs = zip(found, wanted, strict=True)
        wrong = next(((each, key) for each, key in pairs if each.key != key), None)
        if wrong is not None:
            yield case.finding("log.order", wrong[0].key, wrong[1], line=wrong[0].line)


def _some(keys: list[str]) -> str:
    rest = len(keys) - _SHOWN_AT_ONCE
    shown = ", ".join(keys[:_SHOWN_AT_ONCE])
    return f"{shown} and {rest} more" if rest > 0 else shown


def _wrong_types(case: Case, entries: Iterable[DetailEntry]) -> Iterator[Finding]:
    for each in entries:
        allowed = _allowed(each.key, each.value)
        if allowed:
            found = f"{each.key} is {short(each.value)}"
            yield case.finding("log.type", found, allowed, line=each.line)


def _allowed(key: str, value: Any) -> str:
    """Return what a key's value has to be; empty where it is."""
    if key in _TEXTS:
        return "" if isinstance(value, str) else "a text"
    if key in _FLAGS:
        return "" if isinstance(value, bool) else "true or false"
    if key in _OF_LOADGEN:
        is_good, words = _OF_LOADGEN[key]
        return "" if is_good(value) else words
    is_number = isinstance(value, int) and not isinstance(value, bool) and -_MAX < value < _MAX
    if key in _NUMBERS:
        is_number = is_number or (isinstance(value, float) and math.isfinite(value))
        return "" if is_number and value >= 0 else "a number that is not negative"
    return "" if is_number and value >= 0 else "an integer that is not negative"


def _wanted(case: Case, series: int) -> Iterator[str]:
    yield from _VERSION
    yield from ("requested_scenario", "requested_test_mode")
    for name in (*_OF_SCENARIO.get(case.scenario, ()), *_REQUESTED):
        yield f"requested_{name}"
    if case.tokens:
        yield "requested_use_token_latencies"
        if case.scenario != "Offline":
            yield from ("requested_server_ttft_latency", "requested_server_tpot_latency")
    has_nonce = NONCE in case.values  # only this package's logs may have one
    if has_nonce:
        yield from (NONCE, TRAFFIC)
    yield from (f"effective_{name}" for name in _EFFECTIVE)
    for _ in range(series):
        yield from _SERIES
    if has_nonce:
        yield HEAD
    if not case.expected.is_accuracy:
        yield from _results(case)


def _results(case: Case) -> Iterator[str]:
    scenario, detail = case.scenario, case.values
    yield "result_validity"
    if scenario == "Server":
        yield "result_perf_constraints_met"
    yield from ("result_min_duration_met", "result_min_queries_met", "early_stopping_met")
    if detail.get("result_validity") != "VALID":
        yield "result_invalid_reason"
    yield from _TOKEN_STOPPING if case.tokens else ("early_stopping_result",)
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
    if case.tokens:
        yield from _tokens(scenario)
    what = {"Server": "inferred_completed", "Offline": "inferred"}.get(scenario)
    if f"result_{what}_tokens_per_second" in detail:  # the log does not say whether it was asked
        yield f"result_{what}_tokens_per_second"
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
