# SPDX-License-Identifier: Apache-2.0
"""Which instants of a run each figure is the difference of, and over which rows.

Figures are about the performance series where a run has one, else about all its accuracy series.
Latency is counted per query in MultiStream (the last of its samples), per sample
elsewhere. Not for the figures themselves: `loadgen.metrics` makes those from what is chosen here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from loadgen.config.scenarios import MultiStream
from loadgen.metrics.columns import Columns, query_columns
from loadgen.metrics.latency import Values
from loadgen.metrics.tokens import itl_columns, tpot_columns, ttft_columns
from loadgen.result.data import MISSING, OK, RunData, Series


def judged_series(data: RunData) -> tuple[Series, ...]:
    """Return the series that figures are about."""
    performance = tuple(series for series in data.series if series.phase == "performance")
    return performance or data.series


def judged_rows(data: RunData) -> slice:
    """Return the rows that figures are about."""
    series = judged_series(data)
    return slice(series[0].rows.start, series[-1].rows.stop) if series else slice(0, 0)


def unit_is_query(data: RunData) -> bool:
    """Whether latency is counted per query of several samples."""
    return isinstance(data.scenario, MultiStream)


def latency(data: RunData) -> Values:
    """Return completed - scheduled."""
    if data.tally is not None:
        return data.tally.latency
    return answers(data)


def service_time(data: RunData) -> Values:
    """Return completed - issued."""
    if data.tally is not None:
        return data.tally.service_time
    return _of_units(data, "completed", "issued", only_ok=True)


def issue_delay(data: RunData) -> Values:
    """Return issued - scheduled, of everything that was issued."""
    if data.tally is not None:
        return data.tally.issue_delay
    return issues(data)


def answers(data: RunData) -> Columns:
    """Return when each unit was answered, and when it was due, of a run that keeps rows."""
    return _of_units(data, "completed", "scheduled", only_ok=True)


def issues(data: RunData) -> Columns:
    """Return when each unit was issued, and when it was due, of a run that keeps rows."""
    return _of_units(data, "issued", "scheduled", only_ok=False)


def _of_units(data: RunData, end: str, start: str, *, only_ok: bool) -> Columns:
    rows = judged_rows(data)
    status = data.columns["status"][rows] if only_ok else None
    columns = Columns(data.columns[end][rows], data.columns[start][rows], status)
    if unit_is_query(data):
        return query_columns(columns, data.effective.samples_per_query)
    return columns


def time_to_first_token(data: RunData) -> Values | None:
    """Return first token - scheduled of each sample; None where no first token was told."""
    if data.tally is not None:
        return data.tally.ttft if len(data.tally.ttft.counts) else None
    if "first_token" not in data.columns:
        return None
    scheduled, first_token, status = _judged(data, "scheduled", "first_token", "status")
    return _any_of(ttft_columns(scheduled, first_token, status, never=data.never))


def time_per_output_token(data: RunData) -> Values | None:
    """Return the time per further token of each sample; None where no sample has two."""
    if data.tally is not None:
        return data.tally.tpot if len(data.tally.tpot.counts) else None
    if "first_token" not in data.columns or "n_tokens" not in data.columns:
        return None
    columns = _judged(data, "first_token", "completed", "n_tokens", "status")
    return _any_of(tpot_columns(*columns, never=data.never))


def inter_token(data: RunData) -> Values | None:
    """Return the times between two tokens of a sample; None where no sample has two."""
    if data.token_times is None:
        return data.token_gaps
    row, at_ns = data.token_times
    judged = judged_rows(data)
    first, last = np.searchsorted(row, [judged.start, judged.stop])
    return _any_of(itl_columns(row[first:last], at_ns[first:last], data.columns["status"]))


def _judged(data: RunData, *names: str) -> Iterator[npt.NDArray[Any]]:
    rows = judged_rows(data)
    return (data.columns[name][rows] for name in names)


def _any_of(columns: Columns) -> Columns | None:
    """Return None instead of columns of which no row counts."""
    if columns.status is None or np.min(columns.status, initial=MISSING) == OK:
        return columns
    return None
