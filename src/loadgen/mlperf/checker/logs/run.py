# SPDX-License-Identifier: Apache-2.0
"""All that is looked at in one run's folder, in its order: `check_run`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loadgen.errors import described
from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.logs import figures, keys, plan, rounds, said, spreads, times, verdicts
from loadgen.mlperf.checker.logs.answers import ACCURACY, Answers, check_answers, read_answers
from loadgen.mlperf.checker.logs.case import Case, Check, Lacking
from loadgen.mlperf.checker.logs.effective import check_effective
from loadgen.mlperf.checker.logs.evidence import RunLogs, read_evidence
from loadgen.mlperf.checker.logs.expected import Expected
from loadgen.mlperf.checker.logs.rows import check_rows, read_rows
from loadgen.mlperf.checker.logs.summary import check_summary
from loadgen.mlperf.checker.logs.trace import TRACE, check_trace, read_trace
from loadgen.mlperf.logs.rows import ROWS

__all__ = ["RunChecked", "check_run"]

_BESIDE: Final = f"../../accuracy/{ACCURACY}"
_RUN: Final = "performance/run_1"
"""Of an audit: what lies beside another folder is not its."""
MOST: Final = 200
"""Findings that are kept of one run."""

_ALWAYS: Final[tuple[Check, ...]] = (
    *(said.check_run_named, keys.check_keys, said.check_version, said.check_said),
    *(times.check_times, times.check_power, check_effective, rounds.check_seeds),
    *(rounds.check_scenario, rounds.check_minima, rounds.check_limits, rounds.check_samples),
    *(
        rounds.check_nonce,
        rounds.check_traffic,
        rounds.check_audit,
        rounds.check_user_conf,
        plan.check_plan,
    ),
    check_summary,
)
_PERFORMANCE: Final[tuple[Check, ...]] = (
    *(figures.check_counts, spreads.check_spreads, figures.check_rates, figures.check_span),
    *(figures.check_tokens, figures.check_inferred, plan.check_scheduled_rate),
    *(verdicts.check_valid, verdicts.check_limits, verdicts.check_stopping),
)


@dataclass(frozen=True)
class RunChecked:
    """What came of it.

    Parameters
    ----------
    findings : tuple of Finding
        The first `MOST`.
    score : float or None
        Of a performance run, as its log has it: ms, or a rate; None where it has none.
    unit : str
        Of the score.
    logs : RunLogs
    answers : Answers or None
        Of the accuracy log, where there has to be one.
    """

    findings: tuple[Finding, ...]
    score: float | None
    unit: str
    logs: RunLogs
    answers: Answers | None = None


def check_run(folder: Path, expected: Expected) -> RunChecked:
    """Look at the logs of one run.

    Parameters
    ----------
    folder : Path
        With the summary, the detail log, and whichever of accuracy log and trace there is; an
        audit's accuracy log may be in its folder ``accuracy``.
    expected : Expected
    """
    logs = read_evidence(folder)
    case = Case(expected, logs)
    findings = [
        case.finding(fault.rule, fault.found, fault.expected, line=fault.line, file=fault.file)
        for fault in logs.faults
    ]
    answers = None
    if logs.detail is not None:
        for check in (*_ALWAYS, *(() if expected.is_accuracy else _PERFORMANCE)):
            findings += _run(check, case)
        answers = _answers(folder, expected)
        findings += _answered(case, answers)
        has_trace = not expected.is_accuracy and expected.may_read(TRACE)
        traced = read_trace(folder / TRACE) if has_trace else None
        if traced is not None:
            findings += _run(lambda its: check_trace(its, traced), case)
        rows = read_rows(folder) if expected.may_read(ROWS) else None
        if rows is not None:
            findings += _run(lambda its: check_rows(its, rows), case)
    kept = tuple(dict.fromkeys(findings))
    if len(kept) > MOST:
        more = case.finding("log.bounds", f"{len(kept) - MOST} more findings", "none")
        kept = (*kept[:MOST], more)
    score, unit = _score(case)
    return RunChecked(kept, score, unit, logs, answers)


def _run(check: Check, case: Case) -> list[Finding]:
    """Return what a check finds, up to where the log has nothing to look at."""
    found: list[Finding] = []
    try:
        found.extend(check(case))
    except Lacking:
        pass
    except Exception as error:  # whatever a log holds: it is refused, and others are looked at
        words = f"values that cannot be compared: {described(error)}"
        found.append(case.finding("log.bounds", words, "values that a run can have"))
    return found


def _answers(folder: Path, expected: Expected) -> Answers | None:
    """Read the accuracy log, if one has to be there."""
    if not (expected.is_accuracy or expected.is_audit):
        return None
    # What is beside an audit's run comes first: it is what the audit is verified from.
    has_beside = expected.is_audit and expected.place.endswith(_RUN) and expected.may_read(_BESIDE)
    answers = read_answers(folder, _BESIDE) if has_beside else None
    return read_answers(folder) if answers is None and expected.may_read(ACCURACY) else answers


def _answered(case: Case, answers: Answers | None) -> list[Finding]:
    """Look at the accuracy log."""
    if answers is None:
        if case.expected.is_accuracy:  # of an audit's, who knows its files says so
            return [case.finding("log.missing", "no accuracy log", "one", file=ACCURACY)]
        return []
    return _run(lambda its: check_answers(its, answers), case)


def _score(case: Case) -> tuple[float | None, str]:
    expected = case.expected
    its = expected.rules.round.scenarios.get(expected.scenario)
    if its is None:
        return None, ""
    benchmark = expected.benchmark
    tokens = case.logs.detail is not None and case.tokens
    score = its.score_where(tokens if benchmark is None else benchmark.unit == "tokens")
    try:
        value = case.number(score.log_key)
    except Lacking:
        return None, score.unit
    return (value / 1e6 if score.unit == "ms" else value), score.unit
