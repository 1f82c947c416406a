# SPDX-License-Identifier: Apache-2.0
"""From bounds to verdicts: intervals, Holm's correction and the margin, on literal numbers."""

import math

import pytest

from loadgen.comparison.judge import judge, mover
from loadgen.comparison.quantity import Bounds, Quantity


class Given(Quantity):
    """A figure whose bounds at each confidence are told."""

    def __init__(self, a: Bounds, b: Bounds, r: float = 0.0, *, is_rate: bool = False) -> None:
        self.metric = "rate" if is_rate else "latency"
        self.less_is_better = not is_rate
        self._bounds, self._r = (a, b), r

    def lacking(self, confidence: float) -> str | None:
        return None

    def bounds(self, confidences) -> tuple[Bounds, Bounds]:
        """The bounds get wider as the confidence grows, by half of their width each."""
        wider = [1 + k / 2 for k in range(len(confidences))]
        a, b = (
            Bounds(
                each.value,
                [each.value - (each.value - each.lows[0]) * w for w in wider],
                [each.value + (each.highs[0] - each.value) * w for w in wider],
            )
            for each in self._bounds
        )
        return a, b

    def correlation(self) -> float:
        return self._r


def bounds(value: float, low: float, high: float) -> Bounds:
    return Bounds(value, [low], [high])


A = bounds(100.0, 97.0, 104.0)


def verdicts(*given: Given, margin: float = 0.05) -> list[str]:
    return [each.verdict for each in judge(given, 0.05, margin, paired=False)]


def test_the_interval_of_a_difference_is_made_of_the_sides_that_face_each_other() -> None:
    # 20 - sqrt(3^2 + 4^2) and 20 + sqrt(4^2 + 3^2): B may be lower and A higher, or the reverse.
    assert mover(A, bounds(120.0, 117.0, 124.0), 0, 0.0, float) == (15.0, 25.0)


def test_a_correlation_takes_away_what_both_runs_share() -> None:
    b = bounds(120.0, 117.0, 124.0)
    assert mover(A, b, 0, 1.0, float) == (20.0, 20.0)
    assert mover(A, A, 0, 1.0, float) == (0.0, 0.0)
    # Half of the variance is shared: sqrt(1 / 2 (3^2 + 4^2)).
    assert mover(A, b, 0, 0.5, float) == pytest.approx((20 - 12.5**0.5, 20 + 12.5**0.5))
    # Both low: b falls by 5 and a by 3, so b - a by 2; both high: by 6 and 4, so it grows by 2.
    assert mover(A, bounds(120.0, 115.0, 126.0), 0, 1.0, float) == (18.0, 22.0)


def test_errors_that_go_against_each_other_add_up() -> None:
    assert mover(A, bounds(120.0, 116.0, 123.0), 0, -1.0, float) == (12.0, 26.0)


@pytest.mark.parametrize("r", [-0.7, 0.0, 0.3, 1.0])
def test_with_symmetric_bounds_it_is_zous_formula(r: float) -> None:
    found = mover(bounds(100.0, 97.0, 103.0), bounds(120.0, 115.0, 125.0), 0, r, float)
    half = (5**2 + 3**2 - 2 * r * 5 * 3) ** 0.5
    assert found == pytest.approx((20 - half, 20 + half))


def test_a_side_without_a_bound_leaves_the_interval_open() -> None:
    assert mover(A, bounds(120.0, 116.0, math.inf), 0, 0.0, float)[1] == math.inf
    (found,) = judge([Given(A, bounds(120.0, 116.0, math.inf))], 0.05, 0.05, paired=False)
    assert (found.verdict, found.ratio_interval[1], found.interval[1]) == ("slower", None, None)
    assert found.to_dict()["ratio_interval"][1] is None
    assert found.to_dict()["interval"][1] is None
    (below,) = judge([Given(A, bounds(120.0, -math.inf, 124.0))], 0.05, 0.05, paired=False)
    assert (below.ratio_interval[0], below.interval[0]) == (None, None)


@pytest.mark.parametrize(
    ("b", "verdict"),
    [
        (bounds(100.0, 98.0, 102.0), "same"),  # the whole interval is within 5 %
        (bounds(100.0, 90.0, 110.0), "cannot tell"),
        (bounds(130.0, 125.0, 135.0), "slower"),
        (bounds(70.0, 65.0, 75.0), "faster"),
        (bounds(106.0, 105.0, 107.0), "slower"),  # excludes 1, but not the margin
    ],
)
def test_the_verdict_follows_from_interval_and_margin(b: Bounds, verdict: str) -> None:
    narrow = bounds(100.0, 99.0, 101.0)
    assert verdicts(Given(narrow, b)) == [verdict]


def test_a_certain_difference_within_the_margin_is_the_same() -> None:
    sure = Given(bounds(100.0, 99.9, 100.1), bounds(102.0, 101.9, 102.1))
    assert verdicts(sure) == ["same"]
    assert verdicts(sure, margin=0.01) == ["slower"]
    assert judge([sure], 0.05, 0.05, paired=False)[0].clear_alone


def test_more_of_a_rate_is_faster() -> None:
    assert verdicts(Given(A, bounds(130.0, 125.0, 135.0), is_rate=True)) == ["faster"]
    assert verdicts(Given(A, bounds(70.0, 65.0, 75.0), is_rate=True)) == ["slower"]


def test_a_correlation_counts_only_where_the_traffic_was_the_same() -> None:
    given = Given(bounds(100.0, 95.0, 105.0), bounds(104.0, 99.0, 109.0), r=0.98)
    (paired,) = judge([given], 0.05, 0.0, paired=True)
    (apart,) = judge([given], 0.05, 0.0, paired=False)
    assert (paired.verdict, paired.correlation) == ("slower", 0.98)
    assert (apart.verdict, apart.correlation) == ("cannot tell", None)


def test_of_many_figures_one_that_is_just_clear_is_not_clear_enough() -> None:
    just = Given(bounds(100.0, 98.0, 102.0), bounds(104.0, 101.0, 107.0))
    equal = Given(bounds(100.0, 90.0, 110.0), bounds(100.0, 90.0, 110.0))
    assert verdicts(just) == ["slower"]
    found = judge([just, equal], 0.05, 0.05, paired=False)
    assert [each.verdict for each in found] == ["cannot tell"] * 2
    assert [each.clear_alone for each in found] == [True, False]


def test_a_clear_figure_makes_it_easier_for_the_next() -> None:
    just = Given(bounds(100.0, 98.0, 102.0), bounds(104.0, 101.0, 107.0))
    clear = Given(bounds(100.0, 99.0, 101.0), bounds(150.0, 149.0, 151.0))
    # The first needs 1 - 0.05 / 2, and then the other only 1 - 0.05.
    assert verdicts(just, clear) == ["slower", "slower"]


def test_nothing_to_judge_is_nothing_found() -> None:
    assert judge([], 0.05, 0.05, paired=False) == ()
