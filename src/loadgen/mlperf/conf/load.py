# SPDX-License-Identifier: Apache-2.0
"""Conf files as a scenario and settings of ours."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Final, Literal

from loadgen.config.scenarios import Scenario
from loadgen.config.settings import Settings
from loadgen.errors import Problem, SettingsError
from loadgen.mlperf.conf import builtin
from loadgen.mlperf.conf.apply import apply
from loadgen.mlperf.conf.diagnose import (
    Source,
    after_applying,
    byte_order_mark,
    ignored,
    refused,
    unknown_model,
)
from loadgen.mlperf.conf.files import read
from loadgen.mlperf.conf.parse import Parsed, parse
from loadgen.mlperf.conf.problems import ConfError, ConfProblem, ConfWarning, near
from loadgen.mlperf.settings import TestScenario, TestSettings, apply_test05
from loadgen.mlperf.translate import to_public

__all__ = ["load_conf"]

Role = Literal["base", "user", "audit"]

_ROLES: Final[dict[str, Role]] = {"mlperf.conf": "base", "audit.config": "audit"}
_ORDER: Final[tuple[Role, ...]] = ("base", "user", "audit")


def load_conf(
    *paths: str | Path, model: str, scenario: str | TestScenario, strict: bool = True
) -> tuple[Scenario, Settings]:
    """Read MLPerf's conf files for one model and one scenario.

    A file named ``mlperf.conf`` takes the place of the configuration that MLPerf LoadGen 6.0 has
    built in; it may set seeds. One named ``audit.config`` is read last, and only its lines of model
    ``*``. Any other is a user's: read between these two. What no file sets has LoadGen's default.

    Parameters
    ----------
    *paths : str or Path
        In any order; of several files of a kind the later ones win.
    model : str
        As the files spell it: "resnet50". One that is nowhere named is the user's own, and has
        what is set for all; but where it is like one of MLPerf's it is taken for a typing error.
    scenario : str or TestScenario
        "SingleStream", "MultiStream", "Server" or "Offline"; "single_stream" as well.
    strict : bool
        Whether such a model, and lines that LoadGen passes over or reads otherwise than they look
        (unknown keys, seeds in a user's file, 1e3 as an integer) are errors. If not, each is a
        `ConfWarning`. A line of a model that is not known may be for another one of the user's:
        that is a warning either way.

    Raises
    ------
    ConfError
        With every problem of all files, each with its line.
    SettingsError
        Model or scenario is not known; or the values, as a whole, are none that can be run; under
        LoadGen's names.

    Examples
    --------
    >>> scenario, settings = load_conf(model="resnet50", scenario="Server")
    >>> scenario.target_latency_ms, settings.min_duration_s
    (15.0, 600.0)
    """
    if not isinstance(model, str):
        raise SettingsError([Problem("model", model, "a str")])
    requested = TestSettings()
    requested.scenario = _scenario(scenario)
    sources = [
        Source(str(path), role, "*" if role == "audit" else model, requested.scenario.name)
        for role in _ORDER
        for path in paths
        if _ROLES.get(Path(path).name, "user") == role
    ]
    if not any(source.role == "base" for source in sources):
        apply(requested, builtin.entries(), model, requested.scenario.name, base=True)
    files = [_read_into(requested, source) for source in sources]
    problems = [problem for _, found in files for problem in found]
    fatal = {"refused", "ignored"} if strict else {"refused"}
    if errors := [problem for problem in problems if problem.severity in fatal]:
        raise ConfError(errors)
    if unknown := unknown_model(model, [parsed for parsed, _ in files]):
        if strict:
            raise SettingsError([Problem("model", model, unknown)])
        warnings.warn(f"model = {model!r}: needs {unknown}", ConfWarning, stacklevel=2)
    for problem in problems:
        warnings.warn(str(problem), ConfWarning, stacklevel=2)
    if requested.test05:
        apply_test05(requested)
    return to_public(requested)


def _scenario(given: str | TestScenario) -> TestScenario:
    if isinstance(given, TestScenario):
        return given
    names = [scenario.name for scenario in TestScenario]
    plain = str(given).casefold().replace("_", "").replace("-", "")
    for scenario in TestScenario:
        if scenario.name.casefold() == plain:
            return scenario
    close = near(str(given), names)
    hint = f"; did you mean {close}?" if close else ""
    raise SettingsError([Problem("scenario", given, f"one of {', '.join(names)}{hint}")])


def _read_into(requested: TestSettings, source: Source) -> tuple[Parsed, list[ConfProblem]]:
    """Apply one file, if it can be; return what it says, and what is wrong with it."""
    try:
        content = read(source.file)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        unread = source.problem(None, "", f"cannot be opened: {reason}", severity="refused")
        return parse(b""), [unread]
    if mark := byte_order_mark(content):
        return parse(b""), [source.problem(None, "", mark, severity="refused")]
    parsed = parse(content)
    problems = refused(parsed, source) + ignored(parsed, source)
    if not parsed.faults:
        applied = apply(
            requested,
            parsed.entries,
            source.model,
            source.scenario,
            base=source.role == "base",
        )
        problems += after_applying(applied, source)
    return parsed, sorted(problems, key=lambda problem: problem.line or 0)
