# SPDX-License-Identifier: Apache-2.0
"""What a result says of itself: which figures there are, of which runs, and from which rows."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.health import DelayFigures
from loadgen.metrics.arrivals import TOLERANCE_NS
from loadgen.result import Result, RunData
from loadgen.testing import ExponentialSUT, FixedSUT, VirtualClock

Make = Callable[..., RunData]
MS = 1_000_000
STATISTICS = ("arrivals", "steady_state", "littles_law", "queueing")


def simulated(scenario: Any, sut: Any = None, **fields: Any) -> Result:
    given: dict[str, Any] = {"min_duration_s": 10, "min_queries": 1} | fields
    clock = VirtualClock()
    sut = sut or FixedSUT(MS)
    return lg.run(sut, 8, scenario, progress=False, clock=clock, **given)


def server(**fields: Any) -> lg.Server:
    given: dict[str, Any] = {"target_qps": 500, "target_latency_ms": None} | fields
    return lg.Server(**given)


@pytest.mark.parametrize(
    "arrivals",
    [
        lg.Poisson(),
        lg.Constant(),
        lg.Gamma(burstiness=0.3),
        lg.Gamma(burstiness=20),
        lg.Steps([(1, 3), (0, 1), (2.5, 2), (0.5, 1)]),
        lg.Steps([(0, 3), (1, 3), (2.5, 2)]),
        lg.Ramp(start=0, stop=2, duration_s=8),
        lg.Replay(np.cumsum(np.random.default_rng(1).uniform(0, 0.01, 2_000)), speed=2),
    ],
    ids=lambda arrivals: arrivals.name,
)
def test_every_arrival_process_of_ours_is_as_planned(arrivals: Any) -> None:
    found = simulated(server(arrivals=arrivals)).arrivals
    assert found is not None
    assert (found.verdict, found.process, found.tolerance_ns) == (
        "as planned", arrivals.name, TOLERANCE_NS,
    )  # fmt: skip
    assert len(found.checks) >= 3


def test_instants_of_another_process_are_not_as_planned(make_run: Make) -> None:
    due = np.arange(2_000) * 2 * MS
    for arrivals in (lg.Poisson(), lg.Gamma(0.5), lg.Ramp(0.1, 3, 2), lg.Steps([(0.5, 1), (2, 1)])):
        found = Result(make_run(server(arrivals=arrivals), due, due + 5)).arrivals
        assert found is not None
        assert found.verdict == "not as planned"
        assert found.cause == ""


def test_a_late_issue_is_told_as_the_cause(make_run: Make) -> None:
    due = np.cumsum(np.random.default_rng(2).exponential(2 * MS, 5_000)).astype(np.int64)
    issued = -(-due // (10 * MS)) * 10 * MS
    found = Result(make_run(server(), due, issued + 5, issued=issued)).arrivals
    assert found is not None
    assert found.verdict == "not as planned"
    assert "The plan was right, and queries were issued late: see health" in found.words


@pytest.mark.parametrize(
    ("own_ns", "blocked_ns", "words"),
    [
        (100, 9 * MS, "late, since the system's issue() had not returned: return at once"),
        (9 * MS, 0, "late: see health"),
        (9 * MS, 9 * MS, "late: see health"),  # first the generator
    ],
)
def test_who_made_issues_late_is_told_what_to_do(
    make_run: Make, own_ns: int, blocked_ns: int, words: str
) -> None:
    due = np.cumsum(np.random.default_rng(2).exponential(2 * MS, 5_000)).astype(np.int64)
    issued = -(-due // (10 * MS)) * 10 * MS
    delays = {
        name: DelayFigures(5_000, *[ns] * 5)
        for name, ns in (("own_delay", own_ns), ("blocked_delay", blocked_ns))
    }
    found = Result(make_run(server(), due, issued + 5, issued=issued, **delays)).arrivals
    assert found is not None
    assert found.words.endswith(words) or f"{words}, or use workers" in found.words


def test_how_late_the_generator_was_is_not_judged_twice(make_run: Make) -> None:
    due = np.cumsum(np.random.default_rng(3).exponential(2 * MS, 5_000)).astype(np.int64)
    for p99_ns, tolerance_ns in ((5, TOLERANCE_NS), (100_000, 100_000), (50 * MS, MS // 2)):
        delay = DelayFigures(5_000, 1, 2, p99_ns, 90 * MS, 90 * MS)
        found = Result(make_run(server(), due, due + 5, own_delay=delay)).arrivals
        assert found is not None
        assert (found.verdict, found.tolerance_ns) == ("as planned", tolerance_ns)


def test_one_server_is_seen_as_one() -> None:
    result = simulated(server(), ExponentialSUT(MS, servers=1, seed=1), min_duration_s=20)
    assert result.steady_state is not None
    assert result.littles_law is not None
    assert result.queueing is not None
    assert result.steady_state.verdict == "steady"
    assert result.littles_law.verdict == "holds"
    assert result.littles_law.expected == pytest.approx(500 * result.latency.mean / 1e9, rel=0.05)
    assert result.queueing.verdict == "as predicted"
    assert result.queueing.measured_s == pytest.approx(result.latency.mean / 1e9, rel=1e-4)


@pytest.mark.parametrize(("own_ns", "health"), [(MS, "suspect"), (5 * MS, "bad")])
def test_a_bad_generator_is_not_taken_for_a_queue(own_ns: int, health: str) -> None:
    """Its delays are in what would be taken for service times."""
    good = simulated(server(), ExponentialSUT(MS, servers=1, seed=1), min_duration_s=20)
    late = DelayFigures(good.n_issued, *[own_ns] * 5)
    result = Result(dataclasses.replace(good.data, own_delay=late))
    assert result.health.verdict == health
    assert (result.queueing is None) == (health == "bad")
    assert ("M/G/1" in result.summary()) == (health != "bad")


def test_a_server_that_is_too_slow_has_no_steady_state_and_a_queue_that_grows() -> None:
    result = simulated(server(), FixedSUT(3 * MS, servers=1))
    assert result.steady_state is not None
    assert result.littles_law is not None
    assert (result.steady_state.verdict, result.littles_law.verdict) == ("drift", "queue grows")
    assert result.queueing is not None
    assert result.queueing.verdict == "cannot tell"


@pytest.mark.parametrize(
    ("scenario", "places"),
    [(lg.SingleStream(), 1), (lg.MultiStream(4), 1), (lg.Concurrent(8), 8)],
    ids=["single_stream", "multi_stream", "concurrent"],
)
def test_closed_loops_have_places(scenario: Any, places: int) -> None:
    result = simulated(scenario, ExponentialSUT(MS, seed=2))
    assert (result.arrivals, result.queueing) == (None, None)
    assert result.steady_state is not None
    assert result.steady_state.verdict == "steady"
    assert result.steady_state.whole.count == result.latency.count  # queries in MultiStream
    law = result.littles_law
    assert law is not None
    assert (law.verdict, law.concurrency) == ("holds", places)
    assert law.in_flight == pytest.approx(places, rel=1e-6)
    assert law.turnaround_s == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("scenario", "missing"),
    [
        (lg.Offline(n_samples=2_000), STATISTICS),
        (server(arrivals=lg.Ramp(1, 2, 5)), ("steady_state", "queueing")),
        (server(arrivals=lg.Constant()), ("queueing",)),
    ],
    ids=["offline", "ramp", "constant"],
)
def test_what_does_not_apply_is_none(scenario: Any, missing: tuple[str, ...]) -> None:
    result = simulated(scenario, FixedSUT(MS, servers=1))
    assert tuple(name for name in STATISTICS if getattr(result, name) is None) == missing


@pytest.mark.parametrize("fields", [{"mode": "accuracy"}, {"recording": "histogram"}])
def test_nothing_is_said_without_rows_of_a_performance_run(fields: dict[str, Any]) -> None:
    result = simulated(server(), **fields)
    assert [getattr(result, name) for name in STATISTICS] == [None] * 4


@pytest.mark.parametrize("n", [0, 1, 10])
@pytest.mark.parametrize("status", [0, 1, 2])
def test_few_rows_answered_or_not_say_that_they_are_few(
    make_run: Make, n: int, status: int
) -> None:
    due = np.arange(n) * MS
    result = Result(make_run(server(), due, due + 5, status=[status] * n))
    found = [getattr(result, name) for name in STATISTICS]
    if n == 0:
        assert found == [None] * 4
    else:
        *checks, queueing = found
        assert {each.verdict for each in checks} == {"cannot tell"}
        # One server needs answers, and two of them for a rate.
        assert (queueing and queueing.verdict) == (
            "cannot tell" if (n, status) == (10, 0) else None
        )
        assert all(": cannot tell from " in each.words for each in found if each)


def test_a_run_of_which_everything_failed_has_no_steady_state_and_no_queueing(
    make_run: Make,
) -> None:
    due = np.cumsum(np.random.default_rng(4).exponential(2 * MS, 2_000)).astype(np.int64)
    result = Result(make_run(server(), due, due + 5, status=[1] * 2_000))
    assert result.steady_state is not None
    assert result.steady_state.verdict == "cannot tell"
    assert result.queueing is None
    missing = Result(make_run(server(), due, due + 5, status=[2] * 2_000))
    assert missing.littles_law is not None
    assert missing.littles_law.verdict == "cannot tell"


def test_a_saved_result_says_the_same(tmp_path: Path) -> None:
    result = simulated(server(), ExponentialSUT(MS, servers=1, seed=3))
    loaded = Result.load(result.save(tmp_path / "run"))
    assert loaded.arrivals == result.arrivals
    assert loaded.littles_law == result.littles_law
    assert loaded.queueing == result.queueing
    assert loaded.steady_state is not None
    assert result.steady_state is not None
    assert loaded.steady_state.words == result.steady_state.words
