# SPDX-License-Identifier: Apache-2.0
"""Whether the entries are LoadGen's, each of its type and in its place: `check_keys`.

A log of a few forged lines is found here. Not for which there have to be (``order.py``), nor for
what the values say of each other.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from loadgen.config.nonce import FORM, is_nonce
from loadgen.mlperf.chain import HEAD, NONCE, TRAFFIC
from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.logs.case import Case, Lacking
from loadgen.mlperf.checker.logs.evidence import LOADED
from loadgen.mlperf.checker.logs.order import STREAM, TOKEN_STOPPING, VERSION, keys_of
from loadgen.mlperf.logs.read_source import short

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

_TEXTS: Final = frozenset(
    {
        *(*VERSION[:6], "test_datetime", "sut_name", "qsl_name", LOADED, "power_begin"),
        *("power_end", "result_validity", "result_invalid_reason", "early_stopping_result"),
        *(*TOKEN_STOPPING, "requested_scenario", "requested_test_mode"),
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
        *(f"requested_{kind}_stream{name}" for kind in ("single", "multi") for name in STREAM),
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
    # More series than the log has lines for are no more evidence than one.
    there = min(_n_series(case), len(case.detail.places(LOADED)) + 1)
    wanted = keys_of(case, there)
    keys = [key for key in case.detail.columns.key if key not in MESSAGES]
    yield from _wrong_types(case, MESSAGES.union(wanted))
    if keys != wanted:
        yield from _misplaced(case, wanted)


def _misplaced(case: Case, wanted: list[str]) -> Iterator[Finding]:
    found = [each for each in case.detail.entries if each.key not in MESSAGES]
    expected, actual = Counter(wanted), Counter(each.key for each in found)
    missing = [key for key in expected if actual[key] < expected[key]]
    if missing:
        words = f"without {len(missing)} of LoadGen's keys: {_some(missing)}"
        yield case.finding("log.keys", words, f"all {len(wanted):,} entries of such a run")
    for key in (key for key in actual if actual[key] > expected[key]):
        line = case.detail.columns.line[case.detail.places(key)[expected[key]]]
        if expected[key]:
            words = f"{key} stands {actual[key]} times"
            yield case.finding("log.duplicate", words, f"{expected[key]} times", line=line)
        else:
            yield case.finding("log.keys", f"the key {key}", "no such key of this run", line=line)
    if expected == actual:
        pairs = zip(found, wanted, strict=True)
        each, key = next((each, key) for each, key in pairs if each.key != key)
        yield case.finding("log.order", each.key, key, line=each.line)


def _some(keys: list[str]) -> str:
    rest = len(keys) - _SHOWN_AT_ONCE
    shown = ", ".join(keys[:_SHOWN_AT_ONCE])
    return f"{shown} and {rest} more" if rest > 0 else shown


def _wrong_types(case: Case, known: Collection[str]) -> Iterator[Finding]:
    columns = case.detail.columns
    for key, value, line in zip(columns.key, columns.value, columns.line, strict=True):
        allowed = _allowed(key, value)
        if allowed and key in known:  # others are no keys of this run at all
            yield case.finding("log.type", f"{key} is {short(value)}", allowed, line=line)


def _allowed(key: str, value: Any) -> str:
    """Return what a key's value has to be; empty where it is."""
    if key in _TEXTS:
        return "" if isinstance(value, str) else "a text"
    if key in _FLAGS:
        return "" if isinstance(value, bool) else "true or false"
    if key in _OF_LOADGEN:
        is_good, words = _OF_LOADGEN[key]
        return "" if is_good(value) else words
    is_integer = type(value) is int and 0 <= value < _MAX  # a bool is none
    if key in _NUMBERS:
        is_number = isinstance(value, float) and math.isfinite(value) and value >= 0
        return "" if is_integer or is_number else "a number that is not negative"
    return "" if is_integer else "an integer that is not negative"
