# SPDX-License-Identifier: Apache-2.0
"""The runs of an audit: its own, its further ones, and all of them once more.

Not for what they come to (``judging.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadgen.config.scenarios import Scenario
from loadgen.config.settings import Seeds, Settings
from loadgen.mlperf.audit.base import Audit, Case
from loadgen.mlperf.audit.knobs import PERFORMANCE_ONLY, Knobs, applied
from loadgen.mlperf.audit.roles import taken_for
from loadgen.mlperf.audit.same import foreseen
from loadgen.mlperf.audit.test05 import unknown_seeds
from loadgen.mlperf.logs import LogSink
from loadgen.result import Result
from loadgen.run import run
from loadgen.sut import SystemUnderTest

__all__ = ["Bench"]


@dataclass(frozen=True)
class Bench:
    """A system, and what its performance run was asked.

    Parameters
    ----------
    audit : Audit
    system : SystemUnderTest
    dataset : object
    scenario : Scenario
    settings : Settings
    seeds : Seeds or None
        Of an audit that has its own; None: drawn anew for each run.
    options : dict
        As for `loadgen.run`.
    """

    audit: Audit
    system: SystemUnderTest
    dataset: object
    scenario: Scenario
    settings: Settings
    seeds: Seeds | None
    options: Mapping[str, Any]

    def foreseen(self, case: Case, knobs: Knobs) -> Iterator[str]:
        """Yield why the runs that are there cannot be of what will be audited."""
        yield from taken_for("performance run", case.performance, case.benchmark, case.scenario)
        if case.accuracy is not None:
            scenario = None if case.smoke else case.scenario
            yield from taken_for("accuracy run", case.accuracy, case.benchmark, scenario)
        yield from foreseen(
            self.system.name, applied(self.scenario, self.settings, knobs), case.performance,
            case.accuracy, knobs, other_seeds=self.audit.other_seeds, any_scenario=case.smoke,
        )  # fmt: skip

    def run(self, knobs: Knobs, folder: Path) -> Result:
        """Return the result of the audit's own run, whose logs are in the folder."""
        settings = self.settings
        if self.audit.other_seeds:
            seeds = self.seeds or unknown_seeds(settings.seeds.accuracy_log)
            settings = Settings.from_dict({**settings.given(), "seeds": seeds})
        return self._logged(knobs, folder, settings)

    def further(self, case: Case, folder: Path) -> None:
        """Make the audit's further runs, each in a folder of its name."""
        for name, knobs in self.audit.companions(case.benchmark, case.round, case.scenario).items():
            self._logged(knobs, folder / name, self.settings)

    def once_more(self, case: Case, knobs: Knobs, folder: Path) -> None:
        """Make the performance run, and all of the audit's, one right after the other."""
        self._logged({"mode": PERFORMANCE_ONLY}, folder / "performance", self.settings)
        self.run(knobs, folder / "audit")
        self.further(case, folder)

    def _logged(self, knobs: Knobs, folder: Path, settings: Settings) -> Result:
        scenario, settings = applied(self.scenario, settings, knobs)
        return run(
            self.system, self.dataset, scenario, settings, sinks=[LogSink(folder)],
            keep_outputs=True, **self.options,
        )  # fmt: skip
