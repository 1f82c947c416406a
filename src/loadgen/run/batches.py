# SPDX-License-Identifier: Apache-2.0
"""The batches of a session, for threads and for tasks of an event loop.

Not for what waits and takes for them: that is `consumers`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from loadgen.run.consumers import Consumers, Request, here
from loadgen.sut.base import check_arguments, sizes_up_to
from loadgen.values import integer, ns_from_ms, number, problem_of

if TYPE_CHECKING:
    from loadgen._core import Batch


def batch_request(max_size: int, max_wait_ms: float, preferred_sizes: Sequence[int]) -> Request:
    """Return what a loop asks for, checked.

    Raises
    ------
    SettingsError
        Names every argument that cannot be used.
    """
    check_arguments(
        problem_of("max_size", max_size, integer(1)),
        problem_of("max_wait_ms", max_wait_ms, number(0, 1e9)),
        problem_of("preferred_sizes", preferred_sizes, sizes_up_to(max_size)),
    )
    return Request(max_size, ns_from_ms(max_wait_ms), tuple(sorted({*preferred_sizes})))


class Batches:
    """What `Session.batches` returns; iterate over it.

    Thread safety: any thread, any task; each loop gets other batches.
    """

    def __init__(self, start: Callable[[], None], consumers: Consumers, request: Request) -> None:
        self._start = start
        self._consumers = consumers
        self._request = request

    def __iter__(self) -> Iterator[Batch]:
        """Yield batches, waiting for each on this thread."""
        self._start()
        loop = object()
        try:
            while True:
                self._consumers.hold(loop, threading.get_ident())
                batch = self._consumers.take(self._request)
                if batch is None:
                    return
                yield batch
        finally:
            self._consumers.leave(loop)

    def __aiter__(self) -> AsyncIterator[Batch]:
        """Yield batches, waiting for each on another thread where there is none."""
        self._start()
        return _AsyncLoop(self._consumers, self._request)


class _AsyncLoop(AsyncIterator["Batch"]):
    """One ``async for``.

    Not an async generator: leaving the loop early would end one only when the event loop gets to
    it, and a session that is left on the event loop's thread would wait for that.
    """

    def __init__(self, consumers: Consumers, request: Request) -> None:
        self._consumers = consumers
        self._request = request
        self._loop = object()

    async def __anext__(self) -> Batch:
        consumers = self._consumers
        consumers.hold(self._loop, here())
        while True:
            take = consumers.adopt()
            if take is None:
                # Most of the time there is something, and no thread is needed.
                batch = consumers.take_now(self._request)
                if batch is not None:
                    return batch
                take = consumers.take_elsewhere(self._request)
            try:
                batch = await take.wait_in_task()
            except (asyncio.CancelledError, GeneratorExit):
                consumers.abandon(take)
                raise
            if batch is not None:
                return consumers.at_most(self._request.max_size, batch)
            if consumers.is_over:
                raise StopAsyncIteration

    def __del__(self) -> None:
        self._consumers.leave(self._loop)
