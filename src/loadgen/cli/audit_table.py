# SPDX-License-Identifier: Apache-2.0
"""How audits ended, as a table. Not for running them (``audit.py``)."""

from __future__ import annotations

import sys
from typing import Any, Final, NamedTuple

from loadgen import terminal
from loadgen.cli.ending import INVALID, NOT_FINISHED, VALID, WRONG_USE
from loadgen.mlperf.audit import AuditOutcome, Verdict
from loadgen.mlperf.rules import Round
from loadgen.report.grid import fitted
from loadgen.report.times import TABLE_WIDTH
from loadgen.terminal import wrapped

__all__ = ["Ended", "ended_by", "table"]

_HEADS: Final = ("scenario", "audit", "verdict")
_CODES: Final[dict[Verdict, int]] = {
    "passed": VALID,
    "failed": INVALID,
    "inconclusive": NOT_FINISHED,
}
_WITHOUT_OUTCOME: Final = {WRONG_USE: "says nothing", NOT_FINISHED: "not finished"}


class Ended(NamedTuple):
    """How one audit ended."""

    test: str
    scenario: str
    code: int
    error: str | None
    outcome: AuditOutcome | None

    @property
    def remarks(self) -> list[str]:
        """What failed or is unsure, or kept it from being finished."""
        if self.outcome is None:
            text = str(self.error).replace(":\n  - ", ": ")
            return ["; ".join(line.strip().removeprefix("- ") for line in text.splitlines())]
        return [str(each) for each in self.outcome.findings if each.passed is False or each.unsure]

    @property
    def verdict(self) -> str:
        """As the table has it."""
        if self.outcome is None:
            return _WITHOUT_OUTCOME[self.code]
        return self.outcome.verdict.replace("failed", "FAILED")

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        outcome = None if self.outcome is None else self.outcome.to_dict()
        return self._asdict() | {"outcome": outcome}


def ended_by(test: str, outcome: AuditOutcome) -> Ended:
    """Return how an audit ended that has an outcome."""
    return Ended(test, outcome.scenario, _CODES[outcome.verdict], None, outcome)


def table(every: list[Ended], benchmark: str, round_: Round, caveat: str | None) -> str:
    """Return how audits of a benchmark ended, what failed, and the notice."""
    width = terminal.columns(TABLE_WIDTH, sys.stdout)
    rows = [(each.scenario, each.test, each.verdict) for each in every]
    remarks = [
        wrapped(f"{each.scenario}, {each.test}: {remark}", rest="  ", width=width)
        for each in every
        for remark in each.remarks
    ]
    head = [f"\nAudits of {benchmark}, {round_.title}"]
    head += [] if caveat is None else [wrapped(caveat, width=width)]
    body = (
        fitted([_HEADS, *rows], width, range(len(_HEADS))) if rows else ["There was none to run."]
    )
    notice = wrapped(round_.notice, width=width)
    return "\n".join([*head, "", *body, "", *([*remarks, ""] if remarks else []), notice])
