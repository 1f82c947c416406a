# SPDX-License-Identifier: Apache-2.0
"""Effective settings, computed again from the requested ones: `check_effective`.

LoadGen writes doubles with six digits. What it computed from more of them lies between what the
least and the largest such number would give.

References
----------
MLPerf LoadGen 6.0, test_settings_internal.cc.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.logs.case import Case, about, near

__all__ = ["check_effective", "rates"]

_RATES: Final = {
    "SingleStream": "requested_single_stream_expected_latency_ns",
    "MultiStream": "requested_multi_stream_expected_latency_ns",
    "Server": "requested_server_target_qps",
    "Offline": "requested_offline_expected_qps",
}
_OFFLINE_SLACK: Final = 1.1
_STREAM_SLACK: Final = 2.0
"""So much more than the minimum duration needs is planned."""
_OFFLINE_PERCENTILE: Final = 0.99

_SAME: Final = (
    *("scenario", "test_mode", "min_duration_ms", "max_duration_ms", "max_query_count"),
    *("qsl_rng_seed", "sample_index_rng_seed", "schedule_rng_seed", "accuracy_log_rng_seed"),
    *("accuracy_log_probability", "accuracy_log_sampling_target", "print_timestamps"),
    *("performance_issue_unique", "performance_issue_same", "performance_issue_same_index"),
    "sample_concatenate_permutation",
)


def rates(case: Case) -> tuple[float, float]:
    """Return the least and the largest rate that the requested number can stand for, 1/s.

    0 and 0 where nothing was expected: runs of this package may do so.
    """
    low, high = about(case.number(_RATES[case.scenario]))
    if case.scenario in ("Server", "Offline") or high == 0:
        return low, high
    return 1e9 / high, 1e9 / low if low > 0 else math.inf


def check_effective(case: Case) -> Iterator[Finding]:
    """Yield effective settings that are not what the requested ones come to."""
    for name in _SAME:
        yield from _equal(case, name, case.value(f"requested_{name}"))
    low, high = rates(case)
    rate = case.number("effective_target_qps")
    if not (low <= rate <= high or near(rate, low) or near(rate, high)):
        key, words = "effective_target_qps", f"{low:g}, as requested"
        yield case.finding("settings.effective", rate, words, key=key)
    scenario, is_server = case.scenario, case.scenario == "Server"
    limit = case.integer("requested_server_target_latency_ns") if is_server else 0
    parallel = case.integer("requested_server_max_async_queries") if is_server else 1
    lasts = 0 if scenario == "Offline" else case.integer("requested_min_duration_ms")
    loads = case.integer("requested_performance_sample_count_override")
    asks = case.integer("requested_accuracy_sample_count_override")
    at_once = loads or case.integer("qsl_reported_performance_count")
    yield from _equal(case, "target_latency_ns", limit)
    yield from _equal(case, "max_async_queries", parallel)
    yield from _equal(case, "target_duration_ms", lasts)
    yield from _equal(case, "performance_sample_count", at_once)
    yield from _equal(case, "accuracy_sample_count", asks or case.value("qsl_reported_total_count"))
    yield from _equal(case, "target_latency_percentile", _percentile(case))
    yield from _sizes(case, low, high, at_once)


def _equal(case: Case, name: str, wanted: object) -> Iterator[Finding]:
    key = f"effective_{name}"
    if case.value(key) != wanted:
        yield case.finding("settings.effective", case.value(key), f"{wanted!r}, as asked", key=key)


def _percentile(case: Case) -> float:
    names = {"SingleStream": "single_stream", "MultiStream": "multi_stream", "Server": "server"}
    if case.scenario not in names:
        return _OFFLINE_PERCENTILE
    return case.number(f"requested_{names[case.scenario]}_target_latency_percentile")


def _sizes(case: Case, low: float, high: float, at_once: int) -> Iterator[Finding]:
    """Compare samples per query and the fewest queries and samples."""
    least = case.integer("requested_min_query_count")
    duration_s = case.integer("requested_min_duration_ms") / 1000.0
    samples, queries = (1, 1), (least, least)
    if case.scenario == "MultiStream":
        per_query = case.integer("requested_multi_stream_samples_per_query")
        samples = (per_query, per_query)
    elif case.scenario == "Offline":
        samples = _between(_OFFLINE_SLACK * duration_s, low, high, least)
        if case.flag("requested_performance_issue_unique"):
            samples = (at_once, at_once)
        queries = (1, 1)
    elif _is_whole(case) and low > 0:
        whole = case.integer("qsl_reported_performance_count") or 1
        fewest, most = _between(_STREAM_SLACK * duration_s, low, high, least)
        queries = fewest + whole - fewest % whole, most + whole - most % whole
    yield from _within(case, "effective_samples_per_query", samples)
    yield from _within(case, "effective_min_query_count", queries)
    n_queries = case.integer("effective_min_query_count")
    n_samples = n_queries * case.integer("effective_samples_per_query")
    yield from _within(case, "effective_min_sample_count", (n_samples, n_samples))


def _is_whole(case: Case) -> bool:
    """Return whether queries are rounded up to whole permutations beforehand."""
    whole = case.flag("requested_sample_concatenate_permutation")
    return whole and case.scenario == "SingleStream"


def _between(seconds: float, low: float, high: float, least: int) -> tuple[int, int]:
    most = math.trunc(seconds * high) if math.isfinite(seconds * high) else least
    return max(least, math.trunc(seconds * low)), max(least, most)


def _within(case: Case, key: str, bounds: tuple[int, int]) -> Iterator[Finding]:
    low, high = bounds
    if not low <= case.integer(key) <= high:
        words = f"{low}" if low == high else f"{low} to {high}"
        yield case.finding("settings.effective", case.value(key), words, key=key)
