# SPDX-License-Identifier: Apache-2.0
"""What a type checker is to make of the public names. Checked by mypy, never run."""

from pathlib import Path
from typing import assert_type

import numpy as np

import loadgen as lg


class Echo(lg.SystemUnderTest):
    """A system under test needs issue() alone, and its arguments have types to rely on."""

    def start(self, run: lg.Run) -> None:
        self.run = run

    def issue(self, batch: lg.Batch) -> None:
        batch.complete(batch.samples)
        batch[1:3].fail(kind="odd", message="not today")
        self.run.complete(batch.ids, n_tokens=np.ones(len(batch), dtype=np.int64))


def runs() -> lg.Result:
    settings = lg.Settings(mode="accuracy", min_duration_s=1, seeds=lg.Seeds(qsl=1))
    result = lg.run(Echo(), 8, lg.Server(target_qps=10, arrivals=lg.Gamma(0.5)), settings)
    assert_type(result, lg.Result)
    found = lg.compare(result, Path("there"), metrics=["latency"], percentiles=(50, 99.9))
    assert_type(found, lg.Comparison)
    assert_type(found["latency p99.9"], lg.Difference)
    limit = lg.Server(target_qps=10, target_latency_ms=5)
    assert_type(lg.find_peak(Echo(), 8, limit, high=100, min_queries=50), lg.PeakResult)
    assert_type(
        lg.sweep(Echo(), 8, [limit, lg.Concurrent(2)], output_dir=Path("there")), list[lg.Result]
    )
    return lg.run(len, [1, 2, 3], lg.Offline(), min_queries=3, output_dir=Path("here"))


def shapes() -> lg.Result:
    trace = lg.Trace("trace.csv", tokenizer=str.split)
    replay = lg.Server(target_qps=1, arrivals=lg.Replay(trace.timestamps_s, speed=2))
    lg.run(Echo(), trace, replay, sample_order="sequential")
    talks = lg.ConversationDataset([{"messages": [{"role": "user", "content": "Hello"}]}])
    steps = lg.Steps(((1, 30), (0, 5), (2.5, 30)))
    thinking = lg.Conversations(think_time_s=2, distribution="constant")
    lg.run(Echo(), talks, lg.Server(target_qps=5, arrivals=steps, conversations=thinking))
    return lg.run(Echo(), 8, lg.Server(target_qps=5, arrivals=lg.Ramp(0, 2, duration_s=60)))


def figures(result: lg.Result) -> None:
    assert_type(result.valid, bool)
    assert_type(result.reasons, tuple[str, ...])
    assert_type(result.summary(), str)
    assert_type(result.latency.percentile(99.9), int)
    assert_type(result.traffic_digest, str)
    assert_type(lg.Result.load(result.save("there")), lg.Result)
    if result.ttft is not None:
        assert_type(result.ttft.percentile(50), int)


def files() -> None:
    prompts = lg.open_dataset("prompts.jsonl", field="prompt", lengths=len)
    assert_type(prompts.performance_count, int)
    lg.run(Echo(), lg.dataset.NumpyDataset(np.zeros(3), name="zeros"), lg.Offline())
    lg.dataset.CsvDataset("x.csv", column="a")  # type: ignore[call-arg]  # it is columns


def scores(result: lg.Result) -> None:
    score = lg.accuracy(result, lg.scoring.top1, labels=[1, 2], target_share=(0.99, 0.999))
    assert_type(score, lg.scoring.Accuracy)
    assert_type(float(score), float)
    assert_type(score.met, bool)


def pulls() -> None:
    with lg.Session(8, lg.Concurrent(4)) as session:
        for batch in session.batches(max_size=4, max_wait_ms=1):
            assert_type(batch, lg.Batch)
            batch.complete()
    assert_type(session.result, lg.Result)


async def pulls_in_a_loop() -> None:
    async with lg.Session(8, lg.Concurrent(4)) as session:
        async for batch in session.batches():
            assert_type(batch, lg.Batch)


def wrong_use_is_seen() -> None:
    lg.Settings(mode="fast")  # type: ignore[arg-type]  # not a mode
    lg.run(Echo(), 8)  # type: ignore[call-arg]  # no scenario
