# SPDX-License-Identifier: Apache-2.0
"""TEST01: the answers of performance mode are those of accuracy mode.

Catches a system that answers without computing when it is timed. The official script compares only
the first number of each answer; here all bytes of an answer are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

from loadgen.errors import LoadGenError
from loadgen.mlperf.audit.base import Audit, Case, Files, logging_knobs
from loadgen.mlperf.audit.evidence import Evidence
from loadgen.mlperf.audit.knobs import Knobs
from loadgen.mlperf.audit.outcome import AuditError, Finding
from loadgen.mlperf.logs.read import AccuracyEntry
from loadgen.mlperf.rules import Benchmark, Round
from loadgen.mlperf.rules.benchmark import Audit as AuditRules

__all__ = ["AnswersInPerformanceMode"]

_SAMPLING_TARGET: Final = 4096
_SCORE_TOLERANCE: Final = 0.01


class AnswersInPerformanceMode(Audit):
    """TEST01."""

    test = "TEST01"
    title = "answers in performance mode are those of accuracy mode"
    needs_accuracy_run = True
    allowed = "either way"
    files: ClassVar[Files] = {
        "verify_accuracy.txt": ("accuracy",),
        "verify_performance.txt": ("performance",),
    }

    def _knobs(self, benchmark: Benchmark, round_: Round) -> Knobs:
        rules = benchmark.audits.get(self.test, AuditRules())
        return logging_knobs(rules, round_, _SAMPLING_TARGET)

    def examine(self, case: Case) -> Iterator[Finding]:
        """Compare the logged answers."""
        assert case.accuracy is not None  # it is needed
        audited = list(case.audit.answers())
        answers = _answers_to({each.qsl_idx for each in audited}, case.accuracy)
        absent = sorted({each.qsl_idx for each in audited if each.qsl_idx not in answers})
        other = [each for each in audited if answers.get(each.qsl_idx, each.data) != each.data]
        case.figures |= {
            "answers logged": len(audited),
            "samples compared": len(answers),
            "answers that differ": len(other),
        }
        if not audited:
            yield Finding("accuracy", False, "the audit logged no answer")
        elif absent:
            text = f"{len(absent)} samples have no answer in the accuracy run, sample {absent[0]}"
            yield Finding("accuracy", False, f"{text} first")
        elif not other:
            yield Finding("accuracy", True, f"all {len(audited)} answers are the accuracy run's")
        elif case.score is None:
            yield Finding("accuracy", False, _difference(other, answers))
        else:
            yield Finding("accuracy", None, _difference(other, answers))
            yield from _scores(case, audited, answers)


def _answers_to(indices: set[int], run: Evidence) -> dict[int, bytes]:
    """Return an accuracy run's answers to some samples; of several of one sample, the first."""
    found: dict[int, bytes] = {}
    for entry in run.answers():
        index = entry.qsl_idx
        if index in indices and index not in found:
            found[index] = entry.data
    return found


def _difference(other: list[AccuracyEntry], answers: dict[int, bytes]) -> str:
    first = other[0]
    mine, theirs = first.data, answers[first.qsl_idx]
    pairs = enumerate(zip(mine, theirs, strict=False))
    at = next((place for place, (a, b) in pairs if a != b), min(len(mine), len(theirs)))
    where = f"sample {first.qsl_idx}, from byte {at} of {len(mine)} beside {len(theirs)}"
    return f"{len(other)} answers are not the accuracy run's; the first of {where}"


def _scores(
    case: Case, audited: list[AccuracyEntry], answers: dict[int, bytes]
) -> Iterator[Finding]:
    """Yield whether answers that are not the same are equally good, over the same samples."""
    tolerance = case.rules.tolerance or _SCORE_TOLERANCE
    indices = [each.qsl_idx for each in audited]
    try:
        audit = case.scored([each.data for each in audited], indices)
        baseline = _baseline(case, [answers[index] for index in indices], indices)
    except AuditError:
        raise
    except (LoadGenError, ValueError) as error:
        yield Finding("accuracy", False, f"answers of performance mode cannot be judged: {error}")
        return
    for name, reference in baseline.items():
        case.figures |= {f"baseline {name}": reference, f"compliance {name}": audit[name]}
        passed = abs(audit[name] - reference) <= tolerance * abs(reference)
        text = f"{name} {audit[name]:.5g} beside {reference:.5g} over the same samples"
        yield Finding("accuracy", passed, f"{text}; allowed: {tolerance:.1%} of it either way")


def _baseline(case: Case, answers: list[bytes], indices: list[int]) -> Mapping[str, float]:
    try:
        return case.scored(answers, indices)
    except AuditError:
        raise
    except LoadGenError as error:
        reason = f"the accuracy run's answers cannot be judged: {error}"
        raise AuditError(case.test, [reason]) from error
