# SPDX-License-Identifier: Apache-2.0
"""Coroutines as a system under test: concurrency, tokens, errors, the end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest

import loadgen as lg

FEW = {"min_duration_s": 0, "min_queries": 20, "progress": False}
SERVER = lg.Server(target_qps=20_000)


async def echo(sample: Any) -> Any:
    await asyncio.sleep(0)
    return int(sample)


@pytest.mark.parametrize(
    "scenario",
    [
        lg.SingleStream(),
        lg.MultiStream(samples_per_query=4),
        SERVER,
        lg.Offline(n_samples=20),
        lg.Concurrent(concurrency=3),
    ],
    ids=lambda scenario: scenario.name,
)
@pytest.mark.parametrize("max_concurrency", [None, 2])
def test_every_scenario_measures_a_coroutine(scenario: Any, max_concurrency: int | None) -> None:
    result = lg.run(lg.AsyncSUT(echo, max_concurrency), 8, scenario, **FEW)
    assert result.n_completed == result.n_issued
    assert result.sut_name == "echo"
    assert not result.violations
    assert not result.failures


def test_answers_are_kept_for_their_samples() -> None:
    result = lg.run(lg.AsyncSUT(echo), 8, SERVER, mode="accuracy", **FEW)
    assert list(result.outputs_by_index()) == list(range(8))


def test_no_more_calls_go_on_than_allowed() -> None:
    going_on = [0]
    most = [0]

    async def model(sample: Any) -> None:
        going_on[0] += 1
        most[0] = max(most[0], going_on[0])
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        going_on[0] -= 1

    result = lg.run(lg.AsyncSUT(model, max_concurrency=3), 50, lg.Offline(), **FEW)
    assert result.n_completed == 50
    assert most == [3]


def test_without_a_limit_a_whole_query_is_going_on_at_once() -> None:
    waiting: list[asyncio.Future[None]] = []

    async def model(sample: Any) -> None:
        future = asyncio.get_running_loop().create_future()
        waiting.append(future)
        if len(waiting) == 50:
            for each in waiting:
                each.set_result(None)
        await future

    assert lg.run(lg.AsyncSUT(model), 50, lg.Offline(), **FEW).n_completed == 50


def test_each_item_of_an_async_generator_is_a_token() -> None:
    async def tokens(sample: Any) -> AsyncIterator[str]:
        for number in range(int(sample) + 2):
            await asyncio.sleep(0)
            yield f"t{number} "

    result = lg.run(lg.AsyncSUT(tokens), 4, SERVER, mode="accuracy", tokens=True, **FEW)
    samples = result.samples
    assert np.array_equal(samples["n_tokens"], samples["index"] + 2)
    assert np.all(samples["first_token_ns"] >= samples["issued_ns"])
    assert np.all(samples["first_token_ns"] <= samples["completed_ns"])
    assert result.outputs_by_index()[1] == "t0 t1 t2 "
    assert not result.violations


def test_a_generator_works_where_no_tokens_are_recorded() -> None:
    async def tokens(sample: Any) -> AsyncIterator[int]:
        yield 1
        yield 2

    result = lg.run(lg.AsyncSUT(tokens), 4, SERVER, mode="accuracy", **FEW)
    assert result.n_completed == 4
    assert list(result.outputs) == [[1, 2]] * 4
    assert not result.violations


def test_an_exception_ends_the_run_with_the_users_traceback() -> None:
    async def model(sample: Any) -> None:
        raise KeyError("weights")

    with pytest.raises(lg.SUTError, match="model raised KeyError") as caught:
        lg.run(lg.AsyncSUT(model), 8, SERVER, **FEW)
    cause = caught.value.__cause__
    assert isinstance(cause, KeyError)
    names = []
    frame = cause.__traceback__
    while frame is not None:
        names.append(frame.tb_frame.f_code.co_name)
        frame = frame.tb_next
    assert names[-1] == "model"
    assert caught.value.result is not None


def test_failing_samples_go_on_where_that_is_asked_for() -> None:
    async def model(sample: Any) -> None:
        if sample == 3:
            raise ValueError("three")

    result = lg.run(lg.AsyncSUT(model), 8, lg.Offline(), on_error="fail", **FEW)
    assert (result.n_completed, result.n_failed) == (7, 1)
    assert result.failures["ValueError"].example == "three"


def test_a_call_whose_own_work_was_cancelled_is_an_error_and_not_lost() -> None:
    async def model(sample: Any) -> None:
        raise asyncio.CancelledError

    with pytest.raises(lg.SUTError, match="cancelled from within") as caught:
        lg.run(lg.AsyncSUT(model), 8, lg.SingleStream(), **FEW)
    assert caught.value.__cause__ is not None
    assert isinstance(caught.value.__cause__.__cause__, asyncio.CancelledError)


def test_calls_that_still_go_on_are_cancelled_at_the_end() -> None:
    ended: list[str] = []

    async def model(sample: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    result = lg.run(lg.AsyncSUT(model), 8, SERVER, drain_timeout_s=0.05, **FEW)
    assert result.n_missing == 20
    assert ended == ["cancelled"] * 20


def test_a_system_may_be_measured_again() -> None:
    sut = lg.AsyncSUT(echo)
    for _ in range(2):
        assert lg.run(sut, 8, SERVER, **FEW).n_completed == 20


def test_it_works_inside_a_running_event_loop() -> None:
    async def main() -> lg.Result:
        return lg.run(lg.AsyncSUT(echo), 8, SERVER, **FEW)

    assert asyncio.run(main()).n_completed == 20


def test_exit_inside_a_call_ends_the_run() -> None:
    async def model(sample: Any) -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        lg.run(lg.AsyncSUT(model), 8, lg.SingleStream(), **FEW)
