# SPDX-License-Identifier: Apache-2.0
"""A run's rows as users see them: instants since the run's start, -1 where one never came.

The core's columns hold absolute times. A column is converted when it is first asked for, in chunks,
and kept; what needs no conversion is a view. Not for figures: those take the columns as they are,
since differences are the same in both forms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from loadgen.metrics.columns import CHUNK_ROWS
from loadgen.result.data import MISSING, RunData

NEVER = -1

INSTANTS = {
    "scheduled_ns": "scheduled",
    "issued_ns": "issued",
    "first_token_ns": "first_token",
    "completed_ns": "completed",
}
"""Public name of each instant, and its name in `RunData.columns`."""


class Samples(Mapping[str, npt.NDArray[Any]]):
    """Column name to read-only array, one row a sample in issue order.

    "index", "scheduled_ns", "issued_ns", "completed_ns", "latency_ns" (completed - scheduled; also
    of failed samples), "status" (0 ok, 1 failed, 2 missing), "series" (position in
    `Result.series`), and with tokens "first_token_ns" and "n_tokens".
    """

    def __init__(self, data: RunData) -> None:
        self._data = data
        self._cache: dict[str, npt.NDArray[Any]] = {}
        names = ["index", "scheduled_ns", "issued_ns", "first_token_ns", "completed_ns"]
        names += ["latency_ns", "n_tokens", "status", "series"]
        raw = data.columns
        self._names = [
            name for name in names if name in _DERIVED or INSTANTS.get(name, name) in raw
        ]
        if data.tally is not None:
            self._names = []

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        if name not in self._cache:
            if self._data.tally is not None:
                raise KeyError(f"no column {name!r}: recording='histogram' keeps no rows")
            if name not in self._names:
                raise KeyError(f"no column {name!r}; there are: {', '.join(self._names)}")
            column = self._build(name)
            column.flags.writeable = False
            self._cache[name] = column
        return self._cache[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        names = ", ".join(self._names) or "which none is kept"
        return f"<Samples: {self._data.n_rows:,} rows of {names}>"

    def part(self, first: int, last: int) -> dict[str, npt.NDArray[Any]]:
        """Return rows [first, last) of all columns, made for them alone: no column is kept.

        For who goes through many rows once. Each array has stride 0 or is contiguous.

        Parameters
        ----------
        first, last : int
        """
        return {name: self._part(name, first, last) for name in self}

    def _part(self, name: str, first: int, last: int) -> npt.NDArray[Any]:
        if name in self._cache or name == "series":
            return self[name][first:last]
        if name == "latency_ns":
            return latency(self._data, slice(first, last))
        if name in INSTANTS:
            return instant_converter(self._data, name)(first, last)
        return self._data.columns[name][first:last]

    def _build(self, name: str) -> npt.NDArray[Any]:
        if name == "latency_ns":
            return latency(self._data)
        if name == "series":
            return series_numbers(self._data)
        raw = self._data.columns[INSTANTS.get(name, name)]
        if name not in INSTANTS or self._data.public_form:
            return raw.view()
        # SingleStream's scheduled and issued are one array: converted once.
        for other, other_raw in INSTANTS.items():
            if other in self._cache and self._data.columns[other_raw] is raw:
                return self._cache[other].view()
        convert = instant_converter(self._data, name)
        if is_constant(raw):
            return np.broadcast_to(convert(0, 1), raw.shape)
        return _fill(len(raw), np.int64, convert)


_DERIVED = ("latency_ns", "series")


def is_constant(column: npt.NDArray[Any]) -> bool:
    """Whether all rows of a column are one number in memory (Offline's instants)."""
    return len(column) > 1 and column.strides[0] == 0


def instant_converter(data: RunData, name: str) -> Callable[[int, int], npt.NDArray[np.int64]]:
    """Return what gives the public form of rows [first, last) of an instant."""
    raw = data.columns[INSTANTS[name]]
    status = data.columns["status"]

    def convert(first: int, last: int) -> npt.NDArray[np.int64]:
        part: npt.NDArray[np.int64] = raw[first:last] - data.run_start_ns
        if name == "completed_ns":
            part[status[first:last] == MISSING] = NEVER
        elif name == "first_token_ns":
            part[raw[first:last] <= 0] = NEVER
        return part

    if data.public_form:
        return lambda first, last: raw[first:last]
    return convert


def latency(data: RunData, rows: slice | None = None) -> npt.NDArray[np.int64]:
    """Latency of each row, -1 for missing ones; scheduled to completed."""
    taken = rows or slice(0, data.n_rows)
    completed, scheduled = data.columns["completed"][taken], data.columns["scheduled"][taken]
    status = data.columns["status"][taken]

    def part(first: int, last: int) -> npt.NDArray[np.int64]:
        found: npt.NDArray[np.int64] = completed[first:last] - scheduled[first:last]
        found[status[first:last] == MISSING] = NEVER
        return found

    return _fill(len(completed), np.int64, part)


def series_numbers(data: RunData) -> npt.NDArray[np.uint32]:
    """Which series each row is of."""
    if len(data.series) == 1:
        return np.broadcast_to(np.uint32(0), (data.n_rows,))
    column = np.zeros(data.n_rows, np.uint32)
    for number, series in enumerate(data.series):
        column[series.rows] = number
    return column


def _fill(
    n_rows: int, dtype: npt.DTypeLike, part: Callable[[int, int], npt.NDArray[Any]]
) -> npt.NDArray[Any]:
    column = np.empty(n_rows, dtype)
    for first in range(0, n_rows, CHUNK_ROWS):
        last = min(first + CHUNK_ROWS, n_rows)
        column[first:last] = part(first, last)
    return column
