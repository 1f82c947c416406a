# SPDX-License-Identifier: Apache-2.0
"""Figures of parts of a run: by time, and by a column of the dataset.

Each part's percentiles are exact and follow the rule of the whole run's. Working memory is about
20 bytes a row, only while the table is being made. Not for figures of the whole run, nor for plots.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from loadgen.errors import LoadGenError, text_of
from loadgen.metrics.columns import CHUNK_ROWS, Columns
from loadgen.metrics.latency import percentile_rank
from loadgen.result.data import FAILED, MISSING, OK, RunData
from loadgen.result.latencies import answers, issues, judged_rows, judged_series
from loadgen.result.samples import NEVER
from loadgen.values import MAX_SECONDS, name_hint

MOST_STEPS = 1_000_000
_NS = 1_000_000_000

Int64Array = npt.NDArray[np.int64]
Groups = npt.NDArray[np.uint32]


class Table(Mapping[str, npt.NDArray[Any]]):
    """Named columns of one length, read-only.

    Parameters
    ----------
    columns : mapping of str to array
    """

    def __init__(self, columns: Mapping[str, npt.NDArray[Any]]) -> None:
        self._columns = dict(columns)
        for column in self._columns.values():
            column.flags.writeable = False

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def n_rows(self) -> int:
        """How many parts the run was split into."""
        return len(next(iter(self._columns.values())))

    def __repr__(self) -> str:
        return f"<Table: {self.n_rows:,} rows of {', '.join(self._columns)}>"


def timeline(data: RunData, step_s: float = 1.0) -> Table:
    """Split the judged series into steps of equal length.

    Parameters
    ----------
    data : RunData
    step_s : float, s

    Returns
    -------
    Table
        "start_s" (of the step, since the run's start), "issued_qps", "completed_qps" (answered ok,
        by the instant of the answer), "failed" (count), "p50_ns", "p99_ns" (latency of what was
        answered ok in the step, -1 where nothing was), "outstanding" (at the step's end). Counted
        in queries in MultiStream, in samples elsewhere.
    """
    if not 1 / _NS <= step_s <= MAX_SECONDS:
        raise ValueError(f"step_s = {step_s!r}: needs a number of seconds in [1e-9, 1e9]")
    step_ns = round(step_s * _NS)
    series, answered = judged_series(data), answers(data)
    issued_at, status = issues(data).end, answered.status
    assert status is not None  # latency counts what was answered ok
    origin = data.run_start_ns + (series[0].start_ns if series else 0)
    last = max(_latest(issued_at), _latest(answered.end, status), origin)
    n_steps = (last - origin) // step_ns + 1 if len(status) else 0
    if n_steps > MOST_STEPS:
        raise ValueError(
            f"step_s = {step_s!r}: gives {n_steps:,} steps; needs at least"
            f" {(last - origin) / MOST_STEPS / _NS:.3g}"
        )

    def steps(column: Int64Array) -> Callable[[slice], Groups]:
        return lambda part: ((column[part] - origin) // step_ns).astype(np.uint32)

    def has(wanted: int) -> Callable[[slice], npt.NDArray[np.bool_]]:
        return lambda part: status[part] == wanted

    n_rows = len(status)
    issued = _count(n_rows, n_steps, steps(issued_at), None)
    completed = _count(n_rows, n_steps, steps(answered.end), has(OK))
    failed = _count(n_rows, n_steps, steps(answered.end), has(FAILED))
    p50, p99 = np.full(n_steps, NEVER, np.int64), np.full(n_steps, NEVER, np.int64)
    for step, values in _ascending(answered, steps(answered.end)):
        p50[step], p99[step] = (_percentile(values, p) for p in (50, 99))
    return Table(
        {
            "start_s": (origin - data.run_start_ns + step_ns * np.arange(n_steps)) / _NS,
            "issued_qps": issued * (_NS / step_ns),
            "completed_qps": completed * (_NS / step_ns),
            "failed": failed,
            "p50_ns": p50,
            "p99_ns": p99,
            "outstanding": np.cumsum(issued - completed - failed),
        }
    )


def by_column(data: RunData, name: str) -> Table:
    """Split the judged samples by the value that a column of the dataset has for them.

    Parameters
    ----------
    data : RunData
    name : str
        A column of the dataset.

    Returns
    -------
    Table
        One row a value that occurs, ascending: "value", "issued", "completed", "failed", "missing"
        (counts of samples) and "mean_ns", "p50_ns", "p90_ns", "p99_ns", "max_ns" (latency of the
        completed ones, -1 where there is none; per sample in MultiStream too).
    """
    column = dataset_column(data, name)
    rows = judged_rows(data)
    index, status = data.columns["index"][rows], data.columns["status"][rows]
    try:
        values, inverse = np.unique(column, return_inverse=True)
    except TypeError as error:
        raise LoadGenError(
            f"the values of column {name!r} cannot be sorted: {text_of(error)}"
        ) from error
    numbers: Groups = inverse.reshape(-1).astype(np.uint32)

    def group(part: slice) -> Groups:
        found: Groups = numbers[index[part]]
        return found

    def counts(wanted: int | None) -> Int64Array:
        where = None if wanted is None else (lambda part: status[part] == wanted)
        return _count(len(index), len(values), group, where)

    table: dict[str, npt.NDArray[Any]] = {
        "value": values,
        "issued": counts(None),
        "completed": counts(OK),
        "failed": counts(FAILED),
        "missing": counts(MISSING),
    }
    figures = {
        figure: np.full(len(values), NEVER, np.int64)
        for figure in ("mean_ns", "p50_ns", "p90_ns", "p99_ns", "max_ns")
    }
    answers = Columns(data.columns["completed"][rows], data.columns["scheduled"][rows], status)
    for number, ascending in _ascending(answers, group):
        figures["mean_ns"][number] = int(ascending.sum()) // len(ascending)
        figures["max_ns"][number] = ascending[-1]
        for percentile in (50, 90, 99):
            figures[f"p{percentile}_ns"][number] = _percentile(ascending, percentile)
    occurring = table["issued"] > 0
    return Table({key: column[occurring] for key, column in (table | figures).items()})


def dataset_column(data: RunData, name: str) -> npt.NDArray[Any]:
    """Return what the dataset says of each of its samples by a name."""
    if name not in data.dataset_columns:
        known = ", ".join(map(repr, data.dataset_columns)) or "none"
        raise LoadGenError(
            f"the dataset has no column {name!r}{name_hint(name, data.dataset_columns)};"
            f" its columns: {known}"
        )
    return data.dataset_columns[name]


def _percentile(ascending: Int64Array, percentile: float) -> int:
    return int(ascending[percentile_rank(percentile, len(ascending))])


def _parts(n_rows: int) -> Iterator[slice]:
    for first in range(0, n_rows, CHUNK_ROWS):
        yield slice(first, min(first + CHUNK_ROWS, n_rows))


def _latest(column: Int64Array, status: npt.NDArray[np.uint8] | None = None) -> int:
    latest = 0
    for part in _parts(len(column)):
        came = column[part] if status is None else column[part][status[part] != MISSING]
        if len(came):
            latest = max(latest, int(came.max()))
    return latest


def _count(
    n_rows: int,
    n_groups: int,
    group: Callable[[slice], Groups],
    where: Callable[[slice], npt.NDArray[np.bool_]] | None,
) -> Int64Array:
    counts = np.zeros(n_groups, np.int64)
    for part in _parts(n_rows):
        found = group(part)
        if where is not None:
            found = found[where(part)]
        counts += np.bincount(found, minlength=n_groups)
    return counts


def _ascending(
    answers: Columns, group: Callable[[slice], Groups]
) -> Iterator[tuple[int, Int64Array]]:
    """Give each group that has rows with status ok, and their values in ascending order."""
    end, start, status = answers
    assert status is not None  # latency counts what was answered ok
    n_ok = int(np.count_nonzero(status == OK))
    groups, values = np.empty(n_ok, np.uint32), np.empty(n_ok, np.int64)
    filled = 0
    for part in _parts(len(status)):
        ok = status[part] == OK
        n = int(np.count_nonzero(ok))
        groups[filled : filled + n] = group(part)[ok]
        values[filled : filled + n] = (end[part] - start[part])[ok]
        filled += n
    if n_ok and groups.max() <= np.iinfo(np.uint16).max:
        groups = groups.astype(np.uint16)  # NumPy sorts 16 bits by radix
    order = np.argsort(groups, kind="stable")
    groups, values = groups[order], values[order]
    edges = [0, *(np.flatnonzero(groups[1:] != groups[:-1]) + 1).tolist(), n_ok]
    for first, last in pairwise(edges):
        if first < last:
            yield int(groups[first]), np.sort(values[first:last])
