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


def reader_of(rows: dict[str, Any], *, before: int = 0, **known: Any) -> RowReader:
    """A reader of a series that begins after some of the rows, all of which are issued then."""
    issued = before
    reader = RowReader(lambda: [(issued, rows)], **known)
    issued = len(rows["completed"])
    return reader


@pytest.mark.parametrize("scale", [3, 40.0, 1e6, 1e11])
def test_percentiles_are_within_half_a_percent(scale: float) -> None:
    values = np.random.default_rng(1).exponential(scale, 20_000).astype(np.int64) + 1
    counted = Durations()
    for part in np.split(values, 10):
        counted.add(part, np.ones_like(part))
    exact = np.percentile(values, [50, 99], method="lower")
    assert counted.count == 20_000
    # Half a nanosecond is what a middle may be off where a value has a bucket of its own.
    assert counted.percentiles((50, 99)) == pytest.approx(exact, rel=0.005, abs=0.5)


def test_of_nothing_there_is_no_percentile() -> None:
    assert Durations().percentiles((50,)) is None


def test_durations_of_zero_and_of_a_century_are_counted() -> None:
    counted = Durations()
    counted.add(np.array([0, 3 * 10**18]), np.array([1, 1]))
    assert counted.percentiles((0, 100)) == pytest.approx([1, 3e18], rel=0.005)


def test_each_row_is_counted_once_however_often_one_looks() -> None:
    rows = columns([100] * 10_000, late=7)
    reader = reader_of(rows)
    for answered in (0, 1, 1, 8_193, 10_000, 10_000):
        reader.read(answered)
    assert (reader.latency.count, reader.delay.count, reader.failed) == (10_000, 10_000, 0)
    assert reader.is_exact
    assert reader.delay.percentiles((99,)) == pytest.approx([7], rel=0.005)


def test_an_answer_that_others_overtook_is_counted_when_it_comes() -> None:
    rows = columns([100] * 10)
    late = rows["completed"][2]
    rows["completed"][2] = 0
    reader = reader_of(rows)
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
    reader = reader_of(rows)
    reader.read(150_000)  # so many answers, but of none of these rows
    assert reader.latency.count == 0
    rows["completed"][:] = done
    for _ in range(4):  # a look takes a bounded time
        reader.read(200_000)
    assert reader.latency.count == pytest.approx(200_000, rel=1e-3)
    assert all(part.overtaken.shape == (2, 0) for part in reader._progress)


def test_of_a_flood_an_even_part_stands_for_all() -> None:
    values = np.random.default_rng(2).exponential(1e6, 400_000).astype(np.int64) + 1
    rows = columns(values)
    rows["status"][::100] = 1
    reader = reader_of(rows)
    reader.read(1_000)  # few: each counts once, and not more than each of the many later
    reader.read(400_000)
    assert not reader.is_exact
    assert reader.failed == pytest.approx(4_000, rel=0.25)
    assert reader.latency.count + reader.failed == pytest.approx(400_000, rel=1e-3)
    exact = np.percentile(values, [50, 99])
    assert reader.latency.percentiles((50, 99)) == pytest.approx(exact, rel=0.05)


def test_failed_queries_have_no_latency() -> None:
    rows = columns([100] * 6)
    rows["status"][1] = 1
    reader = reader_of(rows)
    reader.read(6)
    assert (reader.latency.count, reader.failed) == (5, 1)


def test_a_query_of_several_samples_is_answered_by_its_last_one() -> None:
    rows = columns([100, 300, 200, 100, 100, 100], gap=0)
    rows["status"][4] = 1
    reader = reader_of(rows, samples_per_query=3)
    reader.read(5)  # the second is not whole
    assert reader.latency.count == 1
    reader.read(6)
    assert reader.latency.percentiles((100,)) == pytest.approx([300], rel=0.005)
    assert (reader.latency.count, reader.failed) == (1, 1)


def test_rows_of_series_before_are_left_out() -> None:
    rows = columns([100] * 10)
    reader = reader_of(rows, before=6)
    reader.read(4)
    assert reader.latency.count == 4


def test_rows_of_several_threads_are_all_looked_at() -> None:
    first, second = columns([100] * 30), columns([500] * 10)
    issued = [(0, first), (0, second)]
    reader = RowReader(lambda: issued)
    issued = [(30, first), (10, second)]
    reader.read(40)
    assert (reader.latency.count, reader.delay.count) == (40, 40)
    assert reader.latency.percentiles((50, 90)) == pytest.approx([100, 500], rel=0.005)


def test_samples_that_are_all_due_at_once_have_no_instants_of_their_own() -> None:
    rows = {name: column for name, column in columns([100] * 4, gap=0).items() if name[0] in "cs"}
    del rows["scheduled"]
    reader = reader_of(rows, due_ns=5_000 - 1_000)
    reader.read(4)
    assert (reader.latency.count, reader.delay.count) == (4, 0)
    assert reader.latency.percentiles((50,)) == pytest.approx([1_100], rel=0.005)


class Ring:
    """Rows that are written over what lies there; row n has a latency of n + 1 us."""

    def __init__(self, places: int) -> None:
        self.rows = columns([0] * places)
        self.n_issued = 0

    def issue(self, n: int) -> None:
        for row in range(self.n_issued, self.n_issued + n):
            at = row % len(self.rows["completed"])
            self.rows["scheduled"][at] = self.rows["issued"][at] = 10_000 * row
            self.rows["completed"][at] = 10_000 * row + 1_000 * (row + 1)
        self.n_issued += n

    def parts(self) -> Any:
        shown = min(self.n_issued, len(self.rows["completed"]))
        return [(self.n_issued, {name: each[:shown] for name, each in self.rows.items()})]


def test_rows_whose_places_are_used_again_are_read_in_time() -> None:
    ring = Ring(100)
    reader = RowReader(ring.parts, places=100)
    for n in (1, 2, 30, 50, 50, 50, 17):  # never more than half of the places between two looks
        ring.issue(n)
        reader.read(ring.n_issued)
    assert reader.latency.count == 200
    assert reader.latency.percentiles((50, 100)) == pytest.approx([101_000, 200_000], rel=0.005)


def test_of_more_new_rows_than_places_the_latest_are_read() -> None:
    ring = Ring(100)
    reader = RowReader(ring.parts, places=100)
    ring.issue(1_000)
    reader.read(1_000)
    assert reader.latency.count == 50
    assert reader.latency.percentiles((0,)) == pytest.approx([951_000], rel=0.005)


def test_rows_that_are_written_over_while_they_are_read_do_not_count() -> None:
    ring = Ring(100)
    reader = RowReader(ring.parts, places=100)
    ring.issue(40)
    looks = iter([0, 0])  # for how many there are, and for the rows

    def parts() -> Any:
        ring.issue(next(looks, 80))
        return ring.parts()

    reader._parts = parts
    reader.read(40)
    assert reader.latency.count == 0
    assert reader.failed == 0


def test_an_open_row_of_a_ring_has_a_mark_below_zero() -> None:
    ring = Ring(100)
    reader = RowReader(ring.parts, places=100)
    ring.issue(130)
    answer = int(ring.rows["completed"][25])
    ring.rows["completed"][25] = -2
    reader.read(130)
    assert reader.latency.count == 49
    ring.rows["completed"][25] = answer
    reader.read(130)
    assert reader.latency.count == 50
