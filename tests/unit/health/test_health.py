# SPDX-License-Identifier: Apache-2.0
"""The generator's own behaviour: the thresholds, and whose fault a delay is."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from loadgen.health import DelayFigures, Health, PlannedQueries, assess
from loadgen.metrics import Columns, Distribution

US, MS = 1000, 1_000_000


@dataclass(frozen=True)
class Delay:
    """A delay with the same figure at every percentile, unless said otherwise."""

    p50_ns: int | None
    p90_ns: int | None
    p99_ns: int | None
    p999_ns: int | None
    max_ns: int | None
    count: int = 1000


NONE = Delay(None, None, None, None, None, count=0)


def delay(ns: int) -> Delay:
    return Delay(ns, ns, ns, ns, ns)


def latency(ns: int) -> Distribution:
    return Distribution(Columns(np.full(100, ns), np.zeros(100, np.int64), None))


def health(own: Delay, latency_ns: int, blocked: Delay = NONE, percentile: float = 99) -> Health:
    return assess(own, blocked, latency(latency_ns), percentile)


@pytest.mark.parametrize(
    ("own_ns", "latency_ns", "verdict"),
    [
        (500 * US, 10 * MS, "good"),  # 5 %
        (501 * US, 10 * MS, "suspect"),
        (2000 * US, 10 * MS, "suspect"),  # 20 %
        (2001 * US, 10 * MS, "bad"),
        (999, 2 * US, "good"),  # half of it, below a microsecond
        (999, 1500, "suspect"),
        (1000, 1500, "bad"),
        (20, 100, "good"),
        (0, 0, "good"),
    ],
)
def test_the_verdict_is_the_row_of_the_table(own_ns: int, latency_ns: int, verdict: str) -> None:
    assert health(delay(own_ns), latency_ns).verdict == verdict


def test_a_good_generator_has_no_causes_and_shows_its_figures() -> None:
    found = health(delay(10 * US), 10 * MS)
    assert found.causes == ()
    assert found.figures == {
        "percentile": 99,
        "latency_ns": 10 * MS,
        "own_delay_ns": 10 * US,
        "own_share": 0.001,
    }


@pytest.mark.parametrize(
    ("n", "percentile", "words"),
    [
        (1, 90, "1 query tells next to nothing of the generator: percentile 90 takes 10 at least"),
        (9, 90, "9 queries tell next to nothing of the generator: percentile 90 takes 10"),
        (10, 90, None),
        (99, 99, "99 queries tell next to nothing of the generator: percentile 99 takes 100"),
        (100, 99, None),
    ],
)
def test_a_good_generator_of_few_queries_is_told_to_be_unknown(
    n: int, percentile: float, words: str | None
) -> None:
    figures = Distribution(Columns(np.full(n, 10 * MS), np.zeros(n, np.int64), None))
    found = assess(DelayFigures(n, *[10 * US] * 5), DelayFigures(), figures, percentile)
    assert found.verdict == "good"
    assert [cause.startswith(words or "never") for cause in found.causes] == [True] * bool(words)
    offline = assess(DelayFigures(1, *[10 * US] * 5), DelayFigures(), latency(10 * MS), percentile)
    assert offline.causes == ()


def test_a_late_generator_is_told_with_figure_share_and_what_to_do() -> None:
    (cause,) = health(delay(3 * MS), 10 * MS).causes
    assert cause == (
        "the generator issued 3.000 ms late at percentile 99, 30 % of the latency there "
        "(10.00 ms), and no measured cause explains it (not measured here: the stages of late "
        "issues, the issuing thread's wait for a processor, its page faults, what the machine "
        "did): leave it a processor (cpu=...), stop other work on the machine, or lower the rate"
    )


def test_a_share_just_above_a_threshold_is_not_told_as_the_threshold() -> None:
    (cause,) = health(delay(505 * US), 10 * MS).causes
    assert "505.0 us late at percentile 99, 5.1 % of the latency there (10.00 ms)" in cause


def test_a_part_of_the_delay_is_not_above_the_whole() -> None:
    issue_delay = Distribution(Columns(np.arange(1000), np.zeros(1000, np.int64), None))
    rounded = DelayFigures(1000, 498, 901, 992, 1001, 999)
    assert rounded.within(issue_delay) == DelayFigures(1000, 498, 900, 990, 999, 999)
    for of_others in (DelayFigures(999, 498, 901, 992, 1001, 999), DelayFigures(1000, *[2000] * 5)):
        assert of_others.within(issue_delay) == of_others
    assert DelayFigures().within(issue_delay) == DelayFigures()


def test_a_system_that_blocks_is_told_apart_and_is_not_the_generators_fault() -> None:
    found = health(delay(10 * US), 10 * MS, blocked=delay(8 * MS))
    assert found.verdict == "good"
    (cause,) = found.causes
    assert cause == (
        "the system's issue() had not returned when queries were due, 8.000 ms at percentile 99, "
        "80 % of the latency there (10.00 ms). It counts as the system's: return from issue() at "
        "once and answer later, use workers (FunctionSUT(fn, workers=...)), or pull (Session)"
    )
    assert found.figures["blocked_share"] == 0.8


@pytest.mark.parametrize(
    ("percentile", "figure"),
    [(50, 1), (51, 2), (90, 2), (97, 3), (99, 3), (99.5, 4), (99.9, 4), (99.99, 5), (100, 5)],
)
def test_the_delay_is_taken_at_the_next_percentile_that_is_known(
    percentile: float, figure: int
) -> None:
    own = Delay(1 * US, 2 * US, 3 * US, 4 * US, 5 * US)
    assert health(own, MS, percentile=percentile).figures["own_delay_ns"] == figure * US


def test_a_delay_is_never_more_than_the_latency_that_it_is_in() -> None:
    """Delays are rounded up, are those of the next percentile, and of queries that failed."""
    found = assess(delay(10_010), delay(30 * MS), latency(10_000), 97, DelayFigures(1, *[MS] * 5))
    shares = ("own_share", "blocked_share", "client_share")
    assert [found.figures[name] for name in shares] == [1, 1, 1]
    assert found.figures["own_delay_ns"] == 10_010
    assert all("100 % of the latency there (10.00 us)" in cause for cause in found.causes)
    assert health(delay(5 * MS), 0).figures["own_share"] == 1


def test_the_generator_is_told_of_before_the_system() -> None:
    """Where both are to blame, advice for the system comes last: its figures are not its own."""
    client = DelayFigures(10, *[5 * MS] * 5)
    found = assess(delay(5 * MS), delay(9 * MS), latency(10 * MS), 99, client)
    starts = [
        "the generator issued 5.000 ms late", "samples waited 5.000 ms in the client",
        "the system's",
    ]  # fmt: skip
    assert len(found.causes) == 3
    assert all(map(str.startswith, found.causes, starts))


@pytest.mark.parametrize("own", [NONE, delay(5 * MS)])
def test_a_run_without_an_answer_or_without_delays_says_nothing_of_the_generator(
    own: Delay,
) -> None:
    nothing: Any = Distribution(Columns(*[np.zeros(0, np.int64)] * 2, None))
    assert assess(own, NONE, nothing, 99) == Health("good", {"percentile": 99}, ())
    assert health(NONE, MS).figures == {"percentile": 99, "latency_ns": MS}


TOLD = {
    "count": 10, "p50_ns": 1, "p90_ns": 2, "p99_ns": 3, "p999_ns": 4, "max_ns": 5,
}  # fmt: skip


@pytest.mark.parametrize(
    ("own_ns", "client_ns", "verdict"),
    [
        (0, 500 * US, "good"),  # 5 %
        (0, 501 * US, "suspect"),
        (0, 2001 * US, "bad"),
        (501 * US, 0, "suspect"),  # the worse of the two
        (2001 * US, 501 * US, "bad"),
    ],
)
def test_what_samples_wait_in_a_client_counts_as_the_generators(
    own_ns: int, client_ns: int, verdict: str
) -> None:
    told = DelayFigures(10, *[client_ns] * 5)
    found = assess(delay(own_ns), NONE, latency(10 * MS), 99, told)
    assert found.verdict == verdict
    assert found.figures["client_delay_ns"] == client_ns
    assert any("in the client" in cause for cause in found.causes) == (client_ns > 500 * US)


def test_a_client_tells_its_figures() -> None:
    assert DelayFigures.from_client(TOLD) == DelayFigures(10, 1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    "told", [None, 7, {}, TOLD | {"p99_ns": "3"}, {**TOLD, "count": None}], ids=repr
)
def test_what_is_told_otherwise_is_not_taken(told: Any) -> None:
    assert DelayFigures.from_client(told) is None


def test_a_delay_below_a_microsecond_is_the_clocks() -> None:
    found = health(delay(999), 1500)
    assert found.verdict == "suspect"
    (cause,) = found.causes
    assert cause == (
        "the generator issued 999 ns late at percentile 99, 67 % of the latency there (1.500 us): "
        "some readings of the clock and a call, which no generator can do without. Measure more "
        "work at once"
    )


@pytest.mark.parametrize(("gc_here_ns", "named"), [(400 * MS, True), (300 * MS, False)])
def test_collections_inside_issue_are_told_of_with_it(gc_here_ns: int, named: bool) -> None:
    found = assess(
        delay(10 * US), delay(4 * MS), latency(10 * MS), 99,
        issuing={"in_issue_ns": 1000 * MS}, monitor={"gc_here_ns": gc_here_ns},
    )  # fmt: skip
    assert found.verdict == "good"
    (cause,) = found.causes
    assert ("Python's garbage collection took 40 % of its time" in cause) is named


def test_queries_that_were_never_issued_are_told() -> None:
    cut = PlannedQueries("too_many_outstanding", planned=1000, issued=400, redelivered=1)
    found = assess(delay(10 * US), NONE, latency(10 * MS), 99, planned=cut)
    assert found.verdict == "good"  # the run's verdict says what it makes of it
    assert found.causes == (
        "600 of 1,000 planned queries were never issued, since the series ended by "
        "too_many_outstanding: the figures are of the others",
        "1 sample had to be handed out again, since the process that had taken them was gone: "
        "their latency has both in it",
    )
    assert found.figures["planned_queries"] == 1000
    assert found.figures["issued_queries"] == 400
    assert assess(delay(0), NONE, latency(10 * MS), 99, planned=PlannedQueries()).causes == ()
