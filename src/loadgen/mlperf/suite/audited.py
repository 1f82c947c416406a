# SPDX-License-Identifier: Apache-2.0
"""What a suite's folder has of a benchmark that can be audited, and which audits it has.

An audit is done when its folder says which runs it was of, which is written last: audits that were
cut off at any point go on where they were. Not for audits themselves.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from loadgen.errors import MISSING, LoadGenError, Problem, SettingsError
from loadgen.mlperf.audit import AuditOutcome, Evidence, Finding
from loadgen.mlperf.rules import Benchmark, Rules
from loadgen.mlperf.rules.tables import SCENARIOS, ScenarioName
from loadgen.mlperf.suite.belonging import differences, installed, machine, rules_digest
from loadgen.mlperf.suite.state import (
    ACCURACY,
    PERFORMANCE,
    SUITE_FILE,
    is_done,
    judged_by,
    read_state,
)
from loadgen.whole_file import replacing

__all__ = ["SuiteRuns", "forget", "keep", "kept", "suite_runs"]

_RUNS_FILE: Final = "runs.json"
_OUTCOME_FILE: Final = "audit.json"


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


def suite_runs(folder: Path, rules: Rules, name: str, *, to_run: bool) -> SuiteRuns:
    """Return what a suite has of a benchmark.

    Parameters
    ----------
    folder : Path
        The suite's.
    rules : Rules
    name : str
        The benchmark's.
    to_run : bool
        Whether audits are to be run here, which have to be of one system with the suite's runs.

    Raises
    ------
    SettingsError
        It was not run, or by other rules; or elsewhere, where audits are to be run.
    LoadGenError
        The folder is no suite's.
    """
    table = read_state(folder)
    if name not in table["benchmarks"]:
        allowed = f"one of those in {folder}: {', '.join(table['benchmarks']) or 'none'}"
        raise SettingsError([Problem("benchmark", name, allowed)])
    try:
        problems = _other_rules(table, folder, rules, name)
        problems += _elsewhere(table, rules.benchmarks[name]) if to_run else []
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
        Problem(what, now, f"{before}, by which the suite in {folder} was run")
        for what, before, now in (
            ("round", asked["round"], round_.name),
            ("rules of the round", asked["rules of the round"], rules_digest(round_)),
            (f"rules of {name}", there["rules"], rules_digest(rules.benchmarks[name])),
        )
        if before != now
    ]


def _elsewhere(table: Mapping[str, Any], benchmark: Benchmark) -> list[Problem]:
    """Return in what this machine and its software are not those of the suite."""
    asked, there, now = table["asked"], table["benchmarks"][benchmark.name], machine()
    before = {key: asked.get(key) for key in now}
    here = installed(benchmark, there["system"])
    then = {key: there.get(key) for key in here}
    return [*differences("", before, now), *differences(f"{benchmark.name}: ", then, here)]


def keep(folder: Path, given: Mapping[str, Any], system: Mapping[str, str | None]) -> None:
    """Say of which runs and system an audit is, whose folder is whole: it is done from now on.

    Parameters
    ----------
    folder : Path
        ``TESTxx``.
    given : mapping
        As `SuiteRuns.of`.
    system : mapping
        As `Asked.system_of`.

    Raises
    ------
    LoadGenError
        It cannot be written.
    """
    with replacing(folder / _RUNS_FILE) as file:
        file.write_text(json.dumps(_runs(given, system), indent=1) + "\n", encoding="utf-8")


def forget(folder: Path) -> None:
    """Take back what `keep` said, before the audit is run again."""
    with contextlib.suppress(OSError):  # else the audit cannot replace the folder, and says so
        (folder / _RUNS_FILE).unlink()


def kept(
    folder: Path, given: Mapping[str, Any], system: Mapping[str, str | None]
) -> AuditOutcome | None:
    """Return the outcome of an audit that is done; None: it is to be run.

    So it is where it was cut off, or its folder is damaged, or it is of other runs.

    Parameters
    ----------
    folder, given, system
        As for `keep`.
    """
    try:
        if json.loads((folder / _RUNS_FILE).read_text("utf-8")) != _runs(given, system):
            return None
        table = json.loads((folder / _OUTCOME_FILE).read_text("utf-8"))
        names = {field.name for field in dataclasses.fields(AuditOutcome)}
        values = {name: value for name, value in table.items() if name in names}
        findings = tuple(Finding(**each) for each in table["findings"])
        return AuditOutcome(**values | {"findings": findings})
    except (OSError, ValueError, TypeError, KeyError, LoadGenError):
        return None


def _runs(given: Mapping[str, Any], system: Mapping[str, str | None]) -> dict[str, Any]:
    """Return what tells the runs that an audit is of from others: when and how each was."""
    runs = {key: _digest(given[key]) for key in ("performance_dir", "accuracy_dir")}
    return {"system": {**system}, **runs}


def _digest(folder: Path | None) -> str | None:
    path = None if folder is None else Evidence(folder).detail_path
    return None if path is None else hashlib.sha256(path.read_bytes()).hexdigest()
