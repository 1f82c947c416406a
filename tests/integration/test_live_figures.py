# SPDX-License-Identifier: Apache-2.0
"""What the view of a run reads while it goes on is what the result says at its end."""

from typing import Any

import pytest

import loadgen as lg
from loadgen.run import execution
from loadgen.run.live.state import Progress, Snapshot
from loadgen.testing import FixedSUT, VirtualClock


class Looks:
    """In the place of the view: looks once in a while, on the thread of the run, and at the end."""

    last: Snapshot

    def __init__(self, screen: Any, counts: Any, figures: Any, now_s: Any) -> None:
        self._counts, self._figures, self._now_s = counts, figures, now_s

    def __enter__(self) -> "Looks":
        return self

    def __exit__(self, *error: object) -> None:
        Looks.last = self._progress.look(self._now_s())

    def series(self, series: Any) -> None:
        self._progress = Progress(series, self._counts, self._figures, self._now_s())


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run something; return the result and the last look."""
    monkeypatch.setattr(execution, "LiveView", Looks)

    def run(sut: Any, scenario: lg.Scenario, **settings: Any) -> tuple[lg.Result, Snapshot]:
        result = lg.run(sut, 8, scenario, min_duration_s=0, progress=True, **settings)
        return result, Looks.last

    return run


def agree(result: lg.Result, seen: Snapshot) -> None:
    assert seen.latency is not None
    for percentile, value in zip((50, 99), seen.latency, strict=False):
        assert value == pytest.approx(result.latency.percentile(percentile), rel=0.008)
    assert seen.answered == result.n_completed
    assert seen.in_flight == 0


SIMULATED = [
    (lg.Offline(n_samples=4_000), {}),
    (lg.Offline(n_samples=4_000), {"mode": "submission"}),
    (lg.SingleStream(), {"min_queries": 300, "warmup_queries": 20}),
    (lg.SingleStream(), {"min_queries": 300, "recording": "histogram"}),
    (lg.Server(500), {"min_queries": 2_000, "recording": "histogram", "warmup_queries": 20}),
    (lg.MultiStream(samples_per_query=3), {"min_queries": 300, "recording": "histogram"}),
    (lg.Concurrent(4), {"min_queries": 300}),
]


@pytest.mark.parametrize(("scenario", "settings"), SIMULATED, ids=lambda each: str(each)[:40])
def test_of_every_scenario_and_recording(
    looked: Any, scenario: lg.Scenario, settings: dict[str, Any]
) -> None:
    sut = FixedSUT(latency_ns=1_500_000, servers=3)
    result, seen = looked(sut, scenario, clock=VirtualClock(), **settings)
    agree(result, seen)
    assert (seen.delay_ns is not None) == isinstance(scenario, lg.Server)


class Echo(lg.SystemUnderTest):
    """Answers at once, on the thread that issues."""

    def issue(self, batch: lg.Batch) -> None:
        batch.complete(list(batch.indices))


def test_of_several_threads_that_issue(looked: Any) -> None:
    scenario = lg.Server(20_000)
    result, seen = looked(Echo(), scenario, min_queries=4_000, warmup_queries=10, issue_threads=2)
    agree(result, seen)
    assert seen.delay_ns == pytest.approx(result.issue_delay.percentile(99), rel=0.02, abs=1)
