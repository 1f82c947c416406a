# SPDX-License-Identifier: Apache-2.0
"""Where a submission has what: divisions, submitters, systems, results; up to v5.1, and since.

References
----------
Files of a submission, v5.0 to v6.1: since v6.0 measurements, logs and audits of a result lie in
one folder; before that each had a tree of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, get_args

from loadgen.mlperf.checker.finding import Severity
from loadgen.mlperf.checker.tree import Tree
from loadgen.mlperf.manifest import MANIFEST, SIGNATURE
from loadgen.mlperf.rules.tables import Division

__all__ = ["Place", "Submitter", "places_of", "submitters_of"]

_DIVISIONS: Final[tuple[Division, ...]] = get_args(Division)
_OLD: Final = ("measurements", "compliance", "code")
"""Folders of a submitter that only rounds up to v5.1 have."""
_KNOWN: Final = ("systems", "src", "results", "documentation", *_OLD)
_MODEL_MAPPING: Final = "model_mapping.json"
_OF_ROOT: Final = (*_DIVISIONS, MANIFEST, SIGNATURE)


@dataclass(frozen=True)
class Submitter:
    """What one submitter hands in, in one division.

    Parameters
    ----------
    division : {"closed", "network", "open"}
    name : str
    folder : str
    is_old : bool
        Whether folders are those of rounds up to v5.1.
    """

    division: Division
    name: str
    folder: str
    is_old: bool

    @property
    def mapping(self) -> str:
        """The file that says which benchmarks models of their own names are of."""
        return f"{self.folder}/{_MODEL_MAPPING}"

    def system(self, name: str) -> str:
        """Return the file that describes a system."""
        return f"{self.folder}/systems/{name}.json"

    def source(self, benchmark: str) -> str:
        """Return the folder of a benchmark's implementation."""
        return f"{self.folder}/{'code' if self.is_old else 'src'}/{benchmark}"


@dataclass(frozen=True)
class Place:
    """One result: a system, a benchmark, a scenario, as the folders call them.

    Parameters
    ----------
    submitter : Submitter
    system, benchmark, scenario : str
        Names of folders.
    folder : str
        With ``performance`` and ``accuracy``.
    about : str
        With the measurements, ``user.conf`` and ``README.md``.
    audits : str
        With ``TEST01`` and others.
    """

    submitter: Submitter
    system: str
    benchmark: str
    scenario: str
    folder: str
    about: str
    audits: str

    @property
    def performance(self) -> str:
        """Folder of the performance run's logs."""
        return f"{self.folder}/performance/run_1"

    @property
    def accuracy(self) -> str:
        """Folder of the accuracy run's logs."""
        return f"{self.folder}/accuracy"


def submitters_of(tree: Tree) -> Iterator[Submitter]:
    """Yield who hands something in; what is in the way is found."""
    for name in tree.folders.get("", ()):
        if name not in _OF_ROOT:
            expected = f"{', '.join(_DIVISIONS)} or {MANIFEST}"
            severity: Severity = "error" if name.lower() in _DIVISIONS else "warning"
            tree.findings.add(
                name, "tree.division", f"{name!r}, not looked at", expected, severity=severity
            )
    for division in _DIVISIONS:
        for name, folder in tree.subfolders(division):
            inside = tree.folders[folder]
            for each in inside:
                if each not in (*_KNOWN, _MODEL_MAPPING):
                    tree.findings.add(
                        f"{folder}/{each}", "tree.layout", f"{each!r}, not looked at",
                        f"one of {', '.join(_KNOWN)}", severity="warning",
                    )  # fmt: skip
            yield Submitter(division, name, folder, any(each in inside for each in _OLD))


def places_of(tree: Tree, submitter: Submitter) -> Iterator[Place]:
    """Yield a submitter's results, one a scenario's folder."""
    root = submitter.folder
    for system, of_system in tree.subfolders(f"{root}/results"):
        for benchmark, of_benchmark in tree.subfolders(of_system):
            scenarios = list(tree.subfolders(of_benchmark))
            if not scenarios:
                tree.findings.add(of_benchmark, "tree.scenario", "no folder", "one of a scenario")
            for scenario, folder in scenarios:
                about = audits = folder
                if submitter.is_old:
                    below = f"{system}/{benchmark}/{scenario}"
                    about = f"{root}/measurements/{below}"
                    audits = f"{root}/compliance/{below}"
                yield Place(submitter, system, benchmark, scenario, folder, about, audits)
