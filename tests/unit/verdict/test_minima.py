# SPDX-License-Identifier: Apache-2.0
"""Minimum duration and queries: what counts, and what a run that missed one is told."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from loadgen.config.arrivals import Replay
from loadgen.config.scenarios import (
    Concurrent,
    MultiStream,
    Offline,
    Scenario,
    Server,
    SingleStream,
)
from loadgen.metrics import Distribution
from loadgen.verdict import judge
from loadgen.verdict.observed import Observed, duration_ns

Seen = Callable[..., Observed]
OnlyReason = Callable[[Observed], str]
Latencies = Callable[[Sequence[float]], Distribution]
MS, SECOND = 1_000_000, 1_000_000_000


@pytest.mark.parametrize(
    ("scenario", "fields", "expected_ns"),
    [
        (SingleStream(), {"last_issued_ns": 7}, 7),
        (MultiStream(), {"last_issued_ns": 7}, 7),
        (Concurrent(1), {"last_issued_ns": 7}, 7),
        (Server(1), {"last_scheduled_ns": 7}, 7),
        (Offline(), {}, 3 * MS),
    ],
)
def test_each_scenario_has_its_own_duration(
    seen: Seen, scenario: Scenario, fields: dict[str, Any], expected_ns: int
) -> None:
    assert duration_ns(seen(scenario, [1, 3, 2], **fields)) == expected_ns


def test_a_duration_that_equals_the_minimum_is_enough(seen: Seen) -> None:
    assert judge(seen(SingleStream(), [1] * 100, last_issued_ns=10 * SECOND)).min_duration_met
    assert not judge(
        seen(SingleStream(), [1] * 100, last_issued_ns=10 * SECOND - 1)
    ).min_duration_met


@pytest.mark.parametrize(
    ("scenario", "fields", "reason"),
    [
        (
            SingleStream(expected_latency_ms=50),
            {"last_issued_ns": 3 * SECOND, "end": "ran_out"},
            "the last query was issued at 3 s, before min_duration_s = 10: the plan ran out of "
            "queries; lower expected_latency_ms (now 50), or leave it out",
        ),
        (
            SingleStream(),
            {"last_issued_ns": 3 * SECOND, "end": "max_queries", "max_queries": 100},
            "the last query was issued at 3 s, before min_duration_s = 10: max_queries = 100 "
            "ended it; raise max_queries",
        ),
        (
            Concurrent(2),
            {"last_issued_ns": 3 * SECOND, "end": "max_duration", "max_duration_s": 3},
            "the last query was issued at 3 s, before min_duration_s = 10: max_duration_s = 3 "
            "ended it; raise max_duration_s",
        ),
        (
            Server(1000, max_outstanding=9),
            {"last_scheduled_ns": 3 * SECOND, "end": "too_many_outstanding"},
            "the last query was due at 3 s, before min_duration_s = 10: more than "
            "max_outstanding = 9 queries were unanswered; lower target_qps (now 1000), or raise "
            "max_outstanding",
        ),
        (
            Server(1, arrivals=Replay([0, 3])),
            {"last_scheduled_ns": 3 * SECOND, "end": "natural"},
            "the last query was due at 3 s, before min_duration_s = 10: the timestamps to replay "
            "ran out; give more, or lower the minimum",
        ),
        (
            SingleStream(),
            {"last_issued_ns": 3 * SECOND, "end": "ran_out", "sample_order": "unique"},
            "the last query was issued at 3 s, before min_duration_s = 10: sample_order='unique' "
            "issues each loaded sample once; take more samples or another order",
        ),
    ],
)
def test_a_run_that_was_too_short_says_what_ended_it_and_which_knob_to_turn(
    seen: Seen, only_reason: OnlyReason, scenario: Scenario, fields: dict[str, Any], reason: str
) -> None:
    assert only_reason(seen(scenario, [1] * 1000, **fields)) == reason


def test_an_offline_run_that_was_too_short_says_how_large_the_query_should_be(
    seen: Seen, only_reason: OnlyReason
) -> None:
    reason = only_reason(seen(Offline(expected_qps=100), [2000] * 1100, min_duration_s=10))
    assert reason == (
        "all samples were done after 2 s, before min_duration_s = 10: raise expected_qps to 550"
    )
    reason = only_reason(seen(Offline(n_samples=1000), [2000] * 1000, min_duration_s=10))
    assert reason == (
        "all samples were done after 2 s, before min_duration_s = 10: raise n_samples to about "
        "5,000, or lower min_duration_s"
    )


@pytest.mark.parametrize("scenario", [Offline(n_samples=1000), Offline(expected_qps=100)])
def test_an_offline_run_without_an_answer_is_not_told_to_be_larger(
    seen: Seen, only_reason: OnlyReason, scenario: Scenario
) -> None:
    run = seen(scenario, [], n_samples=1100, run_samples=1100, min_duration_s=10)
    assert only_reason(run).startswith("no sample was completed (1,100 issued)")
    assert not judge(run).min_duration_met


def test_offline_without_a_knob_has_no_minimum_duration(seen: Seen) -> None:
    assert judge(seen(Offline(), [1] * 100, min_duration_s=60)).valid


def test_too_few_queries_are_told_with_the_minimum(seen: Seen, only_reason: OnlyReason) -> None:
    run = seen(
        SingleStream(), [1] * 99, end="max_duration", max_duration_s=15, n_queries=99, n_samples=99
    )
    assert only_reason(run) == (
        "99 queries issued, and the minimum is 100 (min_queries): max_duration_s = 15 ended it; "
        "raise max_duration_s"
    )
    assert not judge(run).min_queries_met
