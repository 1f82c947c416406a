# SPDX-License-Identifier: Apache-2.0
"""The rules of a round as one page in Markdown. Nothing here knows a number of any rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from loadgen.mlperf.rules.benchmark import Audit, Benchmark
from loadgen.mlperf.rules.divisions import RUN_RULES
from loadgen.mlperf.rules.load import Rules
from loadgen.mlperf.rules.metric import Gate, Metric, between
from loadgen.mlperf.rules.round import Round
from loadgen.mlperf.rules.submission import SET_RULES
from loadgen.mlperf.rules.tables import Contradiction, ScenarioName, Systems, Value

__all__ = ["rules_page"]

_NOTHING: Final = "\N{EN DASH}"


def rules_page(rules: Rules) -> str:
    """Return the rules of a round as one page in Markdown, with the round's notice first.

    Examples
    --------
    >>> from loadgen.mlperf.rules import load_rules
    >>> print(rules_page(load_rules("v6.1")).splitlines()[0])
    # MLPerf Inference v6.1
    """
    round_, benchmarks = rules.round, list(rules.benchmarks.values())
    parts = [
        f"# {round_.title}",
        f"**{round_.notice}**",
        "## Scenarios",
        _scenarios(round_),
        "A score of tokens is that of benchmarks that count them. Interactive is Server's traffic "
        "under tighter limits. Of Offline it is the fewest samples, where a benchmark has no more.",
        "## Benchmarks",
        _benchmarks(benchmarks),
        *(f"**{each.name}**: {each.notes}" for each in benchmarks if each.notes),
        "## Samples",
        _samples(benchmarks),
        "Performance runs draw from at least so many samples; a permutation asks each once before "
        "any is asked again. Accuracy runs ask each of theirs once.",
        "## Accuracy",
        _gates(benchmarks),
    ]
    if any(benchmark.limits for benchmark in benchmarks):
        parts += ["## Latency", _limits(benchmarks)]
        parts += ["Each holds at the scenario's percentile, counted from when a query was due."]
    if any(benchmark.audits for benchmark in benchmarks):
        parts += ["## Audits", _audits(benchmarks)]
    parts += ["## Divisions", _divisions(round_), "What a program checks of them:", _checks(round_)]
    parts += ["## Seeds", _seeds(round_)]
    if round_.nonce is not None:
        parts += [f"Every run has the nonce `{round_.nonce}`."]
    parts += ["## Availability", _availability(round_)]
    if said := _contradictions(rules):
        parts += ["## Where the sources disagree", _LEGEND, said]
    return "\n\n".join(parts) + "\n"


_LEGEND: Final = (
    "The rules as they are written, the conf file that LoadGen has built in and the checker of "
    "submissions do not always say the same. What is followed here, and why:"
)


def _scenarios(round_: Round) -> str:
    rows = []
    for name, its in round_.scenarios.items():
        scores = [each for each in (its.score, its.token_score) if each is not None]
        score = "; or ".join(f"{each.name} ({each.unit})" for each in scores)
        percentile = _NOTHING if its.percentile is None else f"p{its.percentile:g}"
        shortest = f"{its.min_duration_s:g} s"
        rows.append([name, score, percentile, its.samples_per_query, its.min_queries, shortest])
    head = ["scenario", "score", "latency at", "samples a query", "fewest queries", "shortest"]
    return _table(head, rows)


def _benchmarks(benchmarks: Iterable[Benchmark]) -> str:
    rows = [
        [
            ", ".join(each.result_names),
            f"{each.title} ({each.domain})",
            each.model.name,
            each.dataset.name,
            _asked(each, "datacenter"),
            _asked(each, "edge"),
            _asked(each, "both") if "both" in each.systems else _NOTHING,
        ]
        for each in benchmarks
    ]
    head = ["result", "task", "model", "data", "datacenter", "edge", "systems of both types"]
    return _table(head, rows)


def _asked(benchmark: Benchmark, systems: Systems) -> str:
    """Return which scenarios are asked for, in words."""
    its = benchmark.of_systems(systems)
    parts = [", ".join(its.required)] if its.required else []
    if its.one_of:
        parts.append("and one of " + ", ".join(its.one_of))
    if its.optional:
        parts.append(f"({', '.join(its.optional)} if wanted)")
    return " ".join(parts) or _NOTHING


def _samples(benchmarks: Iterable[Benchmark]) -> str:
    rows = []
    for each in benchmarks:
        data = each.dataset
        other = [f"{count:,} in {name}" for name, count in data.per_scenario.items()]
        asked = "; ".join([f"{data.accuracy_samples or data.n_samples:,}", *other])
        offline = _NOTHING if data.offline_min_samples is None else f"{data.offline_min_samples:,}"
        drawn, own = f"{data.performance_samples:,}", each.min_duration_s
        shortest = "the scenario's" if own is None else f"{own:g} s"
        rows.append([each.name, asked, drawn, offline, each.order, each.unit, shortest])
    runs = ["accuracy run", "performance run", "Offline, at least"]
    head = ["benchmark", *runs, "order", "counts", "shortest"]
    return _table(head, rows)


def _gates(benchmarks: Iterable[Benchmark]) -> str:
    rows = [
        [each.name + gate.suffix, metric.title, _reference(metric), _passes(metric, gate)]
        for each in benchmarks
        for gate in each.gates
        for metric in each.metrics
    ]
    return _table(["result", "metric", "reference", "passes"], rows)


def _reference(metric: Metric) -> str:
    if metric.reference is None:
        return _NOTHING
    other = [f"{_exact(value)} in {name}" for name, value in metric.per_scenario.items()]
    return "; ".join([_exact(metric.reference), *other])


def _passes(metric: Metric, gate: Gate) -> str:
    """Return which values pass, in words: five significant figures, as MLPerf reports them."""
    if not metric.gated:
        return "is only reported"
    names: list[ScenarioName | None] = [None, *metric.per_scenario]
    parts = []
    for name in names:
        words = between(*metric.bounds(gate.share, name), _number)
        parts.append(words if name is None else f"{words} in {name}")
    return "; ".join(parts)


def _limits(benchmarks: Iterable[Benchmark]) -> str:
    rows = [
        [each.name, name, *map(_ms, (its.latency_ms, its.ttft_ms, its.tpot_ms))]
        for each in benchmarks
        for name, its in each.limits.items()
    ]
    return _table(["benchmark", "scenario", "answer", "first token", "each further token"], rows)


def _audits(benchmarks: Iterable[Benchmark]) -> str:
    rows = []
    for each in benchmarks:
        for test, audit in each.audits.items():
            target, count = audit.sampling_target, audit.n_samples
            kept = _NOTHING if target is None else f"{target:,}"
            asked = _NOTHING if count is None else f"{count:,}"
            rows.append([each.name, test, kept, asked, _between(audit)])
    head = ["benchmark", "audit", "answers kept, about", "samples asked", "limits of its own"]
    return _table(head, rows)


def _between(audit: Audit) -> str:
    low, high = audit.low, audit.high
    if low is None or high is None:
        return _NOTHING if low is None else f"at least {_exact(low)}"
    return f"{_exact(low)} to {_exact(high)}"


def _divisions(round_: Round) -> str:
    rows = [
        [each.title, each.purpose, " and ".join(each.system_types)]
        for each in round_.divisions.values()
    ]
    return _table(["division", "what for", "systems of"], rows)


def _checks(round_: Round) -> str:
    divisions = round_.divisions.values()
    rules = [(rule.title, rule.source, rule.applies) for rule in RUN_RULES]
    rules += [(rule.title, rule.source, rule.applies) for rule in SET_RULES]
    rows = [
        [title, source, *("yes" if applies(each) else _NOTHING for each in divisions)]
        for title, source, applies in rules
    ]
    return _table(["rule", "chapter", *(each.title for each in divisions)], rows)


def _seeds(round_: Round) -> str:
    rounds = {**round_.earlier_seeds, round_.name: round_.seeds}
    rows = [[name, its.qsl, its.sample_index, its.schedule] for name, its in rounds.items()]
    return _table(["round", "qsl", "sample_index", "schedule"], rows)


def _availability(round_: Round) -> str:
    return _table(["status", "the system"], round_.availability.items())


def _contradictions(rules: Rules) -> str:
    """Return them as lists, a chapter a benchmark: reasons are too long for a table."""
    of = {"Every benchmark": rules.round.contradictions}
    of |= {name: each.contradictions for name, each in rules.benchmarks.items()}
    chapters = [[f"### {name}", "\n".join(map(_said, said))] for name, said in of.items() if said]
    return "\n\n".join(part for chapter in chapters for part in chapter)


def _said(each: Contradiction) -> str:
    values = (f"{source}: {_value(value)}" for source, value in each.said().items())
    followed = "none" if each.follows == "none" else f"the {each.follows}"
    return f"- `{each.key}` ({'; '.join(values)}). Followed: {followed}. {each.reason}"


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else _exact(value)


def _ms(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:,g} ms"


def _exact(value: float) -> str:
    return f"{value:,.10g}"


def _number(value: float) -> str:
    """Return a number with thousands separated, and five significant figures at least."""
    return f"{value:,.0f}" if abs(value) >= 100_000 else f"{value:.5g}"  # noqa: PLR2004


def _table(head: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(each) for each in line)} |" for line in lines)
