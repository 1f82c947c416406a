# SPDX-License-Identifier: Apache-2.0
"""What a division asks of all results of one benchmark on one system together.

What it asks of each run by itself is ``divisions.py``.

References
----------
MLPerf inference rules, "Benchmarks", "Divisions", "Audits"; and its submission checker.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from loadgen.mlperf.rules.benchmark import Benchmark
from loadgen.mlperf.rules.findings import Breach, Finding, Rule, division_of, findings
from loadgen.mlperf.rules.load import Rules
from loadgen.mlperf.rules.tables import Division, ScenarioName, Systems
from loadgen.result import Result

__all__ = ["SET_RULES", "check_set"]


@dataclass(frozen=True)
class _Set:
    """All results of one benchmark on one system."""

    benchmark: Benchmark
    systems: Systems
    results: Mapping[ScenarioName, Sequence[Result]]
    audits: Mapping[ScenarioName, Collection[str]]


def check_set(
    rules: Rules,
    name: str,
    results: Mapping[ScenarioName, Sequence[Result]],
    *,
    division: Division,
    system_type: Systems,
    audits: Mapping[ScenarioName, Collection[str]] | None = None,
) -> list[Finding]:
    """Return what a system's results of one benchmark lack as a whole.

    Parameters
    ----------
    rules : Rules
    name : str
        Of a benchmark or a result.
    results : mapping of str to sequence of Result
        The runs of each scenario: accuracy and performance.
    division : {"closed", "network", "open"}
    system_type : {"datacenter", "edge", "both"}
    audits : mapping of str to collection of str, or None
        Which audits were passed, by scenario.

    Raises
    ------
    SettingsError
        There is no such benchmark or division.
    """
    benchmark, _ = rules.find(name)
    whole = _Set(benchmark, system_type, results, audits or {})
    return list(findings(SET_RULES, division_of(rules, division), whole))


def _required(whole: _Set) -> Iterator[Breach]:
    its = whole.benchmark.of_systems(whole.systems)
    there = [scenario for scenario, runs in whole.results.items() if runs]
    for scenario in its.required:
        if scenario not in there:
            yield Breach(f"no results of {scenario}", scenario)
    if its.one_of and not set(its.one_of) & set(there):
        one = " or ".join(its.one_of)
        yield Breach(f"no results of {one}", f"at least one of {one}")


def _both_modes(whole: _Set) -> Iterator[Breach]:
    for scenario, runs in whole.results.items():
        modes = {run.settings.mode for run in runs}
        for mode in ("accuracy", "performance"):
            if runs and not modes & {mode, "submission"}:
                yield Breach(
                    f"{scenario}: no {mode} run", "one run for accuracy, one for performance"
                )


def _one_system(whole: _Set) -> Iterator[Breach]:
    names = dict.fromkeys(run.sut_name for runs in whole.results.values() for run in runs)
    if len(names) > 1:
        yield Breach(f"results of {', '.join(map(repr, names))}", "one system")


def _audits(whole: _Set) -> Iterator[Breach]:
    for scenario, runs in whole.results.items():
        passed = whole.audits.get(scenario, ())
        for test in whole.benchmark.audits if runs else ():
            if test not in passed:
                yield Breach(f"{scenario}: {test} is not passed", f"{test} passed")


SET_RULES: Final[tuple[Rule[_Set], ...]] = (
    Rule(
        "required-scenarios",
        "There are results of every required scenario",
        "required_scenarios",
        "Benchmarks",
        _required,
    ),
    Rule(
        "two-runs",
        "Every scenario has an accuracy and a performance run",
        "",
        "Load generator",
        _both_modes,
    ),
    Rule("one-system", "All results are of one system", "", "Divisions", _one_system),
    Rule("audits", "Every audit is passed", "audits", "Audits", _audits),
)
"""In the order in which they are looked at."""
