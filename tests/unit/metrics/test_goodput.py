# SPDX-License-Identifier: Apache-2.0
"""Which samples are good, on literal figures: within all limits at once, which they may reach."""

import numpy as np
import pytest

from loadgen.metrics.goodput import Goodput, Limits, count_good

# One row a sample: due, first token, done, tokens, status; then whether it is good with a limit of
# 20 of the time to the first token, of 10 of the time per token, of both, of 60 of the latency.
CASES = [
    ((100, 120, 160, 5, 0), (True, True, True, True)),  # all at their limits
    ((100, 121, 151, 4, 0), (False, True, False, True)),  # the first token too late
    ((100, 120, 163, 5, 0), (True, True, True, False)),  # 43 / 4, truncated, is 10
    ((100, 120, 164, 5, 0), (True, False, False, False)),  # 44 / 4 = 11
    ((100, 110, 600, 1, 0), (True, True, True, False)),  # one token: no time per token
    ((100, 0, 130, 5, 0), (False, False, False, True)),  # no first token
    ((100, -1, 130, 5, 0), (False, False, False, True)),  # nor one in a saved run
    ((100, 110, 130, 0, 0), (False, False, False, True)),  # no tokens
    ((100, 110, 130, 2, 1), (False, False, False, False)),  # failed
    ((100, 110, -99, 2, 2), (False, False, False, False)),  # never answered
]
LIMITS = [
    Limits(ttft_ns=20),
    Limits(tpot_ns=10),
    Limits(ttft_ns=20, tpot_ns=10),
    Limits(latency_ns=60),
]


def good(rows: list[tuple[int, ...]], limits: Limits) -> int:
    scheduled, first_token, completed, n_tokens, status = np.array(rows).T
    return count_good(
        scheduled, completed, status.astype(np.uint8), first_token, n_tokens.astype(np.uint32),
        limits=limits,
    )  # fmt: skip


@pytest.mark.parametrize(("row", "expected"), CASES, ids=str)
def test_a_sample_is_good_within_each_limit_that_there_is(
    row: tuple[int, ...], expected: tuple[bool, ...]
) -> None:
    assert tuple(good([row], limits) == 1 for limits in LIMITS) == expected


@pytest.mark.parametrize("number", range(len(LIMITS)))
def test_samples_are_counted_past_one_chunk(number: int) -> None:
    rows = [row for row, _ in CASES] * 10_000
    expected = sum(each[number] for _, each in CASES) * 10_000
    assert good(rows, LIMITS[number]) == expected


def test_where_no_tokens_are_recorded_none_is_within_a_limit_on_them() -> None:
    due, done, ok = np.array([0]), np.array([5]), np.zeros(1, np.uint8)
    assert count_good(due, done, ok, limits=Limits(ttft_ns=10)) == 0
    assert count_good(due, done, ok, limits=Limits(latency_ns=5)) == 1
    assert count_good(due, done, ok, limits=Limits(latency_ns=4)) == 0


def test_the_share_is_of_all_that_was_issued_and_the_rate_a_part_of_that_of_the_completed() -> None:
    limits = {"target_latency_ms": 15}
    assert Goodput.of(300, 360, 400, 240.0, limits) == Goodput(300, 0.75, 200.0, limits)
    assert Goodput.of(360, 360, 400, 240.0, limits).rate == 240.0
    assert Goodput.of(0, 0, 400, 0.0, limits) == Goodput(0, 0.0, 0.0, limits)
    assert Goodput.of(0, 0, 0, 0.0, limits) == Goodput(0, 0.0, 0.0, limits)
