# SPDX-License-Identifier: Apache-2.0
"""A run as a TOML file: what ``loadgen run bench.toml`` reads and a saved result repeats itself by.

::

    sut = "module:sut"
    dataset = "module:dataset"
    output_dir = "runs/resnet"

    [scenario]
    name = "server"
    target_qps = 2000.0
    arrivals = { name = "gamma", burstiness = 0.5 }

    [settings]
    min_duration_s = 60.0

    [settings.seeds]
    qsl = 1

Reading gives every problem of the file at once. Writing writes the fields that were given; those
left at their defaults are comments, since some defaults depend on the scenario. A setting that is
``"none"`` is None, for TOML has no null (``drain_timeout_s = "none"`` waits for ever).

A system that this package brings is a table instead of a name::

    [sut]
    kind = "openai"
    url = "http://127.0.0.1:8000/v1"
    model = "llama"

There a Server has no limit of the latency unless the file gives one.

Not here: TOML in general. The writer knows this one shape.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from loadgen.config.scenarios import Scenario, scenario_from_dict
from loadgen.config.settings import Settings
from loadgen.errors import MISSING, Problem, SettingsError
from loadgen.values import name_hint

__all__ = ["RunFile", "parse_run_file", "read_run_file", "write_run_file"]

_STRINGS: Final = ("sut", "dataset", "output_dir")
_TABLES: Final = ("scenario", "settings")
_OR: Final = {"dataset": " or a count", "sut": " or a table [sut]"}


@dataclass(frozen=True, slots=True)
class RunFile:
    """What a file says about a run.

    Parameters
    ----------
    scenario : Scenario
        The table ``[scenario]``.
    settings : Settings
        The table ``[settings]``; what it leaves out counts as not given.
    sut : str, dict or None
        ``module:name`` of the system under test; or the table of one that this package brings,
        whose ``kind`` says which.
    dataset : str, int or None
        ``module:name`` of the dataset, the path of a file or folder of samples, or how many samples
        there are.
    output_dir : str or None
        Where the result goes.
    """

    scenario: Scenario
    settings: Settings = field(default_factory=Settings)
    sut: str | dict[str, Any] | None = None
    dataset: str | int | None = None
    output_dir: str | None = None


def read_run_file(path: str | Path) -> RunFile:
    """Return what a file says.

    Raises
    ------
    SettingsError
        The file cannot be read, is no TOML, or has wrong fields: all of them.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([Problem("file", str(path), f"to be readable; {error}")]) from error
    try:
        return parse_run_file(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([Problem("file", str(path), f"to be TOML; {error}")]) from error


def parse_run_file(text: str) -> RunFile:
    """Return what the text of a file says.

    Raises
    ------
    tomllib.TOMLDecodeError
        The text is no TOML.
    SettingsError
        With every wrong field, by its dotted name.
    """
    table = tomllib.loads(text)
    problems = [
        Problem(name, value, _top_level(name))
        for name, value in table.items()
        if name not in _STRINGS + _TABLES
    ]
    for name in _STRINGS:
        value = table.get(name, "")
        is_count = name == "dataset" and isinstance(value, int) and not isinstance(value, bool)
        is_system = name == "sut" and isinstance(value, Mapping)
        if not isinstance(value, str) and not is_count and not is_system:
            problems.append(Problem(name, value, "a string" + _OR.get(name, "")))
    scenario = _part(problems, "scenario", _scenario_table(table), scenario_from_dict)
    settings = _part(problems, "settings", table.get("settings", {}), _settings)
    if problems:
        raise SettingsError(problems)
    return RunFile(scenario, settings, **{name: table.get(name) for name in _STRINGS})


def _scenario_table(table: Mapping[str, Any]) -> object:
    """Return what the file says; no limit of a server's latency that nobody gave."""
    said = table.get("scenario", MISSING)
    is_server = isinstance(said, Mapping) and said.get("name") == "server"
    if isinstance(said, Mapping) and is_server and isinstance(table.get("sut"), Mapping):
        return {"target_latency_ms": "none", **said}
    return said


def _settings(table: Mapping[str, Any]) -> Settings:
    given = {name: None if value == "none" else value for name, value in table.items()}
    return Settings.from_dict(given)


def _top_level(name: str) -> str:
    known = (*_STRINGS, *_TABLES)
    hint = name_hint(name, known)
    if not hint and name in Settings.model_fields:
        hint = f"; {name} belongs under [settings]"
    return "one of the file's names: " + ", ".join(known) + hint


def _part(problems: list[Problem], name: str, table: object, make: Any) -> Any:
    """Return what a table describes; add its problems, with the table's name in front."""
    if not isinstance(table, Mapping):
        problems.append(Problem(name, table, f"a table [{name}]"))
        return None
    try:
        return make(table)
    except SettingsError as error:
        problems += [
            Problem(f"{name}.{problem.field}", problem.value, problem.allowed)
            for problem in error.problems
        ]
        return None


def write_run_file(run: RunFile) -> str:
    """Return the text of a file that says the same.

    Examples
    --------
    >>> from loadgen.config.scenarios import SingleStream
    >>> print(write_run_file(RunFile(SingleStream(), sut="m:sut")).partition("#")[0].strip())
    sut = "m:sut"
    <BLANKLINE>
    [scenario]
    name = "single_stream"
    target_percentile = 90.0
    <BLANKLINE>
    [settings]
    """
    system = run.sut if isinstance(run.sut, Mapping) else None
    plain = {name: getattr(run, name) for name in _STRINGS}
    lines = [
        f"{name} = {_toml(value)}"
        for name, value in plain.items()
        if value is not None and value is not system
    ]
    if system is not None:
        lines += ["", "[sut]"] if lines else ["[sut]"]
        lines += [f"{_key(name)} = {_toml(value)}" for name, value in system.items()]
    lines += ["", "[scenario]"] if lines else ["[scenario]"]
    lines += [f"{name} = {_toml(value)}" for name, value in run.scenario.to_dict().items()]
    lines += ["", "[settings]"]
    given = run.settings.given()
    seeds = given.pop("seeds", None)
    for name, value in run.settings.to_dict().items():
        if name != "seeds":
            default = "" if name in given else "# "
            lines.append(f"{default}{name} = {_toml('none' if value is None else value)}")
    if seeds is not None:
        lines += ["", "[settings.seeds]"]
        lines += [f"{name} = {value}" for name, value in seeds.model_dump().items()]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    """Return a key in TOML, in quotes where it needs them."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)


def _toml(value: Any) -> str:
    """Return a value in TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is no finite number")
        return repr(value)
    if isinstance(value, str):
        # A JSON string is a TOML basic string but for DEL, which TOML wants escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, Mapping):
        inner = (f"{_key(name)} = {_toml(each)}" for name, each in value.items())
        return "{ " + ", ".join(inner) + " }"
    raise TypeError(f"{type(value).__name__} has no form in a run file")
