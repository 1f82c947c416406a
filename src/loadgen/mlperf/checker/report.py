# SPDX-License-Identifier: Apache-2.0
"""What a check of a submission comes to: results, findings, and whether it is accepted."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.layout import Place
from loadgen.mlperf.checker.listed import Signed

__all__ = ["Judged", "Places", "Report"]


@dataclass(frozen=True)
class Judged:
    """One result, as it was found.

    Parameters
    ----------
    place : Place
    fields : mapping of str to object
        Those of ``summary_results.json``.
    verdicts : mapping of str to str
        What was made of the accuracy and of each audit, in words.
    findings : tuple of Finding
        What concerns it: its own, its system's, those of the whole tree.
    """

    place: Place
    fields: Mapping[str, Any]
    verdicts: Mapping[str, str]
    findings: tuple[Finding, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether there is a score, and no error."""
        has_score = self.fields.get("Performance_Result") is not None
        return has_score and not any(each.severity == "error" for each in self.findings)


@dataclass(frozen=True)
class Report:
    """What a check of a submission comes to.

    Parameters
    ----------
    round, title, notice : str
        Of the rules that it was held to.
    results : tuple of Judged
    findings : tuple of Finding
        All of them.
    signed : Signed
        Who signed which manifest.
    """

    round: str
    title: str
    notice: str
    results: tuple[Judged, ...]
    findings: tuple[Finding, ...]
    signed: Signed = field(default_factory=Signed)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Those that refuse something."""
        return tuple(each for each in self.findings if each.severity == "error")

    @property
    def accepted(self) -> bool:
        """Whether there are results, and each is accepted, and nothing else is wrong."""
        return (
            bool(self.results) and not self.errors and all(each.accepted for each in self.results)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values; of results that are accepted the fields of results' sites."""
        return {
            "accepted": self.accepted,
            "round": self.round,
            "title": self.title,
            "notice": self.notice,
            "results": [self._fields(each) for each in self.results if each.accepted],
            "refused": [
                {"path": each.place.folder, "findings": [*map(dataclasses.asdict, each.findings)]}
                for each in self.results
                if not each.accepted
            ],
            "findings": [*map(dataclasses.asdict, self.findings)],
            "manifest": self.signed.to_dict(),
        }

    def _fields(self, result: Judged) -> dict[str, Any]:
        return {
            **result.fields,
            "round": self.round,
            "notice": self.notice,
            "path": result.place.folder,
            "verdicts": dict(result.verdicts),
            "findings": [*map(dataclasses.asdict, result.findings)],
        }


class Places:
    """Findings by the places that they are about.

    Parameters
    ----------
    findings : iterable of Finding
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self._at: defaultdict[str, dict[Finding, None]] = defaultdict(dict)
        self._below: defaultdict[str, dict[Finding, None]] = defaultdict(dict)
        self._of_all: dict[Finding, None] = {}
        for each in findings:
            if "/" not in each.file and each.severity == "error":
                self._of_all[each] = None
            self._at[each.file][each] = None
            for folder in _upwards(each.file):
                self._below[folder][each] = None

    def about(self, paths: Iterable[str]) -> tuple[Finding, ...]:
        """Return what is found at, below or above some paths, and wrong with the whole tree."""
        found: dict[Finding, None] = {}
        for path in paths:
            for above in (path, *_upwards(path)):
                found.update(self._at.get(above, {}))
            found.update(self._below.get(path, {}))
        return tuple(found | self._of_all)


def _upwards(path: str) -> Iterator[str]:
    """Yield the folders that a path lies in, the innermost first."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
