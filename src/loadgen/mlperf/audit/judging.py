# SPDX-License-Identifier: Apache-2.0
"""What an audit comes to by its runs, once they are seen to be of one system."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from loadgen.mlperf.audit.base import Audit, Case
from loadgen.mlperf.audit.knobs import Knobs, in_effect
from loadgen.mlperf.audit.outcome import AuditError, AuditOutcome, Finding
from loadgen.mlperf.audit.same import differences

__all__ = ["refuse", "verified"]


def refuse(test: str, others: Iterable[str]) -> None:
    """Raise if runs are not of one system; `others` says what differs.

    Raises
    ------
    AuditError
    """
    found = list(others)
    if found:
        raise AuditError(test, ["the runs are not of one system", *found])


def verified(audit: Audit, case: Case, knobs: Knobs) -> AuditOutcome:
    """Return what an audit comes to.

    Raises
    ------
    AuditError
        The runs are not of one system.
    """
    runs = (case.audit, case.performance, case.accuracy)
    others = differences(*runs, knobs, other_seeds=audit.other_seeds, any_scenario=case.smoke)
    refuse(audit.test, others)
    findings = [*in_effect(case.audit, knobs), *audit.examine(case)]
    if case.smoke:
        findings = [*map(_of_smoke, findings)]
        if audit.needs_accuracy_run:
            findings += _other_accuracy(case)
    return AuditOutcome(
        audit.test,
        case.benchmark.name,
        case.scenario,
        case.round.name,
        tuple(findings),
        case.figures,
        case.round.notice,
        case.caveat,
    )


def _of_smoke(finding: Finding) -> Finding:
    """Return a finding of a run of seconds, whose speed decides nothing."""
    return finding._replace(passed=None) if finding.about == "performance" else finding


def _other_accuracy(case: Case) -> Iterator[Finding]:
    if case.accuracy is not None and case.accuracy.scenario != case.audit.scenario:
        yield Finding("accuracy", None, f"the accuracy run is that of {case.accuracy.scenario}")
