# SPDX-License-Identifier: Apache-2.0
"""Runs, put together to results: one benchmark in one scenario, its two runs and its audits.

Not for finding runs (``runs.py``), nor for writing them (``assembling.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from loadgen.errors import MISSING, Problem
from loadgen.mlperf.rules import Benchmark, Rules
from loadgen.mlperf.rules.tables import SCENARIOS, ScenarioName, Systems
from loadgen.mlperf.submission.naming import Naming
from loadgen.mlperf.submission.runs import Found

__all__ = ["SubmissionResult", "results_of", "to_infer"]

_SOURCES: Final[dict[ScenarioName, tuple[ScenarioName, ...]]] = {
    "MultiStream": ("SingleStream",),
    "Offline": ("SingleStream", "MultiStream"),
}
"""From which other scenarios of an edge system a scenario's figures may be inferred."""
_BOTH: Final = ("performance", "accuracy")


@dataclass(frozen=True)
class SubmissionResult:
    """One benchmark in one scenario, to be handed in; a run is a `loadgen.Result`.

    Parameters
    ----------
    name : str
        As it is handed in: a benchmark's with its gate, or a model's own.
    benchmark : Benchmark
    scenario : str
    performance, accuracy : Found
    audits : tuple of Found
    """

    name: str
    benchmark: Benchmark
    scenario: ScenarioName
    performance: Found
    accuracy: Found
    audits: tuple[Found, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What it may be called: as it is handed in, and its benchmark."""
        return (self.name, self.benchmark.name)


def results_of(runs: Iterable[Found], naming: Naming) -> list[SubmissionResult]:
    """Return the results that runs make; what is not certain or lacks is a problem of `naming`."""
    groups: dict[tuple[str, ScenarioName], dict[str, Found]] = {}
    for found in sorted(runs, key=lambda each: each.part != "performance"):  # these are asked about
        for name in naming.names(found):
            scenario = naming.scenario(found, name)
            if scenario is None:
                break
            parts = groups.setdefault((name, scenario), {})
            first = parts.setdefault(found.part, found)
            if first is not found:
                allowed = (
                    f"one of them: {first.where} is another {found.part} run of {name}, {scenario}"
                )
                naming.problems.append(Problem(found.where, "a second one", allowed))
    results = []
    for (name, scenario), parts in groups.items():
        missing = [part for part in _BOTH if part not in parts]
        for part in missing:
            allowed = f"one {part} run, beside {', '.join(each.where for each in parts.values())}"
            naming.problems.append(Problem(f"{name}, {scenario}", MISSING, allowed))
        if not missing:
            audits = tuple(each for each in parts.values() if each.is_audit)
            benchmark, (performance, accuracy) = (
                naming.benchmark(name),
                [parts[each] for each in _BOTH],
            )
            results.append(
                SubmissionResult(name, benchmark, scenario, performance, accuracy, audits)
            )
    return sorted(results, key=lambda each: (each.name, SCENARIOS.index(each.scenario)))


def to_infer(
    results: Sequence[SubmissionResult], rules: Rules, kind: Systems, problems: list[Problem]
) -> list[tuple[SubmissionResult, ScenarioName]]:
    """Return which results stand for which scenarios that have to be there and are not.

    Parameters
    ----------
    results : sequence of SubmissionResult
    rules : Rules
    kind : {"datacenter", "edge", "both"}
    problems : list of Problem
        Gets why one cannot be inferred.

    References
    ----------
    MLPerf inference rules: edge systems may infer MultiStream from SingleStream, and Offline from
    either.
    """
    found = []
    for name in dict.fromkeys(each.name for each in results):
        there = {each.scenario: each for each in results if each.name == name}
        benchmark = next(iter(there.values())).benchmark
        for scenario in benchmark.of_systems(kind).required:
            if scenario in there or scenario not in _SOURCES:
                continue
            sources = [there[each] for each in _SOURCES[scenario] if each in there]
            why = _why_not(sources, benchmark, rules, kind, scenario)
            if why:
                problems.append(Problem(f"infer {name}, {scenario}", MISSING, why))
            else:
                found.append((sources[0], scenario))
    return found


def _why_not(
    sources: Sequence[SubmissionResult],
    benchmark: Benchmark,
    rules: Rules,
    kind: Systems,
    scenario: ScenarioName,
) -> str:
    """Return what is needed to infer a scenario and is not so; empty where nothing is."""
    if kind == "datacenter":
        return "a run of its own: only results of edge systems are inferred"
    if benchmark.unit == "tokens":
        return "a run of its own: results that count tokens are not inferred"
    if not sources:
        return f"a run of its own, or one of {' or '.join(_SOURCES[scenario])}"
    fewest = rules.round.scenarios[scenario].min_queries if scenario == "MultiStream" else 1
    count = sources[0].performance.run.get("result_query_count")
    if not isinstance(count, int) or count < fewest:
        return f"a run of its own, or {fewest:,} queries of {sources[0].scenario}; it has {count}"
    return ""
