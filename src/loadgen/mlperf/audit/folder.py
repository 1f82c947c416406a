# SPDX-License-Identifier: Apache-2.0
"""The folder that an audit leaves: the official files in the official places, and one of ours.

``TESTxx/``: ``verify_accuracy.txt`` or ``verify_performance.txt`` (TEST09:
``verify_output_len.txt``), ``accuracy/mlperf_log_accuracy.json``, ``performance/run_1/`` with
summary and detail log; TEST01 of answers that differ also has both scores. Ours are ``audit.json``,
the outcome, on what machine, and how good the generator was; and the logs of further runs, which
the official audits do not have.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from loadgen.mlperf.audit.base import Audit, Case
from loadgen.mlperf.audit.evidence import Evidence
from loadgen.mlperf.audit.outcome import AuditOutcome
from loadgen.mlperf.logs.files import writing

__all__ = ["AGAIN", "ReadRun", "further_runs", "runs_below", "write_audit"]

ReadRun = Callable[[str], Evidence | None]
"""Gets the folder of a run, below the audit's, and returns its logs; None: there is no such run."""
AGAIN: Final = "again"
"""Has ``performance``, ``audit`` and the audit's further runs, where all were run once more."""

_SCORES: Final = {
    "baseline ": "baseline_accuracy.txt",
    "compliance ": "compliance_accuracy.txt",
}


def write_audit(
    audit: Audit,
    outcome: AuditOutcome,
    case: Case,
    folder: Path,
) -> None:
    """Write an audit's folder.

    Parameters
    ----------
    audit : Audit
    outcome : AuditOutcome
    case : Case
        What was looked at; logs are copied unless they lie in their places already.
    folder : Path
        ``TESTxx``; it and its parents are made.

    Raises
    ------
    LoadGenError
        A file cannot be written; says which and why.
    """
    end = ["", *([] if outcome.caveat is None else [outcome.caveat]), outcome.notice]
    for name in audit.files:
        _write(folder / name, [*audit.lines(outcome, name), *end])
    for start, name in _SCORES.items():
        scores = [
            f"{key.removeprefix(start)} = {value}"
            for key, value in outcome.figures.items()
            if key.startswith(start)
        ]
        if scores:
            _write(folder / name, [*scores, *end])
    run = case.audit
    places = {folder / "performance" / "run_1": [run.summary_path, run.detail_path]}
    if any("accuracy" in about for about in audit.files.values()):
        places[folder / "accuracy"] = [run.accuracy_path]
    for where, one in _further(case).items():
        places[folder / where] = [one.summary_path, one.detail_path]
    for place, paths in places.items():
        for path in paths:
            if path is not None:
                _copy(path, place / path.name)
    table = outcome.to_dict() | {"environment": run.environment or {}, "health": run.health or {}}
    _write(folder / "audit.json", [json.dumps(table, indent=1, default=str)])


def runs_below(folder: Path) -> ReadRun:
    """Return what reads the runs below an audit's folder."""
    return lambda where: Evidence(folder / where) if (folder / where).is_dir() else None


def further_runs(audit: Audit, case: Case, read: ReadRun) -> Case:
    """Return a case with the runs of an audit's folder that the official audits do not have."""
    names = audit.companions(case.benchmark, case.round, case.scenario)

    def companions(where: str) -> dict[str, Evidence]:
        found = {name: read(f"{where}{name}") for name in names}
        return {name: run for name, run in found.items() if run is not None}

    performance, run, once_more = read(f"{AGAIN}/performance"), read(f"{AGAIN}/audit"), None
    if performance is not None and run is not None:
        once_more = replace(
            case, performance=performance, audit=run, companions=companions(f"{AGAIN}/"),
            accuracy=None, figures={},
        )  # fmt: skip
    return replace(case, companions=companions(""), again=once_more)


def _further(case: Case) -> dict[str, Evidence]:
    """Return the same runs by their folders below the audit's."""
    found = dict(case.companions)
    if case.again is not None:
        again = {"performance": case.again.performance, "audit": case.again.audit}
        again |= case.again.companions
        found |= {f"{AGAIN}/{name}": run for name, run in again.items()}
    return found


def _write(path: Path, lines: list[str]) -> None:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _copy(source: Path, target: Path) -> None:
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if not (target.exists() and target.samefile(source)):
            shutil.copyfile(source, target)
