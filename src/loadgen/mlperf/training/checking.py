# SPDX-License-Identifier: Apache-2.0
"""What the logs of a training come to, whatever its other files say: `check_training`.

Anybody may have written them all. So every log is read, the result is computed again, and the files
beside the logs are compared with it. Not for what the official rules want of a log (``rules.py``).
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from loadgen.errors import MISSING, Problem, ResultError
from loadgen.mlperf.logs.read_source import parse_json, short
from loadgen.mlperf.rules import load_rules
from loadgen.mlperf.training.convergence import Reference
from loadgen.mlperf.training.outcome import (
    RESULTS_FILE,
    ROUND,
    SCALING_FILE,
    SUMMARY_FILE,
    TrainingResult,
    common_facts,
)
from loadgen.mlperf.training.read import TrainingRun, read_training_log
from loadgen.mlperf.training.scoring import LEAST_RUNS
from loadgen.mlperf.training.task import (
    BENCHMARKS,
    INIT_MINUTES,
    TARGETS,
    TrainingTask,
    reference_of,
)

__all__ = ["CheckedTraining", "check_training", "is_training"]

_LOG: Final = re.compile(r"result_(0|[1-9]\d*)\.txt")
_MOST_BYTES: Final = 1 << 26
"""Of a log, which has a few lines for each evaluation."""
_TEXTS: Final = (
    *("submission_benchmark", "submission_org", "submission_division", "submission_platform"),
)
_CLOSE: Final = 1e-9
"""Quantiles of Student's t differ in their last digits from library to library."""


class CheckedTraining(NamedTuple):
    """What a training's logs come to.

    Parameters
    ----------
    result : TrainingResult
        Of the logs alone. Only how many runs a result needs, and the reference, are said by
        ``training.json``, unless the benchmark is one of this package.
    problems : tuple of Problem
        Where the other files, or the logs among each other, say something else.
    """

    result: TrainingResult
    problems: tuple[Problem, ...]


def is_training(source: str | os.PathLike[str]) -> bool:
    """Return whether a folder has what a training came to."""
    # No error for any name, nor for want of rights.
    return os.path.isfile(Path(source, RESULTS_FILE))  # noqa: PTH113


def check_training(folder: str | os.PathLike[str]) -> CheckedTraining:
    """Compute again what a training came to, from the logs of all its runs.

    Parameters
    ----------
    folder : path
        Of `run_training`. Not changed; links in it are not followed.

    Raises
    ------
    ResultError
        A log or ``training.json`` cannot be read, contradicts itself, or is none; says which.
    """
    root = Path(folder)
    runs = tuple(_run(file) for file in _logs(root))
    said = _json(root / RESULTS_FILE)
    if not isinstance(said, dict):
        raise ResultError(f"{root / RESULTS_FILE}: is not what a training has written")
    try:
        required, reference = _asked(said, runs[0].facts)
        notice = load_rules(ROUND).round.notice
        name = runs[0].facts["submission_benchmark"]
        result = TrainingResult(name, runs, required, reference, notice, root)
        problems = [*_of_logs(runs), *_of_files(result)]
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ResultError(f"{root}: has no result that can be computed again: {error}") from error
    return CheckedTraining(result, tuple(problems))


def _logs(folder: Path) -> list[Path]:
    """Return the logs in the order of their runs, of which none may lack."""
    try:
        found = {_LOG.fullmatch(file.name): file for file in folder.iterdir()}
    except OSError as error:
        raise ResultError(f"{folder}: cannot be read: {error.strerror or error}") from error
    logs = {int(match[1]): file for match, file in found.items() if match}
    for number in range(max(logs, default=0) + 1):
        if number not in logs:
            raise ResultError(f"{folder}: has no result_{number}.txt; expected every run's log")
    return [logs[number] for number in sorted(logs)]


def _run(file: Path) -> TrainingRun:
    _refuse_special(file)
    run = read_training_log(file)
    for key in _TEXTS:
        if not isinstance(run.facts.get(key), str):
            raise ResultError(f"{file}: {key} = {short(run.facts.get(key))}; expected a text")
    division = run.facts["submission_division"]
    if division not in INIT_MINUTES:
        allowed = " or ".join(INIT_MINUTES)
        raise ResultError(f"{file}: submission_division = {short(division)}; expected {allowed}")
    return run


def _refuse_special(file: Path) -> None:
    """Raise unless something is a file of a size that a training writes: no link, no pipe."""
    try:
        there = file.lstat()
    except OSError as error:
        raise ResultError(f"{file}: cannot be read: {error.strerror or error}") from error
    if not stat.S_ISREG(there.st_mode):
        raise ResultError(f"{file}: is a link, or no file; expected a file")
    if there.st_size > _MOST_BYTES:
        raise ResultError(f"{file}: has {there.st_size:,} bytes; expected {_MOST_BYTES:,} at most")


def _json(file: Path) -> Any:
    _refuse_special(file)
    try:
        return parse_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResultError(f"{file}: is not what a training has written: {error}") from error


def _asked(said: Mapping[str, Any], facts: Mapping[str, Any]) -> tuple[int, Reference | None]:
    """Return how many runs a result needs, and what it is compared with.

    Of a benchmark of this package nobody else says so, but for the reference in the Open division.
    """
    name = facts["submission_benchmark"]
    is_ours = name in BENCHMARKS
    required = TrainingTask.required_runs if is_ours else said["required_runs"]
    if isinstance(required, bool) or not isinstance(required, int) or required < LEAST_RUNS:
        raise ValueError(f"required_runs = {short(required)}; expected {LEAST_RUNS} or more")
    if is_ours and facts["submission_division"] == "closed":
        return required, reference_of(name)
    given = said["reference"]
    if given is None:
        return required, None
    counts = {int(size): [*map(float, each)] for size, each in given["counts"].items()}
    return required, Reference(name, counts, int(given["runs"]))


def _of_logs(runs: Sequence[TrainingRun]) -> Iterator[Problem]:
    """Yield where runs are not of one training, are one run, or not of the benchmark they name."""
    first = common_facts(runs[0])
    ran: dict[tuple[float, float], str] = {}
    for run in runs:
        source = f"as in {runs[0].file.name}"
        yield from _differences(run.file.name, common_facts(run), first, source)
        other = ran.setdefault((run.begin_ms, run.end_ms), run.file.name)
        if other != run.file.name:
            yield Problem(f"{run.file.name}: run_start", run.begin_ms, f"not the time of {other}")
    for key, wanted in TARGETS.get(first["submission_benchmark"], {}).items():
        if first.get(key, MISSING) != wanted:
            allowed = f"{wanted!r}, as the benchmark has it"
            yield Problem(f"{runs[0].file.name}: {key}", first.get(key, MISSING), allowed)


def _of_files(result: TrainingResult) -> Iterator[Problem]:
    """Yield where the files beside the logs say what the logs do not."""
    computed = json.loads(json.dumps(result.files()))
    for name in (RESULTS_FILE, SUMMARY_FILE, SCALING_FILE):
        file = result.folder / name
        there = _json(file) if os.path.lexists(file) else MISSING
        yield from _differences(name, there, computed.get(name, MISSING), "as the logs say")


def _differences(where: str, there: Any, computed: Any, source: str) -> Iterator[Problem]:
    if isinstance(there, dict) and isinstance(computed, dict):
        for key in {**computed, **there}:
            if key != "version":  # which one of this package wrote it
                own, other = there.get(key, MISSING), computed.get(key, MISSING)
                yield from _differences(f"{where}: {key}", own, other, source)
    elif isinstance(there, list) and isinstance(computed, list) and len(there) == len(computed):
        for number, (own, other) in enumerate(zip(there, computed, strict=True)):
            yield from _differences(f"{where}: {number}", own, other, source)
    elif not _same(there, computed):
        allowed = "nothing" if computed is MISSING else short(computed)
        yield Problem(where, there, f"{allowed}, {source}")


def _same(there: Any, computed: Any) -> bool:
    if isinstance(there, float) and isinstance(computed, float):
        return math.isclose(there, computed, rel_tol=_CLOSE)
    return type(there) is type(computed) and bool(there == computed)
