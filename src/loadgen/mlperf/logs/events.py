# SPDX-License-Identifier: Apache-2.0
"""What a log says of a run beside its figures: how series ended, and everything that went wrong.

MLPerf's own words where it has some; else the causes that `Result.reasons` has, without its advice:
that is in words of an interface that the reader of a log need not know. Not for figures.

References
----------
MLPerf LoadGen 6.0, issue_query_controller.cc and logging.cc.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np

from loadgen.metrics.columns import CHUNK_ROWS
from loadgen.mlperf.logs.account import Account, epoch_ns
from loadgen.mlperf.notes import Note
from loadgen.mlperf.settings import TestMode, TestScenario
from loadgen.result import Result, Series
from loadgen.result.data import MISSING, OK
from loadgen.result.observation import count
from loadgen.verdict import integrity, reasons

__all__ = [
    "TokenGaps",
    "fails_accuracy",
    "notes_of_series",
    "problems_of",
    "tallies",
    "token_gaps",
]

MOST_REPEATS: Final = 1000
"""The same error is said so often; then, how many more there were."""

_ENDED: Final = "Ending naturally: Minimum query count and test duration met."
_RAN_OUT: Final = (
    "Ending early: Ran out of generated queries to issue before the minimum query count and test "
    "duration were reached. Please update the relevant expected latency or target qps in the "
    "TestSettings so they are more accurate."
)
_NO_FIRST_TOKEN: Final = "Attempted to record a sample latency before it's first token latency"
_NO_TOKENS: Final = "n_tokens argument missing or attempted to record 0 as number of tokens"
_NEGATIVE: Final = "Attempted to record a negative number of tokens"
_ONE_TOKEN: Final = "Number of tokens need to be greater than 1"
_TOKEN_LATE: Final = "Attempted to record token latency after sample was completed"
_TWICE: Final = "Attempted to complete a sample twice."
_VIOLATIONS: Final = {
    "answered_twice": _TWICE,
    "first_token_twice": _TWICE,
    "first_token_after_completion": _TOKEN_LATE,
    "token_after_completion": _TOKEN_LATE,
    "invalid_token_count": _NO_TOKENS,
    "negative_token_count": _NEGATIVE,
}
"""MLPerf's words for violations; for the other kinds it has none."""


class TokenGaps(NamedTuple):
    """Completed samples of a series that have no token figures.

    Parameters
    ----------
    no_first, no_tokens, one_token : int
        Without a first token (Offline needs none: 0); with a count of 0; with a count of 1, which
        leaves no token to time.
    lacking : int
        Samples that are among the first two.
    """

    no_first: int
    no_tokens: int
    one_token: int
    lacking: int


def token_gaps(account: Account, series: Series) -> TokenGaps:
    """Count the completed samples of a series whose token figures are missing."""
    result = account.result
    if result is None or not account.requested.use_token_latencies:
        return TokenGaps(0, 0, 0, 0)
    columns = result.data.columns
    needs_first = account.requested.scenario is not TestScenario.Offline
    found = np.zeros(len(TokenGaps._fields), np.int64)
    for first in range(series.rows.start, series.rows.stop, CHUNK_ROWS):
        rows = slice(first, min(first + CHUNK_ROWS, series.rows.stop))
        done = columns["status"][rows] == OK
        none = np.zeros(len(done), np.uint32)
        n_tokens = columns["n_tokens"][rows] if "n_tokens" in columns else none
        came = columns["first_token"][rows] if "first_token" in columns else none
        no_first = done & (came <= result.data.never) & needs_first
        no_tokens = done & (n_tokens == 0)
        gaps = (no_first, no_tokens, done & (n_tokens == 1), no_first | no_tokens)
        found += [np.count_nonzero(each) for each in gaps]
    return TokenGaps(*found.tolist())


def problems_of(account: Account) -> tuple[str, ...]:
    """Return why a run is invalid whatever its figures are, each in one sentence of ours."""
    result = account.result
    if result is None:
        return ()
    seen = result.observed
    found = [reason.cause for reason in integrity(seen)]
    performance = [series for series in result.series if series.phase == "performance"]
    times_tokens = account.requested.scenario is not TestScenario.Offline
    lacking = sum(token_gaps(account, series).lacking for series in performance)
    if lacking and times_tokens:
        seen = dataclasses.replace(seen, n_without_tokens=lacking)
        found.append(reasons.without_tokens(seen).cause)
    return tuple(found)


def fails_accuracy(account: Account) -> bool:
    """Return whether the test was to be about accuracy only, and came to nothing or is invalid.

    LoadGen's own logs have no verdict on accuracy: where a test fails, it mostly hangs or crashes.
    """
    failed = account.result is None or bool(problems_of(account))
    return failed and account.requested.mode is TestMode.AccuracyOnly


def notes_of_series(account: Account) -> list[list[Note]]:
    """Return what is said after each series: how it ended, and its errors.

    What is known of the whole run only is said after its last series. An error that happened very
    often is said less often.
    """
    return [
        [*said.ending, *_repeated(said.errors, said.at_ns)] for said in _said_of_series(account)
    ]


def tallies(account: Account) -> tuple[int, int]:
    """Count the warnings and the errors of a whole test, also those that are not said each time."""
    notes = [*account.notes, *account.later_notes]
    n_errors = 0
    for said in _said_of_series(account):
        notes += said.ending
        n_errors += sum(times for _, times in said.errors)
    kinds = [note.kind for note in notes]
    return kinds.count("warning"), kinds.count("error") + n_errors


class _Said(NamedTuple):
    """What is said after a series.

    Parameters
    ----------
    ending : list of Note
    errors : list of (str, int)
        Each error, and how often it happened.
    at_ns : int
        When the series ended, epoch ns.
    """

    ending: list[Note]
    errors: list[tuple[str, int]]
    at_ns: int


def _said_of_series(account: Account) -> Iterator[_Said]:
    result = account.result
    if result is None:
        return
    began_ns = epoch_ns(result.started_at)
    gaps = [token_gaps(account, series) for series in result.series]
    # Negative counts are kept as 0, and have an error of their own.
    negative = result.observed.violations.get("negative_token_count", 0)
    without_tokens = 0
    for series, lacks in zip(result.series, gaps, strict=True):
        no_tokens = max(lacks.no_tokens - negative, 0)
        negative -= lacks.no_tokens - no_tokens
        without_tokens += no_tokens
        issued_ns = began_ns + series.start_ns + series.last_issued_ns
        ending = list(_ending(account, result, series, issued_ns))
        errors: list[tuple[str, int]] = [
            (_NO_FIRST_TOKEN, lacks.no_first),
            (_NO_TOKENS, no_tokens),
            (_ONE_TOKEN, lacks.one_token),
        ]
        missing = count(result.data, series.rows).missing
        incomplete = "Encountered incomplete samples at the end of a series of queries. count: "
        errors.append((f"{incomplete}{missing}", 1 if missing else 0))
        if series is result.series[-1]:
            errors += _of_the_run(result, without_tokens)
        ended_ns = began_ns + series.start_ns + series.end_ns
        yield _Said(ending, errors, ended_ns)


def _ending(account: Account, result: Result, series: Series, at_ns: int) -> Iterator[Note]:
    """Yield MLPerf's words for why issuing ended; it has some for performance series only."""
    if series.phase == "accuracy":
        return
    early = "IssueQueryThread 0 Ending early: "
    texts = {
        "max_queries": f"{early}Max query count reached. query_count {series.n_queries}",
        "max_duration": f"{early}Max test duration reached. duration_ns {series.last_issued_ns}",
    }
    if account.requested.scenario is TestScenario.Server:
        if series.end == "too_many_outstanding":
            outstanding = _outstanding(account, result, series)
            texts[series.end] = (
                f"{early}Too many outstanding queries. "
                f"issued {series.n_queries} outstanding {outstanding}"
            )
    elif series.end == "natural":
        yield Note("generic_message", _ENDED, at_ns)
    elif series.end == "ran_out":
        yield Note("error_runtime", _RAN_OUT, at_ns)
    if series.end in texts:
        yield Note("error_runtime", texts[series.end], at_ns)


def _outstanding(account: Account, result: Result, series: Series) -> int:
    """Return how many queries were unanswered when the last one was issued: over the limit."""
    columns, rows = result.data.columns, series.rows
    last_ns = result.data.run_start_ns + series.start_ns + series.last_issued_ns
    open_then = (columns["completed"][rows] > last_ns) | (columns["status"][rows] == MISSING)
    over: int = account.requested.server_max_async_queries + 1
    return max(over, int(np.count_nonzero(open_then)))


def _of_the_run(result: Result, without_tokens: int) -> list[tuple[str, int]]:
    """Return errors and how often each is said; `without_tokens` were said already."""
    seen = result.observed
    errors = []
    for kind, text in _VIOLATIONS.items():
        times = seen.violations.get(kind, 0)
        if kind == "invalid_token_count":
            times = max(times - without_tokens, 0)
        errors.append((text, times))
    others = {kind: n for kind, n in seen.violations.items() if kind not in _VIOLATIONS}
    # Without what has been said in MLPerf's words.
    rest = dataclasses.replace(seen, run_missing=0, violations=others)
    return errors + [(reason.cause, 1) for reason in integrity(rest)]


def _repeated(errors: Iterable[tuple[str, int]], at_ns: int) -> Iterator[Note]:
    for text, times in errors:
        for _ in range(min(times, MOST_REPEATS)):
            yield Note("error_runtime", text, at_ns)
        if times > MOST_REPEATS:
            more = f"{text} ({times - MOST_REPEATS} more times)"
            yield Note("error_runtime", more, at_ns)
