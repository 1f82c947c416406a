# SPDX-License-Identifier: Apache-2.0
"""Times between tokens of literal instants and counts."""

from collections.abc import Callable

import numpy as np
import pytest

from loadgen.config.scenarios import SingleStream
from loadgen.config.settings import Settings
from loadgen.result import Result, RunData
from loadgen.result.token_times import TokenTimes, gaps_from_core

Make = Callable[..., RunData]


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def test_gaps_have_exact_extremes_and_the_mean_of_their_buckets_middles() -> None:
    found = (ints(8, 4096, 8192), ints(8, 4097, 8195), ints(3, 1, 2), 8, 8193)
    gaps = gaps_from_core(found)
    assert gaps is not None
    assert (gaps.summary()[0], gaps.min, gaps.max) == (6, 8, 8193)
    assert gaps.sum == 3 * 8 + 4096 + 2 * 8193
    assert gaps.elements(ints(0, 2, 3, 5)).tolist() == [8, 8, 4096, 8193]


@pytest.mark.parametrize(("low", "high", "total"), [(8194, 8195, 2 * 8194), (8192, 8192, 2 * 8192)])
def test_the_sum_is_one_that_the_extremes_allow(low: int, high: int, total: int) -> None:
    gaps = gaps_from_core((ints(8192), ints(8195), ints(2), low, high))
    assert gaps is not None
    assert gaps.sum == total


def test_sums_of_more_than_64_bits_are_right() -> None:
    gaps = gaps_from_core((ints(2**60), ints(2**60), ints(2**20), 2**60, 2**60))
    assert gaps is not None
    assert gaps.sum == 2**80


def test_of_no_gaps_there_is_no_figure() -> None:
    assert gaps_from_core(None) is None
    assert gaps_from_core((ints(), ints(), ints(), 0, 0)) is None


def test_exact_gaps_are_within_completed_samples_of_the_judged_series(
    make_run: Make, make_series: Callable[..., object]
) -> None:
    # Rows 0 and 1 are of the accuracy series; row 3 failed, row 4 was never answered.
    times = TokenTimes(
        ints(0, 0, 1, 2, 2, 2, 3, 3, 4, 4, 5, 6, 6),
        ints(1, 999, 7, 10, 13, 20, 30, 300, 40, 400, 50, 60, 65),
    )
    data = make_run(
        SingleStream(), [0] * 7, [9] * 7, status=[0, 0, 0, 1, 2, 0, 0],
        settings=Settings(mode="submission", tokens=True, token_times="exact"),
        series=(make_series("accuracy", 0, 2, 2), make_series("performance", 2, 5, 5)),
        token_times=times,
    )  # fmt: skip
    itl = Result(data).itl
    assert itl is not None
    assert itl.elements(range(itl.count)) == [3, 5, 7]
    assert Result(data).token_times is times


@pytest.mark.parametrize("times", [TokenTimes(ints(), ints()), TokenTimes(ints(0, 1), ints(5, 6))])
def test_without_two_arrivals_of_a_sample_there_is_no_gap(
    make_run: Make, times: TokenTimes
) -> None:
    data = make_run(SingleStream(), [0, 0], [9, 9], token_times=times)
    assert Result(data).itl is None
