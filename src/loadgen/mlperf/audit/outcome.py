# SPDX-License-Identifier: Apache-2.0
"""What an audit came to: findings, figures, and whether it is passed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from loadgen.errors import LoadGenError

__all__ = ["About", "Allowed", "AuditError", "AuditOutcome", "Finding", "Speed", "Verdict"]

About = Literal["settings", "accuracy", "performance"]
Allowed = Literal["either way", "not faster", "not slower"]
"""Which differences of speed beyond the tolerance do not fail."""
Verdict = Literal["passed", "failed", "inconclusive"]


class AuditError(LoadGenError):
    """An audit that can say nothing: of another system, or of logs that are not there.

    Parameters
    ----------
    test : str
    reasons : iterable of str
        At least one.

    Examples
    --------
    >>> print(AuditError("TEST01", ["sut_name: 'a' in the audit, 'b' in the performance run"]))
    TEST01 can say nothing: sut_name: 'a' in the audit, 'b' in the performance run
    """

    def __init__(self, test: str, reasons: Iterable[str]) -> None:
        self.test = test
        self.reasons = tuple(reasons)
        super().__init__(test, self.reasons)

    def __str__(self) -> str:
        if len(self.reasons) == 1:
            return f"{self.test} can say nothing: {self.reasons[0]}"
        return "\n  - ".join([f"{self.test} can say nothing:", *self.reasons])


class Finding(NamedTuple):
    """One thing that an audit looked at.

    Parameters
    ----------
    about : {"settings", "accuracy", "performance"}
        In which of the official files it stands; "settings" in all of them.
    passed : bool or None
        None: a remark, which decides nothing, unless it is unsure.
    text : str
    unsure : bool
        Whether it could not be judged, so that the audit is not passed: says why, and what to do.
    """

    about: About
    passed: bool | None
    text: str
    unsure: bool = False

    def __str__(self) -> str:
        word = {True: "pass", False: "FAIL", None: "unsure" if self.unsure else "note"}
        return f"{word[self.passed]}: {self.text}"


class Speed(NamedTuple):
    """One comparison of speeds.

    Parameters
    ----------
    what : str
        What is compared, so that the same of other runs is found.
    faster : float or None
        How many times as fast as what it is compared with; None: a figure is missing.
    low, high : float
        What it has to lie between.
    text : str
    """

    what: str
    faster: float | None
    low: float
    high: float
    text: str

    @property
    def side(self) -> str:
        """On which side it lies outside; empty: it does not."""
        if self.faster is None:
            return "not to be compared"
        return "slower" if self.faster < self.low else "faster" if self.faster > self.high else ""


@dataclass(frozen=True)
class AuditOutcome:
    """What an audit came to.

    Parameters
    ----------
    test, benchmark, scenario, round : str
        Names.
    findings : tuple of Finding
    figures : mapping of str to number or str
        What was counted and compared.
    notice : str
        The round's.
    caveat : str or None
        Why the runs that were audited are no results; None where they may be.
    """

    test: str
    benchmark: str
    scenario: str
    round: str
    findings: tuple[Finding, ...]
    figures: Mapping[str, float | int | str]
    notice: str
    caveat: str | None = None

    @property
    def passed(self) -> bool:
        """Whether every finding that decides is passed, and nothing is unsure."""
        return self.verdict == "passed"

    @property
    def verdict(self) -> Verdict:
        """How it ended; "inconclusive": nothing failed, but something is unsure."""
        return self.verdict_on("settings", "accuracy", "performance")

    def verdict_on(self, *about: About) -> Verdict:
        """Return the verdict by the findings about these; without any that decides: failed."""
        found = [each for each in self.findings if each.about in about]
        if any(each.passed is False for each in found):
            return "failed"
        if any(each.unsure for each in found):
            return "inconclusive"
        return "passed" if any(each.passed for each in found) else "failed"

    def summary(self) -> str:
        """Return it in words."""
        head = f"{self.test} of {self.benchmark}, {self.scenario}, {self.round}: "
        lines = [head + {"failed": "FAILED"}.get(self.verdict, self.verdict)]
        lines += [] if self.caveat is None else [self.caveat]
        lines += [f"  {finding}" for finding in self.findings]
        lines += [f"  {name} = {value}" for name, value in self.figures.items()]
        return "\n".join([*lines, self.notice])

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "test": self.test,
            "benchmark": self.benchmark,
            "scenario": self.scenario,
            "round": self.round,
            "passed": self.passed,
            "verdict": self.verdict,
            "findings": [finding._asdict() for finding in self.findings],
            "figures": dict(self.figures),
            "notice": self.notice,
            "caveat": self.caveat,
        }
