# SPDX-License-Identifier: Apache-2.0
"""What a suite is asked for: benchmarks and scenarios, checked before anything starts.

Not for whether this machine can do it (``readiness.py``).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

from loadgen.errors import Problem, SettingsError
from loadgen.mlperf.rules import Benchmark, Rules
from loadgen.mlperf.rules.tables import Division, ScenarioName, SystemType
from loadgen.sut import SystemUnderTest, as_sut
from loadgen.values import Refused, name_hint, number, optional, problem_of

__all__ = ["RATED", "Asked", "Rates", "System", "asked_for", "system_named"]

System = SystemUnderTest | Callable[[Any], Any] | str
"""A system of the user's; a text is its "module:name"."""

Rates = Mapping[str, Mapping[ScenarioName, float]]
"""Benchmark and scenario to a rate: queries/s of Server and Interactive, samples/s of Offline."""

RATED: Final = ("Server", "Interactive", "Offline")
"""Scenarios that have to be given a rate."""


@dataclass(frozen=True)
class Asked:
    """What a suite is asked for. Made by `asked_for`.

    Parameters
    ----------
    rules : Rules
    scenarios : mapping of str to tuple of str
        Of each benchmark, in the order in which they are run.
    system_type : {"datacenter", "edge"}
    division : {"closed", "network", "open"}
    smoke : bool
    duration_s : float or None, s
        Instead of the rules' least duration.
    systems : mapping of str to system
        The user's own.
    variant : str or None
        Of the programs' own systems.
    rates : mapping
        As for `run_suite`.
    """

    rules: Rules
    scenarios: Mapping[str, tuple[ScenarioName, ...]]
    system_type: SystemType
    division: Division
    smoke: bool
    duration_s: float | None
    systems: Mapping[str, System]
    variant: str | None
    rates: Rates

    def system_of(self, name: str) -> dict[str, str | None]:
        """Return what tells a benchmark's system from another one, and finds it if it can."""
        system = self.systems.get(name)
        if system is None:
            return {"variant": self.variant}
        return {"sut": system} if isinstance(system, str) else {"object": as_sut(system).name}

    @property
    def caveat(self) -> str | None:
        """Why what is measured is no result, in words; None where it may be one."""
        if self.smoke:
            return (
                "A smoke run: not a result. Each benchmark has one accuracy run for all scenarios."
            )
        if self.duration_s is not None:
            return f"Runs of {self.duration_s:g} s instead of the rules' durations: not a result."
        return None


def asked_for(
    rules: Rules,
    *,
    benchmarks: Iterable[str] | None,
    scenarios: Iterable[str] | None,
    system_type: SystemType,
    division: Division,
    smoke: bool,
    duration_s: float | None,
    suts: Mapping[str, System] | None,
    variant: str | None,
    rates: Rates | None,
) -> Asked:
    """Return what is asked for, checked; parameters as for `run_suite`.

    Raises
    ------
    SettingsError
        Names every argument that cannot be used.
    """
    here = [name for name, each in rules.benchmarks.items() if each.reference is not None]
    of_type = [name for name in here if rules.benchmarks[name].of_systems(system_type).allowed]
    names = of_type if benchmarks is None else list(dict.fromkeys(benchmarks))
    chosen = None if scenarios is None else list(dict.fromkeys(scenarios))
    suts, rates = suts or {}, rates or {}
    problems = [
        _one_of("system_type", system_type, get_args(SystemType)),
        _one_of("division", division, tuple(rules.round.divisions)),
        problem_of("duration_s", duration_s, optional(number(above=0))),
        *(_known("benchmarks", name, rules, here) for name in names),
        *(_one_of("scenarios", each, tuple(rules.round.scenarios)) for each in chosen or ()),
        *(_one_of("suts", name, names) for name in suts),
        *_rate_problems(rates, names),
    ]
    if not names:
        allowed = f"one of {rules.round.name} for {system_type}, with a program here"
        problems.append(Problem("benchmarks", names, allowed))
    if duration_s is not None and smoke:
        problems.append(Problem("duration_s", duration_s, "none beside smoke=True"))
    _raise(problems)
    _raise(_of_type(rules, system_type, division, names, suts))
    asked = {name: _scenarios(rules.benchmarks[name], system_type, chosen) for name in names}
    if benchmarks is None:
        asked = {name: found for name, found in asked.items() if found} or asked
    _raise(
        _one_of(
            f"scenarios of {name}", chosen, rules.benchmarks[name].of_systems(system_type).allowed
        )
        for name, found in asked.items()
        if not found
    )
    return Asked(
        rules, asked, system_type, division, smoke, duration_s, suts, variant,
        {name: dict(of_one) for name, of_one in rates.items()},
    )  # fmt: skip


def _of_type(
    rules: Rules,
    system_type: SystemType,
    division: Division,
    names: Sequence[str],
    suts: Collection[str],
) -> Iterator[Problem | None]:
    """Yield what has no systems of a type or a division: the division, a benchmark."""
    its = rules.round.divisions[division]
    yield _one_of("system_type", system_type, its.system_types)
    if its.over_network and (own := [name for name in names if name not in suts]):
        allowed = f"systems behind a network, such as NetworkSUT, for {', '.join(own)}"
        yield Problem("suts", [*suts], allowed)
    for name in names:
        if not rules.benchmarks[name].of_systems(system_type).allowed:
            types = ", ".join(rules.benchmarks[name].systems)
            yield Problem("system_type", system_type, f"one that {name} is for: {types}")


def _raise(problems: Iterable[Problem | None]) -> None:
    if found := [each for each in problems if each is not None]:
        raise SettingsError(found)


def _one_of(field: str, value: object, allowed: Sequence[str]) -> Problem | None:
    if isinstance(value, str) and value in allowed:
        return None
    hint = name_hint(value, allowed) if isinstance(value, str) else ""
    return Problem(field, value, f"one of {', '.join(allowed)}{hint}")


def _known(field: str, name: object, rules: Rules, here: Sequence[str]) -> Problem | None:
    if here and (name in here or name not in rules.benchmarks):
        return _one_of(field, name, here)
    allowed = f"a benchmark that this package has a program for: {', '.join(here) or 'none'}"
    return Problem(field, name, f"{allowed} of {rules.round.name}")


def _rate_problems(rates: Rates, names: Sequence[str]) -> Iterator[Problem | None]:
    for name, of_one in rates.items():
        yield _one_of("rates", name, names)
        for scenario, rate in of_one.items():
            yield _one_of(f"rates.{name}", scenario, RATED)
            yield problem_of(f"rates.{name}.{scenario}", rate, _rate)


def _rate(value: object) -> float:
    try:
        return float(number(above=0)(value))
    except Refused:
        raise Refused("a rate above 0") from None


def _scenarios(
    benchmark: Benchmark, system_type: SystemType, chosen: Sequence[str] | None
) -> tuple[ScenarioName, ...]:
    """Return the scenarios of a benchmark: those chosen, or those that have to be handed in."""
    rules = benchmark.of_systems(system_type)
    if chosen is None:
        chosen = (*rules.required, *rules.one_of)
    return tuple(each for each in rules.allowed if each in chosen)


def system_named(name: str, system: System) -> SystemUnderTest:
    """Return a system of the user's, imported where it is a text.

    Parameters
    ----------
    name : str
        Of the benchmark.
    system : SystemUnderTest, callable or str

    Raises
    ------
    SettingsError
        It is none, or cannot be imported.
    """
    if not isinstance(system, str):
        return as_sut(system)
    field = f"suts.{name}"
    module, colon, path = system.partition(":")
    if not (module and colon and path):
        raise SettingsError([Problem(field, system, '"module:name"')])
    try:
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        allowed = f'"module:name" of what can be imported; {error}'
        raise SettingsError([Problem(field, system, allowed)]) from error
    return as_sut(found)
