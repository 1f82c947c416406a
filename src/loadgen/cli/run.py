# SPDX-License-Identifier: Apache-2.0
"""``loadgen run``: carry out a job, show and keep what it came to.

Not for what the words of the command line mean (``job.py``).
"""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import loadgen
from loadgen.cli import ending
from loadgen.cli.job import Job, prepare
from loadgen.cli.output import Output, result_document
from loadgen.cli.plan import plan_document, plan_text
from loadgen.cli.report import prepared, write
from loadgen.errors import LoadGenError, SettingsError
from loadgen.result.folder import READINGS_FILE, prepare_output_dir

if TYPE_CHECKING:
    from loadgen.mlperf.power import PowerSource

_Around = Callable[[Callable[[], loadgen.Result]], loadgen.Result]
"""Makes a run by what it is given; returns its result."""


def run(
    target: str | None,
    options: dict[str, Any],
    *,
    dry_run: bool,
    page: Path | None = None,
    power: str | None = None,
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
    power : str or None
        By what of the machine power is measured, as for `loadgen.mlperf.power.source_named`.
    overwrite : bool
        Replace a saved result, and a page that is there.
    as_json, quiet : bool
        As for `Output`.
    """
    output = Output(as_json=as_json, quiet=quiet)
    job = prepare(target, options)
    source = None if power is None else power_source(power)
    if dry_run:
        output.say(plan_text(job))
        return output.end(ending.VALID, plan=plan_document(job))
    folder = output_folder(job.wanted.output_dir, overwrite)
    prepared(page, overwrite, output)
    task = job.task
    with tempfile.TemporaryDirectory() as scratch:
        readings = Path(scratch, READINGS_FILE)
        around = None if source is None else _with_power(source, readings)
        result, error = measured(
            job.sut, job.dataset, task.scenario, task.settings, output, around=around
        )
        if result is None:
            return output.end(ending.NOT_FINISHED, error, result=None, report=None)
        result = named(result, job)
        output.show(result)
        if folder or page:
            output.say("")
        unsaved = save(result, folder, overwrite, output)
        if folder and not unsaved and around:
            shutil.copyfile(readings, folder / READINGS_FILE)
    error = unsaved or error
    if why := result.environment.get("power", {}).get("error"):
        ending.complain(f"power: {why}")
        error = error or f"power: {why}"
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
    *,
    around: _Around | None = None,
) -> tuple[loadgen.Result | None, str | None]:
    """Return what a run came to, and the error that ended it early; each None where there is none.

    Parameters
    ----------
    sut, dataset, scenario, settings
        As for `loadgen.run`.
    output : Output
        Whether there is a live line.
    around : callable, optional
        Makes the run by what it is given, and returns its result.
    """

    def run() -> loadgen.Result:
        return loadgen.run(sut, dataset, scenario, settings, progress=output.progress)

    result, error = ending.attempt(run if around is None else lambda: around(run))
    if error is None:
        return result, None
    return ending.result_of(error), ending.in_words(error)


def _with_power(source: PowerSource, readings: Path) -> _Around:
    from loadgen.mlperf.power import with_power  # noqa: PLC0415 - seldom wanted

    return partial(with_power, source, readings)


def power_source(name: str) -> PowerSource:
    """Return what power is measured by.

    Raises
    ------
    WrongUse
        There is none of that name, or not here.
    """
    from loadgen.mlperf.power import source_named  # noqa: PLC0415 - seldom wanted

    try:
        return source_named(name)
    except SettingsError as error:
        raise SettingsError(each._replace(field="--power") for each in error.problems) from None
    except (LoadGenError, ImportError) as error:
        raise ending.WrongUse(f"--power {name}: {error}") from None


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
