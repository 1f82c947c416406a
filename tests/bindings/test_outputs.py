# SPDX-License-Identifier: Apache-2.0
"""Kept answers on their way out of the core: in their order, each once, with their memory."""

import threading
from collections.abc import Callable

import numpy as np
import pytest

from loadgen import _core
from loadgen.result.encoding import Encoder


def run(issue: Callable[[_core.Engine, _core.Batch], None], n: int, recycle: bool) -> _core.Engine:
    """An accuracy run of one query, whose batch `issue` answers."""
    (loaded,) = _core.loadable_sets(
        count=n, total=n, performance_sample_count=n, padding=0, qsl_seed=0
    )
    plan = _core.PlanSettings(
        scenario="offline", accuracy=True, samples_per_query=n, min_query_count=1
    )
    engine = _core.Engine(
        scenario="offline", tag=5, encode=Encoder(), keep_outputs="all", recycle_outputs=recycle
    )
    engine.run_series(
        _core.TrafficPlan(plan, loaded),
        accuracy=True,
        delivery="push",
        target=lambda batch: issue(engine, batch),
    )
    engine.close()
    return engine


def test_recycled_outputs_wait_for_room_and_none_is_lost() -> None:
    data = bytes(range(256)) * 8_000  # 2 MB
    got: list[tuple[int, int, int]] = []
    over = threading.Event()

    def issue(engine: _core.Engine, batch: _core.Batch) -> None:
        def take() -> None:
            last = False
            while not last:
                last = over.wait(0.001)
                for row, _, answer in engine.take_outputs(1 << 20):
                    got.append((row, len(answer), answer[-1]))

        taker = threading.Thread(target=take)
        taker.start()
        for row in range(len(batch)):
            batch[row : row + 1].complete([memoryview(data)[: len(data) - row]])
        over.set()
        taker.join()
        got.extend((row, len(each), each[-1]) for row, _, each in engine.take_outputs(1 << 30))

    engine = run(issue, 600, recycle=True)
    assert engine.violations() == {}
    assert [row for row, _, _ in got] == list(range(600))
    assert all(size == len(data) - row for row, size, _ in got)
    assert all(last == data[size - 1] for _, size, last in got)


@pytest.mark.parametrize("recycle", [False, True])
def test_outputs_are_taken_once_and_their_memory_can_be_given_back(recycle: bool) -> None:
    def issue(engine: _core.Engine, batch: _core.Batch) -> None:
        batch.complete([b"x" * 100_000] * 3)
        assert engine.output_bytes_waiting > 300_000
        taken = engine.take_outputs(1)
        assert [(row, len(data)) for row, _, data in taken] == [(0, 100_000)]
        assert [row for row, _, _ in engine.take_outputs(1 << 30)] == [1, 2]
        assert engine.output_bytes_waiting == 0

    engine = run(issue, 3, recycle)
    assert engine.take_outputs(1 << 30) == []
    assert np.count_nonzero(engine.payload()[0]) == (0 if recycle else 3)
