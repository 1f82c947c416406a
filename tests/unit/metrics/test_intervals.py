# SPDX-License-Identifier: Apache-2.0
"""Confidence intervals by order statistics, against SciPy and against coverage."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from loadgen.errors import LoadGenError, SettingsError
from loadgen.metrics.columns import Columns
from loadgen.metrics.intervals import interval_ranks
from loadgen.metrics.latency import Distribution


def distribution(values: Any) -> Distribution:
    return Distribution(
        Columns(np.asarray(values, np.int64), np.zeros(len(values), np.int64), None)
    )


@pytest.mark.parametrize(
    ("n", "fraction", "confidence", "ranks"),
    [
        # Median of 100: the 40th and the 61st, the textbook's example.
        (100, 0.5, 0.95, (39, 60)),
        # Median of 6: the smallest and the largest hold it with 1 - 2 / 2^6 = 0.969.
        (6, 0.5, 0.95, (0, 5)),
        (5, 0.5, 0.95, (None, None)),
        # 0.99^298 > 0.05 > 0.99^299: so many samples bound the 99th percentile from above.
        (298, 0.99, 0.90, (291, None)),
        (299, 0.99, 0.90, (292, 298)),
        (10, 1.0, 0.95, (9, None)),
        (10, 0.0, 0.95, (None, 0)),
    ],
)
def test_ranks_of_known_cases(
    n: int, fraction: float, confidence: float, ranks: tuple[int | None, int | None]
) -> None:
    assert interval_ranks(n, fraction, confidence) == ranks


@given(
    st.integers(1, 100_000),
    st.sampled_from([0.01, 0.5, 0.9, 0.99, 0.999]),
    st.sampled_from([0.5, 0.9, 0.95, 0.999]),
)
def test_ranks_hold_the_percentile_often_enough_and_are_the_closest_that_do(
    n: int, fraction: float, confidence: float
) -> None:
    error = (1 - confidence) / 2
    below = stats.binom(n, fraction)  # how many samples are not above the percentile
    low, high = interval_ranks(n, fraction, confidence)
    first = 0 if low is None else low + 1  # counted from 1
    last = n + 1 if high is None else high + 1
    assert below.cdf(first - 1) <= error + 1e-9
    assert below.cdf(first) > error - 1e-9
    assert below.sf(last - 1) <= error + 1e-9
    assert last <= 1 or below.sf(last - 2) > error - 1e-9


def test_an_interval_holds_its_percentile_and_narrows_with_confidence() -> None:
    latency = distribution(np.random.default_rng(1).lognormal(12, 1, 5000))
    wide, narrow = (latency.interval(99, confidence=c) for c in (0.999, 0.5))
    assert wide.low_ns is not None
    assert narrow.low_ns is not None
    assert narrow.high_ns is not None
    assert wide.high_ns is not None
    assert wide.low_ns < narrow.low_ns <= latency.percentile(99) <= narrow.high_ns < wide.high_ns


@pytest.mark.slow
def test_the_true_percentile_is_held_as_often_as_promised() -> None:
    rng = np.random.default_rng(5)
    true = stats.expon.ppf(0.9) * 1e6
    held = 0
    for _ in range(400):
        low, high = distribution(rng.exponential(1e6, 300)).interval(90, confidence=0.9)
        assert low is not None
        assert high is not None
        held += low <= true <= high
    # The promise is at least 0.9; three standard deviations of 400 tries are 0.045.
    assert held / 400 > 0.9 - 0.045


def test_a_side_without_enough_samples_is_none() -> None:
    assert distribution([5, 6, 7]).interval(99) == (6, None)


@pytest.mark.parametrize(
    ("confidence", "hint"), [(95, "; did you mean 0.95?"), (0, ""), (1, "; did you mean 0.01?")]
)
def test_a_confidence_is_a_fraction(confidence: float, hint: str) -> None:
    with pytest.raises(SettingsError) as error:
        distribution([1, 2]).interval(50, confidence=confidence)
    assert str(error.value) == f"confidence = {confidence}: needs a fraction in (0, 1){hint}"


@pytest.mark.parametrize("confidence", [float("nan"), True, "0.95", None])
def test_what_is_no_confidence_is_refused(confidence: Any) -> None:
    with pytest.raises(SettingsError, match=r"^confidence = .*: needs a fraction in \(0, 1\)$"):
        distribution([1, 2]).interval(50, confidence=confidence)


def test_there_is_no_interval_of_nothing() -> None:
    with pytest.raises(LoadGenError, match="no completed samples"):
        distribution([]).interval(50)
