# SPDX-License-Identifier: Apache-2.0
"""Sessions: servers that take their work themselves, in the tasks of an event loop."""

import asyncio
from collections.abc import AsyncIterator

import pytest

import loadgen as lg

FEW = {"min_duration_s": 0, "min_queries": 20, "progress": False}
SERVER = lg.Server(target_qps=20_000)


def test_an_event_loop_takes_batches_without_being_held_up() -> None:
    ticks: list[int] = []

    async def tick() -> None:
        while True:
            ticks.append(1)
            await asyncio.sleep(0.001)

    async def main() -> lg.Result:
        ticking = asyncio.create_task(tick())
        async with lg.Session(8, lg.Server(target_qps=200), **FEW) as session:
            async for batch in session.batches():
                batch.complete()
        ticking.cancel()
        return session.result

    assert asyncio.run(main()).n_completed == 20
    assert len(ticks) > 1


def test_several_tasks_share_the_work() -> None:
    async def serve_async(session: lg.Session) -> int:
        n_taken = 0
        async for batch in session.batches(max_size=1):
            await asyncio.sleep(0)
            batch.complete()
            n_taken += 1
        return n_taken

    async def main() -> list[int]:
        with lg.Session(8, SERVER, **FEW) as session:
            counts = await asyncio.gather(*(serve_async(session) for _ in range(3)))
        assert session.result.n_completed == 20
        return counts

    assert sum(asyncio.run(main())) == 20


def test_a_task_that_waits_for_a_batch_can_be_cancelled_and_no_batch_is_lost() -> None:
    async def serve_async(session: lg.Session) -> None:
        async for batch in session.batches(max_size=1):
            batch.complete()

    async def main() -> lg.Result:
        with lg.Session(8, lg.Concurrent(concurrency=1), **FEW) as session:
            first = await anext(aiter(session.batches(max_size=1)))
            waiting = asyncio.create_task(serve_async(session))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            first.complete()
            await serve_async(session)
        return session.result

    result = asyncio.run(main())
    assert result.n_completed == 20
    assert not result.violations


def test_leaving_an_async_loop_early_ends_the_run() -> None:
    async def main() -> lg.Result:
        server = lg.Server(target_qps=1000)
        with lg.Session(8, server, min_duration_s=30, progress=False) as session:
            async for batch in session.batches(max_size=1):
                batch.complete()
                break
        return session.result

    result = asyncio.run(main())
    assert result.n_completed == 1
    assert not result.valid


def test_answers_may_come_after_the_loop_while_the_session_is_left() -> None:
    async def answer(session: lg.Session, batch: lg.Batch) -> None:
        await asyncio.sleep(0.01)
        session.complete(batch.ids)

    async def main() -> lg.Result:
        tasks = []
        async with lg.Session(8, SERVER, **FEW) as session:
            async for batch in session.batches(max_size=4):
                tasks.append(asyncio.create_task(answer(session, batch)))
        await asyncio.gather(*tasks)
        return session.result

    assert asyncio.run(main()).n_completed == 20


def test_an_exception_in_an_async_session_passes_and_the_result_is_there() -> None:
    session = lg.Session(8, SERVER, **FEW)

    async def main() -> None:
        async with session:
            async for batch in session.batches(max_size=1):
                batch.complete()
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(main())
    assert session.result.n_completed == 1
    assert not session.result.valid


def test_cancelling_the_task_that_waits_for_the_last_answers_ends_the_run() -> None:
    session = lg.Session(8, lg.SingleStream(), **FEW)
    batches: list[AsyncIterator[lg.Batch]] = []

    async def main() -> None:
        async with session:
            batches.append(aiter(session.batches()))  # a loop that goes on
            await anext(batches[0])

    async def cancel_it() -> None:
        task = asyncio.create_task(main())
        while session._entered is None or session.run._engine.progress()[0] == 0:
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel_it())
    assert session.result.n_missing == 1
    assert session.result.aborted_reason == "cancelled while answers were waited for"
