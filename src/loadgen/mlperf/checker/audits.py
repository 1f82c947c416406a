# SPDX-License-Identifier: Apache-2.0
"""The audits of a result, verified from their logs: what their scripts printed proves nothing.

References
----------
Submission checker v6.1, compliance check; `loadgen.mlperf.audit`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from loadgen.mlperf.audit import AUDITS, AuditError, Evidence, Finding, audits_of
from loadgen.mlperf.audit.base import Case
from loadgen.mlperf.audit.folder import further_runs
from loadgen.mlperf.audit.judging import verified
from loadgen.mlperf.checker.accuracy import (
    ACCURACY_LOG,
    Accuracy,
    LogState,
    is_cut,
    is_cut_well,
)
from loadgen.mlperf.checker.claim import Claim
from loadgen.mlperf.checker.context import UNSCORABLE, Context
from loadgen.mlperf.checker.layout import Place
from loadgen.mlperf.checker.runs import Run
from loadgen.mlperf.checker.tree import Tree
from loadgen.mlperf.logs.read import AccuracyEntry
from loadgen.mlperf.logs.read_accuracy import Accuracy as AccuracyLog
from loadgen.mlperf.logs.read_source import Defects, Source
from loadgen.mlperf.rules import Benchmark
from loadgen.mlperf.rules.submission_fields import AUDIT_FILES

__all__ = ["audit_run_folder", "check_audit_files", "unknown_audits", "verify"]

_FAILED: Final = re.compile(r"\bTEST FAIL\b|check pass: *False", re.IGNORECASE)
_PASSED: Final = re.compile(r"\bTEST PASS\b|check pass: *(True|Skipped)")
_FOLDER: Final = re.compile(r"TEST\d\d", re.IGNORECASE)
_TOGETHER: Final = ("TEST08",)
"""Those that score the answers of the accuracy run, all together."""

Runs = tuple[Run, Run, Run | None]


def audit_run_folder(place: Place, test: str) -> str:
    """Return the folder of an audit's run."""
    return f"{place.audits}/{test}/performance/run_1"


def check_audit_files(context: Context, place: Place, test: str) -> bool:
    """Check that an audit is there, with its files, and passed by its own words."""
    folder = f"{place.audits}/{test}"
    if folder not in context.tree.folders:
        context.findings.add(folder, "audit.missing", "no such folder", f"{test}, with its logs")
        return False
    for name in AUDIT_FILES.get(test, ()):
        path = f"{folder}/{name}"
        if not name.startswith("verify"):
            if context.tree.there(path) and name.endswith(ACCURACY_LOG) and is_cut(context, path):
                is_cut_well(context, path, "audit.accuracy")
            continue
        text = context.tree.text(path)
        failed = _FAILED.search(text or "")
        if text is not None and (failed or not _PASSED.search(text)):
            said = failed[0] if failed else "nothing of it"
            context.findings.add(path, "audit.text", said, "TEST PASS")
    return True


def unknown_audits(context: Context, place: Place, benchmark: Benchmark) -> None:
    """Find audits that the benchmark does not have."""
    for name, path in context.tree.subfolders(place.audits):
        if _FOLDER.fullmatch(name) and name not in benchmark.audits:
            tests = ", ".join(audits_of(benchmark)) or "none"
            context.findings.add(
                path, "audit.unknown", f"{name}, not looked at", tests, severity="warning"
            )


class _Read(Evidence):
    """The logs of a run that was judged; what was cut out of its answers another run stands for."""

    def __init__(self, tree: Tree, folder: str, run: Run | None, log: str = "") -> None:
        self.folder = tree.absolute(folder)
        self.summary_path = self.detail_path = None
        self.detail = None if run is None else run.detail
        self.environment = self.health = None
        self.accuracy_path = tree.absolute(log) if log in tree.files else None
        self.is_cut = False
        self.stand_in: Evidence | None = None

    def kept(self) -> Iterator[AccuracyEntry]:
        """Yield the logged answers, as far as they are there."""
        if self.accuracy_path is not None:
            yield from AccuracyLog(Source(self.accuracy_path, not self.is_cut, Defects()))

    def answers(self) -> Iterator[AccuracyEntry]:
        """Yield the logged answers, and those of the other run to samples that were cut out."""
        seen = set()
        for entry in self.kept():
            seen.add(entry.qsl_idx)
            yield entry
        for entry in () if self.stand_in is None else self.stand_in.answers():
            if entry.qsl_idx not in seen:
                yield entry


def verify(context: Context, claim: Claim, test: str, runs: Runs, accuracy: Accuracy) -> str:
    """Verify an audit from its logs; return what came of it.

    Parameters
    ----------
    context, claim
    test : str
    runs : tuple of Run
        The audit's, the performance run, the accuracy run or None.
    accuracy : Accuracy
        Says how much of the accuracy log is there.
    """
    audit, log, found = AUDITS[test], runs[0].log, context.findings
    try:
        case = _case(context, claim, test, runs, accuracy.log)
        unverified = _not_to_be_seen(case, accuracy.log)
        outcome = verified(audit, case, audit.knobs(case.benchmark, case.round))
        failed = [each for each in outcome.findings if each.passed is False]
        if unverified:
            failed = [each for each in failed if each.about != "accuracy"]
            failed += _differences(case)
    except AuditError as error:
        said = "; ".join(map(str, error.reasons))
        found.add(log, "audit.system", said, "runs of one system, that can be compared")
        return "not verified"
    except UNSCORABLE as error:
        path, said = f"{claim.place.audits}/{test}", context.without_root(error)
        found.add(path, "audit.accuracy", said, "answers that can be compared")
        return "not verified"
    for each in failed:
        found.add(log, f"audit.{each.about}", each.text, "an audit that passes")
    if failed:
        return "failed, by its logs"
    if unverified:
        expected = "whole logs, of a benchmark with a program here"
        found.add(log, "audit.unverified", unverified, expected, severity="warning")
        return f"answers not verified: {unverified}"
    if not outcome.passed:
        said = "; ".join(each.text for each in outcome.findings if each.passed is None)
        found.add(log, "audit.inconclusive", said, "an audit that passes")
        return "inconclusive, by its logs"
    return "passed, by its logs"


def _case(context: Context, claim: Claim, test: str, runs: Runs, state: LogState) -> Case:
    place, tree = claim.place, context.tree
    log = f"{place.audits}/{test}/accuracy/{ACCURACY_LOG}"
    of_audit = _Read(tree, f"{place.audits}/{test}", runs[0], log)
    of_audit.is_cut = is_cut(context, log)
    whole = f"{place.accuracy}/{ACCURACY_LOG}"
    of_accuracy = _Read(tree, place.accuracy, runs[2], "" if state == "unknown" else whole)
    of_accuracy.is_cut = state == "truncated"
    of_accuracy.stand_in = None if state == "whole" else of_audit
    performance = _Read(tree, place.performance, runs[1])
    case = Case(
        test, claim.benchmark, context.rules.round, claim.scenario, of_audit, performance,
        accuracy=of_accuracy,
    )  # fmt: skip
    program = context.programs.of(claim.benchmark)
    if not isinstance(program, str):
        case.score, case.decode, case.labels = program.score, program.decode, program.labels
    return further_runs(AUDITS[test], case, tree.absolute(f"{place.audits}/{test}"))


def _not_to_be_seen(case: Case, state: LogState) -> str:
    """Return why nothing can be said of an audit's answers; empty if something can."""
    audit, accuracy = case.audit, case.accuracy
    assert isinstance(audit, _Read)
    assert isinstance(accuracy, _Read)
    if case.test == "TEST07" and case.score is None:
        names = [metric.name for metric in case.benchmark.metrics]
        case.score = lambda answers, indices: dict.fromkeys(names, 0.0)  # it decides nothing
        return "this package has no program of the benchmark, which would score them"
    if audit.is_cut:
        return "the audit's accuracy log is truncated"
    if state == "whole" or not AUDITS[case.test].needs_accuracy_run:
        return ""
    if state == "unknown":
        return "the accuracy log is not as it should be"
    asked = {entry.qsl_idx for entry in audit.answers()}
    if case.test in _TOGETHER or (asked and asked.isdisjoint(e.qsl_idx for e in accuracy.kept())):
        return "the accuracy log is truncated, and what was kept cannot be compared"
    return ""


def _differences(case: Case) -> Iterator[Finding]:
    """Yield whether answers that were kept of both runs differ, where they have to be the same."""
    if case.test != "TEST01" or case.score is not None or not isinstance(case.accuracy, _Read):
        return
    answers = {entry.qsl_idx: entry.data for entry in case.accuracy.kept()}
    for entry in case.audit.answers():
        if answers.get(entry.qsl_idx, entry.data) != entry.data:
            text = f"sample {entry.qsl_idx} has another answer than in the accuracy run"
            yield Finding("accuracy", False, text)
            return
