# SPDX-License-Identifier: Apache-2.0
"""Which official settings are refused, in official names, values and units.

Those with which LoadGen hangs, crashes, reads past its arrays or reckons with overflown numbers,
and those that no run of ours can do. Not for what is put in their place where a run is the same
(``fit.py``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from loadgen.config.scenarios import SLOWEST_QPS
from loadgen.config.settings import Settings
from loadgen.errors import Problem
from loadgen.mlperf.settings import TestMode, TestScenario, TestSettings
from loadgen.mlperf.translate.fit import (
    LONGEST_MS,
    LOWEST_FRACTION,
    PERCENTILE_FIELDS,
    RATE_FIELDS,
    SHORTEST_NS,
    may_be_timeless,
)
from loadgen.traffic.effective import Effective
from loadgen.traffic.validate import FASTEST_TIMED_QPS
from loadgen.values import MAX_COUNT, MAX_SECONDS

__all__ = ["library_problems", "size_problems", "value_problems"]

_LONGEST_NS: Final = 1e18
_MOST_INDICES: Final = 2**32 - 1
_MOST_UNUSED: Final = 2**64 - 1
"""Of a count that is logged and no more."""


def value_problems(used: TestSettings) -> Iterator[Problem]:
    """Yield what is wrong with single fields, where the scenario uses them."""
    yield from _rate(used)
    yield from _percentile(used)
    if used.min_duration_ms > LONGEST_MS:
        yield Problem("min_duration_ms", used.min_duration_ms, f"at most {LONGEST_MS} ms")
    names = ["min_query_count", "performance_sample_count_override", "performance_issue_same_index"]
    if used.scenario is TestScenario.MultiStream:
        names.append("multi_stream_samples_per_query")
        if used.multi_stream_samples_per_query == 0:
            yield Problem(names[-1], 0, "at least 1")
    for name in names:
        if getattr(used, name) > MAX_COUNT:
            allowed = f"at most {MAX_COUNT}, the most samples that a run records"
            yield Problem(name, getattr(used, name), allowed)


def _rate(used: TestSettings) -> Iterator[Problem]:
    field = RATE_FIELDS[used.scenario]
    value: float = getattr(used, field)
    timed = f"with min_duration_ms = {used.min_duration_ms}, or the plan would have no end"
    if used.scenario is TestScenario.Server:
        if value > FASTEST_TIMED_QPS and math.isfinite(value) and not may_be_timeless(used):
            yield Problem(field, value, f"at most {FASTEST_TIMED_QPS:g} queries/s {timed}")
        elif not (value >= SLOWEST_QPS and math.isfinite(value)):
            yield Problem(field, value, f"a finite rate of at least {SLOWEST_QPS:g} queries/s")
    elif used.scenario is TestScenario.Offline:
        if not (value >= SLOWEST_QPS and math.isfinite(value)):
            yield Problem(field, value, f"a finite rate of at least {SLOWEST_QPS:g} samples/s")
    elif 0 <= value < SHORTEST_NS and not may_be_timeless(used):
        yield Problem(field, value, f"at least {SHORTEST_NS:g} ns {timed}")
    elif not SHORTEST_NS <= value <= _LONGEST_NS:
        yield Problem(field, value, f"a time in [{SHORTEST_NS:g}, {_LONGEST_NS:g}] ns")


def _percentile(used: TestSettings) -> Iterator[Problem]:
    field = PERCENTILE_FIELDS.get(used.scenario)
    value = used.percentile_fraction
    if field is not None and not 0 <= value <= 1:
        yield Problem(field, value, "a fraction in [0, 1]")
    elif field is not None and 0 < value < LOWEST_FRACTION:
        yield Problem(field, value, f"a fraction of 0, or at least {LOWEST_FRACTION:g}")


def library_problems(used: TestSettings, total: int, performance: int) -> Iterator[Problem]:
    """Yield what is wrong with the library's counts, and which flags exclude each other."""
    loads = used.performance_sample_count_override or performance
    counted = used.scenario is TestScenario.SingleStream and used.sample_concatenate_permutation
    if total < 1:
        yield Problem("total sample count", total, "at least 1")
    if loads < 1:
        allowed = "at least 1: with an empty set nothing is issued"
        yield Problem("performance sample count", loads, allowed)
    elif performance < 1 and counted:
        allowed = "at least 1 with sample_concatenate_permutation, which counts whole sets of it"
        yield Problem("performance sample count", performance, allowed)
    if min(used.accuracy_sample_count_override or total, total) > _MOST_INDICES:
        allowed = f"at most {_MOST_INDICES}; or such an accuracy_sample_count_override"
        yield Problem("total sample count", total, allowed)
    per_query = used.multi_stream_samples_per_query
    is_multi = used.scenario is TestScenario.MultiStream and per_query <= MAX_COUNT
    if is_multi and per_query + min(loads, total) > _MOST_INDICES:
        allowed = f"less: with {min(loads, total)} loaded samples at most {_MOST_INDICES} in all"
        yield Problem("multi_stream_samples_per_query", per_query, allowed)
    elif min(loads, total) > _MOST_INDICES:
        yield Problem("performance sample count", loads, f"at most {_MOST_INDICES}")
    performs = used.mode is not TestMode.AccuracyOnly
    unique_streams = used.performance_issue_unique and used.scenario is TestScenario.MultiStream
    if unique_streams and used.sample_concatenate_permutation and performs:
        allowed = "False with performance_issue_unique in MultiStream, which has too few samples"
        yield Problem("sample_concatenate_permutation", True, allowed)


def size_problems(
    used: TestSettings, settings: Settings, sizes: Effective, total: int
) -> Iterator[Problem]:
    """Yield what is wrong with what everything comes to.

    Parameters
    ----------
    used : TestSettings
    settings, sizes : Settings, Effective
        Ours of them.
    total : int
        Samples of the library.
    """
    performs = used.mode is not TestMode.AccuracyOnly
    loads, loaded = sizes.performance_sample_count, min(sizes.performance_sample_count, total)
    is_offline = used.scenario is TestScenario.Offline
    if settings.sample_order == "same":
        index = used.performance_issue_same_index
        if index >= loaded:
            allowed = f"below {loaded}, the number of loaded samples"
            yield Problem("performance_issue_same_index", index, allowed)
        if used.mode in (TestMode.AccuracyOnly, TestMode.SubmissionRun):
            allowed = f"False in {used.mode.name}: one sample says nothing about accuracy"
            yield Problem("performance_issue_same", True, allowed)
    if performs and is_offline and settings.sample_order == "unique" and loads > total:
        overridden = bool(used.performance_sample_count_override)
        name = "performance_sample_count_override" if overridden else "performance sample count"
        yield Problem(name, loads, f"at most the library's {total} with performance_issue_unique")
    if performs and settings.sample_order != "unique":
        yield from _minima(used, sizes)
    if sizes.min_samples > (MAX_COUNT if performs else _MOST_UNUSED):
        field = RATE_FIELDS[used.scenario] if is_offline else "min_query_count"
        allowed = (
            f"less with min_duration_ms = {used.min_duration_ms} and {RATE_FIELDS[used.scenario]} "
            f"= {getattr(used, RATE_FIELDS[used.scenario]):g}: it comes to {sizes.min_samples:g} "
            f"samples, and a run records {MAX_COUNT}"
        )
        yield Problem(field, getattr(used, field), allowed)


def _minima(used: TestSettings, sizes: Effective) -> Iterator[Problem]:
    """Yield a minimum that issues nothing, or one that takes longer than a run may."""
    rate_field = RATE_FIELDS[used.scenario]
    rate = getattr(used, rate_field)
    is_offline = used.scenario is TestScenario.Offline
    least = sizes.samples_per_query if is_offline else sizes.min_queries + used.min_duration_ms
    if least == 0:
        allowed = f"at least 1 with min_duration_ms = {used.min_duration_ms}"
        if is_offline and used.min_duration_ms:
            allowed += f" and {rate_field} = {rate:g}"
        yield Problem("min_query_count", used.min_query_count, allowed)
    elif not is_offline and sizes.target_qps:
        planned_s = sizes.min_queries / sizes.target_qps
        if planned_s > MAX_SECONDS:
            allowed = f"less: so many with {rate_field} = {rate:g} last {planned_s:.3g} s"
            yield Problem("min_query_count", used.min_query_count, allowed)
