# SPDX-License-Identifier: Apache-2.0
"""Load shapes in simulated time: replayed traces, samples in order, rates that change."""

import json
from pathlib import Path

import numpy as np
import pytest

import loadgen as lg
from loadgen.testing import FixedSUT, VirtualClock

MS = 1_000_000


def run(dataset: object, scenario: lg.Scenario, **fields) -> lg.Result:
    fields = {"min_duration_s": 0, "min_queries": 1, **fields}
    return lg.run(FixedSUT(latency_ns=MS), dataset, scenario, clock=VirtualClock(), **fields)


@pytest.mark.parametrize("speed", [1, 2, 0.5])
def test_a_replay_is_due_at_its_timestamps_over_the_speed(speed: float) -> None:
    at_s = [0.5, 0.5, 0.75, 3.0]
    result = run(4, lg.Server(1, arrivals=lg.Replay(at_s, speed=speed)))
    expected = [round(at * 1e9 / speed) for at in at_s]
    assert result.samples["scheduled_ns"].tolist() == expected
    assert result.samples["issued_ns"].tolist() == expected


def test_a_trace_is_asked_again_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    requests = [(2_000, 30, 5), (500, 10, 7), (700, 20, 9)]
    rows = [
        {"timestamp": at, "input_length": length, "output_length": answer}
        for at, length, answer in requests
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    trace = lg.Trace(path)

    asked: list[tuple[int, int]] = []

    class Listener(lg.SystemUnderTest):
        def issue(self, batch: lg.Batch) -> None:
            (sample,) = batch.samples
            asked.append((len(sample["prompt"].split()), sample["max_tokens"]))
            batch.complete()

    scenario = lg.Server(target_qps=1, arrivals=lg.Replay(trace.timestamps_s, speed=2))
    result = lg.run(
        Listener(), trace, scenario, sample_order="sequential", seeds=lg.Seeds(qsl=5),
        min_duration_s=0, min_queries=1, clock=VirtualClock(),
    )  # fmt: skip
    assert asked == [(10, 7), (20, 9), (30, 5)]
    assert result.samples["scheduled_ns"].tolist() == [0, 100 * MS, 750 * MS]
    assert result.by("input_length")["value"].tolist() == [10, 20, 30]
    assert result.by("output_length")["value"].tolist() == [5, 7, 9]


@pytest.mark.parametrize(
    "scenario",
    [
        lg.SingleStream(),
        lg.MultiStream(samples_per_query=3),
        lg.Server(target_qps=1000),
        lg.Offline(n_samples=24),
        lg.Concurrent(2),
    ],
    ids=lambda scenario: scenario.name,
)
@pytest.mark.parametrize("qsl", [0, 9])
def test_the_sequential_order_is_the_datasets_whatever_the_seed(
    scenario: lg.Scenario, qsl: int
) -> None:
    queries = 8 if isinstance(scenario, lg.MultiStream) else 24
    result = run(
        7, scenario, sample_order="sequential", min_queries=queries, seeds=lg.Seeds(qsl=qsl)
    )
    assert result.samples["index"].tolist() == [k % 7 for k in range(24)]


def test_accuracy_of_the_sequential_order_is_that_of_the_random_one() -> None:
    orders = [
        run(20, lg.Server(1000), sample_order=order, mode="accuracy").samples["index"].tolist()
        for order in ("random", "sequential")
    ]
    assert orders[0] == orders[1]
    assert sorted(orders[0]) == list(range(20))


def test_steps_bring_as_many_queries_as_their_rates_say() -> None:
    steps = [(1, 10), (0, 5), (4, 10), (0.5, 1)]
    scenario = lg.Server(100, arrivals=lg.Steps(steps))
    result = run(10, scenario, min_duration_s=65, seeds=lg.Seeds(schedule=1))
    at_s = result.samples["scheduled_ns"] / 1e9
    counts, _ = np.histogram(at_s, bins=[0, 10, 15, 25, 65])
    # 100/s for 10 s, a pause, 400/s for 10 s, 50/s from then on.
    expected = np.array([1_000, 0, 4_000, 2_000])
    assert counts[1] == 0
    assert (np.abs(counts - expected) <= 4 * np.sqrt(expected)).all()
    assert at_s[-1] >= 65 > at_s[-2]
    again = run(10, scenario, min_duration_s=65, seeds=lg.Seeds(schedule=1))
    assert again.samples["scheduled_ns"].tolist() == result.samples["scheduled_ns"].tolist()
    assert again.traffic_digest == result.traffic_digest


def test_a_ramp_rises_evenly_and_stays() -> None:
    scenario = lg.Server(1_000, arrivals=lg.Ramp(0, 2, duration_s=10))
    result = run(10, scenario, min_duration_s=20)
    at_s = result.samples["scheduled_ns"] / 1e9
    # 100 t^2 are expected by t; then 2000/s.
    for until in (2, 5, 8, 10):
        expected = 100 * until**2
        assert abs(np.count_nonzero(at_s < until) - expected) <= 4 * expected**0.5
    rest = np.count_nonzero((at_s >= 10) & (at_s < 20))
    assert abs(rest - 20_000) <= 4 * 20_000**0.5


def test_a_saved_result_repeats_its_shape(tmp_path: Path) -> None:
    scenario = lg.Server(100, arrivals=lg.Steps([(1, 0.1), (3, 0.1)]))
    result = run(10, scenario, min_queries=50, sample_order="sequential")
    loaded = lg.Result.load(result.save(tmp_path / "saved"))
    assert loaded.scenario == scenario
    assert loaded.settings.sample_order == "sequential"
    assert loaded.traffic_digest == result.traffic_digest
