# SPDX-License-Identifier: Apache-2.0
"""Reads MLPerf's detail log, ours or LoadGen's: one entry a line, each a key and a value.

Not for what the keys mean.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple

from loadgen.mlperf.logs.read_source import UNREADABLE, Named, Source, parse_json, short

__all__ = ["Detail", "DetailColumns", "DetailEntry", "read_detail"]

MARK: Final = ":::MLLOG"

# A line as LoadGen writes it, which does not escape its strings. The text of a value may hold
# anything: it ends where the last rest begins. Only one part is without bounds, so that a line made
# to keep this busy cannot.
_LINE: Final = re.compile(
    r'\{"key": "(?P<key>[^"]*)", "value": (?P<value>.*), "time_ms": (?P<time_ms>-?[\d.]{1,40}), '
    r'"namespace": "mlperf::logging", "event_type": "\w{1,40}", "metadata": '
    r'\{"is_error": (?P<error>true|false), "is_warning": (?P<warning>true|false), '
    r'"file": "[^"]{0,400}", "line_no": \d{1,20}, "pid": \d{1,20}, "tid": \d{1,20}\}\}'
)
_NOT_FINITE: Final = re.compile(r"[-+]?(nan|inf)", re.IGNORECASE)


class DetailEntry(NamedTuple):
    """One line.

    Parameters
    ----------
    key : str
    value : object
        As in JSON.
    time_ms : float, ms
        Since logging began.
    is_error, is_warning : bool
    line : int
        Where it stands; the file's first line is 1.
    """

    key: str
    value: Any
    time_ms: float
    is_error: bool
    is_warning: bool
    line: int


class DetailColumns(NamedTuple):
    """Many lines: a sequence of each part of `DetailEntry`, all of one length."""

    key: Sequence[str] = ()
    value: Sequence[Any] = ()
    time_ms: Sequence[float] = ()
    is_error: Sequence[bool] = ()
    is_warning: Sequence[bool] = ()
    line: Sequence[int] = ()


class Detail(Mapping[str, Any]):
    """A detail log: key to value, the first one where a key stands several times.

    Attributes
    ----------
    columns : DetailColumns
        All entries, in their order.
    """

    def __init__(self, columns: DetailColumns) -> None:
        self.columns = columns
        keys = columns.key
        self._first = Named(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))

    def __getitem__(self, key: str) -> Any:
        return self.columns.value[self._first[key]]

    def __contains__(self, key: object) -> bool:
        return key in self._first  # an error would look for a hint

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(self.columns.key))

    def __len__(self) -> int:
        return len(self._first)

    def __repr__(self) -> str:
        n_entries, n_errors = len(self.columns.key), len(self.errors)
        return f"<Detail: {n_entries:,} entries, {len(self):,} keys, {n_errors:,} errors>"

    @cached_property
    def entries(self) -> tuple[DetailEntry, ...]:
        """All of them, in their order."""
        return tuple(map(DetailEntry, *self.columns))

    def at(self, place: int) -> DetailEntry:
        """Return an entry by its place; the first one's is 0."""
        return DetailEntry._make([column[place] for column in self.columns])

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        """Where the keys stand that do so several times."""
        places: dict[str, list[int]] = {}
        several = {key for key, count in Counter(self.columns.key).items() if count > 1}
        for place, key in enumerate(self.columns.key):
            if key in several:
                places.setdefault(key, []).append(place)
        return places

    def places(self, key: str) -> Sequence[int]:
        """Return where the entries of a key stand in `columns`; empty where there is none."""
        if key not in self._first:
            return ()
        return self._places.get(key) or (self._first[key],)

    def all(self, key: str) -> tuple[DetailEntry, ...]:
        """Return every entry of a key, in their order; empty where there is none."""
        return tuple(map(self.at, self.places(key)))

    @property
    def errors(self) -> tuple[DetailEntry, ...]:
        """The entries that are errors."""
        return tuple(entry for entry in self.entries if entry.is_error)

    @property
    def warnings(self) -> tuple[DetailEntry, ...]:
        """The entries that are warnings."""
        return tuple(entry for entry in self.entries if entry.is_warning)


def read_detail(source: Source) -> Detail:
    """Read a detail log.

    Parameters
    ----------
    source : Source

    Raises
    ------
    ResultError
        Strict: the first line does not begin with ``:::MLLOG``, or one that does is not an entry
        in JSON. Other lines are nobody's.
    """
    entries = []
    number = 0
    for number, text in source.lines():
        if not text.startswith(MARK):
            if number == 1:
                source.defect(1, f"{short(text)}; expected a line that begins with {MARK}")
            continue
        entry = _entry(source, number, text[len(MARK) :].strip())
        if entry is not None:
            entries.append(entry)
    if number == 0:
        source.defect(0, f"is empty; expected lines that begin with {MARK}")
    return Detail(DetailColumns(*zip(*entries, strict=True)))


def _entry(source: Source, number: int, text: str) -> DetailEntry | None:
    """Return a line's entry; None where it cannot be made out."""
    table = source.parsed(number, text, _repaired)
    if table is UNREADABLE:
        return None
    missing = _missing(table)
    if missing:
        source.defect(number, f"{short(text)}; expected {missing}")
        return None
    metadata = table["metadata"]
    return DetailEntry(
        table["key"],
        table["value"],
        float(table["time_ms"]),
        metadata["is_error"],
        metadata["is_warning"],
        number,
    )


def _missing(table: Any) -> str:
    """Return what a line has not that an entry has; empty if it has everything."""
    if not isinstance(table, dict):
        return "an object"
    metadata = table.get("metadata")
    flags = metadata if isinstance(metadata, dict) else {}
    checks = {
        'a text as "key"': isinstance(table.get("key"), str),
        'a "value"': "value" in table,
        'a number as "time_ms"': _is_number(table.get("time_ms")),
        'true or false as "is_error" of "metadata"': isinstance(flags.get("is_error"), bool),
        'true or false as "is_warning" of "metadata"': isinstance(flags.get("is_warning"), bool),
    }
    return next((what for what, is_there in checks.items() if not is_there), "")


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _repaired(text: str) -> Any:
    """Return what LoadGen meant by a line that is no JSON; None if it cannot be made out."""
    found = _LINE.fullmatch(text)
    if found is None:
        return None
    try:
        time_ms = float(found["time_ms"])
        value = _repaired_value(found["value"])
    except ValueError:
        return None
    return {
        "key": found["key"],
        "value": value,
        "time_ms": time_ms,
        "metadata": {
            "is_error": found["error"] == "true",
            "is_warning": found["warning"] == "true",
        },
    }


def _repaired_value(text: str) -> Any:
    if _NOT_FINITE.fullmatch(text):
        return float(text)
    try:
        return parse_json(text)
    except ValueError:
        if len(text) > 1 and text[0] == text[-1] == '"':
            return text[1:-1]  # as it was before it was put between quotes
        raise
