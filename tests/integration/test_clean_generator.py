# SPDX-License-Identifier: Apache-2.0
"""Whole runs in simulated time whose delays are too small to matter raise no alarm."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.testing import ExponentialSUT, FixedSUT, StallingSUT, VirtualClock

US, MS, S = 1_000, 1_000_000, 1_000_000_000


def simulate(sut: Any, scenario: lg.Scenario, **fields: Any) -> lg.Result:
    return lg.run(sut, 8, scenario, clock=VirtualClock(), **fields)


class Disturbed(FixedSUT):
    """The issuing thread stands still at random, and `issue` takes a while.

    Parameters
    ----------
    latency_ns, every_ns, stall_ns, block_ns : int, ns
        Of each answer; means of what lies between two stalls and of half a stall more; of `issue`.
    """

    def __init__(
        self, seed: int, *, latency_ns: int, every_ns: int, stall_ns: int, block_ns: int = 0
    ) -> None:
        super().__init__(latency_ns)
        self._rhythm = every_ns, stall_ns
        self._block_ns = block_ns
        self._stalls = np.random.default_rng(seed)

    def start(self, run: Any) -> None:
        super().start(run)
        self._clock = run.clock
        self._stall()

    def _stall(self) -> None:
        every_ns, stall_ns = self._rhythm
        self._clock.spend(round(self._stalls.uniform(0.5, 1) * stall_ns))
        pause_ns = 1 + round(self._stalls.exponential(every_ns))
        self._clock.call_at(self._clock.now_ns + pause_ns, self._stall)

    def issue(self, batch: lg.Batch) -> None:
        super().issue(batch)
        self._clock.spend(self._block_ns)


@dataclass(frozen=True)
class Pattern:
    """Delays as clean runs have them, within a factor of ten of what would be an alarm."""

    qps: float
    latency_ns: int
    every_ns: int
    stall_ns: int
    block_ns: int = 0

    def run(self, seed: int, times: float) -> lg.Result:
        """Run with other delays for each seed, of up to `times` these."""
        times *= np.random.default_rng(seed).uniform(0.7, 1)
        stall_ns, block_ns = round(times * self.stall_ns), round(times * self.block_ns)
        sut = Disturbed(
            seed, latency_ns=self.latency_ns, every_ns=self.every_ns,
            stall_ns=stall_ns, block_ns=block_ns,
        )  # fmt: skip
        server = lg.Server(target_qps=self.qps, target_latency_ms=None)
        few = {"min_duration_s": 0, "min_queries": 1_000}
        return simulate(sut, server, seeds=lg.Seeds(schedule=seed), **few)


PATTERNS = {
    "wake-ups": Pattern(1_000, MS, every_ns=200 * US, stall_ns=30 * US),
    "seldom": Pattern(200, 10 * MS, every_ns=400 * MS, stall_ns=3 * MS),
    "often": Pattern(200, 10 * MS, every_ns=20 * MS, stall_ns=700 * US),
    "below a microsecond": Pattern(10_000, 2 * US, every_ns=10 * US, stall_ns=900),
    "issue takes a while": Pattern(
        200, 10 * MS, every_ns=10 * MS, stall_ns=100 * US, block_ns=400 * US
    ),
}


def on_a_real_machine(result: lg.Result, seed: int) -> lg.Result:
    """What a quiet machine has to say of such a run: 0.1 % of steal and of run-queue delay."""
    wall_ns = result.data.issuing["wall_ns"]
    share = np.random.default_rng(seed).uniform(0, 1)
    thread = {
        "cpu_ns": round(0.9 * wall_ns), "run_queue_ns": round(0.001 * share * wall_ns),
        "voluntary_switches": 2_000, "involuntary_switches": 20,
        "minor_faults": round(500 * share), "major_faults": round(3 * share),
    }  # fmt: skip
    machine = {
        "duration_ns": wall_ns, "steal_share": 0.001 * share, "busy_share": 0.5,
        "throttled_periods": 0, "throttled_ns": 0, "process_cpu_ns": wall_ns, "gc_pauses": 5,
        "gc_ns": round(0.01 * wall_ns), "gc_longest_ns": MS, "gc_here_ns": 0,
        "switch_interval_ns": 5 * MS, "python_threads": 2, "cpus": 2, "not_measured": [],
    }  # fmt: skip
    data = dataclasses.replace(
        result.data, issuing={**result.data.issuing, **thread}, monitor=machine
    )
    return lg.Result(data)


@pytest.mark.parametrize("seed", range(50))
def test_no_alarm_on_clean_runs(seed: int) -> None:
    """Each has delays of its own, which are smaller than what would matter."""
    pattern = list(PATTERNS.values())[seed % len(PATTERNS)]
    result = on_a_real_machine(pattern.run(seed, 1), seed)
    assert result.own_delay.max_ns > 300
    assert result.health.verdict == "good"
    assert result.health.causes == ()


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
def test_clean_runs_with_ten_times_the_delays_raise_the_alarm(pattern: Pattern) -> None:
    for seed in (1, 2):
        result = on_a_real_machine(pattern.run(seed, 10), seed)
        assert result.health.causes
        assert result.health.verdict != "good" or "issue() had not returned" in str(result.health)


@pytest.mark.parametrize(
    "scenario",
    [
        lg.SingleStream(), lg.Offline(n_samples=500), lg.Concurrent(4),
        lg.MultiStream(samples_per_query=8),
    ],
    ids=lambda scenario: scenario.name,
)  # fmt: skip
def test_no_alarm_where_nothing_is_due(scenario: lg.Scenario) -> None:
    for sut in (ExponentialSUT(mean_ns=500 * US, servers=1), StallingSUT(MS, S, 50 * MS)):
        health = simulate(sut, scenario, min_duration_s=1, min_queries=500).health
        assert (health.verdict, health.causes) == ("good", ())
        assert health.figures.get("late_queries", 0) == 0
