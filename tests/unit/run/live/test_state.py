# SPDX-License-Identifier: Apache-2.0
"""How far a series is: time left, rates, silence, from literal counts and instants."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from loadgen.run.live.state import Progress, Series, Snapshot


def looks(series: Series, counts: Iterable[tuple[float, int, int]]) -> list[Snapshot]:
    """Looks at instants, each with what is issued and answered then."""
    now = (0, 0)
    progress = Progress(series, lambda: now, None, 0.0)
    found = []
    for at_s, issued, answered in counts:
        now = (issued, answered)
        found.append(progress.look(at_s))
    return found


def look(series: Series, *counts: tuple[float, int, int]) -> Snapshot:
    return looks(series, counts)[-1]


def test_what_was_before_the_series_is_left_out() -> None:
    now = (50, 40)
    progress = Progress(Series("x"), lambda: now, None, 10.0)
    now = (80, 65)
    seen = progress.look(12.0)
    assert (seen.elapsed_s, seen.issued, seen.answered, seen.in_flight) == (2.0, 30, 25, 5)


def test_rate_is_that_of_the_last_two_seconds() -> None:
    seconds = [(float(second), 100 * second, 100 * second) for second in range(1, 6)]
    assert look(Series("x"), *seconds, (7.0, 520, 520)).rate == 10.0


@pytest.mark.parametrize(
    ("limits", "left_s"),
    [
        ({"min_duration_s": 10}, 8.0),
        ({"min_queries": 1_000}, 18.0),  # 50/s
        ({"min_duration_s": 10, "min_queries": 1_000}, 18.0),
        ({"min_duration_s": 30, "min_queries": 1_000}, 28.0),
        ({"min_queries": 1_000, "max_duration_s": 5}, 3.0),
        ({"min_duration_s": 30, "max_queries": 150}, 1.0),
        ({"min_queries": 1_000, "samples_per_query": 2}, 38.0),
        ({"n_samples": 500}, 410 / 45),  # 45/s are answered
        ({"min_duration_s": 1, "min_queries": 10}, 0.0),
    ],
)  # fmt: skip
def test_time_left_is_until_the_last_limit_that_must_be_reached(
    limits: dict[str, Any], left_s: float
) -> None:
    assert look(Series("x", **limits), (2.0, 100, 90)).left_s == pytest.approx(left_s)


def test_time_left_is_unknown_before_anything_came() -> None:
    assert look(Series("x", n_samples=10), (1.0, 10, 0)).left_s is None
    assert look(Series("x", min_queries=10), (1.0, 0, 0)).left_s is None


def test_time_left_is_known_between_two_large_batches() -> None:
    seen = look(
        Series("x", n_samples=100), (1.0, 100, 0), (2.0, 100, 20), (6.0, 100, 20), (8.0, 100, 20)
    )
    assert (seen.rate, seen.left_s) == (0.0, 32.0)


def test_silence_is_told_after_five_seconds_and_only_while_something_is_missing() -> None:
    found = looks(
        Series("x"),
        [(1.0, 50, 47), (5.9, 50, 47), (6.0, 50, 47), (6.25, 50, 48), (60.0, 50, 50)],
    )
    assert [seen.silent_s for seen in found] == [0.0, 0.0, 5.0, 0.0, 0.0]


class Rows:
    """Stands for `_core.LiveFigures`: latencies p ns, delays 2 p ns, of a tenth of the answers."""

    failed, exact = 3, False

    def __init__(self, samples_per_query: int, due_ns: int | None) -> None:
        self.asked = samples_per_query, due_ns
        self.answered = 0

    def look(self, n_answered: int) -> None:
        self.answered = n_answered

    def latency_ns(self, percentiles: Sequence[float]) -> list[int] | None:
        return [round(p) for p in percentiles] if self.answered else None

    def issue_delay_ns(self, percentiles: Sequence[float]) -> list[int] | None:
        return [round(2 * p) for p in percentiles] if self.answered else None


def looked_at(series: Series, start_s: float = 0.0) -> tuple[Rows, Snapshot, Snapshot]:
    """What is asked of rows; looks before the first answer and after it, 50 samples being there."""
    made: list[Any] = []
    counts = (50, 50)

    def figures(samples_per_query: int, due_ns: int | None) -> Any:
        made.append(Rows(samples_per_query, due_ns))
        return made[0]

    progress = Progress(series, lambda: counts, figures, start_s)
    before = progress.look(start_s + 0.5)
    counts = (150, 149)
    return made[0], before, progress.look(start_s + 1.0)


def test_latencies_and_delays_are_those_of_the_rows() -> None:
    rows, before, seen = looked_at(Series("x", percentile=90, is_timed=True, samples_per_query=4))
    assert (before.latency, before.delay_ns) == (None, None)
    assert (rows.asked, rows.answered) == ((4, None), 99)
    assert (seen.latency, seen.delay_ns) == ((50, 99, 90), 180)
    assert (seen.failed, seen.is_exact) == (3, False)


def test_where_all_is_due_at_once_that_is_when_the_series_begins() -> None:
    rows, _, _ = looked_at(Series("x", are_all_due=True), 1.5)
    assert rows.asked == (1, 1_500_000_000)


def test_nothing_is_late_where_nothing_is_due() -> None:
    _, _, seen = looked_at(Series("x"))
    assert seen.latency is not None
    assert seen.delay_ns is None
