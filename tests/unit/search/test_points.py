# SPDX-License-Identifier: Apache-2.0
"""The curve of several results, and its knee."""

import pytest

import loadgen as lg
from loadgen.search import Point, curve, knee
from loadgen.testing import FixedSUT, VirtualClock


def points(loads: list[float], times: list[int | None]) -> list[Point]:
    return [
        Point(load, load, time, time, time, True, "good")
        for load, time in zip(loads, times, strict=True)
    ]


def knee_of(loads: list[float], times: list[int | None]) -> float | None:
    found = knee(points(loads, times))
    return None if found is None else found.load


def test_knee_is_where_latency_begins_to_rise() -> None:
    assert knee_of([10, 20, 30, 40, 50], [5, 5, 6, 30, 100]) == 30


def test_knee_of_the_queue_m_m_1_is_the_point_farthest_from_the_line() -> None:
    """Of y = 1 / (1 - x), x to 0.9, the largest x / 0.9 - (y - 1) / 9 is at 1 - 1 / sqrt(10)."""
    loads = [n / 100 for n in range(0, 91, 2)]
    assert knee_of(loads, [round(1e6 / (1 - load)) for load in loads]) == 0.68


def test_latency_that_rises_evenly_has_no_knee() -> None:
    assert knee_of([1, 2, 3, 4, 5], [10, 20, 30, 40, 50]) is None


def test_latency_that_rises_less_and_less_has_no_knee() -> None:
    assert knee_of([1, 2, 3, 4, 5], [10, 40, 45, 48, 50]) is None


def test_latency_that_falls_has_no_knee() -> None:
    assert knee_of([20, 50, 100, 200], [6_600, 9_400, 2_900, 4_300]) is None


@pytest.mark.parametrize(
    ("loads", "times"),
    [
        ([], []),
        ([1], [5]),
        ([1, 2, 3], [5, 5, 90]),
        ([1, 2, 3, 4], [5, 5, 5, 5]),
        ([1, 1, 1, 1], [5, 6, 7, 90]),
        ([1, 2, 3, 4], [None, None, None, None]),
    ],
)
def test_too_little_to_have_a_knee(loads: list[float], times: list[int | None]) -> None:
    assert knee_of(loads, times) is None


def test_load_without_a_latency_is_left_out() -> None:
    assert knee_of([10, 20, 30, 40, 50], [5, 5, 6, 100, None]) == 30


def test_curve_is_in_the_order_of_the_load() -> None:
    sut = FixedSUT(latency_ns=10_000_000, servers=2)
    many = [lg.Concurrent(load) for load in (4, 1, 2)]
    results = lg.sweep(sut, 8, many, clock=VirtualClock(), progress=False)
    found = curve(results)
    assert [(point.load, point.p99_ns, point.health) for point in found] == [
        (1, 10_000_000, "good"), (2, 10_000_000, "good"), (4, 20_000_000, "good"),
    ]  # fmt: skip
    assert found[2].throughput == pytest.approx(200, rel=0.01)


def test_curve_of_other_scenarios_is_refused() -> None:
    one = lg.run(lambda samples: samples, 8, lg.SingleStream(), min_duration_s=0, progress=False)
    with pytest.raises(lg.SettingsError, match="single_stream"):
        curve([one])
