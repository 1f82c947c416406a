# SPDX-License-Identifier: Apache-2.0
"""Token times and rates by MLPerf's formulas, on literal figures."""

import numpy as np
import pytest

from loadgen.metrics.latency import Distribution
from loadgen.metrics.tokens import (
    itl_columns,
    token_counts,
    tokens_per_second,
    tokens_per_second_without_overhead,
    tpot_columns,
    ttft_columns,
)

SECOND = 1_000_000_000
# Completed in full; completed without a first token; with one token; failed; never answered.
SCHEDULED = np.array([100, 100, 100, 100, 100])
FIRST_TOKEN = np.array([130, 0, 150, 160, -1])
COMPLETED = np.array([160, 170, 150, 190, -9])
N_TOKENS = np.array([5, 5, 1, 4, 0], dtype=np.uint32)
STATUS = np.array([0, 0, 0, 1, 2], dtype=np.uint8)


def test_ttft_counts_from_due_and_only_where_a_first_token_came() -> None:
    ttft = Distribution(ttft_columns(SCHEDULED, FIRST_TOKEN, STATUS))
    assert ttft.count == 2
    assert ttft.percentiles([0, 100]) == [30, 50]


def test_tpot_is_per_token_after_the_first_and_truncated() -> None:
    tpot = Distribution(tpot_columns(FIRST_TOKEN, COMPLETED, N_TOKENS, STATUS))
    assert tpot.count == 1
    assert tpot.max == 7  # (160 - 130) / 4


@pytest.mark.parametrize(("completed", "tpot"), [(123, -3), (120, -5), (141, 5), (130, 0)])
def test_tpot_is_truncated_towards_zero(completed: int, tpot: int) -> None:
    columns = tpot_columns(
        np.array([130]), np.array([completed]), np.array([3], np.uint32), np.zeros(1, np.uint8)
    )
    assert Distribution(columns).min == tpot


def test_columns_are_right_past_one_chunk() -> None:
    n = 200_000
    first = np.arange(1, n + 1, dtype=np.int64)
    tokens, ok = np.full(n, 3, np.uint32), np.zeros(n, np.uint8)
    assert Distribution(ttft_columns(np.zeros(n, np.int64), first, ok)).max == n
    assert Distribution(tpot_columns(first, first * 3, tokens, ok)).max == n


def test_tokens_of_completed_samples_are_counted() -> None:
    assert token_counts(N_TOKENS, STATUS) == (11, 1)
    many = np.full(70_000, 2**31, np.uint32)
    assert token_counts(many, np.zeros(70_000, np.uint8)) == (70_000 << 31, 0)


def test_completed_samples_of_one_token_are_counted() -> None:
    ones = np.ones(70_000, np.uint32)
    assert token_counts(ones, np.zeros(70_000, np.uint8)) == (70_000, 70_000)
    assert token_counts(ones, np.full(70_000, 2, np.uint8)) == (0, 0)


def test_gaps_are_between_arrivals_of_one_sample_past_one_chunk() -> None:
    n = 70_000
    row = np.repeat(np.arange(n), 2)
    at_ns = np.arange(2 * n) * 1_000
    at_ns[1::2] += row[1::2] % 7
    status = (np.arange(n) % 7 == 6).astype(np.uint8)
    gaps = Distribution(itl_columns(row, at_ns, status))
    assert (gaps.count, gaps.min, gaps.max) == (60_000, 1_000, 1_005)
    nothing = np.array([], np.int64)
    assert not Distribution(itl_columns(nothing, nothing, status))


def test_rates_are_those_of_the_manual() -> None:
    assert tokens_per_second(500, 2 * SECOND) == 250.0
    assert tokens_per_second_without_overhead(1000, SECOND // 2, 100) == 20.0
