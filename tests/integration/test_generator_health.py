# SPDX-License-Identifier: Apache-2.0
"""Whole runs in simulated time: a generator that is late says why, one that is not says nothing."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.cli.output import result_document
from loadgen.health import FLOOR_NS
from loadgen.testing import FixedSUT, VirtualClock

US, MS, S = 1_000, 1_000_000, 1_000_000_000
STEADY = lg.Constant()
STAGES = ("catching_up_ns", "woken_ns", "stopped_ns", "locked_ns", "working_ns")


class Stalled(FixedSUT):
    """A system in whose run the issuing thread sleeps through `stall_ns` of every `every_ns`."""

    def __init__(self, every_ns: int, stall_ns: int) -> None:
        super().__init__(latency_ns=MS)
        self._rhythm = every_ns, stall_ns

    def start(self, run: Any) -> None:
        super().start(run)
        self._clock = run.clock
        self._stall()

    def _stall(self) -> None:
        every_ns, stall_ns = self._rhythm
        self._clock.spend(stall_ns)
        self._clock.call_at(self._clock.now_ns + every_ns, self._stall)


def simulate(sut: Any, scenario: lg.Scenario, **fields: Any) -> lg.Result:
    few = {"min_duration_s": 1, "min_queries": 100, "clock": VirtualClock()}
    return lg.run(sut, 8, scenario, **few | fields)


def test_a_stalled_issuer_is_bad_and_is_told_by_its_stage() -> None:
    server = lg.Server(target_qps=1000, arrivals=STEADY, target_latency_ms=1)
    result = simulate(Stalled(every_ns=50 * MS, stall_ns=5 * MS + 1), server)
    health = result.health
    assert health.verdict == "bad"
    assert "its sleeps ended late: 4.014 ms after their time" in health.causes[1]
    assert health.figures["woken_share"] == pytest.approx(1)
    assert health.figures["late_queries"] == 73
    summary = " ".join(result.summary().split())
    assert "its sleeps ended late" in summary
    # The generator's remedies come before the system's.
    first = summary.index("Generator bad: do not believe the figures")
    assert first < summary.index("System INVALID")
    document = json.loads(json.dumps(result_document(result)))  # of --json
    assert document["health"]["verdict"] == "bad"
    assert document["health"]["causes"] == list(health.causes)
    assert document["health"]["figures"] == health.figures


def test_the_stages_add_up_to_the_own_delay() -> None:
    server = lg.Server(target_qps=1000, arrivals=STEADY)
    result = simulate(Stalled(every_ns=50 * MS, stall_ns=5 * MS + 1), server)
    delays = result.samples["issued_ns"] - result.samples["scheduled_ns"]
    late = delays[delays > US].tolist()
    issuing = result.data.issuing
    assert issuing["n_late"] == len(late) == sum(each["count"] for each in issuing["late"])
    assert issuing["n_due"] == result.n_issued
    spent = {stage: sum(each[stage] for each in issuing["late"]) for stage in STAGES}
    assert sum(spent.values()) == sum(late)
    # Each stall makes one query late, and the four behind it.
    assert spent["catching_up_ns"] > spent["woken_ns"] > 0
    assert spent["stopped_ns"] == spent["locked_ns"] == 0
    for each in issuing["late"]:
        inside = [delay for delay in late if each["from_ns"] <= delay < 2 * each["from_ns"]]
        assert each["count"] == len(inside)
        assert sum(each[stage] for stage in STAGES) == sum(inside)


def test_what_simulated_time_cannot_tell_is_absent() -> None:
    result = simulate(FixedSUT(MS), lg.Server(target_qps=100))
    assert result.data.monitor == {}
    unknown = (
        "cpu_ns", "run_queue_ns", "voluntary_switches", "involuntary_switches", "minor_faults",
        "major_faults",
    )  # fmt: skip
    assert {result.data.issuing[name] for name in unknown} == {None}
    assert result.data.issuing["wall_ns"] == result.series[0].last_issued_ns
    judged = {"own_delay_ns", "own_share", "blocked_delay_ns", "blocked_share"}
    beside = {"late_queries", "late_share", "wake_up_p99_ns", "in_issue_share"}
    assert set(result.health.figures) == {"percentile", "latency_ns"} | judged | beside
    assert result.health.figures["late_queries"] == 0


def test_a_real_run_has_all_of_it_and_keeps_it(tmp_path: Path) -> None:
    few = {"min_duration_s": 0.2, "min_queries": 1, "progress": False}
    result = lg.run(FixedSUT(0), 8, lg.Server(target_qps=2000), **few)
    assert result.data.issuing["n_due"] == result.n_issued
    assert 0 < result.data.issuing["cpu_ns"] <= 1.1 * result.data.issuing["wall_ns"]
    assert 0 < result.data.issuing["in_issue_ns"] <= result.data.issuing["wall_ns"]
    assert result.data.monitor["duration_ns"] >= result.data.issuing["wall_ns"]
    loaded = lg.Result.load(result.save(tmp_path / "run"))
    assert loaded.health == result.health
    assert loaded.data.issuing == result.data.issuing
    assert loaded.data.monitor == result.data.monitor


def test_results_from_before_there_was_any_are_read(tmp_path: Path) -> None:
    folder = simulate(FixedSUT(MS), lg.Server(target_qps=100)).save(tmp_path / "run")
    table = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    del table["issuing"], table["monitor"]
    (folder / "result.json").write_text(json.dumps(table), encoding="utf-8")
    assert lg.Result.load(folder).health.verdict == "good"


@pytest.mark.parametrize(("delay_ns", "n_late"), [(1_000, 0), (1_001, 1)])
def test_the_engine_and_the_verdict_have_the_same_floor(delay_ns: int, n_late: int) -> None:
    assert FLOOR_NS == 1_000

    class LateOnce(FixedSUT):
        def start(self, run: Any) -> None:
            super().start(run)
            before_ns = run.clock.now_ns + 3 * MS - 500  # the fourth query is due 500 ns later
            run.clock.call_at(before_ns, lambda: run.clock.spend(500 + delay_ns))

    result = simulate(LateOnce(MS), lg.Server(target_qps=1000, arrivals=STEADY))
    assert result.own_delay.max_ns == delay_ns
    assert result.data.issuing["n_late"] == n_late


class StalledAtFirst(Stalled):
    """In its first 300 ms only."""

    def start(self, run: Any) -> None:
        self._until_ns = run.clock.now_ns + 300 * MS
        super().start(run)

    def _stall(self) -> None:
        if self._clock.now_ns < self._until_ns:
            super()._stall()


def test_a_submission_is_judged_by_its_performance_series() -> None:
    """400 queries are issued for accuracy, late, in four series; then a second in time."""
    few = {"performance_sample_count": 100, "min_queries": 1000}
    server = lg.Server(target_qps=1000, arrivals=STEADY)
    runs = {
        mode: lg.run(
            StalledAtFirst(50 * MS, 5 * MS), 400, server, mode=mode, min_duration_s=1,
            clock=VirtualClock(), **few,
        )
        for mode in ("submission", "accuracy")
    }  # fmt: skip
    submission, accuracy = runs["submission"], runs["accuracy"]
    assert [series.phase for series in submission.series] == ["accuracy"] * 4 + ["performance"]
    assert submission.series[-1].n_queries == 1001
    assert submission.own_delay.count == submission.data.issuing["n_due"] == 1001
    assert submission.own_delay.max_ns == submission.health.figures["late_queries"] == 0
    assert submission.health.verdict == "good"
    # Of accuracy series all count, as they do in the figures.
    assert len(accuracy.series) == 4
    assert accuracy.own_delay.count == accuracy.data.issuing["n_due"] == 400
    late = accuracy.samples["issued_ns"] - accuracy.samples["scheduled_ns"]
    assert accuracy.data.issuing["n_late"] == np.count_nonzero(late > US)
    spent = sum(each[stage] for each in accuracy.data.issuing["late"] for stage in STAGES)
    assert spent == late[late > US].sum()
    assert accuracy.health.verdict == "bad"


@pytest.mark.parametrize("n_queries", [1, 10])
def test_short_runs_are_told_of_in_figures_and_words(n_queries: int) -> None:
    server = lg.Server(target_qps=1000, arrivals=STEADY)
    result = simulate(Stalled(50 * MS, 5 * MS), server, min_duration_s=0, min_queries=n_queries)
    assert result.n_issued == n_queries
    assert result.health.verdict in ("good", "bad")
    assert "nan" not in repr(result.health)


def test_a_series_that_was_cut_short_says_how_much_is_missing() -> None:
    slow = lg.Server(target_qps=1000, arrivals=STEADY, max_outstanding=10)
    result = simulate(FixedSUT(latency_ns=S), slow)
    few, cause = result.health.causes
    assert few.startswith("11 queries tell next to nothing of the generator")
    assert cause == (
        "990 of 1,001 planned queries were never issued, since the series ended by "
        "too_many_outstanding: the figures are of the others"
    )
