# SPDX-License-Identifier: Apache-2.0
"""MLPerf's detail log: ``mlperf_log_detail.txt``, key by key as LoadGen 6.0 writes it.

Times are those of the run's own instants, since logging began. Every line is valid JSON. Not for
the figures (`figures`), nor for reading a log again (`read`).
"""

from __future__ import annotations

import datetime
import functools
import hashlib
import os
import threading
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Final

from loadgen._core import __version__
from loadgen.metrics.throughput import latest_done_ns
from loadgen.mlperf.chain import HEAD, NONCE, TRAFFIC, rows_chain
from loadgen.mlperf.logs import events
from loadgen.mlperf.logs.account import Account, epoch_ns
from loadgen.mlperf.logs.numbers import json_value
from loadgen.mlperf.logs.outcome import result_entries
from loadgen.mlperf.logs.parameters import effective_values
from loadgen.mlperf.notes import Note
from loadgen.mlperf.settings import TestMode, TestScenario
from loadgen.result import Result, Series
from loadgen.traffic import loadable_sets

__all__ = ["checksums", "detail_lines"]

Entry = tuple[str, object]

_BUILD: Final = (
    *("loadgen_build_date_local", "loadgen_build_date_utc", "loadgen_git_commit_date"),
    *("loadgen_git_log_message", "loadgen_git_status_message"),
)
"""What a wheel of the official package knows of its build, and this package does not."""

_COUNTERS: Final = (
    "logger_swap_request_slots_retry_count",
    "logger_swap_request_slots_retry_retry_count",
    "logger_swap_request_slots_retry_reencounter_count",
    "logger_start_reading_entries_retry_count",
    "logger_tls_total_log_cas_fail_count",
    "logger_tls_total_swap_buffers_slot_retry_count",
)
"""LoadGen's counters of its logging thread; there is no such thread here."""

_REQUESTED: Final = {
    TestScenario.SingleStream: (
        "single_stream_expected_latency_ns",
        "single_stream_target_latency_percentile",
    ),
    TestScenario.MultiStream: (
        "multi_stream_expected_latency_ns",
        "multi_stream_target_latency_percentile",
        "multi_stream_samples_per_query",
    ),
    TestScenario.Server: (
        "server_target_qps",
        "server_target_latency_ns",
        "server_target_latency_percentile",
        "server_coalesce_queries",
        "server_find_peak_qps_decimals_of_precision",
        "server_find_peak_qps_boundary_step_size",
        "server_max_async_queries",
        "server_num_issue_query_threads",
    ),
    TestScenario.Offline: ("offline_expected_qps",),
}
_REQUESTED_BY_ALL: Final = (
    *("min_duration_ms", "max_duration_ms", "min_query_count", "max_query_count"),
    *("qsl_rng_seed", "sample_index_rng_seed", "schedule_rng_seed", "accuracy_log_rng_seed"),
    *("accuracy_log_probability", "accuracy_log_sampling_target", "print_timestamps"),
    *("performance_issue_unique", "performance_issue_same", "performance_issue_same_index"),
    *("performance_sample_count_override", "accuracy_sample_count_override"),
    "sample_concatenate_permutation",
)
_STARTS: Final = {
    "accuracy": "Starting accuracy mode",
    "performance": "Starting performance mode",
}
_PEAK_STARTS: Final = "Starting FindPeakPerformance mode"


def detail_lines(account: Account) -> Iterator[str]:
    """Yield the lines of the whole detail log.

    Parameters
    ----------
    account : Account
    """
    log = _Log(account.began_ns)
    # What conf files said before the test began comes before everything else.
    before = [
        note for note in account.notes if (note.time_ns or account.began_ns) < account.began_ns
    ]
    yield from log.notes(before)
    yield from log.entries(_version())
    yield from log.entries(_test(account))
    yield from log.notes(note for note in account.notes if note not in before)
    yield from log.entries(_requested(account))
    yield from log.entries(_origin(account))
    effective = effective_values(account) or {}
    yield from log.entries((f"effective_{name}", value) for name, value in effective.items())
    said = {note.text for note in (*account.notes, *account.later_notes)}
    if account.requested.mode is TestMode.FindPeakPerformance and _PEAK_STARTS not in said:
        yield log.line("generic_message", _PEAK_STARTS)
    later = sorted(account.later_notes, key=lambda note: note.time_ns or 0)
    if account.result is not None:
        later = yield from _all_series(log, account, account.result, later)
    yield from log.notes(later)
    if account.result is not None and account.result.settings.nonce is not None:
        yield log.line(HEAD, rows_chain(account.result).head)
    results = list(result_entries(account))
    if results:
        _, errors = events.tallies(account)
        yield from log.entries([*results, ("num_errors", errors)])


class _Log:
    """Makes lines; its time never goes back.

    Parameters
    ----------
    began_ns : int
        Epoch ns that times count from.
    """

    def __init__(self, began_ns: int) -> None:
        self._began_ns = began_ns
        self._now_ns = 0
        self._process = f'"pid": {os.getpid()}, "tid": {threading.get_native_id()}'

    def reach(self, at_ns: int) -> None:
        """Let what follows be at an instant, epoch ns, or at the latest one so far."""
        self._now_ns = max(self._now_ns, at_ns - self._began_ns)

    def line(self, key: str, value: object, kind: str = "message") -> str:
        """Return the line of an entry."""
        time_ms = f"{self._now_ns // 1_000_000}.{self._now_ns % 1_000_000:06d}"
        is_error, is_warning = json_value(kind == "error"), json_value(kind == "warning")
        return (
            f':::MLLOG {{"key": {json_value(key)}, "value": {json_value(value)}, '
            f'"time_ms": {time_ms}, "namespace": "mlperf::logging", '
            f'"event_type": "POINT_IN_TIME", "metadata": {{"is_error": {is_error}, '
            f'"is_warning": {is_warning}, "file": "loadgen", "line_no": 0, {self._process}}}}}\n'
        )

    def entries(self, entries: Iterable[Entry]) -> Iterator[str]:
        """Yield a line for each entry."""
        for key, value in entries:
            yield self.line(key, value)

    def notes(self, notes: Iterable[Note]) -> Iterator[str]:
        """Yield a line for each note, at its time."""
        for note in notes:
            if note.time_ns is not None:
                self.reach(note.time_ns)
            yield self.line(note.key, note.text, note.kind)


def _version() -> Iterator[Entry]:
    yield (
        "loadgen_version",
        f"loadgen {__version__} (independent implementation, not MLCommons LoadGen)",
    )
    for key in _BUILD:
        yield key, "NA"
    yield "loadgen_file_sha1", checksums()


@functools.cache
def checksums() -> dict[str, str]:
    """Return SHA-1 of each file of this package, which says what was measured with."""
    root = Path(__file__).parents[2]
    return {
        f"/{path.relative_to(root).as_posix()}": hashlib.sha1(
            path.read_bytes(), usedforsecurity=False
        ).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.suffix in (".py", ".pyi", ".so", ".json")
    }


def _test(account: Account) -> Iterator[Entry]:
    began = datetime.datetime.fromtimestamp(account.began_ns // 1_000_000_000)
    yield "test_datetime", began.strftime("%Y-%m-%dT%H:%M:%SZ")  # local, as LoadGen has it
    yield "sut_name", account.sut_name
    yield "get_sut_name_duration_ns", account.sut_name_duration_ns
    yield "qsl_name", account.qsl_name
    yield "qsl_reported_total_count", account.total
    yield "qsl_reported_performance_count", account.performance


def _requested(account: Account) -> Iterator[Entry]:
    requested = account.requested
    yield "requested_scenario", requested.scenario.name
    yield "requested_test_mode", requested.mode.name
    for name in (*_REQUESTED[requested.scenario], *_REQUESTED_BY_ALL):
        yield f"requested_{name}", getattr(requested, name)
    if requested.use_token_latencies:
        yield "requested_use_token_latencies", True
        if requested.scenario is not TestScenario.Offline:
            yield "requested_server_ttft_latency", requested.ttft_latency
            yield "requested_server_tpot_latency", requested.tpot_latency


def _origin(account: Account) -> Iterator[Entry]:
    """Yield, of a run with a nonce, what LoadGen has no entries for."""
    result = account.result
    if result is not None and result.settings.nonce is not None:
        yield NONCE, result.settings.nonce
        yield TRAFFIC, result.traffic_digest


def _all_series(
    log: _Log, account: Account, result: Result, later: list[Note]
) -> Generator[str, None, list[Note]]:
    """Yield what each series says, later notes where they belong; return those that are left."""
    run_ns = epoch_ns(result.started_at)
    sets: dict[str, Iterator[list[int]]] = {}
    phase = None
    for series, said in zip(result.series, events.notes_of_series(account), strict=True):
        begin_ns = run_ns + series.start_ns
        while later and (later[0].time_ns or 0) < begin_ns:
            yield from log.notes([later.pop(0)])
        log.reach(begin_ns)
        if series.phase != phase and account.requested.mode is not TestMode.FindPeakPerformance:
            yield log.line("generic_message", _STARTS[series.phase])
        phase = series.phase
        if phase not in sets:
            sets[phase] = _loaded_sets(result, phase)
        yield log.line("loaded_qsl_set", next(sets[phase], []))
        yield from log.entries(_plan(account, series))
        yield from log.notes(said)
        log.reach(begin_ns + series.end_ns)
        yield from log.entries((key, 0) for key in _COUNTERS)
        powered_ns = powered(result, series)
        yield log.line("power_begin", _utc(powered_ns[0]))
        yield log.line("power_end", _utc(powered_ns[1]))
    return later


def _loaded_sets(result: Result, phase: str) -> Iterator[list[int]]:
    sizes, total, accuracy = result.effective, result.dataset_total, phase == "accuracy"
    sets = loadable_sets(result.scenario, result.settings, sizes, total, accuracy=accuracy)
    return (each.samples.tolist() for each in sets)


def _plan(account: Account, series: Series) -> Iterator[Entry]:
    """Yield what was planned; what was issued, where planning goes on as long as the run."""
    planned, duration_ns = series.planned_queries, series.planned_duration_ns
    is_offline = account.requested.scenario is TestScenario.Offline
    yield "generated_query_count", series.n_queries if planned is None else planned
    # Offline's one query may be longer than its settings say: whole permutations.
    per_query = series.n_rows if is_offline and series.n_rows else series.samples_per_query
    yield "generated_samples_per_query", per_query
    duration_ns = series.last_scheduled_ns if duration_ns is None else duration_ns
    yield "generated_query_duration", duration_ns


def powered(result: Result, series: Series) -> tuple[int, int]:
    """Return from when to when power counts for a series, ns since 1970: to the last answer."""
    begin_ns = epoch_ns(result.started_at) + series.start_ns
    columns, rows = result.data.columns, series.rows
    start_ns = result.data.run_start_ns + series.start_ns
    lasted_ns = latest_done_ns(columns["completed"][rows], columns["status"][rows], start_ns)
    return begin_ns, begin_ns + lasted_ns


def _utc(at_ns: int) -> str:
    """Return an instant as LoadGen tells it to those who measure power."""
    seconds, rest_ns = divmod(at_ns, 1_000_000_000)
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return f"{moment:%m-%d-%Y %H:%M:%S}.{rest_ns // 1_000_000:03d}"
