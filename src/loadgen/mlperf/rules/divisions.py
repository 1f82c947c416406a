# SPDX-License-Identifier: Apache-2.0
"""What a division asks of one run, as far as a program can check it.

What it asks of all runs of a system together is ``submission.py``. Rules about the model, its
weights and how the system works cannot be seen in a run.

References
----------
MLPerf inference rules, "Scenarios", "Benchmarks", "Divisions"; and its submission checker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from loadgen.config.scenarios import MultiStream, Offline, Poisson, Server, SingleStream
from loadgen.mlperf.rules.benchmark import Benchmark
from loadgen.mlperf.rules.findings import Breach, Finding, Rule, division_of, findings
from loadgen.mlperf.rules.load import Rules
from loadgen.mlperf.rules.metric import Gate
from loadgen.mlperf.rules.round import DivisionRules
from loadgen.mlperf.rules.settings import min_duration_s, min_queries
from loadgen.mlperf.rules.submission_fields import NETWORK_NAME
from loadgen.mlperf.rules.tables import Division, ScenarioName, Systems
from loadgen.result import Result
from loadgen.values import count_in_words

__all__ = ["RUN_RULES", "check_run"]

_KINDS: Final = {
    "SingleStream": SingleStream,
    "MultiStream": MultiStream,
    "Server": Server,
    "Interactive": Server,
    "Offline": Offline,
}


@dataclass(frozen=True)
class _Run:
    """One run, and what it is to be held to."""

    rules: Rules
    benchmark: Benchmark
    gates: tuple[Gate, ...]
    division: DivisionRules
    systems: Systems
    scenario: ScenarioName
    result: Result
    scores: Mapping[str, float] | None

    @property
    def is_performance(self) -> bool:
        return self.result.settings.mode != "accuracy"

    @property
    def is_accuracy(self) -> bool:
        return self.result.settings.mode != "performance"


def check_run(
    rules: Rules,
    name: str,
    scenario: ScenarioName,
    result: Result,
    *,
    division: Division,
    system_type: Systems,
    scores: Mapping[str, float] | None = None,
) -> list[Finding]:
    """Return what of a run breaks the rules of a division.

    Parameters
    ----------
    rules : Rules
    name : str
        Of the result ("bert-99.9"), or of the benchmark: then every gate counts.
    scenario : str
        That the run is said to be of; Interactive is a run of `loadgen.Server`.
    result : Result
        Of an accuracy run, a performance run, or both in one.
    division : {"closed", "network", "open"}
    system_type : {"datacenter", "edge", "both"}
    scores : mapping of str to float, or None
        The answers' quality by the names of the metrics, of a run with an accuracy part.

    Raises
    ------
    SettingsError
        There is no such benchmark, scenario of it, or division.
    """
    benchmark, gates = rules.find(name, scenario)
    kept = division_of(rules, division)
    run = _Run(rules, benchmark, gates, kept, system_type, scenario, result, scores)
    return list(findings(RUN_RULES, kept, run))


def _system_type(run: _Run) -> Iterator[Breach]:
    asked = ("datacenter", "edge") if run.systems == "both" else (run.systems,)
    if missing := [each for each in asked if each not in run.division.system_types]:
        yield Breach(f"systems of {missing[0]}", " or ".join(run.division.system_types))


def _scenario(run: _Run) -> Iterator[Breach]:
    allowed = run.benchmark.of_systems(run.systems).allowed
    if run.scenario not in allowed:
        named = ", ".join(allowed) or "another benchmark, as this one is not for them"
        yield Breach(f"{run.scenario}, for systems of {run.systems}", named)


def _traffic(run: _Run) -> Iterator[Breach]:
    its, traffic = run.rules.round.scenarios[run.scenario], run.result.scenario
    kind = _KINDS[run.scenario]
    if not isinstance(traffic, kind):
        yield Breach(f"a run of {type(traffic).__name__}", kind.__name__)
        return
    if its.percentile is not None:
        percentile = getattr(traffic, "target_percentile", None)
        if percentile != its.percentile:
            yield Breach(f"target_percentile = {percentile}", f"{its.percentile}")
    if isinstance(traffic, MultiStream) and traffic.samples_per_query != its.samples_per_query:
        found = f"samples_per_query = {traffic.samples_per_query}"
        yield Breach(found, f"{its.samples_per_query}")
    if isinstance(traffic, Server):
        if not isinstance(traffic.arrivals, Poisson):
            yield Breach(f"arrivals = {traffic.arrivals}", "Poisson()")
        if traffic.conversations is not None:
            yield Breach("conversations", "queries on their own")
    settings = run.result.settings
    if run.is_performance and settings.sample_order != run.benchmark.order:
        yield Breach(f"sample_order = {settings.sample_order!r}", repr(run.benchmark.order))
    if settings.tokens != run.benchmark.records_tokens:
        yield Breach(f"tokens = {settings.tokens}", f"{run.benchmark.records_tokens}")


def _seeds(run: _Run) -> Iterator[Breach]:
    for name in ("qsl", "sample_index", "schedule"):
        found = getattr(run.result.settings.seeds, name)
        wanted = getattr(run.rules.round.seeds, name)
        if found != wanted:
            yield Breach(f"seeds.{name} = {found}", f"the round's, {wanted}")


def _nonce(run: _Run) -> Iterator[Breach]:
    found, wanted = run.result.settings.nonce, run.rules.round.nonce
    if wanted is not None and found != wanted:
        yield Breach(f"nonce = {found!r}", f"the round's, {wanted!r}")


def _duration(run: _Run) -> Iterator[Breach]:
    if not run.is_performance:
        return
    shortest = min_duration_s(run.benchmark, run.rules.round, run.scenario)
    asked_s = run.result.effective.min_duration_ns / 1e9
    if asked_s < shortest:
        yield Breach(f"a minimum duration of {asked_s:g} s", f"at least {shortest:g} s")
    elif not run.result.verdict.min_duration_met:
        yield Breach("a run that was shorter than it should be", f"at least {shortest:g} s")


def _samples(run: _Run) -> Iterator[Breach]:
    if not run.is_performance:
        return
    drawn, wanted = (
        run.result.effective.performance_sample_count,
        run.benchmark.dataset.drawn_from(run.scenario),
    )
    if drawn < wanted:
        yield Breach(f"drawn from {count_in_words(drawn, 'sample')}", f"at least {wanted:,}")
    seen, is_offline = run.result.observed, run.scenario == "Offline"
    count = seen.n_samples if is_offline else seen.n_queries
    fewest = min_queries(run.benchmark, run.rules.round, run.scenario)
    if count < fewest:
        noun = ("sample",) if is_offline else ("query", "queries")
        yield Breach(count_in_words(count, *noun), f"at least {fewest:,}")


def _whole_dataset(run: _Run) -> Iterator[Breach]:
    if not run.is_accuracy:
        return
    result, wanted = run.result, run.benchmark.dataset.asked(run.scenario)
    asked = min(result.effective.accuracy_sample_count, result.dataset_total)
    rows = [each for each in result.series if each.phase == "accuracy"]
    if result.data.tally is None:
        indices = result.data.columns["index"]
        parts = [indices[each.first_row : each.first_row + each.n_rows] for each in rows]
        asked = min(asked, len(np.unique(np.concatenate(parts)))) if parts else 0
    if asked < wanted:
        yield Breach(f"an accuracy run of {count_in_words(asked, 'sample')}", f"all {wanted:,}")


def _answered(run: _Run) -> Iterator[Breach]:
    seen = run.result.observed
    if seen.run_failed or seen.run_missing:
        failed = count_in_words(seen.run_failed, "sample")
        found = f"{failed} failed and {seen.run_missing:,} not answered"
        yield Breach(found, f"every one of {seen.run_samples:,} answered")


def _latency(run: _Run) -> Iterator[Breach]:
    limits, traffic = run.benchmark.limits.get(run.scenario), run.result.scenario
    if not run.is_performance or limits is None or not isinstance(traffic, Server):
        return
    for name in ("latency_ms", "ttft_ms", "tpot_ms"):
        limit, asked = getattr(limits, name), getattr(traffic, f"target_{name}")
        if limit is not None and (asked is None or asked > limit):
            yield Breach(f"a limit target_{name} = {asked}", f"at most {limit:g} ms")
    if not run.result.verdict.perf_constraints_met:
        yield Breach("latencies over the limit", "the percentile within it")


def _stopping(run: _Run) -> Iterator[Breach]:
    stopping = run.result.early_stopping
    if stopping is None or stopping.met:
        return
    more = stopping.more_queries
    extra = "" if more is None else f", {more:,} more of as good ones"
    yield Breach("too few queries to be sure of the percentile", f"enough queries{extra}")


def _valid(run: _Run) -> Iterator[Breach]:
    if not run.result.valid:
        yield Breach("an INVALID run: " + "; ".join(run.result.reasons), "a VALID one")


def _gates(run: _Run) -> Iterator[Breach]:
    if run.scores is None:
        if run.is_accuracy:
            yield Breach("an accuracy run without scores", "a score for every metric")
        return
    for metric in run.benchmark.metrics:
        share = max(gate.share for gate in run.gates)
        low, high = metric.bounds(share, run.scenario)
        score = run.scores.get(metric.name)
        if metric.gated and score is None:
            yield Breach(f"no score {metric.name}", f"{low:.5g} to {high:.5g}")
        elif score is not None and not low <= score <= high:
            bound = f"at least {low:.5g}" if score < low else f"at most {high:.5g}"
            expected = "a number" if np.isnan(score) else bound
            yield Breach(f"{metric.name} = {score:.5g}", expected)


def _network(run: _Run) -> Iterator[Breach]:
    if NETWORK_NAME not in run.result.sut_name:
        yield Breach(f"the name {run.result.sut_name!r}", f"{NETWORK_NAME!r} in the name")


def _no_network(run: _Run) -> Iterator[Breach]:
    if NETWORK_NAME in run.result.sut_name:
        yield Breach(f"the name {run.result.sut_name!r}", "a system on this side of a network")


RUN_RULES: Final[tuple[Rule[_Run], ...]] = (
    Rule("system-type", "The division is for systems of this type", "", "Divisions", _system_type),
    Rule(
        "scenario",
        "Systems of this type run the benchmark in this scenario",
        "required_scenarios",
        "Benchmarks",
        _scenario,
    ),
    Rule("traffic", "The load is the scenario's", "", "Scenarios", _traffic),
    Rule("seeds", "Seeds are the round's", "seeds", "Load generator", _seeds),
    Rule("nonce", "The nonce is the round's, if it has one", "", "loadgen", _nonce),
    Rule("duration", "The run takes the minimum duration", "min_duration", "Scenarios", _duration),
    Rule("samples", "There are enough queries and samples", "min_samples", "Scenarios", _samples),
    Rule(
        "whole-dataset",
        "An accuracy run asks the whole dataset",
        "whole_dataset",
        "Load generator",
        _whole_dataset,
    ),
    Rule("answered", "Every sample is answered", "", "Scenarios", _answered),
    Rule("latency", "Latencies keep the limits", "latency_limits", "Benchmarks", _latency),
    Rule("early-stopping", "Early stopping is content", "", "Early stopping", _stopping),
    Rule("valid", "The run is valid", "", "Load generator", _valid),
    Rule("accuracy", "Scores pass the gates", "accuracy_gates", "Benchmarks", _gates),
    Rule(
        "network",
        "The system says that it is reached over a network",
        "over_network",
        "Network",
        _network,
    ),
    Rule(
        "no-network",
        "The system is not reached over a network",
        "no_network",
        "Network",
        _no_network,
    ),
)
"""In the order in which they are looked at."""
