# SPDX-License-Identifier: Apache-2.0
"""What a run's folder is to be the evidence of: by where it lies, and by the rules."""

from __future__ import annotations

import posixpath
from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from loadgen.mlperf.audit import AUDITS
from loadgen.mlperf.rules import Benchmark, Rules
from loadgen.mlperf.rules.round import DivisionRules
from loadgen.mlperf.rules.tables import Division, ScenarioName

__all__ = ["Expected"]

_AUDIT: Final = "audit:"


@dataclass(frozen=True)
class Expected:
    """What a run's folder is to be the evidence of.

    Parameters
    ----------
    rules : Rules
        Of the round.
    benchmark : Benchmark or None
        None: none of the round's; what depends on it is not looked at.
    scenario : str
        As the directory is called: "Interactive" too.
    division : {"closed", "network", "open"}
    mode : str
        "performance", "accuracy", or an audit's "audit:TEST01"; "audit:TEST04/each_once" for a
        further run of one.
    user_conf : str or None
        The text of ``user.conf``; None: there is none to compare with.
    about : str
        The folder that ``user.conf`` is in, from this one.
    place : str
        The folder, from the submission's root, with ``/``: what findings put before a file's name.
    files : container of str or None
        Which files there are, from the submission's root; None: whatever lies there is read.
    """

    rules: Rules
    benchmark: Benchmark | None
    scenario: ScenarioName
    division: Division
    mode: str
    user_conf: str | None = None
    about: str = "../.."
    place: str = ""
    files: Container[str] | None = None

    def named(self, file: str) -> str:
        """Return a file of the folder by its place in the submission."""
        return posixpath.normpath(posixpath.join(self.place, file))

    def may_read(self, file: str) -> bool:
        """Return whether a file of the folder is one of the submission: links are none."""
        return self.files is None or self.named(file) in self.files

    @property
    def is_accuracy(self) -> bool:
        """Whether it is the accuracy run."""
        return self.mode == "accuracy"

    @property
    def is_audit(self) -> bool:
        """Whether it is an audit's run."""
        return self.mode.startswith(_AUDIT)

    @property
    def scenario_in_log(self) -> str:
        """The scenario by LoadGen's name: it runs Interactive as Server."""
        return "Server" if self.scenario == "Interactive" else self.scenario

    @property
    def switches(self) -> DivisionRules:
        """What the division asks for; what Closed does, where the round has none of the name."""
        divisions = self.rules.round.divisions
        return divisions.get(self.division, divisions["closed"])

    @cached_property
    def knobs(self) -> Mapping[str, int]:
        """What an audit sets beyond the performance run, by the keys of conf files."""
        test, _, further = self.mode.removeprefix(_AUDIT).partition("/")
        audit = AUDITS.get(test) if self.is_audit else None
        if audit is None or self.benchmark is None:
            return {}
        if further:
            return audit.companions(self.benchmark, self.rules.round, self.scenario).get(
                further, {}
            )
        return audit.knobs(self.benchmark, self.rules.round)
