# SPDX-License-Identifier: Apache-2.0
"""The audits of a result, verified from their logs: what their scripts printed proves nothing.

References
----------
Submission checker v6.1, compliance check; `loadgen.mlperf.audit`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from posixpath import normpath
from typing import Final

from loadgen.errors import ResultError
from loadgen.mlperf.audit import AUDITS, AuditError, Evidence, Finding, audits_of
from loadgen.mlperf.audit.base import Case
from loadgen.mlperf.audit.folder import AGAIN, further_runs
from loadgen.mlperf.audit.judging import verified
from loadgen.mlperf.checker.accuracy import (
    ACCURACY_LOG,
    MOST_ANSWERS,
    Accuracy,
    LogState,
    ends_of,
    is_cut_well,
)
from loadgen.mlperf.checker.claim import Claim
from loadgen.mlperf.checker.context import UNSCORABLE, Context
from loadgen.mlperf.checker.layout import Place
from loadgen.mlperf.checker.runs import Run, checked_run
from loadgen.mlperf.checker.tree import Tree
from loadgen.mlperf.logs.read import AccuracyEntry
from loadgen.mlperf.logs.read_accuracy import Accuracy as AccuracyLog
from loadgen.mlperf.logs.read_source import Defects, Source
from loadgen.mlperf.rules import Benchmark
from loadgen.mlperf.rules.submission_fields import AUDIT_FILES

__all__ = ["RUN_OF_AUDIT", "check_audit_files", "runs_of_audit", "unknown_audits", "verify"]

_FAILED: Final = re.compile(r"\bTEST FAIL\b|check pass: *False", re.IGNORECASE)
_PASSED: Final = re.compile(r"\bTEST PASS\b|check pass: *(True|Skipped)")
_FOLDER: Final = re.compile(r"TEST\d\d", re.IGNORECASE)
_TOGETHER: Final = ("TEST08",)
"""Those that score the answers of the accuracy run, all together."""

_MOST_ENTRIES: Final = 1 << 20
"""Answers of a log that are compared: each takes memory."""
RUN_OF_AUDIT: Final = "performance/run_1"
Runs = tuple[Mapping[str, Run], Run, Run | None]


def runs_of_audit(
    context: Context, claim: Claim, test: str, user_conf: str | None
) -> dict[str, Run]:
    """Judge the logs of an audit's runs; return those that can be read, by their folders.

    Of the run of the official audit, which has to be there, and of those that ours have besides.
    """
    folder, mode = f"{claim.place.audits}/{test}", f"audit:{test}"
    names = AUDITS[test].companions(claim.benchmark, context.rules.round, claim.scenario)
    modes = {f"{AGAIN}/performance": "performance", f"{AGAIN}/audit": mode}
    modes |= {f"{where}{name}": f"{mode}/{name}" for where in ("", f"{AGAIN}/") for name in names}
    there = {
        where: each for where, each in modes.items() if f"{folder}/{where}" in context.tree.folders
    }
    runs = {}
    for where, each in ({RUN_OF_AUDIT: mode} | there).items():
        run = checked_run(context, claim, f"{folder}/{where}", each, user_conf)
        if run is not None:  # each is a run of its own: none may be a copy of another
            runs[where] = dataclasses.replace(run, mode=f"{mode}/{where}")
    return runs


def check_audit_files(context: Context, place: Place, test: str) -> bool:
    """Check that an audit is there, with its files, and passed by its own words."""
    folder = f"{place.audits}/{test}"
    if folder not in context.tree.folders:
        context.findings.add(folder, "audit.missing", "no such folder", f"{test}, with its logs")
        return False
    for name in AUDIT_FILES.get(test, ()):
        path = f"{folder}/{name}"
        if not name.startswith("verify"):
            if context.tree.there(path) and name.endswith(ACCURACY_LOG):
                ends = ends_of(context, path)
                if ends is not None:
                    is_cut_well(context, path, ends, "audit.accuracy")
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
        self.is_too_large = tree.files.get(log, 0) > MOST_ANSWERS
        may_be_read = log in tree.files and not self.is_too_large
        self.accuracy_path = tree.absolute(log) if may_be_read else None
        self._kept: list[AccuracyEntry] | None = None
        answers = None if run is None or not may_be_read else run.checked.answers
        is_its = run and answers and normpath(f"{run.folder}/{answers.file}") == log
        self.read_before = answers if is_its else None
        self.is_cut = self.read_before is not None and self.read_before.is_cut
        self.stand_in: Evidence | None = None

    @property
    def has_all_answers(self) -> bool:
        """Whether its accuracy log is neither truncated nor too large to be read."""
        return not (self.is_cut or self.is_too_large)

    def kept(self) -> Iterator[AccuracyEntry]:
        """Yield the logged answers, as far as they are there.

        Raises
        ------
        ResultError
            A log that is not cut is damaged, or has more of them than any run.
        """
        if self._kept is None and self.read_before is not None:
            self._kept = self.read_before.entries
        if self._kept is None and self.is_cut:  # it is small, and asked for several times
            self._kept = [*self._read()]
        return self._read() if self._kept is None else iter(self._kept)

    def _read(self) -> Iterator[AccuracyEntry]:
        if self.accuracy_path is None:
            return
        source = Source(self.accuracy_path, not self.is_cut, Defects())
        for n, entry in enumerate(AccuracyLog(source)):
            if n >= _MOST_ENTRIES:
                raise ResultError(f"{self.accuracy_path}: more than {_MOST_ENTRIES:,} answers")
            yield entry

    def answers(self) -> Iterator[AccuracyEntry]:
        """Yield the logged answers, and those of the other run to samples that were cut out."""
        return self.kept() if self.stand_in is None else self._completed()

    def _completed(self) -> Iterator[AccuracyEntry]:
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
        The audit's by their folders, the performance run, the accuracy run or None.
    accuracy : Accuracy
        Says how much of the accuracy log is there.
    """
    audit, log, found = AUDITS[test], runs[0][RUN_OF_AUDIT].log, context.findings
    try:
        case = _case(context, claim, test, runs, accuracy.log)
        unverified = _not_to_be_seen(case, accuracy.log)
        outcome = verified(audit, case, audit.knobs(case.benchmark, case.round))
        failed = [each for each in outcome.findings if each.passed is False]
        if unverified:
            failed = [each for each in failed if each.about != "accuracy"]
            failed += _differences(case)
    except AuditError as error:
        said = context.without_root("; ".join(map(str, error.reasons)))
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
    notes = [each for each in outcome.findings if each.passed is None]
    unsure = [
        each for each in notes if each.unsure and not (unverified and each.about == "accuracy")
    ]
    if unsure or not (unverified or outcome.passed):
        said = "; ".join(each.text for each in unsure or notes)
        found.add(log, "audit.inconclusive", said, "an audit that passes")
        return "inconclusive, by its logs"
    if unverified:
        _unverified(context, log, case, unverified)
        return f"answers not verified: {unverified}"
    for each in () if context.rules.round.official else notes:
        if each.about == "performance":  # of runs that ours have, and the official audits have not
            expected = "the audit's further runs, as this package makes them"
            found.add(log, "audit.unverified", each.text, expected, severity="warning")
    return "passed, by its logs"


def _unverified(context: Context, log: str, case: Case, reason: str) -> None:
    """Find that answers were not compared: an error where nobody asks for logs that are cut."""
    is_error = not (case.audit.has_all_answers or context.rules.round.official)
    expected = "whole logs, of a benchmark with a program here"
    context.findings.add(
        log, "audit.unverified", reason, expected, severity="error" if is_error else "warning"
    )


def _case(context: Context, claim: Claim, test: str, runs: Runs, state: LogState) -> Case:
    place, tree = claim.place, context.tree
    log = f"{place.audits}/{test}/accuracy/{ACCURACY_LOG}"
    folder = f"{place.audits}/{test}"
    of_audit = _Read(tree, folder, runs[0][RUN_OF_AUDIT], log)
    if of_audit.read_before is None:
        of_audit.is_cut = ends_of(context, log) is not None
    whole = f"{place.accuracy}/{ACCURACY_LOG}"
    of_accuracy = _Read(tree, place.accuracy, runs[2], "" if state == "unknown" else whole)
    state = "unknown" if of_accuracy.is_too_large else state
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

    def read(where: str) -> Evidence | None:
        run = runs[0].get(where)
        return None if run is None else _Read(tree, run.folder, run)

    return further_runs(AUDITS[test], case, read)


def _not_to_be_seen(case: Case, state: LogState) -> str:
    """Return why nothing can be said of an audit's answers; empty if something can."""
    audit, accuracy = case.audit, case.accuracy
    assert isinstance(audit, _Read)
    assert isinstance(accuracy, _Read)
    if case.test == "TEST07" and case.score is None:
        names = [metric.name for metric in case.benchmark.metrics]
        case.score = lambda answers, indices: dict.fromkeys(names, 0.0)  # it decides nothing
        return "this package has no program of the benchmark, which would score them"
    if not audit.has_all_answers:
        words = "truncated" if audit.is_cut else "too large to be compared"
        return f"the audit's accuracy log is {words}"
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
