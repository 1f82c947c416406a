# SPDX-License-Identifier: Apache-2.0
"""Read the rules of a round: a folder with ``round.toml``, and a file for each benchmark.

The rounds that this package brings lie beside this module. A folder of one's own is read alike, so
that a site may keep rules of its own.
"""

from __future__ import annotations

import dataclasses
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from loadgen.config.nonce import nonce_text
from loadgen.errors import MISSING, Problem, SettingsError
from loadgen.mlperf.rules.benchmark import Benchmark
from loadgen.mlperf.rules.conf_only import ConfOnly
from loadgen.mlperf.rules.consistent import of_benchmark, of_conf_only, of_round
from loadgen.mlperf.rules.metric import Gate
from loadgen.mlperf.rules.problems import RulesError
from loadgen.mlperf.rules.round import Round
from loadgen.mlperf.rules.tables import LIMITED, ScenarioName, Table
from loadgen.values import name_hint, optional, problem_of

__all__ = ["Rules", "load_rules", "round_names"]

_ROUNDS: Final = Path(__file__).parent / "rounds"
_ROUND_FILE: Final = "round.toml"
_CONF_ONLY_FILE: Final = "conf_only.toml"

_Read = TypeVar("_Read", bound=Table)


@dataclass(frozen=True)
class Rules:
    """A round with its benchmarks.

    Parameters
    ----------
    round : Round
    benchmarks : mapping of str to Benchmark
        By name, in alphabetical order.
    conf_only : ConfOnly
        What its conf file has besides.
    """

    round: Round
    benchmarks: Mapping[str, Benchmark]
    conf_only: ConfOnly = field(default_factory=ConfOnly)

    def find(
        self, name: str, scenario: ScenarioName | None = None
    ) -> tuple[Benchmark, tuple[Gate, ...]]:
        """Return the benchmark of a name, and the gates that results of that name are held to.

        Parameters
        ----------
        name : str
            "bert", with all of its gates; or that of a result, with its own: "bert-99.9".
        scenario : str or None
            One that the benchmark can be run in; not every division asks for the same.

        Raises
        ------
        SettingsError
            There is no such benchmark, or it has no such scenario.

        Examples
        --------
        >>> benchmark, gates = load_rules("v6.1").find("bert-99.9")
        >>> benchmark.name, [gate.share for gate in gates]
        ('bert', [0.999])
        """
        found = self.benchmarks.get(name)
        gates = () if found is None else found.gates
        for each in self.benchmarks.values() if found is None else ():
            gates = tuple(gate for gate in each.gates if each.name + gate.suffix == name)
            if gates:
                found = each
                break
        if found is None:
            hint = name_hint(name, self.benchmarks)
            allowed = f"one of {', '.join(self.benchmarks)}{hint}"
            raise SettingsError([Problem("benchmark", name, allowed)])
        known = [
            each for each in self.round.scenarios if each not in LIMITED or each in found.limits
        ]
        if scenario is not None and scenario not in known:
            allowed = f"one of {', '.join(known)}, for which {found.name} has rules"
            raise SettingsError([Problem("scenario", scenario, allowed)])
        return found, gates

    def with_nonce(self, nonce: str | None) -> Rules:
        """Return rules that ask every run for a nonce, whatever the files say; None: they stay.

        Raises
        ------
        SettingsError
            It is none.
        """
        if problem := problem_of("nonce", nonce, optional(nonce_text)):
            raise SettingsError([problem])
        if nonce is None:
            return self
        return dataclasses.replace(self, round=self.round.model_copy(update={"nonce": nonce}))


def round_names() -> tuple[str, ...]:
    """Return the rounds that this package brings."""
    return tuple(sorted(path.parent.name for path in _ROUNDS.glob(f"*/{_ROUND_FILE}")))


def load_rules(name: str | Path) -> Rules:
    """Return the rules of a round.

    Parameters
    ----------
    name : str or Path
        One of `round_names`; or a folder, as a path.

    Raises
    ------
    RulesError
        With every key of every file that cannot be used: file, key, value and what is allowed.

    Examples
    --------
    >>> rules = load_rules("v6.1")
    >>> rules.round.seeds.qsl
    2085463073848966840
    >>> rules.benchmarks["resnet"].limits["Server"].latency_ms
    15.0
    """
    if isinstance(name, str) and name in round_names():
        return _brought(name)
    folder = Path(name)
    if not (folder / _ROUND_FILE).is_file():
        hint = name_hint(str(name), round_names())
        allowed = f"one of {', '.join(round_names())}, or a folder with a {_ROUND_FILE}{hint}"
        raise RulesError([("", Problem("round", str(name), allowed))])
    return _read(folder)


@functools.cache
def _brought(name: str) -> Rules:
    return _read(_ROUNDS / name)


def _read(folder: Path) -> Rules:
    problems: list[tuple[str, Problem]] = []
    others = (_ROUND_FILE, _CONF_ONLY_FILE)
    found = (path for path in folder.glob("*.toml") if path.name not in others)
    paths = sorted(found, key=lambda path: path.stem)
    round_ = _table(folder / _ROUND_FILE, Round, problems)
    benchmarks = [_table(path, Benchmark, problems) for path in paths]
    if round_ is not None:
        problems += ((_ROUND_FILE, each) for each in of_round(round_))
    for path, benchmark in zip(paths, benchmarks, strict=True):
        if benchmark is not None:
            problems += ((path.name, each) for each in of_benchmark(benchmark, path.stem, round_))
    conf_only: ConfOnly | None = ConfOnly()
    if (path := folder / _CONF_ONLY_FILE).exists():
        conf_only = _table(path, ConfOnly, problems)
    if conf_only is not None:
        models = {each.conf_model() for each in benchmarks if each is not None}
        problems += ((_CONF_ONLY_FILE, each) for each in of_conf_only(conf_only, models))
    if problems:
        raise RulesError(problems)
    assert round_ is not None  # else there would be a problem
    assert conf_only is not None
    by_name = {each.name: each for each in benchmarks if each is not None}
    return Rules(round_, by_name, conf_only)


def _table(path: Path, kind: type[_Read], problems: list[tuple[str, Problem]]) -> _Read | None:
    """Return what a file says; None, and its problems, if it cannot be used."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        problems.append((path.name, Problem("file", str(path), f"to be readable; {error}")))
        return None
    except tomllib.TOMLDecodeError as error:
        problems.append((path.name, Problem("file", str(path), f"to be TOML; {error}")))
        return None
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems += ((path.name, _problem(kind, given, each)) for each in details)
        return None


def _problem(kind: type[Table], given: Mapping[str, Any], error: ErrorDetails) -> Problem:
    """Return pydantic's error in our words: key, value, what is allowed."""
    where = ".".join(str(part) for part in error["loc"]) or "file"
    if error["type"] == "missing":
        return Problem(where, MISSING, "to be there")
    if error["type"] == "extra_forbidden":
        known = _keys_at(kind, error["loc"][:-1])
        hint = name_hint(str(error["loc"][-1]), known)
        return Problem(where, error["input"], f"one of the keys {', '.join(known)}{hint}")
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return Problem(where, error["input"], message)


def _keys_at(kind: type[Table], place: tuple[int | str, ...]) -> list[str]:
    """Return the keys of the table at a place in a file of this kind."""
    table = kind
    for part in place:  # numbers, and names that a file is free to choose, lead no deeper
        if part in table.model_fields:
            table = _table_in(table.model_fields[str(part)].annotation) or table
    return list(table.model_fields)


def _table_in(annotation: Any) -> type[Table] | None:
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    found = (_table_in(each) for each in get_args(annotation))
    return next((each for each in found if each is not None), None)
