# SPDX-License-Identifier: Apache-2.0
"""Rows of a round's conf file, made from the rules.

A row is made of a key of the rules. Where a round's own sources disagree about that key
(`Contradiction`), it has what was decided; or, when asked, what the round's own conf file says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from loadgen.errors import Problem
from loadgen.mlperf.conf.builtin import Row
from loadgen.mlperf.rules.benchmark import Benchmark, Limits
from loadgen.mlperf.rules.load import Rules
from loadgen.mlperf.rules.problems import RulesError
from loadgen.mlperf.rules.round import Round
from loadgen.mlperf.rules.tables import Contradiction, ScenarioName, Value
from loadgen.mlperf.settings import TestSettings

__all__ = ["MadeRow", "conf_rows", "conf_text", "made_rows"]

_MS_PER_S: Final = 1000
_ASSUMED_QUERIES: Final = TestSettings().min_query_count
"""What LoadGen asks for where no row says how many."""


class MadeRow(NamedTuple):
    """A row, and what it was made of.

    Parameters
    ----------
    model, scenario, key : str
        As in a conf file.
    value : bool, int or float
        In the unit of the rules.
    source : str
        The dotted key of the rules that has the value.
    given_by : str
        The dotted key for which there is such a row at all; empty: `source`.
    scale : int
        What a value of the rules is multiplied by in a conf file.
    """

    model: str
    scenario: str
    key: str
    value: bool | int | float
    source: str
    given_by: str = ""
    scale: int = 1

    def row(self, value: Value | None = None) -> Row:
        """Return the row as a conf file has it, with its own or with another value."""
        number = self.value if value is None else value
        assert not isinstance(number, str)
        return Row(self.model, self.scenario, self.key, conf_text(number * self.scale))


def conf_rows(rules: Rules, *, official: bool = False) -> tuple[Row, ...]:
    """Return the rows of a round's conf file.

    Parameters
    ----------
    rules : Rules
    official : bool
        Where the round's own conf file says otherwise than was decided: whether its value counts.

    Raises
    ------
    RulesError
        A limit is no whole number of milliseconds, and LoadGen reads no other.

    Examples
    --------
    >>> from loadgen.mlperf.rules import load_rules
    >>> rows = conf_rows(load_rules("v6.1"))
    >>> [row.value for row in rows if row[:3] == ("resnet50", "Server", "target_latency")]
    ['15']
    """
    rows: list[Row] = []
    for said, made in made_rows(rules):
        other = _own_value(made, said) if official else None
        if not isinstance(other, str):
            rows.append(made.row(other))
    for model, scenarios in rules.conf_only.rows.items():
        for scenario, values in scenarios.items():
            rows += (Row(model, scenario, key, conf_text(value)) for key, value in values.items())
    return tuple(rows)


def made_rows(rules: Rules) -> Iterator[tuple[tuple[Contradiction, ...], MadeRow]]:
    """Yield each row that is made of the rules, behind the contradictions of its file.

    Raises
    ------
    RulesError
        As `conf_rows`.
    """
    for made in _of_round(rules.round):
        yield rules.round.contradictions, made
    for benchmark in rules.benchmarks.values():
        yield from ((benchmark.contradictions, made) for made in _of_benchmark(benchmark))


def _own_value(made: MadeRow, said: Iterable[Contradiction]) -> Value | None:
    """Return what the conf file itself has for a row; words where it has none, None as decided."""
    for each in said:
        if each.key == made.source and each.conf is not None:
            return each.conf
        if each.key == made.given_by and isinstance(each.conf, str) and each.follows != "conf":
            return each.conf
    return None


def _of_round(round_: Round) -> Iterator[MadeRow]:
    for name in ("qsl", "sample_index", "schedule"):
        yield MadeRow("*", "*", f"{name}_rng_seed", getattr(round_.seeds, name), f"seeds.{name}")
    for scenario, its in round_.scenarios.items():
        if scenario == "Interactive":  # a model of its own, with Server's rows
            continue
        at = f"scenarios.{scenario}"
        if its.percentile is not None:
            key = "target_latency_percentile"
            yield MadeRow("*", scenario, key, its.percentile, f"{at}.percentile")
        if scenario == "MultiStream":
            key = "samples_per_query"
            yield MadeRow("*", scenario, key, its.samples_per_query, f"{at}.{key}")
        source = f"{at}.min_duration_s"
        yield MadeRow("*", scenario, "min_duration", its.min_duration_s, source, scale=_MS_PER_S)
        if scenario != "Offline" and its.min_queries != _ASSUMED_QUERIES:
            yield MadeRow("*", scenario, "min_query_count", its.min_queries, f"{at}.min_queries")


def _of_benchmark(benchmark: Benchmark) -> Iterator[MadeRow]:
    """Yield the rows of a benchmark's model, and of the one that Interactive is."""
    yield from _of_model(benchmark, "Server")
    data, model = benchmark.dataset, benchmark.conf_model()
    if data.offline_min_samples is not None:
        source = "dataset.offline_min_samples"
        value = data.offline_min_samples
        yield MadeRow(model, "Offline", "min_query_count", value, source, "conf_name")
    if "Interactive" in benchmark.limits:
        yield from _of_model(benchmark, "Interactive")


def _of_model(benchmark: Benchmark, limited: ScenarioName) -> Iterator[MadeRow]:
    """Yield the rows of a model whose Server runs have one scenario's limits."""
    data, limits, model = (
        benchmark.dataset,
        benchmark.limits.get(limited),
        benchmark.conf_model(limited),
    )
    places: tuple[ScenarioName, ...] = ("Server",)
    given, drawn, asked = "conf_name", data.performance_samples, data.accuracy_samples
    if limited == "Interactive":
        whole = limits is not None and limits.latency_ms is not None
        given = f"limits.{limited}.{'latency_ms' if whole else 'ttft_ms'}"
        drawn, asked = data.drawn_from(limited), data.per_scenario.get(limited, asked)
    else:
        places = tuple(each for each in benchmark.scenarios if each != "Interactive")

    def made(place: str, key: str, value: float, source: str, scale: int = 1) -> MadeRow:
        return MadeRow(model, place, key, value, source, given, scale)

    yield made("*", "performance_sample_count_override", drawn, "dataset.performance_samples")
    if asked is not None:
        yield made("*", "accuracy_sample_count_override", asked, "dataset.accuracy_samples")
    if benchmark.order == "permutation":
        yield made("*", "sample_concatenate_permutation", True, "order")
    if benchmark.records_tokens or benchmark.token_latencies is not None:
        yield made("*", "use_token_latencies", benchmark.records_tokens, "token_latencies")
    if limits is not None:
        for key, value, field in _limit_rows(benchmark, limits, limited):
            yield made("Server", key, value, f"limits.{limited}.{field}")
    # By scenario: LoadGen looks up any model's row of a scenario before a model's of any.
    for place in places:
        if benchmark.min_duration_s is not None:
            value = benchmark.min_duration_s
            yield made(place, "min_duration", value, "min_duration_s", _MS_PER_S)
        if limited == "Server" and place in data.per_scenario:
            source = f"dataset.per_scenario.{place}"
            yield made(place, "performance_sample_count_override", data.drawn_from(place), source)
            yield made(place, "accuracy_sample_count_override", data.asked(place), source)


def _limit_rows(
    benchmark: Benchmark, limits: Limits, scenario: ScenarioName
) -> Iterator[tuple[str, float, str]]:
    """Yield key, value and field of the limits' rows."""
    fields = (("target_latency", "latency_ms"), ("ttft_latency", "ttft_ms"))
    for key, field in (*fields, ("tpot_latency", "tpot_ms")):
        value = getattr(limits, field)
        if value is not None and value != int(value):
            allowed = "whole milliseconds, as conf files have no fractions of them"
            problem = Problem(f"limits.{scenario}.{field}", value, allowed)
            raise RulesError([(f"{benchmark.name}.toml", problem)])
        if value is not None:
            yield key, value, field
        elif field == "latency_ms":  # of tokens: LoadGen's own 10 ms have to go
            yield key, 0, field


def conf_text(value: float) -> str:
    """Return a number as a conf file has it: without a point where it is whole."""
    return str(int(value)) if value == int(value) else repr(value)
