# SPDX-License-Identifier: Apache-2.0
"""`sweep`: the same system and settings, one scenario after the other.

Not for what the results come to together (``points.py``).
"""

from __future__ import annotations

import numbers
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loadgen.config.scenarios import Scenario
from loadgen.dataset import as_dataset
from loadgen.errors import Problem, SettingsError
from loadgen.result import Result
from loadgen.run import run
from loadgen.run.task import Task
from loadgen.search.arguments import callback, file_path
from loadgen.sut import SystemUnderTest, as_sut
from loadgen.values import optional, problem_of

if TYPE_CHECKING:
    from loadgen._core import VirtualClock
    from loadgen.config.settings import Settings

__all__ = ["folder_of", "sweep"]


def sweep(
    sut: SystemUnderTest | Callable[[Any], Any],
    dataset: object,
    scenarios: Iterable[Scenario],
    settings: Settings | None = None,
    *,
    output_dir: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
    clock: VirtualClock | None = None,
    on_result: Callable[[Result], object] | None = None,
    **fields: Any,
) -> list[Result]:
    """Measure a system under several scenarios, one after the other.

    Parameters
    ----------
    sut, dataset
        As for `run`. The system is started and stopped for each.
    scenarios : iterable of Scenario
        In the order in which they are run.
    settings : Settings, optional
        Of each run.
    output_dir : path, optional
        Each result is saved in a folder of its own there, ``01-server`` and so on. One that is
        there already is loaded instead of run, so a sweep that was interrupted goes on; one that
        was given up (Ctrl-C, a system that raised) is run again, and replaced.
    progress, clock
        As for `run`.
    on_result : callable, optional
        Gets each result when it is there.
    **fields
        Fields of `Settings`, which win over `settings`.

    Returns
    -------
    list of Result
        One for each scenario; `loadgen.search.curve` and `knee` make a curve of them.

    Raises
    ------
    SettingsError
        Names every wrong setting of every scenario; nothing was started. Or a folder has a result
        of something else.
    ResultError
        A saved result cannot be read.
    SUTError, Interrupted, DatasetError
        As from `run`; the results before are in `output_dir`.

    Examples
    --------
    >>> import loadgen as lg
    >>> from loadgen.testing import FixedSUT, VirtualClock
    >>> sut, loads = FixedSUT(latency_ns=10_000_000, servers=2), [1, 2, 3, 4, 8]
    >>> many = [lg.Concurrent(load) for load in loads]
    >>> found = lg.sweep(sut, 8, many, clock=VirtualClock(), progress=False)
    >>> [result.latency.percentile(99) for result in found]
    [10000000, 10000000, 20000000, 20000000, 40000000]
    """
    checks = (
        ("output_dir", output_dir, optional(file_path)),
        ("on_result", on_result, optional(callback)),
    )
    problems = [problem for each in checks if (problem := problem_of(*each))]
    given: object = scenarios
    wanted: list[Scenario] = [*given] if isinstance(given, Iterable) else []
    if not wanted:
        problems.append(Problem("scenarios", given, "a list of at least one scenario"))
    if not problems and output_dir is not None and Path(output_dir).is_file():
        problems.append(Problem("output_dir", str(output_dir), "a folder"))
    if problems:
        raise SettingsError(problems)
    source = dataset if isinstance(dataset, numbers.Integral) else as_dataset(dataset)
    sut_name = as_sut(sut).name
    tasks = [_checked(number, source, each, settings, fields) for number, each in enumerate(wanted)]
    results = []
    for number, task in enumerate(tasks, 1):
        folder = folder_of(output_dir, number, task.scenario)
        saved = _loaded(folder, task, sut_name)
        if saved is None or saved.aborted_reason is not None:
            result = run(
                sut,  # as it was given, since a result has the name of a function
                source,
                task.scenario,
                task.settings,
                output_dir=folder,
                overwrite=saved is not None,
                progress=progress,
                clock=clock,
            )
        else:
            result = saved
        results.append(result)
        if on_result:
            on_result(result)
    return results


def _checked(
    number: int, dataset: object, scenario: Scenario, settings: Settings | None, fields: Any
) -> Task:
    if not isinstance(scenario, Scenario):
        raise SettingsError([Problem(f"scenarios[{number}]", scenario, "a scenario")])
    try:
        return Task.check(dataset, scenario, settings, fields)
    except SettingsError as error:
        named = [
            each._replace(field=f"scenarios[{number}]: {each.field}") for each in error.problems
        ]
        raise SettingsError(named) from None


def folder_of(
    output_dir: str | os.PathLike[str] | None, number: int, scenario: Scenario
) -> Path | None:
    """Return where a sweep keeps the result of its scenario `number`, from 1."""
    return None if output_dir is None else Path(output_dir) / f"{number:02}-{scenario.name}"


def _loaded(folder: Path | None, task: Task, sut_name: str) -> Result | None:
    """Return a saved result, if it is of this run; None where there is none, or an empty folder."""
    if folder is None or not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return None
    result = Result.load(folder)
    pairs = {
        "scenario": (result.scenario, task.scenario),
        "settings": (result.settings.to_dict(), task.settings.to_dict()),
        "sut": (result.sut_name, sut_name),
        "dataset": (result.data.dataset_total, task.total),
    }
    other = [name for name, (saved, now) in pairs.items() if saved != now]
    if other:
        allowed = f"a folder of this sweep, or an empty one: {folder.name} has another"
        raise SettingsError([Problem("output_dir", str(folder), f"{allowed} {', '.join(other)}")])
    return result
