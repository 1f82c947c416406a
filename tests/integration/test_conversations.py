# SPDX-License-Identifier: Apache-2.0
"""Conversations on the real clock, whichever way turns get to a system: due times are exact."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import loadgen as lg

TURNS = 4
THINK_NS = 1_000_000
SCENARIO = lg.Server(2_000, conversations=lg.Conversations(THINK_NS / 1e9, "constant"))
SETTINGS = lg.Settings(min_duration_s=0, min_queries=400)


def talks() -> lg.Dataset:
    message = {"role": "user", "content": "more"}
    return lg.ConversationDataset([{"messages": [message] * TURNS}])


class Pool(lg.SystemUnderTest):
    """Answers from threads of its own."""

    def start(self, run: lg.Run) -> None:
        self.pool = ThreadPoolExecutor(3)

    def issue(self, batch: lg.Batch) -> None:
        self.pool.submit(batch.complete)

    def stop(self) -> None:
        self.pool.shutdown()


class Inline(lg.SystemUnderTest):
    """Answers before it returns."""

    def issue(self, batch: lg.Batch) -> None:
        batch.complete()


async def answer(sample: Any) -> str:
    await asyncio.sleep(0)
    return "answer"


def session() -> lg.Result:
    with lg.Session(talks(), SCENARIO, SETTINGS) as session:

        def serve() -> None:
            for batch in session.batches(max_size=8, max_wait_ms=0.1):
                batch.complete()

        threads = [threading.Thread(target=serve) for _ in range(2)]
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    return session.result


def ran(make: Callable[[], Any]) -> Callable[[], lg.Result]:
    return lambda: lg.run(make(), talks(), SCENARIO, SETTINGS)


@pytest.mark.parametrize(
    "measure",
    [
        ran(Pool),
        ran(Inline),
        ran(lambda: list),
        ran(lambda: lg.FunctionSUT(lambda samples: None, workers=2, max_wait_ms=1)),
        ran(lambda: lg.AsyncSUT(answer)),
        session,
    ],
    ids=["push", "inline", "function", "workers", "asyncio", "session"],
)
def test_each_turn_is_due_a_think_time_after_the_answer_before(
    measure: Callable[[], lg.Result],
) -> None:
    result = measure()
    samples, turn = result.samples, result.samples["index"]
    assert np.bincount(turn).tolist() == [100] * TURNS
    for k in range(1, TURNS):
        answered = np.sort(samples["completed_ns"][turn == k - 1]) + THINK_NS
        assert np.sort(samples["scheduled_ns"][turn == k]).tolist() == answered.tolist()
    assert (samples["issued_ns"] >= samples["scheduled_ns"]).all()
    assert result.series[0].end == "natural"
    assert (result.n_missing, result.violations) == (0, {})


def test_a_function_that_raises_ends_the_run_with_what_was_measured() -> None:
    calls: list[int] = []

    def breaks(samples: Any) -> None:
        calls.append(len(samples))
        if len(calls) == 20:
            raise ValueError("too much")

    with pytest.raises(lg.SUTError) as error:
        lg.run(breaks, talks(), SCENARIO, SETTINGS)
    result = error.value.result
    assert result is not None
    assert result.series[0].end == "sut_raised"


def test_a_run_may_be_aborted_while_everybody_thinks() -> None:
    class Aborts(lg.SystemUnderTest):
        def start(self, run: lg.Run) -> None:
            self.run = run

        def issue(self, batch: lg.Batch) -> None:
            batch.complete()
            threading.Timer(0.01, self.run.abort, ["enough"]).start()

    scenario = lg.Server(1e-3, conversations=lg.Conversations(1e6, "constant"))
    result = lg.run(Aborts(), talks(), scenario, SETTINGS)
    assert (result.n_issued, result.series[0].end) == (1, "aborted")
