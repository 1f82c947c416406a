# SPDX-License-Identifier: Apache-2.0
"""What `result.json` of a saved run holds, and the checks of what is read from it.

Everything of `RunData` but the columns and the answers' bytes, as one JSON object. Reading trusts
nothing: whatever is absent or of a wrong type is reported with the file and the field. Not for
files: `loadgen.result.storage` reads and writes them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from loadgen.config.scenarios import scenario_from_dict
from loadgen.config.settings import Settings
from loadgen.errors import ResultError, SettingsError
from loadgen.health import DelayFigures
from loadgen.metrics.histogram import Histogram
from loadgen.result.data import Occurrence, RunData, Series
from loadgen.result.tally import Tally, histogram_table, read_histogram
from loadgen.traffic.effective import Effective

FORMAT = 1
KIND = "loadgen result"

_LARGEST: Final = 2.0**62
"""No number of a run is: sums of two still have 64 bits."""

_T = TypeVar("_T")
_ABSENT = object()
_PLAIN = ("dataset_total", "dataset_performance", "sut_name", "n_rows", "started_at")
_OPTIONAL = ("sut_spec", "dataset_spec", "aborted_reason")
_LATER = ("issuing", "monitor")
"""Absent in files from before there were any."""
_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "bool": (bool,),
    "None": (type(None),),
    "dict": (dict,),
    "dict[str, Any]": (dict,),
    "list": (list,),
    "tuple[int, ...]": (list,),
}


def to_table(data: RunData, digest: str | None) -> dict[str, Any]:
    """Return what `from_table` reads; plain JSON values.

    Parameters
    ----------
    data : RunData
    digest : str or None
        Of the traffic.
    """
    return {
        "kind": KIND,
        "format": FORMAT,
        **{name: getattr(data, name) for name in (*_PLAIN, *_OPTIONAL)},
        "traffic_digest": digest,
        "scenario": data.scenario.to_dict(),
        "settings": data.settings.to_dict(),
        "settings_given": sorted(data.settings.given()),
        "effective": dataclasses.asdict(data.effective),
        "series": [dataclasses.asdict(series) for series in data.series],
        "violations": {k: dataclasses.asdict(v) for k, v in data.violations.items()},
        "failures": {k: dataclasses.asdict(v) for k, v in data.failures.items()},
        "own_delay": dataclasses.asdict(data.own_delay),
        "blocked_delay": dataclasses.asdict(data.blocked_delay),
        "issuing": dict(data.issuing),
        "monitor": dict(data.monitor),
        "environment": dict(data.environment),
        "tally": None if data.tally is None else data.tally.to_table(),
        "token_gaps": None if data.token_gaps is None else histogram_table(data.token_gaps),
    }


def check_format(path: Path, table: object) -> Reader:
    """Return a reader of what a file holds, if it is a result of a format that is known.

    Parameters
    ----------
    path : Path
        For messages.
    table : object
        The parsed file.
    """
    if not isinstance(table, dict) or table.get("kind") != KIND:
        raise ResultError(f'{path}: not a saved result; expected an object with "kind": "{KIND}"')
    reader = Reader(path, table)
    found = reader.get("format", "int")
    if not 1 <= found <= FORMAT:
        advice = ": a newer version reads it" if found > FORMAT else ""
        raise ResultError(
            f"{path}: is of format {found}; this version of loadgen reads 1 to {FORMAT}{advice}"
        )
    return reader


def from_table(reader: Reader) -> RunData:
    """Return a run without its columns and answers."""
    n_rows = reader.get("n_rows", "int")
    series = tuple(
        reader.record(Series, each, f"series[{number}]")
        for number, each in enumerate(reader.get("series", "list"))
    )
    for number, each in enumerate(series):
        if not 0 <= each.first_row <= each.first_row + each.n_rows <= n_rows:
            raise ResultError(
                f"{reader.path}: series[{number}] has the rows {each.first_row} to"
                f" {each.first_row + each.n_rows}; expected them within 0 to {n_rows}"
            )
    if n_rows and not series:
        raise ResultError(f"{reader.path}: lists no series; expected those of {n_rows} rows")
    _check_moment(reader)
    scenario, settings = _scenario_and_settings(reader)
    return RunData(
        scenario=scenario,
        settings=settings,
        effective=_effective(reader),
        series=series,
        columns={},
        run_start_ns=0,
        public_form=True,
        violations=_occurrences(reader, "violations"),
        failures=_occurrences(reader, "failures"),
        own_delay=reader.record(DelayFigures, reader.get("own_delay", "dict"), "own_delay"),
        blocked_delay=reader.record(
            DelayFigures, reader.get("blocked_delay", "dict"), "blocked_delay"
        ),
        **{name: reader.get(name, "dict") for name in _LATER if reader.has(name)},
        environment=reader.get("environment", "dict"),
        traffic_digest=reader.get("traffic_digest", "str | None"),
        tally=_tally(reader, settings),
        token_gaps=_token_gaps(reader),
        **{
            field.name: reader.get(field.name, str(field.type))
            for field in dataclasses.fields(RunData)
            if field.name in (*_PLAIN, *_OPTIONAL)
        },
    )


def _check_moment(reader: Reader) -> None:
    """Raise if nobody could tell when the run began; "" is for runs of which that is not known."""
    moment = reader.get("started_at", "str")
    try:
        known = not moment or datetime.fromisoformat(moment).tzinfo is not None
    except ValueError:
        known = False
    if not known:
        expected = "an instant in ISO 8601 with its time zone"
        raise ResultError(f"{reader.path}: started_at is {moment!r:.60}; expected {expected}")


def _effective(reader: Reader) -> Effective:
    found = reader.record(Effective, reader.get("effective", "dict"), "effective")
    turns = tuple(found.turns)
    if not all(type(each) is int and each > 0 for each in turns):
        raise ResultError(f"{reader.path}: effective.turns has {turns!r:.60}; expected counts")
    return dataclasses.replace(found, turns=turns)


def _scenario_and_settings(reader: Reader) -> tuple[Any, Settings]:
    try:
        scenario = scenario_from_dict(reader.get("scenario", "dict"))
        settings = Settings.from_dict(reader.get("settings", "dict"))
    except SettingsError as error:
        raise ResultError(f"{reader.path}: the settings cannot be used: {error}") from error
    given = reader.get("settings_given", "list")
    # Checked above; this only restores which of them the user gave.
    values = {name: getattr(settings, name) for name in Settings.model_fields}
    return scenario, Settings.model_construct({name for name in values if name in given}, **values)


def _tally(reader: Reader, settings: Settings) -> Tally | None:
    """Return what was counted; files from before there was anything to count have no such field."""
    if settings.recording == "rows":
        return None
    return Tally.from_table(reader.inner("tally"))


def _token_gaps(reader: Reader) -> Histogram | None:
    if reader.get("token_gaps", "dict | None") is None:
        return None
    return read_histogram(reader.inner("token_gaps"))


def _occurrences(reader: Reader, name: str) -> dict[str, Occurrence]:
    return {
        kind: reader.record(Occurrence, each, f"{name}.{kind}")
        for kind, each in reader.get(name, "dict").items()
    }


class Reader:
    """Fields of a JSON object, each checked when it is read.

    Parameters
    ----------
    path : Path
        For messages.
    table : mapping
    prefix : str
        Before the names of its fields, in messages.
    """

    def __init__(self, path: Path, table: Mapping[str, Any], prefix: str = "") -> None:
        self.path = path
        self._table = table
        self._prefix = prefix

    @property
    def where(self) -> str:
        """The file, and what of it this reads; for messages."""
        return f"{self.path}: {self._prefix.removesuffix('.')}"

    def get(self, name: str, annotation: str) -> Any:
        """Return a field whose type is written as in an annotation: "int | None"."""
        return self._checked(self._table.get(name, _ABSENT), annotation, self._prefix + name)

    def has(self, name: str) -> bool:
        """Whether there is such a field."""
        return name in self._table

    def inner(self, name: str) -> Reader:
        """Return a reader of an object within this one."""
        return Reader(self.path, self.get(name, "dict"), f"{self._prefix}{name}.")

    def record(self, kind: type[_T], table: object, where: str) -> _T:
        """Return a dataclass of plain fields; fields that it does not know are left out."""
        if not isinstance(table, dict):
            raise self._wrong(where, table, "an object")
        fields = dataclasses.fields(kind)  # type: ignore[arg-type]  # always a dataclass
        return kind(
            **{
                each.name: self._checked(
                    table.get(each.name, _ABSENT), str(each.type), f"{where}.{each.name}"
                )
                for each in fields
            }
        )

    def _checked(self, value: object, annotation: str, where: str) -> Any:
        if annotation.startswith("Literal["):
            annotation = "str"
        allowed = [kind for each in annotation.split("|") for kind in _TYPES[each.strip()]]
        if isinstance(value, bool) and bool not in allowed:
            raise self._wrong(where, value, annotation)
        if not isinstance(value, tuple(allowed)):
            raise self._wrong(where, value, annotation)
        if isinstance(value, (int, float)) and not abs(value) < _LARGEST:
            raise self._wrong(where, value, f"a number below {_LARGEST:.0f}")
        return value

    def _wrong(self, where: str, value: object, expected: str) -> ResultError:
        found = "is absent" if value is _ABSENT else f"is {value!r:.60}"
        return ResultError(f"{self.path}: {where} {found}; expected {expected}")
