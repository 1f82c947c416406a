# SPDX-License-Identifier: Apache-2.0
"""What a suite's folder has of a benchmark that can be audited. Not for audits themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadgen.errors import MISSING, LoadGenError, Problem, SettingsError
from loadgen.mlperf.rules import Rules
from loadgen.mlperf.rules.tables import SCENARIOS, ScenarioName
from loadgen.mlperf.suite.belonging import digest_of
from loadgen.mlperf.suite.state import (
    ACCURACY,
    PERFORMANCE,
    SUITE_FILE,
    is_done,
    judged_by,
    read_state,
)

__all__ = ["SuiteRuns", "suite_runs"]


@dataclass(frozen=True)
class SuiteRuns:
    """Runs of a benchmark; made by `suite_runs`.

    Parameters
    ----------
    folder : Path
        The benchmark's, in that of the suite.
    smoke : bool
    caveat : str or None
        Why these are no results.
    system : dict
        As `Asked.system_of`.
    """

    folder: Path
    smoke: bool
    caveat: str | None
    system: dict[str, str | None]

    @property
    def scenarios(self) -> tuple[ScenarioName, ...]:
        """Those whose performance run is there."""
        return tuple(each for each in SCENARIOS if is_done(self.folder / each / PERFORMANCE))

    def of(self, scenario: str | None) -> dict[str, Any]:
        """Return what `run_audit` and `verify_audit` need of a scenario's runs.

        Raises
        ------
        SettingsError
            It has no performance run.
        """
        for name in self.scenarios:
            if name == scenario:
                judge = judged_by(self.folder, name, smoke=self.smoke)
                return {
                    "performance_dir": self.folder / name / PERFORMANCE,
                    "accuracy_dir": None if judge is None else self.folder / judge / ACCURACY,
                    "output_dir": self.folder / name,
                    "scenario_name": name,
                    "smoke": self.smoke,
                    "caveat": self.caveat,
                }
        there = ", ".join(self.scenarios) or "one, and there is none"
        given = MISSING if scenario is None else scenario
        allowed = f"a scenario whose performance run is in {self.folder}: {there}"
        raise SettingsError([Problem("scenario", given, allowed)])


def suite_runs(folder: Path, rules: Rules, name: str) -> SuiteRuns:
    """Return what a suite has of a benchmark.

    Parameters
    ----------
    folder : Path
        The suite's.
    rules : Rules
    name : str
        The benchmark's.

    Raises
    ------
    SettingsError
        It was not run, or by other rules.
    LoadGenError
        The folder is no suite's.
    """
    table = read_state(folder)
    if name not in table["benchmarks"]:
        allowed = f"one of those in {folder}: {', '.join(table['benchmarks']) or 'none'}"
        raise SettingsError([Problem("benchmark", name, allowed)])
    try:
        problems = _other_rules(table, folder, rules, name)
        smoke, system = table["asked"]["smoke"], dict(table["benchmarks"][name]["system"])
        caveat = table["caveat"]
        if smoke:
            caveat = f"{caveat} Its speed decides nothing in audits."
    except (KeyError, TypeError, ValueError) as error:
        raise LoadGenError(
            f"{folder / SUITE_FILE}: is not what a suite has written: {error!r}"
        ) from error
    if problems:
        raise SettingsError(problems)
    return SuiteRuns(folder / name, smoke, caveat, system)


def _other_rules(table: Mapping[str, Any], folder: Path, rules: Rules, name: str) -> list[Problem]:
    asked, there, round_ = table["asked"], table["benchmarks"][name], rules.round
    return [
        Problem(what, now, f"{before}, as the suite in {folder} had them")
        for what, before, now in (
            ("round", asked["round"], round_.name),
            ("rules of the round", asked["rules of the round"], digest_of(round_)),
            (f"rules of {name}", there["rules"], digest_of(rules.benchmarks[name])),
        )
        if before != now
    ]
