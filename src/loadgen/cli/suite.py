# SPDX-License-Identifier: Apache-2.0
"""``loadgen suite run`` and ``verify``: benchmarks of a round on this machine.

Not for what the rules say (``suite_rules.py``), nor for running (``loadgen.mlperf.suite``).
"""

from __future__ import annotations

import platform
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

import loadgen
from loadgen import terminal
from loadgen.cli import ending
from loadgen.cli.output import Output
from loadgen.cli.run import power_source
from loadgen.errors import Problem, SettingsError
from loadgen.mlperf.rules import Rules, RulesError, load_rules
from loadgen.mlperf.rules.tables import SCENARIOS
from loadgen.mlperf.suite import asset_states, run_suite, what_is_missing
from loadgen.report.grid import fitted
from loadgen.report.times import TABLE_WIDTH
from loadgen.terminal import wrapped
from loadgen.values import name_hint

_OPTIONS: Final = {
    "benchmarks": "BENCHMARK",
    "scenarios": "--scenario",
    "system_type": "--system-type",
    "division": "--division",
    "duration_s": "--duration",
    "suts": "--sut",
    "variant": "--variant",
    "rates": "--rates",
    "nonce": "--nonce",
    "output_dir": "--output-dir",
}
"""Arguments of `run_suite`, as they are typed."""


@dataclass(frozen=True)
class SuiteOptions:
    """What a suite is asked for, as it was typed."""

    round_: str
    benchmarks: Sequence[str]
    scenarios: Sequence[str]
    system_type: str
    division: str
    smoke: bool
    duration_s: float | None
    suts: Sequence[str]
    variant: str | None
    target_qps: Sequence[str]
    expected_qps: Sequence[str]
    rates: Path | None
    nonce: str | None
    output_dir: Path | None
    overwrite: bool
    power: str | None = None


def run(options: SuiteOptions, *, as_json: bool, quiet: bool) -> int:
    """Run a suite; return the exit code.

    Parameters
    ----------
    options : SuiteOptions
    as_json, quiet : bool
        As for `Output`.
    """
    output = Output(as_json=as_json, quiet=quiet)
    rules = rules_of(options.round_)
    folder = options.output_dir
    if folder is None:
        folder = Path(f"{rules.round.name}-{'smoke' if options.smoke else 'results'}")
    sys.path.insert(0, str(Path.cwd()))  # for systems of the user's
    arguments: dict[str, Any] = {
        "benchmarks": options.benchmarks or None,
        "scenarios": [scenario_named(each) for each in options.scenarios] or None,
        "system_type": options.system_type,
        "division": options.division,
        "smoke": options.smoke,
        "duration_s": options.duration_s,
        "suts": dict(_pair("--sut", each, "module:name") for each in options.suts),
        "variant": options.variant,
        "rates": _rates(options),
        "nonce": options.nonce,
        "output_dir": folder,
        "resume": not options.overwrite,
        "power": None if options.power is None else power_source(options.power),
        "progress": output.progress,
        "on_step": output.say,
    }
    left = f"what is done is kept in {folder}: the same command goes on from there"
    result, error = ending.attempt(lambda: _run(rules, arguments), left)
    if result is None:
        assert error is not None
        return output.end(ending.NOT_FINISHED, ending.in_words(error), suite=None)
    output.say("\n" + result.summary(terminal.columns(TABLE_WIDTH, sys.stdout)))
    output.say(f"\nSaved in {folder}")
    code = ending.VALID if result.passed else ending.INVALID
    if result.finished:
        return output.end(code, suite=result.to_dict())
    return output.end(ending.NOT_FINISHED, "a run was not finished", suite=result.to_dict())


def _run(rules: Rules, arguments: dict[str, Any]) -> loadgen.mlperf.SuiteResult:
    """Run a suite; errors call what is wrong as it was typed."""
    with ending.as_typed(_OPTIONS):
        return run_suite(rules, **arguments)


def rules_of(round_: str) -> Rules:
    """Return the rules of a round.

    Raises
    ------
    WrongUse
        There is none, or its files cannot be used.
    """
    try:
        return load_rules(round_)
    except RulesError as error:
        raise ending.WrongUse(str(error)) from None


def scenario_named(text: str) -> str:
    """Return a scenario as the rules call it: ``single-stream`` is SingleStream."""
    plain = {each.lower(): each for each in SCENARIOS}
    return plain.get(text.lower().replace("-", "").replace("_", ""), text)


def _pair(option: str, text: str, what: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise ending.WrongUse(f"{option} {text!r}: needs BENCHMARK={what}")
    return name, value


def _rates(options: SuiteOptions) -> dict[str, dict[str, float]]:
    """Return the rates of the file, and in their place those of the options."""
    rates = {} if options.rates is None else _rates_of(options.rates)
    given = [("--target-qps", each, "Server") for each in options.target_qps]
    given += [("--expected-qps", each, "Offline") for each in options.expected_qps]
    for option, text, scenario in given:
        name, value = _pair(option, text, "RATE")
        name, _, named = name.partition(":")
        try:
            rate = float(value)
        except ValueError:
            raise ending.WrongUse(f"{option} {text!r}: needs a number for the rate") from None
        rates.setdefault(name, {})[scenario_named(named) or scenario] = rate
    return rates


def _rates_of(file: Path) -> dict[str, dict[str, float]]:
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ending.WrongUse(f"{file}: cannot be read: {error}") from None
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise ending.WrongUse(f"{file}: {name} = {table!r}: needs a table [{name}] of rates")
    return tables


def verify(round_: str, names: Sequence[str], *, as_json: bool) -> int:
    """Check what benchmarks need, file by file; return the exit code.

    Parameters
    ----------
    round_ : str
    names : sequence of str
        None given: all that this package has a program for.
    as_json : bool
        As for `Output`.
    """
    output = Output(as_json=as_json, quiet=False)
    rules = rules_of(round_)
    for name in names:
        known_benchmark(rules, name)
    here = [name for name, each in rules.benchmarks.items() if each.reference is not None]
    chosen = [rules.benchmarks[name] for name in names or here]
    states = {each.name: asset_states(each) for each in chosen}
    faults = {each.name: list(what_is_missing(each, Path.cwd())) for each in chosen}
    versions = {
        "loadgen": loadgen.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    heads = ("benchmark", "file", "state", "needs", "is here")
    rows = [
        (name, Path(each.path).name, each.state, each.package, each.installed or "-")
        for name, found in states.items()
        for each in found
    ]
    width = terminal.columns(TABLE_WIDTH, sys.stdout)
    if rows:
        output.say("\n".join([*fitted([heads, *rows], width, range(len(heads))), ""]))
    for line in _verdicts(faults):
        output.say(wrapped(line, rest="  ", width=width))
    output.say(", ".join(f"{name} {version}" for name, version in versions.items()))
    return output.end(
        ending.INVALID if any(faults.values()) else ending.VALID,
        round=rules.round.name,
        versions=versions,
        assets={name: [asdict(each) for each in found] for name, found in states.items()},
        missing=faults,
    )


def _verdicts(faults: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for name, found in faults.items():
        yield f"{name}: " + ("; ".join(found) or "can be run here")
    if not faults:
        yield "no benchmark of this round has a program here"


def known_benchmark(rules: Rules, name: str) -> None:
    """Raise unless a round has a benchmark.

    Raises
    ------
    SettingsError
    """
    if name not in rules.benchmarks:
        hint = name_hint(name, rules.benchmarks)
        allowed = f"one of {', '.join(rules.benchmarks)}{hint}"
        raise SettingsError([Problem("BENCHMARK", name, allowed)])
