# SPDX-License-Identifier: Apache-2.0
"""``loadgen run``: carry out a job, show and keep what it came to.

Not for what the words of the command line mean (``job.py``).
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import loadgen
from loadgen.cli import ending
from loadgen.cli.job import Job, prepare
from loadgen.cli.output import Output, result_document
from loadgen.cli.plan import plan_document, plan_text
from loadgen.cli.report import prepared, write
from loadgen.errors import LoadGenError
from loadgen.result.folder import prepare_output_dir


def run(
    target: str | None,
    options: dict[str, Any],
    *,
    dry_run: bool,
    page: Path | None = None,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Run what a command line asks for; return the exit code.

    Parameters
    ----------
    target, options : str or None, dict
        As for `prepare`.
    dry_run : bool
        Show the plan instead.
    page : Path or None
        The file of a page about it.
    overwrite : bool
        Replace a saved result, and a page that is there.
    as_json, quiet : bool
        As for `Output`.
    """
    output = Output(as_json=as_json, quiet=quiet)
    job = prepare(target, options)
    if dry_run:
        output.say(plan_text(job))
        return output.end(ending.VALID, plan=plan_document(job))
    folder = output_folder(job.wanted.output_dir, overwrite)
    prepared(page, overwrite, output)
    task = job.task
    result, error = measured(job.sut, job.dataset, task.scenario, task.settings, output)
    if result is None:
        return output.end(ending.NOT_FINISHED, error, result=None, report=None)
    result = named(result, job)
    output.show(result)
    if folder or page:
        output.say("")
    error = save(result, folder, overwrite, output) or error
    written, why = write(page, lambda path: result.report(path, overwrite=overwrite), output)
    error = error or why
    code = ending.code_of([result], error)
    return output.end(code, error, result=result_document(result), report=written)


def measured(
    sut: loadgen.SystemUnderTest,
    dataset: object,
    scenario: loadgen.Scenario,
    settings: loadgen.Settings,
    output: Output,
) -> tuple[loadgen.Result | None, str | None]:
    """Return what a run came to, and the error that ended it early; each None where there is none.

    Parameters
    ----------
    sut, dataset, scenario, settings
        As for `loadgen.run`.
    output : Output
        Whether there is a live line.
    """
    result, error = ending.attempt(
        lambda: loadgen.run(sut, dataset, scenario, settings, progress=output.progress)
    )
    if error is None:
        return result, None
    return ending.result_of(error), ending.in_words(error)


def save(
    result: loadgen.Result, folder: Path | None, overwrite: bool, output: Output
) -> str | None:
    """Write a result into its folder, if it has one; return why it could not be."""
    if folder is None:
        return None
    try:
        result.save(folder, overwrite=overwrite)
    except LoadGenError as error:
        ending.complain(str(error))
        return str(error)
    output.say(f"Saved in {folder}")
    return None


def output_folder(path: str | Path | None, overwrite: bool) -> Path | None:
    """Return the folder of a result, after it was made sure that it can be written.

    Raises
    ------
    WrongUse
        It cannot.
    """
    if path is None:
        return None
    try:
        return prepare_output_dir(path, overwrite)
    except LoadGenError as error:
        raise ending.WrongUse(str(error).replace("overwrite=True", "--overwrite")) from None


def named(result: loadgen.Result, job: Job) -> loadgen.Result:
    """Return a result that knows the names its parts were imported by: its run.toml repeats it."""
    dataset = str(job.wanted.dataset)
    if Path(dataset).exists():
        dataset = str(Path(dataset).resolve())  # the file may be run from another folder
    return loadgen.Result(
        dataclasses.replace(result.data, sut_spec=job.wanted.sut, dataset_spec=dataset)
    )
