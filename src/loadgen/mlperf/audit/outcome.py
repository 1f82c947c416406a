# SPDX-License-Identifier: Apache-2.0
"""What an audit came to: findings, figures, and whether it is passed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from loadgen.errors import LoadGenError

__all__ = ["About", "AuditError", "AuditOutcome", "Finding"]

About = Literal["settings", "accuracy", "performance"]


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
        None: a remark, which decides nothing.
    text : str
    """

    about: About
    passed: bool | None
    text: str

    def __str__(self) -> str:
        return f"{ {True: 'pass', False: 'FAIL', None: 'note'}[self.passed] }: {self.text}"


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
        """Whether every finding that decides is passed, and there is one."""
        return self.passes("settings", "accuracy", "performance")

    def passes(self, *about: About) -> bool:
        """Return whether every finding about these that decides is passed, and there is one."""
        decided = [each.passed for each in self.findings if each.about in about]
        decided = [each for each in decided if each is not None]
        return bool(decided) and all(decided)

    def summary(self) -> str:
        """Return it in words."""
        head = f"{self.test} of {self.benchmark}, {self.scenario}, {self.round}: "
        lines = [head + ("passed" if self.passed else "FAILED")]
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
            "findings": [finding._asdict() for finding in self.findings],
            "figures": dict(self.figures),
            "notice": self.notice,
            "caveat": self.caveat,
        }
