# SPDX-License-Identifier: Apache-2.0
"""Little's law: it holds in any steady run, and says what is wrong in others."""

from typing import Any

import numpy as np
import pytest

from loadgen.metrics.little import littles_law

Instants = np.ndarray[Any, np.dtype[np.int64]]
MS = 1_000_000
SECOND = 1_000_000_000


def poisson(n: int, seed: int = 1) -> Instants:
    return np.cumsum(np.random.default_rng(seed).exponential(MS, n)).astype(np.int64)


def behind_one_server(arrivals: Instants, service: Any) -> Instants:
    before = np.concatenate([[0], np.cumsum(service)[:-1]])
    ends: Instants = np.maximum.accumulate(arrivals - before) + np.cumsum(service)
    return ends.astype(np.int64)


def test_a_hundred_a_second_for_a_quarter_of_a_second_each_are_25() -> None:
    issued = np.arange(0, 60 * SECOND, 10 * MS)
    law = littles_law(issued, issued + 250 * MS)
    assert law.verdict == "holds"
    assert (law.rate_qps, law.time_s) == (pytest.approx(100, rel=1e-3), 0.25)
    assert law.in_flight == pytest.approx(25, rel=1e-3)
    assert law.in_flight == pytest.approx(law.expected, rel=1e-3)
    assert law.words == "Little's law holds (25 in flight, 25 by rate times time)"
    assert (law.turnaround_s, law.empty_share) == (None, None)


def test_what_is_in_flight_is_the_integral_of_the_count() -> None:
    issued = poisson(3_000)
    ended = issued + np.random.default_rng(2).exponential(5 * MS, 3_000).astype(np.int64)
    low, high = (int(issued[0] + (issued[-1] - issued[0]) * tenths // 10) for tenths in (1, 9))
    at = np.sort(np.concatenate([[low, high], issued, ended]))
    at = at[(at >= low) & (at <= high)]
    count = np.searchsorted(issued, at, "right") - np.searchsorted(np.sort(ended), at, "right")
    expected = float(count[:-1] @ np.diff(at)) / (high - low)
    assert littles_law(issued, ended).in_flight == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("load", [0.3, 0.8])
def test_it_holds_behind_a_queue(load: float) -> None:
    for seed in range(20):
        issued = poisson(5_000, seed)
        service = np.random.default_rng(100 + seed).exponential(load * MS, 5_000)
        assert littles_law(issued, behind_one_server(issued, service)).verdict == "holds"


def test_a_queue_that_grows_is_told() -> None:
    issued = poisson(20_000)
    law = littles_law(issued, behind_one_server(issued, np.full(20_000, 1.2 * MS)))
    assert law.verdict == "queue grows"
    assert law.in_flight > 1.05 * law.expected
    assert "does not keep up" in law.words


def test_what_never_ended_stays_in_flight() -> None:
    issued = np.arange(0, 10 * SECOND, MS)
    ended, known = issued + 5 * MS, np.ones(10_000, bool)
    ended[:50], known[:50] = -99, False
    law = littles_law(issued, ended, known)
    assert law.in_flight == pytest.approx(55, rel=1e-3)
    assert law.n_backwards == 0


def test_an_answer_before_its_question_is_wrong() -> None:
    issued = np.arange(0, 10 * SECOND, MS)
    ended = issued + 5 * MS
    ended[5_000] = issued[5_000] - 1
    law = littles_law(issued, ended)
    assert (law.verdict, law.n_backwards) == ("wrong instants", 1)
    assert "1 query ended before issue" in law.words


def closed_loop(places: int, service_ns: int, turnaround_ns: int) -> tuple[Instants, Instants]:
    rounds = np.arange(2_000, dtype=np.int64) * (service_ns + turnaround_ns)
    issued = np.sort((rounds[:, None] + np.arange(places) * 1_000).ravel())
    return issued, issued + service_ns


def test_a_closed_loop_shows_the_turnaround_of_the_generator() -> None:
    issued, ended = closed_loop(4, 980_000, 20_000)
    law = littles_law(issued, ended, concurrency=4)
    assert law.verdict == "holds"
    assert law.turnaround_s == pytest.approx(20e-6, rel=1e-2)
    assert law.empty_share == pytest.approx(0.02, rel=1e-2)
    assert law.turnaround_s + law.time_s == pytest.approx(4 / law.rate_qps, rel=1e-3)
    assert law.words.endswith(
        "2.0 % of the 4 places stood empty, 20 us from an answer to the next query"
    )


def test_a_generator_that_leaves_places_empty_is_told() -> None:
    issued, ended = closed_loop(4, 800_000, 200_000)
    law = littles_law(issued, ended, concurrency=4)
    assert (law.verdict, law.empty_share) == ("places empty", pytest.approx(0.2, rel=1e-2))
    assert "the generator limits the rate" in law.words


def test_more_in_flight_than_there_are_places_is_wrong() -> None:
    issued, ended = closed_loop(4, 980_000, 20_000)
    law = littles_law(issued, ended, concurrency=3)
    assert law.verdict == "wrong instants"
    assert "do not use the figures" in law.words


@pytest.mark.parametrize("n", [0, 1, 2, 10, 99])
def test_few_queries_are_too_few(n: int) -> None:
    issued = np.arange(n, dtype=np.int64) * MS
    law = littles_law(issued, issued + 1, concurrency=1)
    assert law.verdict == "cannot tell"
    assert law.words.startswith("Little's law: cannot tell from ")
    assert law.words.endswith(" that ended while others were issued; run longer")


def test_queries_that_were_issued_at_once_are_too_few() -> None:
    issued = np.zeros(1_000, np.int64)
    assert littles_law(issued, issued + np.arange(1_000)).verdict == "cannot tell"
