# SPDX-License-Identifier: Apache-2.0
"""Several runs of one task in a folder, each from another seed; a folder that has some goes on.

A run is done when its log is there, which it is as a whole or not at all. The log says all that a
run was, so nothing else is kept. Not for one run (``harness.py``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from loadgen import environment
from loadgen._core import VirtualClock
from loadgen.errors import Problem, SettingsError
from loadgen.folder_lock import locked
from loadgen.mlperf.rules import load_rules
from loadgen.mlperf.training.convergence import Reference
from loadgen.mlperf.training.harness import stamps, train_once
from loadgen.mlperf.training.log import LogWriter
from loadgen.mlperf.training.outcome import (
    RESULTS_FILE,
    ROUND,
    SCALING_FILE,
    SUMMARY_FILE,
    TrainingResult,
)
from loadgen.mlperf.training.read import TrainingRun, read_training_log
from loadgen.mlperf.training.rules import RULES_FILE, rules_yaml
from loadgen.mlperf.training.task import Division, TrainingTask, facts
from loadgen.values import integer, problem_of
from loadgen.whole_file import replacing

__all__ = ["run_training", "seeds_of"]

_LOG: Final = re.compile(r"result_(0|[1-9]\d*)\.txt")
_PARTIAL: Final = re.compile(r"\..+\.partial")
_LOCK_FILE: Final = ".training.lock"
_OURS: Final = {RULES_FILE, RESULTS_FILE, SUMMARY_FILE, SCALING_FILE, _LOCK_FILE}


def run_training(
    task: TrainingTask,
    output_dir: str | Path,
    *,
    runs: int | None = None,
    seed: int = 1,
    division: Division = "closed",
    submitter: str = "unnamed",
    platform: str | None = None,
    reference: Reference | None = None,
    resume: bool = True,
    on_run: Callable[[int, TrainingRun], None] | None = None,
    clock: VirtualClock | None = None,
) -> TrainingResult:
    """Train a task several times, and return what its time is.

    The folder gets ``result_0.txt`` and so on, in the official format; ``rules.yaml``, for the
    official rule engine; ``scaling.json`` where a time is multiplied; ``training.json``, and
    ``summary_results.json`` in the fields that sites of results read.

    Parameters
    ----------
    task : TrainingTask
    output_dir : path
        Absent, empty, or one that has runs of the same: those are not done again.
    runs : int, optional
        Default: as many as a result needs. Never fewer than there are: none is left out.
    seed : int
        What the runs' seeds are drawn from.
    division : {"closed", "open"}
    submitter, platform : str
        Who, and on what; None: the processor.
    reference : Reference, optional
        Convergence points to compare with. Default: the task's own, in the Closed division.
    resume : bool
        False: runs that are there are removed.
    on_run : callable, optional
        Is given each run's number and outcome when it is over, and of those that were there.
    clock : VirtualClock, optional
        Simulated time, for tests.

    Raises
    ------
    SettingsError
        The task, or an argument, cannot be used, or the folder has runs of something else, or
        what no training has written; says what.
    SUTError
        A hook raised. Runs before are kept.
    LoadGenError
        The folder cannot be written, or is in use.
    """
    said = facts(task, division, submitter, _platform() if platform is None else platform)
    folder, wanted = Path(output_dir), task.required_runs if runs is None else runs
    if reference is None and division == "closed":
        reference = task.reference()
    problems = [problem_of("runs", wanted, integer(1)), problem_of("seed", seed, integer(0))]
    if reference is not None and reference.benchmark != task.name:
        problems.append(Problem("reference", reference.benchmark, f"one of {task.name}"))
    if found := [each for each in problems if each is not None]:
        raise SettingsError(found)
    said["notice"] = load_rules(ROUND).round.notice
    _refuse_strangers(folder)  # before the lock, which is a file in it
    with locked(folder, _LOCK_FILE, "training"):
        there = _prepared(folder, wanted, resume=resume)
        _write(folder / RULES_FILE, rules_yaml(task, division))
        done = []
        for number, drawn in enumerate(seeds_of(seed, wanted)):
            file = folder / f"result_{number}.txt"
            if number not in there:
                with replacing(file) as partial, partial.open("w", encoding="utf-8") as opened:
                    train_once(task, LogWriter(opened, stamps(clock)), drawn, said)
            run = read_training_log(file)
            _check_same(run, said | {"seed": drawn}, folder)
            done.append(run)
            if on_run is not None:
                on_run(number, run)
        result = TrainingResult(
            task.name, tuple(done), task.required_runs, reference, said["notice"], folder
        )
        result.write()
    return result


def seeds_of(seed: int, runs: int) -> list[int]:
    """Return different seeds of 32 bits, drawn from one; more runs begin with the same ones.

    References
    ----------
    numpy.random.SeedSequence: M. E. O'Neill (2015), "Developing a seed_seq Alternative".
    """
    drawn = np.random.SeedSequence(seed).generate_state(2 * runs).tolist()
    return list(dict.fromkeys(drawn))[:runs]


def _platform() -> str:
    return environment.describe()["cpu_model"] or "unknown processor"


def _refuse_strangers(folder: Path) -> None:
    """Raise if a folder has what no training has written."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    for name in sorted(names - _OURS):
        if not (_LOG.fullmatch(name) or _PARTIAL.fullmatch(name)):
            allowed = f"an absent or empty folder, or one with runs; it has {name}"
            raise SettingsError([Problem("output_dir", str(folder), allowed)])


def _prepared(folder: Path, runs: int, *, resume: bool) -> set[int]:
    """Return the numbers of the runs that are there; what is left of one that was cut off goes."""
    logs = {int(match[1]) for path in folder.iterdir() if (match := _LOG.fullmatch(path.name))}
    for path in folder.iterdir():
        if _PARTIAL.fullmatch(path.name) or (not resume and path.name != _LOCK_FILE):
            path.unlink()
    if not resume:
        return set()
    if logs and max(logs) >= runs:
        there = f"{max(logs) + 1}, as {folder} has"
        allowed = f"at least {there}: none is left out (resume=False removes all)"
        raise SettingsError([Problem("runs", runs, allowed)])
    return logs


def _check_same(run: TrainingRun, said: Mapping[str, Any], folder: Path) -> None:
    """Raise unless a log is of what is asked for now."""
    problems = [
        Problem(key, value, f"{run.facts.get(key)!r}, as in {run.file.name}")
        for key, value in said.items()
        if run.facts.get(key) != value
    ]
    if problems:
        where = f"another folder, or resume=False: {folder} has runs of something else"
        raise SettingsError([*problems, Problem("output_dir", str(folder), where)])


def _write(file: Path, text: str) -> None:
    with replacing(file) as partial:
        partial.write_text(text, "utf-8")
