# SPDX-License-Identifier: Apache-2.0
"""What a run by the rules has: a scenario and settings of ours."""

from __future__ import annotations

from typing import Literal

from loadgen.config.scenarios import MultiStream, Offline, Scenario, Server, SingleStream
from loadgen.config.settings import Seeds, Settings
from loadgen.errors import MISSING, Problem, SettingsError
from loadgen.mlperf.rules.benchmark import Benchmark
from loadgen.mlperf.rules.load import Rules
from loadgen.mlperf.rules.round import Round
from loadgen.mlperf.rules.tables import ScenarioName

__all__ = ["min_duration_s", "min_queries", "settings_for"]


def settings_for(
    rules: Rules,
    name: str,
    scenario: ScenarioName,
    *,
    mode: Literal["performance", "accuracy"],
    target_qps: float | None = None,
    expected_qps: float | None = None,
    duration_s: float | None = None,
) -> tuple[Scenario, Settings]:
    """Return scenario and settings of a run by the rules.

    SingleStream and MultiStream go on until their minima are met: no latency has to be guessed, as
    a conf file of LoadGen's has to.

    Parameters
    ----------
    rules : Rules
    name : str
        Of a benchmark ("bert") or a result ("bert-99.9").
    scenario : str
        Interactive is `loadgen.Server` under its own limits.
    mode : {"performance", "accuracy"}
    target_qps : float or None, queries/s
        Of Server and Interactive, which need it.
    expected_qps : float or None, samples/s
        Of Offline, whose query has as many samples as take 1.1 times the minimum duration then;
        None: the fewest that count.
    duration_s : float or None, s
        In place of the minimum duration, for runs that are no results.

    Raises
    ------
    SettingsError
        There is no such benchmark or scenario, a rate is missing, or a value cannot be used.

    Examples
    --------
    >>> from loadgen.mlperf.rules import load_rules
    >>> rules = load_rules("v6.1")
    >>> scenario, settings = settings_for(
    ...     rules, "resnet", "Server", mode="performance", target_qps=500
    ... )
    >>> scenario.target_latency_ms, settings.min_duration_s, settings.performance_sample_count
    (15.0, 600.0, 1024)
    """
    benchmark, _ = rules.find(name, scenario)
    its, data, seeds = rules.round.scenarios[scenario], benchmark.dataset, rules.round.seeds
    fewest = min_queries(benchmark, rules.round, scenario)
    percentile = its.percentile or 0.0  # only Offline has none, and it is not asked there
    traffic: Scenario
    if scenario == "SingleStream":
        traffic = SingleStream(target_percentile=percentile)
    elif scenario == "MultiStream":
        traffic = MultiStream(its.samples_per_query, target_percentile=percentile)
    elif scenario == "Offline":
        traffic = Offline(n_samples=fewest) if expected_qps is None else Offline(expected_qps)
    else:
        if target_qps is None:
            raise SettingsError([Problem("target_qps", MISSING, f"a rate, for {scenario}")])
        limits = benchmark.limits[scenario]
        traffic = Server(
            target_qps,
            target_latency_ms=limits.latency_ms,
            target_ttft_ms=limits.ttft_ms,
            target_tpot_ms=limits.tpot_ms,
            target_percentile=percentile,
        )
    shortest = min_duration_s(benchmark, rules.round, scenario)
    asked = data.asked(scenario)
    return traffic, Settings(
        mode=mode,
        min_duration_s=shortest if duration_s is None else duration_s,
        min_queries=fewest,
        seeds=Seeds(qsl=seeds.qsl, sample_index=seeds.sample_index, schedule=seeds.schedule),
        performance_sample_count=data.drawn_from(scenario),
        accuracy_sample_count=None if asked == data.n_samples else asked,
        sample_order=benchmark.order,
        tokens=benchmark.records_tokens,
        nonce=rules.round.nonce,
    )


def min_duration_s(benchmark: Benchmark, round_: Round, scenario: ScenarioName) -> float:
    """Return how long a performance run has to take, s."""
    its = benchmark.min_duration_s
    return round_.scenarios[scenario].min_duration_s if its is None else its


def min_queries(benchmark: Benchmark, round_: Round, scenario: ScenarioName) -> int:
    """Return the fewest queries of a performance run; of Offline, samples."""
    fewest = round_.scenarios[scenario].min_queries
    return (
        max(fewest, benchmark.dataset.offline_min_samples or 1) if scenario == "Offline" else fewest
    )
