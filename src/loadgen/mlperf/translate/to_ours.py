# SPDX-License-Identifier: Apache-2.0
"""From MLPerf LoadGen's settings to ours.

Settings with which the official package hangs, crashes or reads past its arrays are refused, under
their official names (``check.py``); those that it runs and that ours have no value for are fitted
(``fit.py``); those that it corrects and goes on with give a note for the log.

References
----------
MLPerf LoadGen 6.0, test_settings_internal.cc.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from loadgen.config.scenarios import MultiStream, Offline, Scenario, Server, SingleStream
from loadgen.config.settings import Seeds, Settings
from loadgen.errors import Problem, SettingsError
from loadgen.mlperf.notes import Note
from loadgen.mlperf.settings import TestMode, TestScenario, TestSettings
from loadgen.mlperf.translate.check import library_problems, size_problems, value_problems
from loadgen.mlperf.translate.fit import RATE_FIELDS, bounded, runnable
from loadgen.traffic.effective import effective
from loadgen.values import MAX_SECONDS

__all__ = ["MODES", "Translated", "to_public", "to_run"]

MODES: Final[dict[TestMode, Literal["performance", "accuracy", "submission"]]] = {
    TestMode.SubmissionRun: "submission",
    TestMode.AccuracyOnly: "accuracy",
    TestMode.PerformanceOnly: "performance",
    TestMode.FindPeakPerformance: "performance",
}
_LONGEST_LIMIT_NS: Final = 10**18
"""31 years; a limit above it is never met either way."""
_LONGEST_OFFLINE_S: Final = MAX_SECONDS / 10
_SLOWEST_RATE: Final = 2.0**-32
_FASTEST_RATE: Final = 1e30
"""Rates at whose bounds a period is 136 years and 0 ns."""


@dataclass(frozen=True)
class Translated:
    """Official settings as a run of ours.

    Parameters
    ----------
    scenario, settings : Scenario, Settings
    rate : float
        LoadGen's target_qps, which sizes the plan: in double, as it computes it.
    whole_sets : bool
        Queries are rounded up to whole permutations, whatever the order.
    notes : tuple of Note
        Errors that LoadGen logs and goes on after.
    """

    scenario: Scenario
    settings: Settings
    rate: float
    whole_sets: bool
    notes: tuple[Note, ...]


def to_run(requested: TestSettings, *, total: int, performance: int) -> Translated:
    """Return what official settings come to for a query sample library.

    Parameters
    ----------
    requested : TestSettings
    total, performance : int
        Samples of the library, and how many of them it loads at once.

    Raises
    ------
    SettingsError
        With every problem, under the official names.
    """
    notes: list[Note] = []
    loads = requested.performance_sample_count_override or performance
    used = runnable(corrected := _corrected(requested, loads, notes))
    _refuse([*value_problems(used), *library_problems(used, total, performance)])
    scenario, settings = _scenario(used), _settings(used)
    concatenates = used.sample_concatenate_permutation
    if used.scenario is TestScenario.Offline and used.performance_issue_unique:
        # As many samples as are loaded; which ones, the other flags say where they are set.
        other = "same" if used.performance_issue_same else "permutation" if concatenates else None
        if other is not None:
            scenario = Offline(n_samples=loads)
            settings = settings.model_copy(update={"sample_order": other})
    rate = _rate(corrected)
    sizes = effective(scenario, settings, total, performance, rate=rate, whole_sets=concatenates)
    _refuse(size_problems(corrected, settings, sizes, total))
    planned_s = max(settings.min_duration_s, sizes.samples_per_query / rate)
    if isinstance(scenario, Offline) and planned_s > _LONGEST_OFFLINE_S:
        # Unless told otherwise, the run would wait ten times as long, which is no number of ns.
        settings = settings.model_copy(update={"drain_timeout_s": None})
    return Translated(scenario, settings, rate, concatenates, tuple(notes))


def to_public(requested: TestSettings) -> tuple[Scenario, Settings]:
    """Return scenario and settings of ours, before a query sample library is known.

    Raises
    ------
    SettingsError
        With every value that cannot be used, under the official names.
    """
    used = bounded(requested)
    _refuse(value_problems(used))
    return _scenario(used), _settings(used)


def _refuse(problems: Iterable[Problem]) -> None:
    found = list(problems)
    if found:
        raise SettingsError(found)


def _corrected(requested: TestSettings, loads: int, notes: list[Note]) -> TestSettings:
    """Return settings with LoadGen's corrections, each with the error that it logs."""
    used = requested.copy()
    field = {
        TestScenario.Server: "server_target_qps",
        TestScenario.Offline: "offline_expected_qps",
    }.get(used.scenario)
    if field is not None and not getattr(used, field) >= 0:
        said = f"Invalid value for {field} requested. requested: {getattr(used, field):g} using: 1"
        notes.append(Note("error_invalid_test_settings", said))
        setattr(used, field, 1.0)
    if used.performance_issue_same and used.performance_issue_same_index >= loads:
        said = (
            "Sample Idx to be repeated in performance_issue_same mode cannot be greater than loaded"
            " performance_sample_count. performance_issue_same_index: "
            f"{used.performance_issue_same_index} performance_sample_count: {loads}"
        )
        notes.append(Note("error_invalid_test_settings", said))
    if used.performance_issue_unique and used.performance_issue_same:
        said = (
            "Performance_issue_unique and performance_issue_same, both cannot be true at the same "
            "time. performance_issue_unique: 1 performance_issue_same: 1"
        )
        notes.append(Note("error_invalid_test_settings", said))
        used.performance_issue_same = used.scenario is TestScenario.Offline
    return used


def _rate(used: TestSettings) -> float:
    """Return LoadGen's target_qps, but for those whose period is no number of ns."""
    value: float = getattr(used, RATE_FIELDS[used.scenario])
    if used.scenario in (TestScenario.SingleStream, TestScenario.MultiStream):
        value = 1e9 / value if value else math.inf
    return min(max(value, _SLOWEST_RATE), _FASTEST_RATE)


def _scenario(used: TestSettings) -> Scenario:
    percentile = float(Decimal(repr(used.percentile_fraction)).scaleb(2))
    if used.scenario is TestScenario.SingleStream:
        expected = _ms(used.single_stream_expected_latency_ns)
        return SingleStream(target_percentile=percentile, expected_latency_ms=expected)
    if used.scenario is TestScenario.MultiStream:
        return MultiStream(
            samples_per_query=used.multi_stream_samples_per_query,
            target_percentile=percentile,
            expected_latency_ms=_ms(used.multi_stream_expected_latency_ns),
        )
    if used.scenario is TestScenario.Offline:
        return Offline(expected_qps=used.offline_expected_qps)
    tokens = used.use_token_latencies
    return Server(
        target_qps=used.server_target_qps,
        target_latency_ms=_limit_ms(used.server_target_latency_ns),
        target_percentile=percentile,
        coalesce=used.server_coalesce_queries,
        max_outstanding=used.server_max_async_queries or None,
        target_ttft_ms=_limit_ms(used.ttft_latency) if tokens else None,
        target_tpot_ms=_limit_ms(used.tpot_latency) if tokens else None,
    )


def _settings(used: TestSettings) -> Settings:
    order = "random"
    if used.performance_issue_unique:
        order = "unique"
    elif used.performance_issue_same:
        order = "same"
    elif used.sample_concatenate_permutation:
        order = "permutation"
    targeted = used.accuracy_log_sampling_target > 0
    factor = used.token_latency_scaling_factor if used.infer_token_latencies else 0
    return Settings.from_dict(
        {
            "mode": MODES[used.mode],
            "min_duration_s": used.min_duration_ms / 1000.0,
            "max_duration_s": used.max_duration_ms / 1000.0 if used.max_duration_ms else None,
            "min_queries": used.min_query_count,
            "max_queries": used.max_query_count or None,
            "seeds": Seeds(
                qsl=used.qsl_rng_seed,
                sample_index=used.sample_index_rng_seed,
                schedule=used.schedule_rng_seed,
                accuracy_log=used.accuracy_log_rng_seed,
            ),
            "performance_sample_count": used.performance_sample_count_override or None,
            "accuracy_sample_count": used.accuracy_sample_count_override or None,
            "sample_order": order,
            "same_index": used.performance_issue_same_index,
            "tokens": used.use_token_latencies,
            "inferred_tokens_per_sample": float(factor) if factor else None,
            "accuracy_log_probability": 0.0 if targeted else used.accuracy_log_probability,
            "accuracy_log_target": used.accuracy_log_sampling_target if targeted else None,
        }
    )


def _ms(ns: float) -> float:
    return float(Decimal(repr(ns)).scaleb(-6)) if math.isfinite(ns) else ns


def _limit_ms(ns: int) -> float:
    # No latency is as short as 1 ns, so 0 is kept as rarely as 1.
    return _ms(float(min(max(ns, 1), _LONGEST_LIMIT_NS)))
