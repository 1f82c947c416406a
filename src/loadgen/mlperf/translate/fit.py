# SPDX-License-Identifier: Apache-2.0
"""Official values that LoadGen runs and ours cannot hold, as others that come to the same run.

Logs are written of what was requested, so they do not show it. Not for what is refused
(``check.py``), nor for errors that LoadGen corrects itself (``to_ours.py``).
"""

from __future__ import annotations

import math
from typing import Final

from loadgen.config.scenarios import SLOWEST_QPS
from loadgen.mlperf.settings import TestMode, TestScenario, TestSettings
from loadgen.traffic.effective import OFFLINE_SLACK
from loadgen.traffic.validate import FASTEST_TIMED_QPS
from loadgen.values import MAX_COUNT, MAX_SECONDS

__all__ = [
    "LONGEST_MS",
    "LOWEST_FRACTION",
    "PERCENTILE_FIELDS",
    "RATE_FIELDS",
    "SHORTEST_NS",
    "bounded",
    "goes_by_set",
    "may_be_timeless",
    "runnable",
]

LONGEST_MS: Final = int(MAX_SECONDS) * 1000
SHORTEST_NS: Final = 1.0
"""Plans count whole ns."""
LOWEST_FRACTION: Final = 0.01
"""Ours takes a percentile between 0 and 1 for a fraction that was meant."""
_FASTEST_OFFLINE_QPS: Final = 1e30

RATE_FIELDS: Final = {
    TestScenario.SingleStream: "single_stream_expected_latency_ns",
    TestScenario.MultiStream: "multi_stream_expected_latency_ns",
    TestScenario.Server: "server_target_qps",
    TestScenario.Offline: "offline_expected_qps",
}
PERCENTILE_FIELDS: Final = {
    TestScenario.SingleStream: "single_stream_target_latency_percentile",
    TestScenario.MultiStream: "multi_stream_target_latency_percentile",
    TestScenario.Server: "server_target_latency_percentile",
}


def goes_by_set(used: TestSettings) -> bool:
    """Return whether the loaded set alone says what is issued, and no minimum does."""
    return used.mode is TestMode.AccuracyOnly or bool(used.performance_issue_unique)


def may_be_timeless(used: TestSettings) -> bool:
    """Return whether the plan ends even if time does not go on in it."""
    return goes_by_set(used) or used.min_duration_ms == 0


def bounded(requested: TestSettings) -> TestSettings:
    """Return settings that mean the same, without limits and shares that no run reaches."""
    used = requested.copy()
    if used.max_duration_ms > LONGEST_MS:
        used.max_duration_ms = 0
    if used.max_query_count > MAX_COUNT:
        used.max_query_count = 0
    # Above the samples that there are, all are used, and all answers kept.
    for name in ("accuracy_sample_count_override", "accuracy_log_sampling_target"):
        setattr(used, name, min(getattr(used, name), MAX_COUNT))
    share = used.accuracy_log_probability  # an answer is kept whose draw is not above it
    used.accuracy_log_probability = min(share, 1.0) if share > 0 else 0.0  # nan keeps none
    if not used.performance_issue_same:
        used.performance_issue_same_index = 0
    return used


def runnable(requested: TestSettings) -> TestSettings:
    """Return settings of the same run, for one whose logs say what was requested.

    Parameters
    ----------
    requested : TestSettings
        With LoadGen's corrections.
    """
    used = bounded(requested)
    if goes_by_set(used):
        used.min_duration_ms = min(used.min_duration_ms, LONGEST_MS)
        performs = used.mode is not TestMode.AccuracyOnly
        is_multi = used.scenario is TestScenario.MultiStream and performs
        per_query = max(used.multi_stream_samples_per_query, 1) if is_multi else 1
        used.min_query_count = min(used.min_query_count, MAX_COUNT // per_query)
    field = RATE_FIELDS[used.scenario]
    setattr(used, field, _held_rate(used, getattr(used, field)))
    if (field := PERCENTILE_FIELDS.get(used.scenario, "")) != "":
        setattr(used, field, _held_fraction(used, getattr(used, field)))
    return used


def _held_rate(used: TestSettings, value: float) -> float:
    if used.scenario is TestScenario.Server:
        # The gaps are whole ns: of a higher rate nearly all are 0, as they are of this one.
        return min(value, FASTEST_TIMED_QPS) if may_be_timeless(used) else value
    if used.scenario is TestScenario.Offline:
        return _held_offline_qps(used, value)
    # LoadGen's own arithmetic has no answer for an infinite rate here.
    counts = used.scenario is TestScenario.SingleStream and used.sample_concatenate_permutation
    if counts and _is_infinite(value):
        return value
    is_short = 0 <= value < SHORTEST_NS
    return SHORTEST_NS if is_short and may_be_timeless(used) else value


def _is_infinite(expected_ns: float) -> bool:
    return expected_ns == 0 or not math.isfinite(1e9 / expected_ns)


def _held_offline_qps(used: TestSettings, value: float) -> float:
    factor = OFFLINE_SLACK * (used.min_duration_ms / 1000.0)
    if 0 <= value < SLOWEST_QPS and factor * SLOWEST_QPS < 1:
        return SLOWEST_QPS  # not one sample either way, so `min_query_count` says how many
    if goes_by_set(used):
        most = MAX_COUNT / factor if factor else _FASTEST_OFFLINE_QPS
        return min(value, most)
    return value


def _held_fraction(used: TestSettings, value: float) -> float:
    if used.mode is TestMode.AccuracyOnly and not 0 <= value <= 1:
        return 0.99  # not looked at
    return LOWEST_FRACTION if 0 < value < LOWEST_FRACTION else value
