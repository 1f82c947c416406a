# SPDX-License-Identifier: Apache-2.0
"""A run as a trace for Perfetto and Chrome: series, samples, issue delays; trace-event JSON.

A series is a span. A sample is an async slice from when it was due to its answer, with an instant
where its first token came; one that no answer came for ends with its series. A counter has the
issue delay. Instants are in us since the run's start, exact to the ns.

Viewers hold some 10^5 events, so of a run of more than `MOST_SAMPLES` samples each stretch of
consecutive ones shows three: its first, the one that took longest (a missing one before all), the
one that was issued latest. Extremes are never left out, and ``otherData`` says how many are shown.

References
----------
"Trace Event Format", the catapult project: "X", "b", "n", "e", "C" and "M" events.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from loadgen._core import __version__
from loadgen.export.rows import need_rows, parts
from loadgen.result.data import MISSING

if TYPE_CHECKING:
    from loadgen.result import Result

MOST_SAMPLES: Final = 30_000

_PID: Final = 1
_STATUS: Final = ("ok", "failed", "missing")
_UNKNOWN: Final = "unknown"  # in a damaged column
_OF_A_STRETCH: Final = 3

Event = dict[str, Any]


def write_trace(result: Result, file: BinaryIO) -> None:
    """Write the trace.

    Parameters
    ----------
    result : Result
    file : binary file
    """
    need_rows(result, "a trace")
    n_shown = 0
    separator = '{"traceEvents":[\n'
    for events in chain(_frame(result), _samples(result)):
        n_shown += events[0]["ph"] == "b"
        for event in events:
            file.write((separator + json.dumps(event, separators=(",", ":"))).encode("ascii"))
            separator = ",\n"
    other = {
        "version": f"loadgen {__version__}",
        "started_at": result.started_at,
        "samples": result.n_issued,
        "samples_shown": n_shown,
    }
    end = f'\n],\n"displayTimeUnit":"ns",\n"otherData":{json.dumps(other)}\n}}\n'
    file.write(end.encode("ascii"))


def _frame(result: Result) -> Iterator[list[Event]]:
    """Yield the names of what is shown, and the series."""
    name = f"{result.sut_name}: {result.scenario.name}"
    yield [_event("M", "process_name", args={"name": name})]
    yield [_event("M", "thread_name", tid=1, args={"name": "series"})]
    for series in result.series:
        args = {"queries": series.n_queries, "samples": series.n_rows, "end": series.end}
        span = _event("X", series.phase, series.start_ns, tid=1, args=args)
        yield [{**span, "dur": series.end_ns / 1000}]


def _samples(result: Result) -> Iterator[list[Event]]:
    """Yield the events of each sample that is shown."""
    ends_ns = np.array([each.start_ns + each.end_ns for each in result.series], np.int64)
    stretch = max(1, -(-result.n_issued * _OF_A_STRETCH // MOST_SAMPLES))
    if result.n_issued <= MOST_SAMPLES:
        stretch = 1
    per_part = max(1, (1 << 18) // stretch) * stretch
    for number, part in enumerate(parts(result, per_part)):
        never = part["status"] == MISSING
        end = np.where(never, ends_ns[part["series"]], part["completed_ns"])
        part["end_ns"] = np.maximum(end, part["scheduled_ns"])
        part["delay_ns"] = part["issued_ns"] - part["scheduled_ns"]
        longest = np.where(never, np.iinfo(np.int64).max, part["latency_ns"])
        for row in _shown(stretch, longest, part["delay_ns"]):
            values = {name: int(column[row]) for name, column in part.items()}
            yield _sample(number * per_part + row, values)


def _shown(stretch: int, *columns: npt.NDArray[np.int64]) -> list[int]:
    """Return rows: of each stretch its first, and the one with the largest value of each column."""
    n_rows = len(columns[0])
    firsts = np.arange(0, n_rows, stretch)
    found = [firsts]
    for column in columns:
        padded = np.full(len(firsts) * stretch, -1, np.int64)
        padded[:n_rows] = column
        found.append(firsts + padded.reshape(-1, stretch).argmax(axis=1))
    rows: list[int] = np.unique(np.concatenate(found)).tolist()
    return rows


def _sample(number: int, row: dict[str, int]) -> list[Event]:
    status = row["status"]
    args = {
        "row": number,
        "index": row["index"],
        "status": _STATUS[status] if status < len(_STATUS) else _UNKNOWN,
        "issue_delay_ns": row["delay_ns"],
        "latency_ns": None if status == MISSING else row["latency_ns"],
    }
    if "n_tokens" in row:
        args["n_tokens"] = row["n_tokens"]
    pair = {"cat": "sample", "id": hex(number)}
    events = [{**_event("b", "sample", row["scheduled_ns"], args=args), **pair}]
    if row.get("first_token_ns", -1) >= 0:
        events.append({**_event("n", "first token", row["first_token_ns"]), **pair})
    events.append({**_event("e", "sample", row["end_ns"]), **pair})
    delay = {"us": row["delay_ns"] / 1000}
    return [*events, _event("C", "issue delay", row["issued_ns"], args=delay)]


def _event(phase: str, name: str, at_ns: int = 0, **fields: Any) -> Event:
    return {"ph": phase, "name": name, "pid": _PID, "tid": 0, "ts": at_ns / 1000, **fields}
