# SPDX-License-Identifier: Apache-2.0
"""Percentiles of a run that goes on: beside NumPy's, with answers in any order."""

from typing import Any

import numpy as np
import pytest

from loadgen.run.live.figures import Durations, RowReader


def columns(latencies: Any, *, gap: int = 1_000, late: int = 0) -> dict[str, Any]:
    """Rows that are all answered; what is not is set to 0."""
    due = 5_000 + gap * np.arange(len(latencies), dtype=np.int64)
    return {
        "scheduled": due,
        "issued": due + late,
        "completed": due + np.asarray(latencies, np.int64),
        "status": np.zeros(len(latencies), np.uint8),
    }


@pytest.mark.parametrize("scale", [3, 40.0, 1e6, 1e11])
def test_percentiles_are_within_half_a_percent(scale: float) -> None:
    values = np.random.default_rng(1).exponential(scale, 20_000).astype(np.int64) + 1
    counted = Durations()
    for part in np.split(values, 10):
        counted.add(part)
    exact = np.percentile(values, [50, 99], method="lower")
    assert counted.count == 20_000
    # Half a nanosecond is what a middle may be off where a value has a bucket of its own.
    assert counted.percentiles((50, 99)) == pytest.approx(exact, rel=0.005, abs=0.5)


def test_of_nothing_there_is_no_percentile() -> None:
    assert Durations().percentiles((50,)) is None


def test_durations_of_zero_and_of_a_century_are_counted() -> None:
    counted = Durations()
    counted.add(np.array([0, 3 * 10**18]))
    assert counted.percentiles((0, 100)) == pytest.approx([1, 3e18], rel=0.005)


def test_each_row_is_counted_once_however_often_one_looks() -> None:
    rows = columns([100] * 10_000, late=7)
    reader = RowReader(lambda: rows, 0)
    for answered in (0, 1, 1, 5_000, 10_000, 10_000):
        reader.read(answered)
    assert (reader.latency.count, reader.delay.count, reader.failed) == (10_000, 10_000, 0)
    assert reader.delay.percentiles((99,)) == pytest.approx([7], rel=0.005)


def test_an_answer_that_others_overtook_is_counted_when_it_comes() -> None:
    rows = columns([100] * 10)
    late = rows["completed"][2]
    rows["completed"][2] = 0
    reader = RowReader(lambda: rows, 0)
    reader.read(9)
    assert reader.latency.count == 8  # rows 0 to 8 but for row 2
    rows["completed"][2] = late + 900
    reader.read(10)
    assert reader.latency.count == 10
    assert reader.latency.percentiles((100,)) == pytest.approx([1_000], rel=0.005)


def test_many_that_were_overtaken_are_all_counted_in_the_end() -> None:
    rows = columns([100] * 200_000)
    done = rows["completed"].copy()
    rows["completed"][:150_000] = 0
    reader = RowReader(lambda: rows, 0)
    reader.read(150_000)  # so many answers, but of none of these rows
    assert reader.latency.count == 0
    rows["completed"][:] = done
    for _ in range(4):  # a look takes a bounded time
        reader.read(200_000)
    assert reader.latency.count == 200_000


def test_failed_queries_have_no_latency() -> None:
    rows = columns([100] * 6)
    rows["status"][1] = 1
    reader = RowReader(lambda: rows, 0)
    reader.read(6)
    assert (reader.latency.count, reader.failed) == (5, 1)


def test_a_query_of_several_samples_is_answered_by_its_last_one() -> None:
    rows = columns([100, 300, 200, 100, 100, 100], gap=0)
    rows["status"][4] = 1
    reader = RowReader(lambda: rows, 0, samples_per_query=3)
    reader.read(5)  # the second is not whole
    assert reader.latency.count == 1
    reader.read(6)
    assert reader.latency.percentiles((100,)) == pytest.approx([300], rel=0.005)
    assert (reader.latency.count, reader.failed) == (1, 1)


def test_rows_of_series_before_are_left_out() -> None:
    rows = columns([100] * 10)
    reader = RowReader(lambda: rows, 6)
    reader.read(4)
    assert reader.latency.count == 4


def test_where_no_rows_are_kept_there_is_nothing() -> None:
    reader = RowReader(dict, 0)
    reader.read(10)
    assert reader.latency.percentiles((50,)) is None
