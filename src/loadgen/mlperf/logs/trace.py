# SPDX-License-Identifier: Apache-2.0
"""Writes the trace of a run: Chrome's trace-event format, with LoadGen's names and shapes.

What it shows was measured: each series as a span, each sample from its due instant to its answer,
its first token likewise; in Server also their delays as counters. LoadGen's spans of its own work
are left out, since a result does not know them. Unlike LoadGen's it is valid JSON, and its last
event has a phase.

References
----------
"Trace Event Format", the catapult project: duration "X", async "b" and "e", counter "C" events.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from itertools import chain, pairwise, repeat
from operator import add
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from loadgen._core import __version__
from loadgen.mlperf.logs.account import Account, epoch_ns
from loadgen.mlperf.settings import TestScenario
from loadgen.result.data import FAILED, MISSING, OK

if TYPE_CHECKING:
    import numpy.typing as npt

    from loadgen.result import Result, Series

__all__ = ["write_trace"]

_CHUNK_ROWS = 1 << 12  # about 2 MiB of text at once

# What stands between "<" and ">" is a sample's own; capitals are replaced once for all.
_BEGIN = (
    '{"name":"NAME","cat":"default","ph":"b","pid":PID,"id":<id>,"ts":<due>,"args":'
    '{"sample_seq":<id>,"query_seq":<query>,"sample_idx":<index>,'
    '"issue_start_ns":<delay>,"complete_ns":END}},\n'
)
_END = '{"name":"NAME","cat":"default","ph":"e", "pid":PID,"id":<id>,"ts":AT},\n'
_COUNTER = (
    '{"name":"NAME","ph": "C","pid":PID,"ts":<due>,"args":'
    '{ "issue_delay":<delay>,"issue_to_done":AFTER}},\n'
)
_STATUS = {
    OK: "<latency>",
    FAILED: '<latency>,"status":"failed"',
    MISSING: 'null,"status":"missing"',
}
_THOUSANDTHS = [f".{ns:03d}" for ns in range(1000)]


def write_trace(account: Account, file: TextIO) -> None:
    """Write the whole trace.

    Instants are in us since logging began. A sample that no answer came for ends with its series,
    and says so.

    Parameters
    ----------
    account : Account
    file : text file

    Raises
    ------
    OSError
    """
    pid, tid = os.getpid(), threading.get_native_id()
    file.write('{"traceEvents":[\n')
    end_ns = 0
    result = account.result
    if result is not None:
        started_ns = epoch_ns(result.started_at)
        offset_ns = started_ns - account.began_ns if started_ns else 0
        for series in result.series:
            end_ns = offset_ns + series.start_ns + series.end_ns
            file.write(_span(series, offset_ns, pid, tid))
            for text in _samples(account, result, series, offset_ns, pid):
                file.write(text)
    origin = f"{account.began_ns // 1000}.{account.began_ns % 1000:03d}"
    version = f"loadgen {__version__}"
    last = f'"ph":"i","s":"g","pid":{pid},"tid":{tid},"ts":{end_ns / 1000:.3f}'
    file.write(
        f'{{"name":"LastTrace",{last}}}\n],\n"displayTimeUnit":"ns",\n"otherData":{{\n'
        f'"ts":{origin},\n"version":"{version}"\n}}\n}}\n'
    )


def _span(series: Series, offset_ns: int, pid: int, tid: int) -> str:
    start_us = (offset_ns + series.start_ns) / 1000
    args = {
        "phase": series.phase,
        "queries": series.n_queries,
        "samples": series.n_rows,
        "end": series.end,
    }
    return (
        f'{{"name":"Series","ph":"X","pid":{pid},"tid":{tid},"ts":{start_us:.3f},'
        f'"dur":{series.end_ns / 1000:.3f},"args":{json.dumps(args)}}},\n'
    )


def _samples(
    account: Account, result: Result, series: Series, offset_ns: int, pid: int
) -> Iterator[str]:
    """Yield the events of a series' samples, in parts."""
    scenario = account.requested.scenario
    templates = [
        _template(scenario is TestScenario.Server, status, token, pid)
        for token in (False, True)
        for status in sorted(_STATUS)
    ]
    for first in range(0, series.n_rows, _CHUNK_ROWS):
        local = np.arange(first, min(first + _CHUNK_ROWS, series.n_rows))
        rows = slice(series.first_row + first, series.first_row + first + len(local))
        columns, kinds = _columns(result, series, rows, offset_ns)
        columns["id"] = _texts(local + (series.first_sample_id + account.first_sample_id))
        first_query = series.first_query_id + account.first_query_id
        columns["query"] = _texts(_queries(scenario, series, local) + first_query)
        # One template for each stretch of rows that have the same events.
        bounds = [0, *(np.flatnonzero(np.diff(kinds)) + 1).tolist(), len(local)]
        for begin, end in pairwise(bounds):
            parts = [
                columns[part][begin:end] if number % 2 else repeat(part)
                for number, part in enumerate(templates[int(kinds[begin])])
            ]
            yield "".join(chain.from_iterable(zip(*parts, strict=False)))


def _queries(
    scenario: TestScenario, series: Series, local: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return which query of its series each sample is of."""
    if scenario is TestScenario.Offline:
        return np.zeros_like(local)
    per_query = series.samples_per_query if scenario is TestScenario.MultiStream else 1
    return local // per_query


def _columns(
    result: Result, series: Series, rows: slice, offset_ns: int
) -> tuple[dict[str, list[str]], npt.NDArray[np.int64]]:
    """Return what the events are filled with, and each row's template: status + 3 with a token."""
    samples = result.samples
    status = samples["status"][rows].astype(np.int64)
    scheduled, issued = samples["scheduled_ns"][rows], samples["issued_ns"][rows]
    completed = samples["completed_ns"][rows]
    end = np.where(status == MISSING, series.start_ns + series.end_ns, completed)
    end = np.maximum(end, scheduled)
    columns = {
        "index": _texts(samples["index"][rows]),
        "due": _us(scheduled + offset_ns),
        "delay": _texts(issued - scheduled),
        "latency": _texts(completed - scheduled),
        "to_done": _texts(completed - issued),
        "end": _us(end + offset_ns),
    }
    kinds = status
    if "first_token_ns" in samples:
        token = samples["first_token_ns"][rows]
        kinds = status + len(_STATUS) * (token >= 0)
        columns["ttft"] = _texts(token - scheduled)
        columns["to_token"] = _texts(token - issued)
        columns["token_end"] = _us(np.clip(token, scheduled, end) + offset_ns)
    return columns, kinds


def _texts(numbers: npt.NDArray[Any]) -> list[str]:
    """Return integers as texts: by way of a list's text, which is twice as fast as one by one."""
    return str(numbers.tolist())[1:-1].split(", ")


def _us(instants: npt.NDArray[np.int64]) -> list[str]:
    """Return instants in us, exact: three decimals."""
    if instants.min() < 0:
        return [f"{ns / 1000:.3f}" for ns in instants.tolist()]
    us, ns = np.divmod(instants, 1000)
    return list(map(add, _texts(us), map(_THOUSANDTHS.__getitem__, ns.tolist())))


def _template(server: bool, status: int, token: bool, pid: int) -> list[str]:
    """Return the events of one sample: a constant text, a column's name, a constant, and so on."""
    text = ""
    if server and token:
        text += _COUNTER.replace("NAME", "Token_Latency").replace("AFTER", "<to_token>")
    if server and status == OK:
        text += _COUNTER.replace("NAME", "Latency").replace("AFTER", "<to_done>")
    text += _BEGIN.replace("NAME", "Sample").replace("END", _STATUS[status])
    if token and not server:
        text += _BEGIN.replace("NAME", "Token").replace("END", "<ttft>")
        text += _END.replace("NAME", "Token").replace("AT", "<token_end>")
    text += _END.replace("NAME", "Sample").replace("AT", "<end>")
    return re.split(r"<(\w+)>", text.replace("PID", str(pid)))
