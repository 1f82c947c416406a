# SPDX-License-Identifier: Apache-2.0
"""Latency limits, token limits and early stopping."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from loadgen.config.scenarios import Concurrent, MultiStream, Scenario, Server, SingleStream
from loadgen.metrics import Distribution, EarlyStopping
from loadgen.verdict import estimate, judge
from loadgen.verdict.observed import Observed

Seen = Callable[..., Observed]
OnlyReason = Callable[[Observed], str]
Latencies = Callable[[Sequence[float]], Distribution]
MS, SECOND = 1_000_000, 1_000_000_000


def test_a_server_whose_percentile_is_above_the_limit_is_invalid(seen: Seen) -> None:
    verdict = judge(seen(Server(2000, target_latency_ms=15), [10] * 980 + [20] * 20))
    assert not verdict.perf_constraints_met
    assert verdict.early_stopping == EarlyStopping(False, None, 2304)
    assert verdict.reasons == (
        "the 99th percentile latency is 20 ms, above target_latency_ms = 15: lower target_qps "
        "(now 2000), or make the system faster",
    )


def test_a_server_that_keeps_the_limit_too_barely_needs_more_queries(
    seen: Seen, only_reason: OnlyReason
) -> None:
    run = seen(Server(2000, target_latency_ms=15), [10] * 995 + [20] * 5)
    assert judge(run).perf_constraints_met
    assert judge(run).early_stopping == EarlyStopping(False, None, 307)
    assert only_reason(run) == (
        "5 of 1,000 samples are above target_latency_ms = 15, and with so many the 99th "
        "percentile needs 1,307 for early stopping: set min_queries to at least 1,307 (307 more, "
        "if none of these is above), or lower target_qps (now 2000)"
    )


def test_a_single_sample_above_the_limit_is_told_in_the_right_number(
    seen: Seen, only_reason: OnlyReason
) -> None:
    run = seen(Server(2000, target_latency_ms=15), [10] * 499 + [20])
    assert only_reason(run).startswith("1 of 500 samples is above target_latency_ms = 15, and with")


def test_a_latency_that_equals_the_limit_keeps_it(seen: Seen) -> None:
    assert judge(seen(Server(1, target_latency_ms=15), [15] * 1000)).valid


@pytest.mark.parametrize(
    ("queries", "over", "percentile", "more"),
    [  # recorded runs of LoadGen; 0 more is met
        (459, 0, 99, 0),
        (458, 0, 99, 1),
        (120, 75, 99, 9643),
        (600, 267, 90, 2455),
        (50, 10, 50, 0),
        (200, 0, 99.9, 4403),
    ],
)
def test_early_stopping_of_a_server_is_the_official_one(
    seen: Seen, queries: int, over: int, percentile: float, more: int
) -> None:
    scenario = Server(1, target_percentile=percentile)
    verdict = judge(seen(scenario, [200] * over + [1] * (queries - over), min_queries=1))
    assert verdict.early_stopping == EarlyStopping(more == 0, None, more)


def test_a_concurrent_run_is_judged_by_its_limit_if_it_has_one(seen: Seen) -> None:
    values = [10] * 980 + [20] * 20
    assert judge(seen(Concurrent(8), values)).valid
    verdict = judge(seen(Concurrent(8, target_latency_ms=15), values))
    assert verdict.reasons[0] == (
        "the 99th percentile latency is 20 ms, above target_latency_ms = 15: lower concurrency "
        "(now 8), or make the system faster"
    )


@pytest.mark.parametrize(
    ("n", "rank"), [(64, 1), (65, 1), (100, 3), (500, 34), (662, 48), (24_576, 2348)]
)
def test_the_estimate_is_the_official_element(latencies: Latencies, n: int, rank: int) -> None:
    assert estimate(latencies(range(n)), 90) == EarlyStopping(True, (n - rank) * MS, 0)


def test_too_few_queries_for_an_estimate_are_told_with_how_many_are_needed(
    seen: Seen, only_reason: OnlyReason
) -> None:
    run = seen(SingleStream(), [1] * 63, min_queries=63)
    assert judge(run).early_stopping == EarlyStopping(False, None, 1)
    assert only_reason(run) == (
        "63 queries completed, and the 90th percentile needs 64 for early stopping: set "
        "min_queries to at least 64"
    )


@pytest.mark.parametrize(
    ("fields", "advice"),
    [
        (
            {"end": "max_queries", "max_queries": 63},
            "set min_queries to at least 64, and raise max_queries, which ended the run",
        ),
        (
            {"end": "max_duration", "max_duration_s": 20},
            "set min_queries to at least 64, and raise max_duration_s, which ended the run",
        ),
        (
            {"sample_order": "unique"},
            "sample_order='unique' issues each loaded sample once; take more samples or another "
            "order (64 queries are needed)",
        ),
    ],
)
def test_more_queries_are_asked_for_by_the_knob_that_brings_them(
    seen: Seen, only_reason: OnlyReason, fields: dict[str, Any], advice: str
) -> None:
    run = seen(SingleStream(), [1] * 63, min_queries=63, **fields)
    assert only_reason(run).partition(": ")[2] == advice


@pytest.mark.parametrize("scenario", [SingleStream(100), Server(1, target_percentile=100)])
def test_the_maximum_cannot_be_shown(
    seen: Seen, only_reason: OnlyReason, scenario: Scenario
) -> None:
    run = seen(scenario, [1] * 1000)
    assert judge(run).early_stopping == EarlyStopping(False, None, None)
    assert only_reason(run) == (
        "no number of queries is enough for early stopping at the 100th percentile: set "
        "target_percentile below 100"
    )


TOKENS: dict[str, Any] = {"tokens": True}
LIMITED = Server(5, target_latency_ms=1, target_ttft_ms=200, target_tpot_ms=20)


def test_token_limits_take_the_place_of_the_latency_limit(seen: Seen, latencies: Latencies) -> None:
    ttft, tpot = latencies([150] * 1000), latencies([15] * 1000)
    assert judge(seen(LIMITED, [900] * 1000, ttft=ttft, tpot=tpot, **TOKENS)).valid


@pytest.mark.parametrize(
    ("ttft_ms", "tpot_ms", "reasons"),
    [
        (250, 15, ["99th percentile time to first token is 250 ms, above target_ttft_ms = 200"]),
        (150, 25, ["99th percentile time per output token is 25 ms, above target_tpot_ms = 20"]),
        (250, 25, ["above target_tpot_ms = 20", "above target_ttft_ms = 200"]),
    ],
)
def test_each_token_limit_is_judged(
    seen: Seen, latencies: Latencies, ttft_ms: float, tpot_ms: float, reasons: list[str]
) -> None:
    ttft, tpot = latencies([ttft_ms] * 1000), latencies([tpot_ms] * 1000)
    verdict = judge(seen(LIMITED, [900] * 1000, ttft=ttft, tpot=tpot, **TOKENS))
    assert not verdict.perf_constraints_met
    for reason, part in zip(verdict.reasons, reasons, strict=True):
        assert part in reason
    assert len(verdict.reasons) == len(reasons)


def test_without_token_limits_a_server_with_tokens_is_judged_by_its_latency(seen: Seen) -> None:
    verdict = judge(seen(Server(5, target_latency_ms=15), [20] * 1000, **TOKENS))
    assert "above target_latency_ms = 15" in verdict.reasons[0]


def test_token_limits_without_token_times_are_not_kept(seen: Seen) -> None:
    verdict = judge(seen(LIMITED, [1] * 1000, **TOKENS))
    assert not verdict.valid
    assert verdict.reasons[0] == (
        "no sample has the token times that target_tpot_ms = 20 needs: call first_token() before "
        "complete(), and complete(n_tokens=...) with at least 2"
    )


def test_single_stream_with_tokens_is_estimated_by_the_time_to_first_token(
    seen: Seen, only_reason: OnlyReason, latencies: Latencies
) -> None:
    ttft, tpot = latencies(range(1000, 1100)), latencies([1] * 100)
    run = seen(SingleStream(), range(2000, 2100), ttft=ttft, tpot=tpot, **TOKENS)
    assert judge(run).early_stopping == EarlyStopping(True, 1097 * MS, 0)
    run = seen(SingleStream(), range(2000, 2100), **TOKENS)
    assert "no sample has the token times that tokens=True needs" in only_reason(run)


def test_multi_stream_with_tokens_is_estimated_by_its_queries(seen: Seen) -> None:
    run = seen(MultiStream(), range(1, 1001), **TOKENS)
    assert judge(run).early_stopping == EarlyStopping(True, 999 * MS, 0)
