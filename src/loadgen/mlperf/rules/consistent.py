# SPDX-License-Identifier: Apache-2.0
"""Rules about several keys of a file of rules together: what would contradict itself.

Not for single values (``tables.py``), nor for where MLPerf's own sources disagree, which files may
say (`Contradiction`): of these it is checked that the value is the one that was decided on.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, Final

from loadgen.errors import MISSING, Problem
from loadgen.metrics.early_stopping import CONFIDENCE, queries_needed
from loadgen.mlperf.conf import builtin
from loadgen.mlperf.conf.keys import KEYS
from loadgen.mlperf.rules.benchmark import Benchmark
from loadgen.mlperf.rules.conf_only import ConfOnly
from loadgen.mlperf.rules.metric import Metric
from loadgen.mlperf.rules.round import Round
from loadgen.mlperf.rules.tables import LIMITED, Contradiction, Table
from loadgen.values import name_hint

__all__ = ["AUDITS", "of_benchmark", "of_conf_only", "of_round", "value_at"]

AUDITS: Final = ("TEST01", "TEST04", "TEST06", "TEST07", "TEST08", "TEST09")


def of_round(round_: Round) -> Iterator[Problem]:
    """Yield what does not fit together in a round."""
    dates = round_.dates
    if dates is not None and not dates.seeds <= dates.opens <= dates.closes:
        yield Problem("dates", str(dates), "seeds, opens and closes in this order")
    for name, rules in round_.scenarios.items():
        if (rules.percentile is None) != (name == "Offline"):
            key = f"scenarios.{name}.percentile"
            yield Problem(key, rules.percentile, "a percentile, and none in Offline")
    tight, server = round_.scenarios.get("Interactive"), round_.scenarios.get("Server")
    for key in ("percentile", "min_duration_s", "min_queries") if tight and server else ():
        if getattr(tight, key) != getattr(server, key):
            allowed = f"Server's, {getattr(server, key)}: it is Server's traffic"
            yield Problem(f"scenarios.Interactive.{key}", getattr(tight, key), allowed)
    for division, its in round_.divisions.items():
        if its.over_network and its.no_network:
            yield Problem(
                f"divisions.{division}.no_network", True, "false, as over_network is true"
            )
    if round_.confidence != CONFIDENCE:
        yield Problem("confidence", round_.confidence, f"{CONFIDENCE}, early stopping's")
    yield from _too_few(round_)
    yield from _contradictions(round_, round_.contradictions)


def _too_few(round_: Round) -> Iterator[Problem]:
    """Yield minima that early stopping is never content with: such a run would be INVALID.

    A scenario with a limit needs as many queries as are enough with none over it; others as many as
    are enough with one over it, which is the estimate then.
    """
    decided = {each.key for each in round_.contradictions}
    for name, rules in round_.scenarios.items():
        key = f"scenarios.{name}.min_queries"
        if rules.percentile is None or key in decided:
            continue
        needed = queries_needed(0 if name in LIMITED else 1, rules.percentile / 100)
        if needed is not None and rules.min_queries < needed:
            allowed = (
                f"at least {needed:,}, without which early stopping is not content at the "
                f"{rules.percentile:g}th percentile; or a contradiction that says why"
            )
            yield Problem(key, rules.min_queries, allowed)


def of_conf_only(conf_only: ConfOnly, models: Collection[str]) -> Iterator[Problem]:
    """Yield what does not fit in rows of a conf file, beside the models of the benchmarks."""
    known = {key.name for key in KEYS} | {key for _, key in builtin.names_without_model()}
    for model, scenarios in conf_only.rows.items():
        if model in models:
            yield Problem(f"rows.{model}", model, "a model that no file of a benchmark is about")
        for scenario, rows in scenarios.items():
            for key in rows.keys() - known:
                allowed = f"a key of conf files{name_hint(key, known)}"
                yield Problem(f"rows.{model}.{scenario}", key, allowed)


def of_benchmark(benchmark: Benchmark, file: str, round_: Round | None) -> Iterator[Problem]:
    """Yield what does not fit together in a benchmark, or with its file's name and round."""
    if benchmark.name != file:
        yield Problem("name", benchmark.name, f"to be the file's, {file}")
    yield from _scenarios(benchmark, round_)
    yield from _samples(benchmark)
    for number, metric in enumerate(benchmark.metrics):
        yield from _metric(metric, f"metrics.{number}")
    names = [metric.name for metric in benchmark.metrics]
    suffixes = [gate.suffix for gate in benchmark.gates]
    for key, values in (("metrics", names), ("gates", suffixes)):
        if len(set(values)) < len(values):
            yield Problem(key, values, "each name once")
    for audit, rules in benchmark.audits.items():
        if audit not in AUDITS:
            allowed = f"one of {', '.join(AUDITS)}{name_hint(audit, AUDITS)}"
            yield Problem(f"audits.{audit}", audit, allowed)
        if rules.low is not None and rules.high is not None and not rules.low < rules.high:
            yield Problem(f"audits.{audit}.low", rules.low, f"less than high, {rules.high:g}")
    yield from _contradictions(benchmark, benchmark.contradictions)


def _scenarios(benchmark: Benchmark, round_: Round | None) -> Iterator[Problem]:
    known = () if round_ is None else tuple(round_.scenarios)
    for kind, rules in benchmark.systems.items():
        named = (*rules.required, *rules.one_of, *rules.optional)
        if len(set(named)) < len(named):
            yield Problem(f"systems.{kind}", named, "each scenario once")
        for name in named:
            if round_ is not None and name not in known:
                yield Problem(f"systems.{kind}", name, f"a scenario of the round: {known}")
    for name in set(benchmark.limits) - set(LIMITED):
        yield Problem(f"limits.{name}", name, f"one of {', '.join(LIMITED)}")
    for name in LIMITED:
        limits = benchmark.limits.get(name)
        is_run = name in benchmark.scenarios
        if is_run and limits is None:
            yield Problem(f"limits.{name}", MISSING, f"limits, as {name} is among the scenarios")
        elif limits is not None and limits.ttft_ms is not None and not benchmark.records_tokens:
            allowed = f"tokens to be recorded, as limits.{name} has limits of tokens"
            yield Problem("unit", benchmark.unit, allowed)


def _samples(benchmark: Benchmark) -> Iterator[Problem]:
    data = benchmark.dataset
    for key in ("accuracy_samples", "performance_samples"):
        value = getattr(data, key)
        if value is not None and value > data.n_samples:
            yield Problem(f"dataset.{key}", value, f"at most n_samples, {data.n_samples}")
    if "Offline" in benchmark.scenarios and data.offline_min_samples is None:
        allowed = "a count, as Offline is among the scenarios"
        yield Problem("dataset.offline_min_samples", MISSING, allowed)


def _metric(metric: Metric, key: str) -> Iterator[Problem]:
    try:
        groups = 1 if metric.pattern is None else re.compile(metric.pattern).groups
    except re.error as error:
        yield Problem(f"{key}.pattern", metric.pattern, f"to be a regular expression: {error}")
    else:
        if groups != 1:
            yield Problem(f"{key}.pattern", metric.pattern, "one group, that is the value")
    if not metric.gated:
        return
    if metric.better != "within":
        if metric.reference is None and metric.limit is None:
            yield Problem(f"{key}.reference", MISSING, "a reference, a limit, or gated = false")
        return
    by_share = metric.reference is not None and metric.tolerance is not None
    low, high = metric.low, metric.high
    if not by_share and (low is None or high is None or not low < high):
        allowed = "low < high, or a reference and a tolerance"
        yield Problem(f"{key}.low", low, allowed)


def _contradictions(table: Table, said: tuple[Contradiction, ...]) -> Iterator[Problem]:
    for number, each in enumerate(said):
        key = f"contradictions.{number}"
        values = each.said()
        here = value_at(table, each.key)
        if here is MISSING:
            yield Problem(f"{key}.key", each.key, "a key of this file")
        elif len(set(map(str, values.values()))) < 2:  # noqa: PLR2004
            yield Problem(key, values, "at least two sources that say different things")
        elif each.follows != "none" and values.get(each.follows) != here:
            allowed = f"what {each.follows} says, {values.get(each.follows)}"
            yield Problem(each.key, here, allowed)


def value_at(table: Table, key: str) -> Any:
    """Return the value at a dotted key; `MISSING` where there is none."""
    found: Any = table
    for part in key.split("."):
        if isinstance(found, tuple) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        elif isinstance(found, dict):
            found = found.get(part, MISSING)
        elif isinstance(found, Table) and part in type(found).model_fields:
            found = getattr(found, part)
        else:
            return MISSING
    return found
