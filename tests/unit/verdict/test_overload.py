# SPDX-License-Identifier: Apache-2.0
"""When a system is said to have been slower than its load."""

from collections.abc import Callable
from typing import Any

import pytest

from loadgen.config.scenarios import Concurrent, Offline, Server
from loadgen.verdict import judge
from loadgen.verdict.observed import Observed

Seen = Callable[..., Observed]
SECOND = 1_000_000_000
SERVER = Server(100, target_latency_ms=15)
SENTENCE = "the system answered 50.0/s of 100.0/s offered"


def queue(waiting: int, half: int) -> Callable[[int], int]:
    """So many samples wait at the end of 10 s of issuing, and in the middle of them."""
    return {10 * SECOND: waiting, 5 * SECOND: half}.__getitem__


@pytest.fixture
def server(seen: Seen) -> Seen:
    """Make a run of 1,001 queries in 10 s, answered after 20 s, each after 1 s at least."""

    def make(scenario: Any = SERVER, **fields: Any) -> Observed:
        told = {
            "last_scheduled_ns": 10 * SECOND, "last_issued_ns": 10 * SECOND,
            "done_ns": 20 * SECOND, **fields,
        }  # fmt: skip
        return seen(scenario, [1_000] * 1_001, **told)

    return make


def test_a_queue_that_grew_is_told_with_both_rates(server: Seen) -> None:
    verdict = judge(server(waiting_at=queue(500, 250)))
    assert verdict.overload == f"{SENTENCE}, and 500 samples were waiting when the last was due"
    assert f"{verdict.overload}: the queue grew, so lower target_qps below" in verdict.reasons[1]


def test_what_waits_where_issue_blocks_is_counted_when_the_last_was_due(server: Seen) -> None:
    """The last query is issued when nearly all of them are answered."""
    waiting = {20 * SECOND: 1, 10 * SECOND: 500, 5 * SECOND: 250}.__getitem__
    verdict = judge(server(waiting_at=waiting, last_issued_ns=20 * SECOND))
    assert verdict.overload == f"{SENTENCE}, and 500 samples were waiting when the last was due"


def test_without_rows_the_rates_are_told(server: Seen) -> None:
    assert judge(server()).overload == SENTENCE


def test_it_is_no_reason_where_the_limit_is_kept(server: Seen) -> None:
    verdict = judge(
        server(waiting_at=queue(500, 250), scenario=Server(100, target_latency_ms=5_000))
    )
    assert verdict.valid
    assert verdict.overload is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"done_ns": 11 * SECOND},  # as long as each answer takes
        {"waiting_at": queue(30, 10)},  # a few slow ones
        {"waiting_at": queue(400, 380)},  # long answers, and no queue
        {"end": "aborted"},
        {"last_scheduled_ns": 0},
        {"scenario": Offline()},
        {"scenario": Concurrent(4, target_latency_ms=1)},
        {"mode": "accuracy"},
    ],
)
def test_a_system_that_kept_up_is_not_accused(server: Seen, fields: dict[str, Any]) -> None:
    assert judge(server(**fields)).overload is None
