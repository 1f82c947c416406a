# SPDX-License-Identifier: Apache-2.0
"""From our settings to MLPerf LoadGen's: what logs say that was asked for."""

from __future__ import annotations

from decimal import Decimal

from loadgen.config.arrivals import Poisson
from loadgen.config.scenarios import MultiStream, Offline, Scenario, Server, SingleStream
from loadgen.config.settings import Settings
from loadgen.errors import LoadGenError
from loadgen.metrics.latency import percentile_fraction
from loadgen.mlperf.notes import Note
from loadgen.mlperf.settings import TestScenario, TestSettings
from loadgen.mlperf.translate.to_ours import MODES
from loadgen.values import ns_from_ms, ns_from_s

__all__ = ["departures", "from_run"]

_NO_LIMIT_NS = 10**18
"""31 years: MLPerf's settings have no word for "none" here."""


def from_run(scenario: Scenario, settings: Settings) -> TestSettings:
    """Return the official settings that say what a run of ours was asked for.

    What was expected of nothing is 0; see `departures` for what they cannot say.

    Raises
    ------
    LoadGenError
        MLPerf has no such scenario, or the run keeps no rows.
    """
    if settings.recording != "rows":
        raise LoadGenError(
            f"recording = {settings.recording!r}: MLPerf's logs need 'rows', a row a sample"
        )
    requested = TestSettings()
    if isinstance(scenario, SingleStream):
        requested.scenario = TestScenario.SingleStream
        requested.single_stream_target_latency_percentile = _fraction(scenario)
        requested.single_stream_expected_latency_ns = _expected_ns(scenario)
    elif isinstance(scenario, MultiStream):
        requested.scenario = TestScenario.MultiStream
        requested.multi_stream_target_latency_percentile = _fraction(scenario)
        requested.multi_stream_expected_latency_ns = _expected_ns(scenario)
        requested.multi_stream_samples_per_query = scenario.samples_per_query
    elif isinstance(scenario, Server):
        _say_server(requested, scenario)
    elif isinstance(scenario, Offline):
        requested.scenario = TestScenario.Offline
        requested.offline_expected_qps = scenario.expected_qps or 0.0
    else:
        raise LoadGenError(
            f"MLPerf has no scenario {scenario.name!r}: its logs can be written of SingleStream, "
            "MultiStream, Server and Offline"
        )
    _say_settings(requested, settings)
    if isinstance(scenario, Offline) and scenario.n_samples is not None:
        requested.min_query_count = scenario.n_samples
    return requested


def departures(scenario: Scenario, settings: Settings) -> tuple[Note, ...]:
    """Return warnings about what MLPerf's settings have no words for."""
    said = []
    if isinstance(scenario, Server) and not isinstance(scenario.arrivals, Poisson):
        said.append(f"arrivals = {scenario.arrivals.name}: MLPerf's Server is Poisson")
    if isinstance(scenario, Server) and scenario.target_latency_ms is None:
        said.append("target_latency_ms = None: MLPerf's Server always has a limit, of 100 ms here")
    if isinstance(scenario, Server) and settings.tokens and scenario.target_ttft_ms is None:
        said.append("target_ttft_ms = None: with tokens MLPerf's Server limits TTFT and TPOT only")
    if settings.sample_order == "sequential":
        said.append("sample_order = sequential: MLPerf draws samples at random")
    if isinstance(scenario, Server) and scenario.conversations is not None:
        said.append("conversations: MLPerf's queries do not wait for answers")
    if settings.warmup_queries:
        said.append(f"warmup_queries = {settings.warmup_queries}: before the clock started")
    if settings.max_failed_share:
        said.append(f"max_failed_share = {settings.max_failed_share:g}: MLPerf allows no failures")
    if isinstance(scenario, (SingleStream, MultiStream)) and scenario.expected_latency_ms is None:
        said.append("expected_latency_ms = None: queries were planned while the run went on")
    return tuple(Note("warning_generic_message", text) for text in said)


def _fraction(scenario: SingleStream | MultiStream | Server) -> float:
    return percentile_fraction(scenario.target_percentile)


def _expected_ns(scenario: SingleStream | MultiStream) -> float:
    expected = scenario.expected_latency_ms
    return 0.0 if expected is None else float(Decimal(repr(expected)).scaleb(6))


def _say_server(requested: TestSettings, scenario: Server) -> None:
    requested.scenario = TestScenario.Server
    requested.server_target_qps = scenario.target_qps
    if scenario.target_latency_ms is not None:
        requested.server_target_latency_ns = ns_from_ms(scenario.target_latency_ms)
    requested.server_target_latency_percentile = _fraction(scenario)
    requested.server_coalesce_queries = scenario.coalesce
    requested.server_max_async_queries = scenario.max_outstanding or 0
    requested.ttft_latency = _limit_ns(scenario.target_ttft_ms)
    requested.tpot_latency = _limit_ns(scenario.target_tpot_ms)


def _limit_ns(limit_ms: float | None) -> int:
    return _NO_LIMIT_NS if limit_ms is None else ns_from_ms(limit_ms)


def _say_settings(requested: TestSettings, settings: Settings) -> None:
    requested.mode = next(mode for mode, name in MODES.items() if name == settings.mode)
    requested.min_duration_ms = -(-ns_from_s(settings.min_duration_s) // 1_000_000)
    longest = settings.max_duration_s
    requested.max_duration_ms = 0 if longest is None else -(-ns_from_s(longest) // 1_000_000)
    requested.min_query_count = settings.min_queries
    requested.max_query_count = settings.max_queries or 0
    requested.qsl_rng_seed = settings.seeds.qsl
    requested.sample_index_rng_seed = settings.seeds.sample_index
    requested.schedule_rng_seed = settings.seeds.schedule
    requested.accuracy_log_rng_seed = settings.seeds.accuracy_log
    requested.accuracy_log_probability = settings.accuracy_log_probability
    requested.accuracy_log_sampling_target = settings.accuracy_log_target or 0
    requested.performance_issue_unique = settings.sample_order == "unique"
    requested.performance_issue_same = settings.sample_order == "same"
    requested.sample_concatenate_permutation = settings.sample_order == "permutation"
    requested.performance_issue_same_index = settings.same_index
    requested.performance_sample_count_override = settings.performance_sample_count or 0
    requested.accuracy_sample_count_override = settings.accuracy_sample_count or 0
    requested.use_token_latencies = settings.tokens
    inferred = settings.inferred_tokens_per_sample
    requested.infer_token_latencies = inferred is not None
    requested.token_latency_scaling_factor = int(inferred or 0)
