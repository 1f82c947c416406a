# SPDX-License-Identifier: Apache-2.0
"""Sessions: servers that take their work themselves, in the tasks of an event loop."""

import asyncio
from collections.abc import AsyncIterator

import pytest

import loadgen as lg
from loadgen.run.consumers import Request

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


async def cancelled(loop: AsyncIterator[lg.Batch]) -> None:
    """Ask for a batch where there is none, and give up."""
    asking = asyncio.ensure_future(anext(loop))
    for _ in range(3):
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


def test_cancelled_waits_for_a_batch_are_taken_up_again_and_start_no_thread() -> None:
    async def main() -> lg.Result:
        with lg.Session(8, lg.SingleStream(), drain_timeout_s=5, **FEW) as session:
            loop = aiter(session.batches())
            first = await anext(loop)
            takes = []
            for _ in range(70):  # more than there may be threads
                await cancelled(loop)
                takes += session._inside.consumers._orphans
            assert len(set(takes)) == 1
            first.complete()
            async for batch in loop:
                batch.complete()
        return session.result

    result = asyncio.run(main())
    assert (result.n_completed, result.n_missing) == (20, 0)


@pytest.mark.parametrize("in_task", [True, False], ids=["task", "thread"])
def test_batch_that_came_after_a_wait_was_cancelled_goes_to_others_before_the_end(
    in_task: bool,
) -> None:
    async def main() -> lg.Result:
        with lg.Session(
            8, lg.Offline(n_samples=20), min_duration_s=0, drain_timeout_s=5
        ) as session:
            consumers = session._inside.consumers
            session.start()
            take = consumers.take_elsewhere(Request(20, 0, ()))  # all of them
            take.wait()
            consumers.abandon(take)
            sizes = []
            if in_task:
                async for batch in session.batches(max_size=8):
                    sizes.append(len(batch))
                    batch.complete()
            else:
                for batch in session.batches(max_size=8):
                    sizes.append(len(batch))
                    batch.complete()
            assert sizes == [8, 8, 4]
        return session.result

    assert asyncio.run(main()).n_completed == 20


def test_task_that_waits_gets_what_a_cancelled_one_left() -> None:
    async def main() -> lg.Result:
        with lg.Session(8, lg.SingleStream(), drain_timeout_s=5, **FEW) as session:
            batches = session.batches()
            loop, other = aiter(batches), aiter(batches)
            batch = await anext(loop)
            await cancelled(loop)
            await cancelled(other)  # adopts
            batch.complete()
            async for batch in other:
                batch.complete()
        return session.result

    assert asyncio.run(main()).n_completed == 20


def test_an_async_loop_that_is_kept_by_the_task_that_leaves_is_left_early() -> None:
    async def main() -> lg.Result:
        async with lg.Session(8, lg.SingleStream(), drain_timeout_s=None, **FEW) as session:
            loop = aiter(session.batches())
            (await anext(loop)).complete()
        return session.result

    result = asyncio.run(main())
    assert result.aborted_reason == "every loop over the session's batches was left early"


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

    async def take(loop: AsyncIterator[lg.Batch]) -> None:
        await anext(loop)

    async def main() -> None:
        async with session:
            batches.append(aiter(session.batches()))  # a loop that goes on, in another task
            await asyncio.create_task(take(batches[0]))

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
