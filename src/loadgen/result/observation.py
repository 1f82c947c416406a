# SPDX-License-Identifier: Apache-2.0
"""From what a run left behind to what is judged: `RunData` to `Observed`, and the status counts.

Not for judging (`verdict`, `health`), nor for the instants behind a figure (`latencies`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from loadgen.config.scenarios import Concurrent, Scenario, Server
from loadgen.health import DelayFigures, Health, PlannedQueries, assess
from loadgen.metrics.columns import CHUNK_ROWS
from loadgen.metrics.goodput import Goodput, Limits, count_good
from loadgen.metrics.latency import Distribution
from loadgen.metrics.throughput import final_done_ns, latest_done_ns
from loadgen.metrics.tokens import TokenCounts, token_counts
from loadgen.result.data import FAILED, MISSING, OK, Occurrence, RunData
from loadgen.result.latencies import judged_rows, judged_series
from loadgen.verdict import headline
from loadgen.verdict.observed import Observed, limits

_REPORTED_WITH_A_RATE = 99.0
_CUT_SHORT_BY = ("too_many_outstanding", "record_full")
"""Ends of a series that leave out planned queries, which nobody asked for."""
# Of each knob, the field of `Limits`.
_LIMITS = {
    "target_latency_ms": "latency_ns",
    "target_ttft_ms": "ttft_ns",
    "target_tpot_ms": "tpot_ns",
}


class Counts(NamedTuple):
    """Samples by status."""

    completed: int
    failed: int
    missing: int


def count(data: RunData, rows: slice) -> Counts:
    """Count the samples of some rows by status."""
    if data.tally is not None:  # one series, so any rows that are asked for are all
        return Counts(data.tally.completed, data.tally.failed, data.tally.missing)
    status = data.columns["status"][rows]
    # Nearly always every sample is ok, and the largest is found 50 times faster than a count.
    if np.max(status, initial=OK) == OK:
        return Counts(len(status), 0, 0)
    failed = missing = 0
    for first in range(0, len(status), CHUNK_ROWS):
        part = status[first : first + CHUNK_ROWS]
        failed += int(np.count_nonzero(part == FAILED))
        missing += int(np.count_nonzero(part == MISSING))
    return Counts(len(status) - failed - missing, failed, missing)


def count_tokens(data: RunData) -> TokenCounts | None:
    """Count the tokens of the judged series' completed samples; None where none are recorded."""
    if data.tally is not None:
        counted = TokenCounts(data.tally.n_tokens, data.tally.one_token)
        return counted if data.settings.tokens else None
    if "n_tokens" not in data.columns:
        return None
    rows = judged_rows(data)
    return token_counts(data.columns["n_tokens"][rows], data.columns["status"][rows])


def goodput(data: RunData, seen: Observed) -> Goodput | None:
    """Return how much of the judged series was good; None where no limit is judged.

    Parameters
    ----------
    data : RunData
    seen : Observed
        What `observe` made of it.
    """
    judged = [] if seen.is_accuracy else limits(seen)
    if not judged:
        return None
    if data.tally is not None:
        n_good = data.tally.good
    else:
        rows = judged_rows(data)
        found = Limits(**{_LIMITS[each.knob]: each.limit_ns for each in judged})
        columns = {name: column[rows] for name, column in data.columns.items()}
        n_good = count_good(
            columns["scheduled"],
            columns["completed"],
            columns["status"],
            columns.get("first_token"),
            columns.get("n_tokens"),
            limits=found,
            never=data.never,
        )
    limits_ms = {each.knob: getattr(seen.scenario, each.knob) for each in judged}
    completed = headline(seen)
    rate = completed.value if completed else 0.0
    return Goodput.of(n_good, seen.latency.count, seen.n_samples, rate, limits_ms)


def observe(
    data: RunData, latency: Distribution, ttft: Distribution | None, tpot: Distribution | None
) -> Observed:
    """Return what a run did, as far as it is judged.

    Parameters
    ----------
    data : RunData
    latency, ttft, tpot : Distribution
        Of the judged series; the last two None where there is none.
    """
    series = judged_series(data)
    last = series[-1] if series else None
    run = count(data, slice(0, data.n_rows))
    return Observed(
        scenario=data.scenario,
        settings=data.settings,
        effective=data.effective,
        n_queries=sum(each.n_queries for each in series),
        n_samples=sum(each.n_rows for each in series),
        last_scheduled_ns=last.last_scheduled_ns if last else 0,
        last_issued_ns=last.last_issued_ns if last else 0,
        done_ns=_done_ns(data),
        end=last.end if last else "aborted",
        latency=latency,
        ttft=ttft,
        tpot=tpot,
        n_without_tokens=_without_tokens(data),
        run_samples=data.n_rows,
        run_failed=run.failed,
        run_missing=run.missing,
        violations={kind: each.count for kind, each in data.violations.items()},
        failures={kind: each.count for kind, each in data.failures.items()},
        aborted_reason=data.aborted_reason,
        waiting_at=None if data.tally is not None else lambda at_ns: _waiting(data, at_ns),
    )


def _waiting(data: RunData, at_ns: int) -> int:
    """Count the judged samples that were due and not answered at an instant.

    Due, not issued: where `issue` blocks, what waits has not been issued yet.
    """
    series = judged_series(data)
    instant, judged = data.run_start_ns + series[0].start_ns + at_ns, judged_rows(data)
    due, completed = data.columns["scheduled"][judged], data.columns["completed"][judged]
    status, found = data.columns["status"][judged], 0
    for first in range(0, len(status), CHUNK_ROWS):
        rows = slice(first, first + CHUNK_ROWS)
        waits = (completed[rows] > instant) | (status[rows] == MISSING)
        found += int(np.count_nonzero(waits & (due[rows] <= instant)))
    return found


def _without_tokens(data: RunData) -> int:
    """Count the completed samples that a limit on tokens leaves out, but for those of one token."""
    if data.tally is not None:
        return data.tally.without_tokens if data.settings.tokens else 0
    if "first_token" not in data.columns or "n_tokens" not in data.columns:
        return 0
    judged = judged_rows(data)
    first_token, n_tokens = data.columns["first_token"][judged], data.columns["n_tokens"][judged]
    status, found = data.columns["status"][judged], 0
    for first in range(0, len(status), CHUNK_ROWS):
        rows = slice(first, first + CHUNK_ROWS)
        lacking = (first_token[rows] <= data.never) | (n_tokens[rows] == 0)
        found += int(np.count_nonzero(lacking & (status[rows] == OK)))
    return found


def _done_ns(data: RunData) -> int:
    """Return what a rate is divided by: which answer is the last one depends on the scenario."""
    series = judged_series(data)
    if not series or not isinstance(data.scenario, (Server, Concurrent)):
        return 0
    if data.tally is not None:
        is_last_answered = isinstance(data.scenario, Server) and data.tally.final_done_ns > 0
        done_ns = data.tally.final_done_ns if is_last_answered else data.tally.latest_done_ns
        return max(done_ns - series[0].start_ns, 0)
    rows, start_ns = judged_rows(data), data.run_start_ns + series[0].start_ns
    completed, status = data.columns["completed"][rows], data.columns["status"][rows]
    done = final_done_ns if isinstance(data.scenario, Server) else latest_done_ns
    return done(completed, status, start_ns)


def reported_percentile(scenario: Scenario) -> float:
    """Return the percentile of the latency that is reported, or is shown beside a rate."""
    found: float = getattr(scenario, "target_percentile", _REPORTED_WITH_A_RATE)
    return found


def health(
    data: RunData, latency: Distribution, own: DelayFigures, blocked: DelayFigures
) -> Health:
    """Return how the generator behaved."""
    system = data.environment.get("system", {})
    client = system.get("client") if isinstance(system, Mapping) else None
    added = client.get("added") if isinstance(client, Mapping) else None
    return assess(
        own,
        blocked,
        latency,
        reported_percentile(data.scenario),
        DelayFigures.from_client(added),
        issuing=data.issuing,
        monitor=data.monitor,
        planned=_planned(data),
    )


def _planned(data: RunData) -> PlannedQueries:
    """Return what became of the planned queries; ends that were asked for leave none out."""
    series = judged_series(data)
    last = series[-1] if series else None
    redelivered = data.violations.get("redelivered", Occurrence(0, "")).count
    if not isinstance(data.scenario, Server) or last is None or last.end not in _CUT_SHORT_BY:
        return PlannedQueries(redelivered=redelivered)
    return PlannedQueries(last.end, last.planned_queries or 0, last.n_queries, redelivered)
