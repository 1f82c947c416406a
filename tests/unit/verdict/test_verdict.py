# SPDX-License-Identifier: Apache-2.0
"""Which runs are valid, by MLPerf's rules and our own, and which figure is reported."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from loadgen.config.scenarios import (
    Concurrent,
    MultiStream,
    Offline,
    Scenario,
    Server,
    SingleStream,
)
from loadgen.config.settings import Settings
from loadgen.metrics import Distribution, EarlyStopping, Metric
from loadgen.verdict import headline, judge
from loadgen.verdict.observed import Observed
from loadgen.verdict.reasons import ordinal

Seen = Callable[..., Observed]
OnlyReason = Callable[[Observed], str]
Latencies = Callable[[Sequence[float]], Distribution]
MS, SECOND = 1_000_000, 1_000_000_000


@pytest.mark.parametrize(
    ("scenario", "values_ms", "stopping", "metric"),
    [
        (
            SingleStream(),
            range(1, 101),
            EarlyStopping(True, 98 * MS, 0),  # the third largest of 100
            Metric("90th percentile latency", 91 * MS, "ns"),
        ),
        (
            MultiStream(),
            range(1, 1001),
            EarlyStopping(True, 999 * MS, 0),
            Metric("99th percentile query latency", 991 * MS, "ns"),
        ),
        (
            Server(50),
            [50] * 1001,
            EarlyStopping(True, None, 0),
            Metric("Completed samples per second", 50.0, "samples/s"),  # 1000 / 20 s
        ),
        (
            Offline(),
            [1, 2, 4],
            EarlyStopping(True, None, 0),
            Metric("Samples per second", 750.0, "samples/s"),  # 3 / 4 ms
        ),
        (
            Concurrent(4),
            [50] * 1000,
            EarlyStopping(True, None, 0),
            Metric("Completed samples per second", 50.0, "samples/s"),
        ),
    ],
    ids=repr,
)
def test_a_good_run_is_valid_and_has_the_figure_of_its_scenario(
    seen: Seen,
    scenario: Scenario,
    values_ms: Sequence[float],
    stopping: EarlyStopping,
    metric: Metric,
) -> None:
    run = seen(scenario, values_ms, total=min(len(values_ms), 100))
    verdict = judge(run)
    assert verdict.reasons == ()
    assert verdict.valid
    assert verdict.early_stopping == stopping
    assert headline(run) == metric


def test_an_accuracy_run_is_valid_when_everything_was_answered(seen: Seen) -> None:
    run = seen(Server(1), [1000] * 3, mode="accuracy", last_scheduled_ns=0)
    verdict = judge(run)
    assert verdict.valid
    assert verdict.early_stopping is None
    assert headline(run) is None


def test_a_submission_is_judged_as_a_performance_run(seen: Seen) -> None:
    verdict = judge(seen(Server(1), [1000] * 1000, mode="submission"))
    assert not verdict.valid
    assert not verdict.perf_constraints_met


@pytest.mark.parametrize("mode", ["performance", "accuracy"])
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (
            {"run_missing": 2, "run_samples": 1000},
            "2 of 1,000 issued samples were never answered, and none may be: call complete() or "
            "fail() for every id",
        ),
        (
            {"violations": {"repeated id": 2, "unknown id": 1}},
            "3 violations (repeated id: 2, unknown id: 1), and 0 are allowed: answer each id once "
            "and while the run goes on; examples are in result.violations",
        ),
        (
            {"run_failed": 1, "run_samples": 1000, "failures": {"timeout": 1}},
            "1 of 1,000 samples failed (timeout: 1), a share of 0.001, and max_failed_share = 0: "
            "correct the failures (examples are in result.failures) or raise max_failed_share",
        ),
        (
            {"aborted_reason": "the server went away", "end": "aborted"},
            "the run was aborted (the server went away): start it again when the cause is gone",
        ),
        (
            {"end": "sut_raised"},
            "the system under test raised an exception: correct the exception, or set "
            "on_error='fail' to count it as failed samples",
        ),
        (
            {"end": "drain_timeout", "drain_timeout_s": 5},
            "the run ended because no answer came for the drain time-out of 5 s: answer or fail "
            "every sample, or raise drain_timeout_s",
        ),
        (
            {"end": "record_full"},
            "the record was full: lower min_duration_s or min_queries",
        ),
    ],
)
def test_what_spoils_any_run_is_told_with_what_to_change(
    seen: Seen, only_reason: OnlyReason, mode: str, fields: dict[str, Any], reason: str
) -> None:
    assert only_reason(seen(SingleStream(), [1] * 1000, mode=mode, **fields)) == reason


@pytest.mark.parametrize(
    ("kinds", "advice"),
    [
        (["foreign_id"], "answer with the ids of this run's own batches"),
        (["answered_twice"], "answer each id once"),
        (["answered_after_end"], "answer each id while the run goes on"),
        (["first_token_twice"], "call first_token() once for each id, and before token()"),
        (["first_token_after_completion"], "call first_token() before complete()"),
        (["token_after_completion"], "call token() before complete()"),
        (["invalid_token_count"], "give token counts of at least 1"),
        (["output_not_kept"], "return smaller outputs, or lower accuracy_log_probability"),
        (
            ["answered_twice", "invalid_token_count"],
            "answer each id once; give token counts of at least 1",
        ),
    ],
)
def test_each_kind_of_violation_has_its_own_advice(
    seen: Seen, only_reason: OnlyReason, kinds: list[str], advice: str
) -> None:
    reason = only_reason(seen(SingleStream(), [1] * 100, violations=dict.fromkeys(kinds, 1)))
    assert f"and 0 are allowed: {advice}; examples are in result.violations" in reason


def test_a_full_record_without_rows_is_told_with_its_limit(
    seen: Seen, only_reason: OnlyReason
) -> None:
    run = seen(SingleStream(), [1] * 1000, recording="histogram", end="record_full")
    assert only_reason(run) == (
        "one of the last 1,048,576 samples had no answer yet, and recording='histogram' has no "
        "more places: answer or fail each sample before so many further ones are issued, or set "
        "recording='rows'"
    )


def test_as_many_failures_as_allowed_are_allowed(seen: Seen) -> None:
    fields = {"run_failed": 10, "run_samples": 1000}
    assert judge(seen(SingleStream(), [1] * 990, max_failed_share=0.01, **fields)).valid
    assert not judge(seen(SingleStream(), [1] * 990, max_failed_share=0.009, **fields)).valid


@pytest.mark.parametrize(
    "scenario", [SingleStream(), MultiStream(), Server(1), Offline(), Concurrent(1)]
)
def test_a_run_without_an_answer_is_invalid_and_has_no_figure(
    seen: Seen, scenario: Scenario
) -> None:
    run = seen(scenario, [], n_queries=1, n_samples=5, run_samples=5, run_missing=5)
    verdict = judge(run)
    assert not verdict.valid
    assert "5 of 5 issued samples were never answered" in verdict.reasons[0]
    assert verdict.reasons[1].startswith("no sample was completed (5 issued), and at least 1 is")
    assert headline(run) is None


def test_what_follows_from_a_run_that_was_given_up_is_one_line(seen: Seen) -> None:
    run = seen(
        SingleStream(), [], n_queries=1, n_samples=1, run_samples=1, run_missing=1,
        end="sut_raised", last_issued_ns=5_000, violations={"answered_twice": 1},
    )  # fmt: skip
    first, follows, other = judge(run).reasons
    assert first.startswith("the system under test raised an exception: correct the exception")
    assert follows == (
        "what follows from that: 1 of 1 issued samples was never answered, and none may be; no "
        "sample was completed (1 issued), and at least 1 is needed; the last query was issued at "
        "5 us, before min_duration_s = 10; 1 query issued, and the minimum is 100 (min_queries)"
    )
    assert other.startswith("1 violation (answered_twice: 1)")
    in_accuracy = judge(dataclasses.replace(run, settings=Settings(mode="accuracy")))
    assert len(in_accuracy.reasons) == 3


def test_a_run_that_was_given_up_is_not_told_to_be_larger(seen: Seen) -> None:
    run = seen(SingleStream(), [1] * 20, min_queries=1, end="drain_timeout", run_missing=1)
    assert not judge(run).early_stopping.met  # type: ignore[union-attr]
    assert not any("min_queries" in reason for reason in judge(run).reasons)


def test_a_single_sample_is_told_in_the_right_number(seen: Seen) -> None:
    lost = judge(seen(SingleStream(), [], n_queries=1, run_samples=1, run_missing=1)).reasons
    assert lost[0].startswith("1 of 1 issued samples was never answered, and none may be")
    assert lost[1].startswith("no sample was completed (1 issued), and at least 1 is needed")
    failed = judge(seen(SingleStream(), [], n_queries=1, run_samples=1, run_failed=1)).reasons
    assert failed[0].startswith("1 of 1 samples failed, a share of 1")


def test_ordinals() -> None:
    told = [ordinal(p) for p in (1, 2, 3, 4, 11, 12, 13, 51, 90.0, 99.9, 99.99, 100)]
    assert told == [
        *("1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "51st"),
        *("90th", "99.9th", "99.99th", "100th"),
    ]
