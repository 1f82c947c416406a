# SPDX-License-Identifier: Apache-2.0
"""Why a run ended, and the knob that makes it go on.

Not here: whether it should have gone on (``verdict``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from loadgen.config.arrivals import Replay
from loadgen.config.scenarios import Concurrent, Server
from loadgen.traffic import histogram_places

if TYPE_CHECKING:
    from loadgen.verdict.observed import Observed

__all__ = ["ENDED_BY", "GIVEN_UP", "at_least", "ended_early", "less_load", "longer"]

GIVEN_UP: Final = {
    "aborted": "the run was aborted",
    "sut_raised": "the system under test raised an exception",
    "drain_timeout": "the run ended because no answer came for the drain time-out",
    "record_full": "the record was full",
}
"""Ends after which a run's figure says nothing."""

_ADVICE: Final = {
    "aborted": "start it again when the cause is gone",
    "sut_raised": "correct the exception, or set on_error='fail' to count it as failed samples",
    "drain_timeout": "answer or fail every sample, or raise drain_timeout_s",
    "record_full": "lower min_duration_s or min_queries",
}

ENDED_BY: Final = {"max_queries": "max_queries", "max_duration": "max_duration_s"}
"""Of each end of a run that was not given up, the setting that it comes by."""

_MORE_SAMPLES: Final = (
    "sample_order='unique' issues each loaded sample once; take more samples or another order"
)


def less_load(seen: Observed) -> str:
    """Return the knob that lowers the load; nothing where there is none."""
    scenario = seen.scenario
    if isinstance(scenario, Concurrent):
        return f"lower concurrency (now {scenario.concurrency})"
    return f"lower target_qps (now {scenario.target_qps:g})" if isinstance(scenario, Server) else ""


def ended_early(seen: Observed) -> tuple[str, str]:
    """Return what a run was given up for, and what to change."""
    end = seen.end if seen.end in GIVEN_UP else "aborted"
    if end == "record_full" and seen.settings.recording == "histogram":
        places = histogram_places(seen.scenario, seen.effective)
        return (
            f"one of the last {places:,} samples had no answer yet, and recording='histogram' has "
            "no more places",
            "answer or fail each sample before so many further ones are issued, or set "
            "recording='rows'",
        )
    return GIVEN_UP[end], _ADVICE[end]


def longer(seen: Observed) -> str:
    """Return why issuing ended, and the knob that makes it go on."""
    if seen.end == "stopped":
        return "it was stopped before; let it go on"
    if seen.end == "max_queries":
        return f"max_queries = {seen.settings.max_queries:,} ended it; raise max_queries"
    if seen.end == "max_duration":
        return f"max_duration_s = {seen.settings.max_duration_s:g} ended it; raise max_duration_s"
    if seen.end == "too_many_outstanding" and isinstance(seen.scenario, Server):
        return (
            f"more than max_outstanding = {seen.scenario.max_outstanding:,} queries were "
            f"unanswered; {less_load(seen)}, or raise max_outstanding"
        )
    return _more_planned(seen)


def at_least(seen: Observed, n_queries: int) -> str:
    """Return what makes a run have so many queries."""
    if seen.settings.sample_order == "unique":
        return f"{_MORE_SAMPLES} ({n_queries:,} queries are needed)"
    raised = ENDED_BY.get(seen.end)
    also = "" if raised is None else f", and raise {raised}, which ended the run"
    return f"set min_queries to at least {n_queries:,}{also}"


def _more_planned(seen: Observed) -> str:
    """Return the knob that plans more queries, where all that were planned were issued."""
    scenario = seen.scenario
    if seen.settings.sample_order == "unique":
        return _MORE_SAMPLES
    if isinstance(scenario, Server) and isinstance(scenario.arrivals, Replay):
        return "the timestamps to replay ran out; give more, or lower the minimum"
    expected_ms = getattr(scenario, "expected_latency_ms", None)
    if expected_ms is not None:
        return (
            "the plan ran out of queries; lower expected_latency_ms "
            f"(now {expected_ms:g}), or leave it out"
        )
    return "lower the minimum, or let the run go on for longer"
