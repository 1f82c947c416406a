# SPDX-License-Identifier: Apache-2.0
"""The trace, where there is one: every sample of the run, against figures, seeds and schedule.

From it the figures are not only possible but known. Read as a stream; 40 bytes a sample are kept.

References
----------
MLPerf LoadGen 6.0, logging.cc: the trace; results.cc.
"""

from __future__ import annotations

import re
import stat
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from loadgen.metrics.early_stopping import estimate_rank_from_top
from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.logs.case import Case, near
from loadgen.mlperf.checker.logs.drawn import MOST_SAMPLES, drawn, n_samples
from loadgen.mlperf.checker.logs.plan import scheduled
from loadgen.mlperf.checker.logs.schedule import RATE
from loadgen.mlperf.checker.logs.spreads import Shown, latency, query_latency

__all__ = ["TRACE", "Traced", "check_trace", "read_trace"]

TRACE: Final = "mlperf_log_trace.json"

_START: Final = b'{"name":"Sample","cat":"default","ph":"b",'
_SAMPLE: Final = re.compile(
    rb'\{"name":"Sample","cat":"default","ph":"b","pid":\d{1,20},"id":\d{1,20},'
    rb'"ts":(-?\d{1,15})\.(\d{3}),"args":\{"sample_seq":(\d{1,18}),"query_seq":\d{1,20},'
    rb'"sample_idx":(\d{1,18}),"issue_start_ns":-?\d{1,18},"complete_ns":(-?\d{1,18})\}\},?\s*'
)
_LONGEST: Final = 1 << 16  # bytes of a line
_P99: Final = 0.99


@dataclass(frozen=True)
class Traced:
    """Samples of a trace, in the order of their ids.

    Parameters
    ----------
    seq, index : int64 array, shape (n,)
        Id, and which sample of the library.
    due, latency : int64 array, shape (n,), ns
        Since the trace began; since it was due.
    fault : tuple of (int, str) or None
        The first line that is no event of a sample although it begins as one.
    source : {"trace", "rows"}
        What they were read from: rules begin with it.
    file : str
    """

    seq: NDArray[np.int64]
    index: NDArray[np.int64]
    due: NDArray[np.int64]
    latency: NDArray[np.int64]
    fault: tuple[int, str] | None = None
    source: Literal["trace", "rows"] = "trace"
    file: str = TRACE


def read_trace(path: Path) -> Traced | None:
    """Read a trace; None where there is none, as in most runs."""
    try:
        there = path.stat()
        if not stat.S_ISREG(there.st_mode) or there.st_size == 0:
            return None
        return _read(path)
    except (OSError, ValueError):
        return None


def _read(path: Path) -> Traced:
    columns = [array("q") for _ in range(4)]
    fault = None
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_LONGEST):
            number += 1
            if len(line) == _LONGEST:  # of a file that is one hole there is no end
                fault = number, f"a line of {_LONGEST:,} bytes or more"
                break
            if not line.startswith(_START):
                continue
            found = _SAMPLE.fullmatch(line)
            if found is None or len(columns[0]) >= MOST_SAMPLES:
                fault = number, repr(line[:60])
                break
            us, ns, seq, index, took = found.groups()
            due = int(us) * 1000 + (-int(ns) if us.startswith(b"-") else int(ns))
            for column, value in zip(columns, (int(seq), int(index), due, int(took)), strict=True):
                column.append(value)
    seq, index, at, latencies = (np.frombuffer(column, np.int64) for column in columns)
    order = np.argsort(seq, kind="stable")
    return Traced(seq[order], index[order], at[order], latencies[order], fault)


def check_trace(case: Case, traced: Traced) -> Iterator[Finding]:
    """Yield samples of the trace that the log, the seeds or the schedule do not have."""
    if traced.fault is not None:
        line, text = traced.fault
        words = "an event as LoadGen writes it"
        yield case.finding("trace.form", text, words, line=line, file=traced.file)
        return
    yield from check_samples(case, traced)


def check_samples(case: Case, traced: Traced) -> Iterator[Finding]:
    """Yield which samples are not those of the log, the seeds or the schedule."""
    rule, n = f"{traced.source}.samples", n_samples(case)
    if len(traced.seq) != n or not np.array_equal(traced.seq, np.arange(n)):
        found, words = f"{len(traced.seq):,} samples", f"{n:,}, each once"
        yield case.finding(rule, found, words, file=traced.file)
        return
    least = case.integer("effective_min_query_count")
    _, planned = drawn(case, n if least <= MOST_SAMPLES else 0, 0.0)
    wrong = np.flatnonzero(planned[:n] != traced.index[: len(planned)])
    if len(planned) == n and len(wrong):
        at = wrong[0]
        found = f"sample {traced.index[at]} has the id {at}, and {len(wrong) - 1} more"
        words = f"sample {planned[at]}, by the seeds"
        yield case.finding(rule, found, words, file=traced.file)
    if n and not case.expected.is_accuracy:
        yield from _schedule(case, traced)
        yield from _figures(case, traced)


def _schedule(case: Case, traced: Traced) -> Iterator[Finding]:
    rule, due = f"{traced.source}.schedule", traced.due - traced.due[0]
    if case.scenario == "Server" and (known := scheduled(case)) and not known[0].first:
        plan, rate = known
        wanted = plan.due_ns[: len(due)] * (RATE / rate)
        apart = np.abs(due - wanted)
        if apart.max() > len(due) + 2:  # each gap is cut to a whole number of ns
            at = int(apart.argmax())
            found = f"query {at} is due {due[at]} ns after the first"
            words = f"{wanted[at]:.0f}, by the schedule's seed"
            yield case.finding(rule, found, words, file=traced.file)
    elif case.scenario in ("SingleStream", "MultiStream"):
        per_query = case.integer("generated_samples_per_query")
        done = (due + traced.latency).reshape(-1, per_query).max(axis=1)
        early = np.flatnonzero(due[per_query::per_query] < done[:-1])
        if len(early):
            found = f"query {early[0] + 1} is due at {due[per_query * (early[0] + 1)]} ns"
            words = f"at least {done[early[0]]}, when the one before it was answered"
            yield case.finding(rule, found, words, file=traced.file)


def _figures(case: Case, traced: Traced) -> Iterator[Finding]:
    values = np.sort(traced.latency)
    yield from _shown(case, traced, latency(case), values)
    if case.scenario == "MultiStream":
        per_query = case.integer("generated_samples_per_query")
        values = np.sort(traced.latency.reshape(-1, per_query).max(axis=1))
        yield from _shown(case, traced, query_latency(case), values)
    if case.scenario == "Server" and case.n_queries > 1:
        last = int(traced.due[-1] - traced.due[0] + traced.latency[-1])
        wanted = (case.n_queries - 1) / last * 1e9 if last > 0 else 0.0
        yield from _score(case, traced, "result_completed_samples_per_sec", wanted)
        over = int(np.count_nonzero(values > case.integer("effective_target_latency_ns")))
        yield from _score(case, traced, "result_overlatency_query_count", over)
    elif case.scenario == "Offline":
        last = int(values[-1])  # all were due at once
        wanted = len(values) / last * 1e9 if last > 0 else 0.0
        yield from _score(case, traced, "result_samples_per_second", wanted)
    elif not case.tokens:
        is_single = case.scenario == "SingleStream"
        keys = {f"early_stopping_latency_{'ss' if is_single else 'ms'}": case.percentile}
        if is_single:
            keys["early_stopping_latency_ms"] = _P99
        for key, fraction in keys.items():
            rank = estimate_rank_from_top(case.n_queries, fraction)
            if rank is not None:
                yield from _score(case, traced, key, int(values[len(values) - rank]))


def _shown(
    case: Case, traced: Traced, shown: Shown, values: NDArray[np.int64]
) -> Iterator[Finding]:
    for place, _, key in shown.places():
        yield from _score(case, traced, key, int(values[place]))
    yield from _score(case, traced, shown.extreme.format("mean"), int(values.sum() // len(values)))


def _score(case: Case, traced: Traced, key: str, wanted: float) -> Iterator[Finding]:
    written = case.number(key)
    same = written == wanted if isinstance(wanted, int) else near(written, wanted, 2)
    if not same:
        rule, words = f"{traced.source}.latency", f"{wanted:.15g}, by the {traced.source}"
        yield case.finding(rule, written, words, key=key)
