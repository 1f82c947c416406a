# SPDX-License-Identifier: Apache-2.0
"""``loadgen train``: train a task several times, show what that comes to, and a code for it.

Not for training: that is ``loadgen.mlperf.training``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from loadgen import terminal
from loadgen.cli import ending
from loadgen.cli.ending import WrongUse
from loadgen.cli.importing import imported
from loadgen.cli.output import Output
from loadgen.errors import Problem, SettingsError
from loadgen.mlperf.training import (
    Reference,
    TrainingResult,
    TrainingRun,
    TrainingTask,
    benchmark_named,
    run_training,
)
from loadgen.mlperf.training.task import Division
from loadgen.report.times import TABLE_WIDTH

__all__ = ["TrainOptions", "train"]

_OPTIONS: Final = ("runs", "seed", "batch_size", "division", "submitter", "platform", "output_dir")
_TYPED: Final = {name: "--" + name.replace("_", "-") for name in _OPTIONS} | {
    "benchmark": "TASK",
    "global_batch_size": "--batch-size",
    "submission_division": "--division",
    "submission_org": "--submitter",
    "submission_platform": "--platform",
}
"""What can be wrong, as it is typed; a log has names of its own for some."""


@dataclass(frozen=True)
class TrainOptions:
    """What was typed; as for `run_training`.

    Parameters
    ----------
    task : str
        Of a benchmark of this package, or "module:name" of a task or its class.
    runs, batch_size : int or None
    seed : int
    division, submitter : str
    platform : str or None
    reference, output_dir : Path or None
    overwrite : bool
    """

    task: str
    runs: int | None
    seed: int
    batch_size: int | None
    division: str
    submitter: str
    platform: str | None
    reference: Path | None
    output_dir: Path | None
    overwrite: bool


def train(options: TrainOptions, *, as_json: bool, quiet: bool) -> int:
    """Train; return the exit code.

    Parameters
    ----------
    options : TrainOptions
    as_json, quiet : bool
        As for `Output`.
    """
    output = Output(as_json=as_json, quiet=quiet)
    sys.path.insert(0, str(Path.cwd()))  # for tasks of the user's

    def said(number: int, run: TrainingRun) -> None:
        end = "" if run.converged else ": the target was not reached"
        output.say(f"run {number}: {run.minutes * 60:.3f} s, {run.samples:,} samples{end}")

    left = "runs that are over are kept: the same command goes on from there"
    output.say(f"{options.task}: a line for each run, when it is over")
    result, error = ending.attempt(lambda: _trained(options, said), left)
    if result is None:
        assert error is not None
        return output.end(ending.NOT_FINISHED, ending.in_words(error), training=None)
    output.say("\n" + result.summary(terminal.columns(TABLE_WIDTH, sys.stdout)))
    output.say(f"\nSaved in {result.folder}")
    code = ending.VALID if result.valid else ending.INVALID
    return output.end(code, training=result.to_dict() | {"folder": str(result.folder)})


def _trained(options: TrainOptions, on_run: Callable[[int, TrainingRun], None]) -> TrainingResult:
    """Train; errors call what is wrong as it was typed."""
    given = options.reference
    with ending.as_typed(_TYPED):
        task = _task(options.task)
        if options.batch_size is not None:
            task.batch_size = options.batch_size
        return run_training(
            task,
            options.output_dir or Path(f"{task.name}-training"),
            runs=options.runs,
            seed=options.seed,
            division=cast("Division", options.division),  # which is checked there
            submitter=options.submitter,
            platform=options.platform,
            reference=None if given is None else Reference.load(given, task.required_runs),
            resume=not options.overwrite,
            on_run=on_run,
        )


def _task(named: str) -> TrainingTask:
    """Return a benchmark of this package, or what "module:name" names."""
    try:
        found = imported("the task", named) if ":" in named else benchmark_named(named)
    except ImportError as error:
        raise WrongUse(str(error)) from None
    task = found() if isinstance(found, type) else found
    if not isinstance(task, TrainingTask):
        raise SettingsError([Problem("TASK", named, "the name of a TrainingTask, or of its class")])
    return task
