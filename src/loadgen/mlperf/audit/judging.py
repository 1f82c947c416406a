# SPDX-License-Identifier: Apache-2.0
"""What an audit comes to by its runs, once they are seen to be of one system.

Answers decide at once. A speed that is not what it should be may be the machine's doing, or the
load generator's: where a run is not valid or was badly generated it decides nothing, and otherwise
it has to be seen a second time, of all runs once more, each of which has to be as fast as it was.
What is not sure is neither passed nor failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from loadgen.mlperf.audit.base import Audit, Case
from loadgen.mlperf.audit.knobs import Knobs, in_effect
from loadgen.mlperf.audit.outcome import AuditError, AuditOutcome, Finding, Speed
from loadgen.mlperf.audit.planned import as_planned
from loadgen.mlperf.audit.roles import misplaced
from loadgen.mlperf.audit.same import differences
from loadgen.mlperf.audit.speed import compared, doubts, suspicions, unsteady

__all__ = ["refuse", "verified", "wants_again"]


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
    """Return what an audit comes to; where its answers are not all there, without them.

    Raises
    ------
    AuditError
        The runs are not of one system, or not what they are taken for.
    """
    refuse(audit.test, _not_one_system(audit, case, knobs))
    findings = [*_as_asked(audit, case, knobs)]
    is_of_answers = any("accuracy" in about for about in audit.files.values())
    if case.audit.has_all_answers or not is_of_answers:
        findings += audit.examine(case)
        findings += as_planned(case.audit) if is_of_answers else ()
    findings += _of_speed(audit, case)
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


def wants_again(audit: Audit, case: Case, outcome: AuditOutcome) -> bool:
    """Return whether all runs are needed once more, since a speed alone fails."""
    if case.smoke or case.again is not None or not _speeds(audit, case):
        return False
    others = [each for each in outcome.findings if each.about != "performance"]
    failed = [each for each in outcome.findings if each.passed is False]
    return bool(failed) and not any(each.passed is False for each in others)


def _not_one_system(audit: Audit, case: Case, knobs: Knobs) -> Iterator[str]:
    yield from misplaced(case)
    yield from differences(
        case.audit, case.performance, case.accuracy, knobs,
        other_seeds=audit.other_seeds, any_scenario=case.smoke,
    )  # fmt: skip
    planned = audit.companions(case.benchmark, case.round, case.scenario)
    for name, run in case.companions.items():
        of_this = planned.get(name, {})
        yield from differences(run, case.performance, None, of_this)
    if case.again is not None:
        yield from differences(case.again.performance, case.performance, None, {})
        yield from _not_one_system(audit, case.again, knobs)


def _as_asked(audit: Audit, case: Case, knobs: Knobs) -> Iterator[Finding]:
    """Yield whether each of the audit's runs had its settings."""
    yield from in_effect(case.audit, knobs)
    planned = audit.companions(case.benchmark, case.round, case.scenario)
    for each in (case, *([] if case.again is None else [case.again])):
        runs = {name: (run, planned.get(name, {})) for name, run in each.companions.items()}
        if each is not case:
            runs["the audit once more"] = (each.audit, knobs)
        for name, (run, its_knobs) in runs.items():
            yield from (
                finding._replace(text=f"{name}: {finding.text}")
                for finding in in_effect(run, its_knobs)
                if finding.passed is False
            )


def _speeds(audit: Audit, case: Case) -> list[Speed]:
    if audit.allowed is None:
        return []
    return [*compared(case, audit.allowed), *audit.beside(case)]


def _of_speed(audit: Audit, case: Case) -> Iterator[Finding]:
    """Yield what comes of the speeds."""
    speeds = _speeds(audit, case)
    if audit.allowed is None:
        return
    reasons = [*doubts(case, audit.allowed)]
    yield from (Finding("performance", None, reason, unsure=True) for reason in reasons)
    if reasons:
        yield from (Finding("performance", None, speed.text) for speed in speeds)
        return
    suspect = suspicions(case)
    second: dict[str, Speed] = {}
    if case.again is not None:
        again = "; ".join(f"once more: {each}" for each in doubts(case.again, audit.allowed))
        suspect = suspect or again or unsteady(case, case.again)
        second = {speed.what: speed for speed in _speeds(audit, case.again)}
    for speed in speeds:
        if not speed.side:
            yield Finding("performance", True, speed.text)
        elif suspect:
            yield Finding("performance", None, f"{speed.text}; {suspect}", unsure=True)
        else:
            yield _twice(speed, second.get(speed.what))


def _twice(first: Speed, second: Speed | None) -> Finding:
    """Return what comes of a speed that is not what it should be, with the same once more."""
    if second is None or second.side == first.side:
        more = "" if second is None else f"; and once more: {second.text}"
        return Finding("performance", False, first.text + more)
    text = (
        f"{first.text}; but not when all was run once more: {second.text}; run the performance run "
        "and the audit longer, on a quiet machine"
    )
    return Finding("performance", None, text, unsure=True)


def _of_smoke(finding: Finding) -> Finding:
    """Return a finding of a run of seconds, whose speed decides nothing."""
    if finding.about != "performance":
        return finding
    return finding._replace(passed=None, unsure=False)


def _other_accuracy(case: Case) -> Iterator[Finding]:
    if case.accuracy is not None and case.accuracy.scenario != case.audit.scenario:
        yield Finding("accuracy", None, f"the accuracy run is that of {case.accuracy.scenario}")
