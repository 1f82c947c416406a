# SPDX-License-Identifier: Apache-2.0
"""From the words of a command line to what is to be run: file, options, imported objects.

Nothing is started here; whatever is wrong is `WrongUse`. Not for the options themselves
(``options.py``), nor for running (``run.py``).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from loadgen.cli.ending import WrongUse
from loadgen.cli.importing import MODULE_NAME, imported
from loadgen.cli.options import (
    ARRIVAL_FIELDS,
    CONVERSATION_FIELDS,
    KNOBS,
    SETTINGS,
    option_name,
    plain,
)
from loadgen.cli.systems import measures_tokens, system_of, table_of
from loadgen.config.arrivals import ARRIVALS
from loadgen.config.run_file import RunFile, read_run_file
from loadgen.config.scenarios import SCENARIOS, Scenario, Server, scenario_from_dict
from loadgen.config.settings import Settings, settings_from
from loadgen.dataset import ConversationDataset, open_dataset, open_prompts
from loadgen.errors import MISSING, LoadGenError, Problem, SettingsError
from loadgen.run.task import Task
from loadgen.sut import SystemUnderTest, as_sut

__all__ = ["Job", "is_run_file", "prepare"]

Texts = Mapping[str, Any]
"""Options that were given: parameter name to text, or to bool for a switch."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class Job:
    """What is to be run. Made by `prepare`.

    Parameters
    ----------
    wanted : RunFile
        In words, as a file would have it.
    sut : SystemUnderTest
    dataset : object
        As `loadgen.run` takes it.
    task : Task
        Dataset, scenario and settings, checked.
    """

    wanted: RunFile
    sut: SystemUnderTest
    dataset: object
    task: Task


def prepare(target: str | None, options: Texts) -> Job:
    """Return what a command line asks for.

    Parameters
    ----------
    target : str or None
        ``module:name`` of the system under test, or a run file. None: options say what it is.
    options : mapping
        Those that were given; they win over the file.

    Raises
    ------
    WrongUse
        It cannot be run.
    """
    is_file = is_run_file(target)
    base = _read(target) if target is not None and is_file else None
    try:
        wanted = _merged(base, target, options)
        folders = [str(Path(target).resolve().parent)] if target is not None and is_file else []
        sys.path[:0] = [*folders, str(Path.cwd())]
        sut = (
            system_of(wanted.sut)
            if isinstance(wanted.sut, dict)
            else as_sut(imported("the system under test", str(wanted.sut)))
        )
        dataset = wanted.dataset
        if isinstance(dataset, str):
            dataset = _dataset(dataset, folders, _opener(wanted, options))
        task = Task.check(dataset, wanted.scenario, wanted.settings, {})
    except SettingsError as error:
        named = [_as_given(problem, base, options) for problem in error.problems]
        raise WrongUse(str(SettingsError(named))) from None
    except LoadGenError as error:
        raise WrongUse(str(error)) from None
    return Job(wanted, sut, dataset, task)


def is_run_file(target: str | None) -> bool:
    """Return whether a command's target is a run file, and no system."""
    return target is not None and (target.endswith(".toml") or Path(target).is_file())


def _read(path: str) -> RunFile:
    if not Path(path).is_file():
        raise WrongUse(f"no file {path!r} in {Path.cwd()}")
    if path.endswith(".py"):
        raise WrongUse(f"{path} is a module: name what in it is measured, {Path(path).stem}:NAME")
    try:
        return read_run_file(path)
    except SettingsError as error:
        raise WrongUse(f"{path}: {error}") from None


def _merged(base: RunFile | None, target: str | None, options: Texts) -> RunFile:
    """Return what is wanted: the file, with what the options say in its place."""
    problems: list[Problem] = []
    values: dict[str, object] = {}
    for field in (*KNOBS, *SETTINGS):
        if field.parameter in options:
            value = _part(problems, lambda: plain(field.name, options[field.parameter]))  # noqa: B023 - called at once
            values[field.name] = value
    knobs = {field.name: values.pop(field.name) for field in KNOBS if field.name in values}
    old_scenario = base.scenario if base else None
    old_settings = base.settings if base else Settings()
    is_new_server = base is None and options.get("scenario") == "server"
    if is_new_server and "openai" in options:
        knobs.setdefault("target_latency_ms", None)  # 100 ms is no limit that anybody chose
    scenario = _part(problems, lambda: _scenario(old_scenario, options.get("scenario"), knobs))
    settings = _part(problems, lambda: settings_from(old_settings, _fields(old_settings, values)))
    sut = _sut(problems, base, target, options)
    if isinstance(sut, dict) and settings is not None:
        settings = _with_tokens(settings, sut)
    dataset = options.get("dataset", options.get("prompts", base.dataset if base else None))
    if "dataset" in options and "prompts" in options:
        problems.append(Problem("prompts", options["prompts"], "not both --prompts and --dataset"))
    if dataset is None:
        is_ours = isinstance(sut, dict)
        any_kind = f"{MODULE_NAME}, a file or folder of samples, or how many there are"
        allowed = "a file of prompts" if is_ours else any_kind
        problems.append(Problem("prompts" if is_ours else "dataset", MISSING, allowed))
    elif isinstance(dataset, str) and dataset.removeprefix("-").isdecimal():
        dataset = int(dataset)
    output_dir = options.get("output_dir", base.output_dir if base else None)
    if output_dir == "":  # a variable of the shell that nothing was put into
        problems.append(Problem("output_dir", "", "a folder, . for the current one"))
    if problems or scenario is None or settings is None:
        raise SettingsError(problems)
    return RunFile(scenario, settings, sut, dataset, output_dir)


def _sut(
    problems: list[Problem], base: RunFile | None, target: str | None, options: Texts
) -> str | dict[str, Any] | None:
    """Return the system's name or table; add what is wrong with it."""
    table = _part(problems, lambda: table_of(base.sut if base else None, options))
    sut = table or options.get("sut", base.sut if base else target)
    if base is None and table and target is not None:
        problems.append(Problem("sut", target, "no TARGET with --openai"))
    elif sut is None:
        problems.append(Problem("sut", MISSING, f"{MODULE_NAME}, or --openai URL"))
    elif base is None and "sut" in options:
        problems.append(Problem("sut", sut, f"a file as TARGET, which is {target!r}"))
    elif base is None and isinstance(sut, str) and ":" not in sut:
        problems.append(Problem("sut", target, f"{MODULE_NAME}, or the name of a file"))
    return sut


def _with_tokens(settings: Settings, table: Mapping[str, Any]) -> Settings:
    """Have tokens recorded, unless settings say otherwise, where the system has any."""
    if "tokens" in settings.model_fields_set or not measures_tokens(table):
        return settings
    return settings_from(settings, {"tokens": True})


def _part(problems: list[Problem], make: Callable[[], _T]) -> _T | None:
    """Return what is made, or None after its problems were added."""
    try:
        return make()
    except SettingsError as error:
        problems += error.problems
        return None


def _scenario(base: Scenario | None, name: str | None, knobs: Mapping[str, object]) -> Scenario:
    """Return the file's scenario with other knobs, or another one with only these."""
    table: dict[str, Any] = {} if base is None else base.to_dict()
    if name is not None and name != table.get("name"):
        table = {"name": name}
    if table.get("name") not in SCENARIOS:
        return scenario_from_dict(table)  # raises, with all names
    own = {field.name for field in ARRIVAL_FIELDS}
    thinking = {field.name for field in CONVERSATION_FIELDS}
    nested = own | thinking | {"conversations"}
    table |= {knob: value for knob, value in knobs.items() if knob not in nested}
    given = {knob: value for knob, value in knobs.items() if knob in own}
    arrivals = table.get("arrivals", {"name": "poisson"})
    if "arrivals" in knobs:
        old = {} if base is None else base.to_dict().get("arrivals", {})
        arrivals = old if old.get("name") == knobs["arrivals"] else {"name": knobs["arrivals"]}
    kinds = [kind for kind, known in ARRIVALS.items() if given.keys() <= {*known.knob_names()}]
    if given and "arrivals" not in knobs and arrivals["name"] not in kinds and kinds:
        arrivals = {"name": kinds[0]}  # the one that has such knobs
    if given or "arrivals" in knobs:
        table["arrivals"] = arrivals | given
    think = {knob: value for knob, value in knobs.items() if knob in thinking}
    if think or knobs.get("conversations"):
        table["conversations"] = table.get("conversations", {}) | think
    elif "conversations" in knobs:
        table["conversations"] = None
    return scenario_from_dict(table)


def _fields(base: Settings, values: Mapping[str, object]) -> dict[str, object]:
    """Return the settings' fields that options give, the seeds as one table."""
    fields = {name: value for name, value in values.items() if "." not in name}
    seeds = {name.partition(".")[2]: value for name, value in values.items() if "." in name}
    if seeds:
        fields["seeds"] = base.seeds.model_dump() | seeds
    return fields


def _as_given(problem: Problem, base: RunFile | None, options: Texts) -> Problem:
    """Call a field as the user did: by its option, or as the file does."""
    if problem.field == "target_qps" and problem.value is MISSING:
        hint = ", queries a second; `loadgen peak` finds how many meet the limits"
        problem = problem._replace(allowed=problem.allowed + hint)
    field = {"name": "scenario", "url": "openai"}.get(problem.field, problem.field)
    if field == "sut" and base is None and "sut" not in options:
        return problem._replace(field="TARGET")
    given = field.replace(".", "_") in options
    return problem._replace(field=option_name(field) if given or base is None else field)


def _opener(wanted: RunFile, options: Texts) -> Callable[[Path], Any]:
    """Return what opens a dataset's path: a language model takes prompts, or conversations."""
    if not isinstance(wanted.sut, dict) and "prompts" not in options:
        return open_dataset
    if isinstance(wanted.scenario, Server) and wanted.scenario.conversations:
        return ConversationDataset
    api = wanted.sut.get("api") if isinstance(wanted.sut, dict) else None
    return lambda path: open_prompts(path, api=str(api or "chat"))


def _dataset(spec: str, folders: Sequence[str], kind: Callable[[Path], Any]) -> Any:
    """Return what ``module:name`` names, or the dataset at a path, opened by `kind`.

    As a module is, a path is looked for in `folders` first, then in the current one.
    """
    places = [Path(folder, spec) for folder in folders]
    path = next((place for place in places if place.exists()), Path(spec))
    if path.exists():
        return kind(path)
    if ":" in spec:
        return imported("the dataset", spec)
    raise WrongUse(
        f"the dataset: {spec!r} is neither {MODULE_NAME} nor a file or folder in {Path.cwd()}"
    )
