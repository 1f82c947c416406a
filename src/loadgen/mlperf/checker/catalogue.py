# SPDX-License-Identifier: Apache-2.0
"""The rules that a submission's files are held to: a short name, a title, where each stands.

Those of logs are in the package ``logs``. Not for checking any.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from loadgen.mlperf.checker.finding import Finding, Severity

__all__ = ["RULES", "Findings", "Rule"]

_FILES: Final = "submission files"
_CHECKER: Final = "submission checker"
_OWN: Final = "loadgen"
"""Ours, which the official checker does not have."""
_LONGEST: Final = 2_000  # characters of what is found or expected: files may say any number


class Rule(NamedTuple):
    """What one rule asks for, and where it stands."""

    title: str
    reference: str


RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "tree.empty": Rule("There are results", _OWN),
        "tree.link": Rule("No file or folder is a link", _OWN),
        "tree.special": Rule("Only files and folders are there", _OWN),
        "tree.unreadable": Rule("Everything can be read", _OWN),
        "tree.name": Rule("Names are text that shows what it is", _OWN),
        "tree.claim": Rule("No two names are the same but for their case", _OWN),
        "tree.bounds": Rule("The tree is not deeper or larger than any submission", _OWN),
        "tree.division": Rule("Divisions are closed, open and network", _FILES),
        "tree.layout": Rule("Folders are those of the round", _FILES),
        "tree.round": Rule("All systems are of one round", _FILES),
        "tree.benchmark": Rule("The round has the benchmark", _CHECKER),
        "tree.scenario": Rule("The benchmark has the scenario, for systems of this type", _CHECKER),
        "tree.required": Rule("Every scenario that is required is there", _CHECKER),
        "file.missing": Rule("Every file is there", _CHECKER),
        "file.empty": Rule("No file that is read is empty", _CHECKER),
        "file.size": Rule("Files that are read whole are small", _OWN),
        "file.text": Rule("Files of text are UTF-8 and have no control characters", _OWN),
        "file.json": Rule("Files of JSON are JSON, by the letter", _CHECKER),
        "system.field": Rule("Every field of a system is there and says something", _CHECKER),
        "system.number": Rule("Numbers of a system are numbers", _OWN),
        "system.division": Rule("A system is described for its division", _CHECKER),
        "system.submitter": Rule("A system is described by its submitter", _CHECKER),
        "system.status": Rule("The status is one of the round's", _CHECKER),
        "system.type": Rule("The type is one that the division has", _CHECKER),
        "system.network": Rule("A system is over a network in Network, and only there", _CHECKER),
        "system.results": Rule("Every system has results", _CHECKER),
        "measurements.field": Rule("Every field of the measurements says something", _CHECKER),
        "user-conf.syntax": Rule("LoadGen reads every line of user.conf", "LoadGen, FromConfig"),
        "src.missing": Rule("The source of the implementation is there", _CHECKER),
        "mapping.division": Rule("Models have names of their own in Open only", _FILES),
        "mapping.entry": Rule("Names of models are mapped to benchmarks of the round", _FILES),
        "accuracy.value": Rule("accuracy.txt says every metric, and one value of each", _CHECKER),
        "accuracy.gate": Rule("The accuracy passes the gate", "inference rules, Benchmarks"),
        "accuracy.hash": Rule("The hash is that of the accuracy log", _CHECKER),
        "accuracy.truncated": Rule("The accuracy log is truncated as it has to be", _CHECKER),
        "accuracy.unverified": Rule(
            "The accuracy log is whole, in rounds that do not cut it", _OWN
        ),
        "accuracy.recomputed": Rule("The accuracy is that of the answers that are there", _OWN),
        "run.check": Rule("A run's logs can be judged", _OWN),
        "run.score": Rule("The performance run has a score", _CHECKER),
        "same.system": Rule("All runs of a result are of one system", "inference rules, Divisions"),
        "same.log": Rule("A log is that of one result", _OWN),
        "same.tokens": Rule(
            "Answers are as long when they are timed as when they are judged", _OWN
        ),
        "same.date": Rule("Runs are made after the seeds are known", "inference rules, Seeds"),
        "inferred.system": Rule("Only results of edge systems are inferred", "inference rules"),
        "inferred.count": Rule("There are enough queries to infer from", "inference rules"),
        "audit.missing": Rule("Every audit of the benchmark is there", _CHECKER),
        "audit.text": Rule("An audit's own script says that it passed", _CHECKER),
        "audit.system": Rule("The audit is of the system that was measured", _OWN),
        "audit.settings": Rule("The audit's run has the audit's settings", _CHECKER),
        "audit.accuracy": Rule("The audit's answers pass", _CHECKER),
        "audit.performance": Rule("The audit's speed passes", _CHECKER),
        "audit.inconclusive": Rule("The audit's runs are good enough to say something", _OWN),
        "audit.unverified": Rule("An audit can be verified from its logs", _OWN),
        "audit.unknown": Rule("The benchmark has the audit", _CHECKER),
        "power.unchecked": Rule("Power is measured", "power rules; not checked here"),
        "manifest.format": Rule("The manifest can be read", _OWN),
        "manifest.file": Rule("The manifest has every file, as it is", _OWN),
        "manifest.signature": Rule("Each signature is one of the manifest", _OWN),
        "manifest.signer": Rule("Each key that was named signed the manifest", _OWN),
    }
)
"""By their short names, which stay."""


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


class Findings:
    """What is found, each once, in the order in which it is."""

    def __init__(self) -> None:
        self._found: dict[Finding, None] = {}

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._found)

    def add(
        self,
        file: str,
        rule: str,
        found: str,
        expected: str,
        *,
        line: int = 0,
        severity: Severity = "error",
    ) -> None:
        """Add what breaks one of `RULES`."""
        words = (_clipped(found), _clipped(expected))
        self.take([Finding(file, line, rule, RULES[rule].reference, *words, severity)])

    def take(self, found: Iterable[Finding]) -> None:
        """Add what others found."""
        self._found.update(dict.fromkeys(found))
