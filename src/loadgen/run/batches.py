# SPDX-License-Identifier: Apache-2.0
"""The batches of a session, for threads and for tasks of an event loop.

Not for starting, waiting for or ending a run: that is `session`.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.sut.handle import Run

_LOOK_AGAIN_NS = 100_000_000
"""How long a wait goes on before it looks whether it is still wanted."""

_MOST_WAITING_TASKS = 64


class Consumers:
    """The loops over a session's batches: how many go on, and what a cancelled one has left.

    Thread safety: any thread.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._n_active = 0
        self._left_early = False
        self._returned: deque[Batch] = deque()
        self._executor: ThreadPoolExecutor | None = None

    @property
    def all_left_early(self) -> bool:
        """Whether there is more to take, a loop was left before its end, and none goes on."""
        with self._lock:
            nobody = self._left_early and self._n_active == 0
        return nobody and not self._run._engine.finished

    def enter(self) -> None:
        """Count a loop that begins."""
        with self._lock:
            self._n_active += 1

    def leave(self) -> None:
        """Count a loop that ends."""
        early = not self._run._engine.finished
        with self._lock:
            self._n_active -= 1
            self._left_early |= early

    def take_now(self, max_size: int, max_wait_ns: int) -> Batch | None:
        """Return what is there; None: nothing, or there will be no more."""
        try:
            return self._returned.popleft()
        except IndexError:
            return self._run._take(max_size, max_wait_ns, 0)

    def take(
        self, max_size: int, max_wait_ns: int, unwanted: threading.Event | None = None
    ) -> Batch | None:
        """Wait for a batch; None: there will be no more, or the wait has become unwanted."""
        while True:
            batch = self.take_now(max_size, max_wait_ns)
            if batch is None:
                batch = self._run._take(max_size, max_wait_ns, _LOOK_AGAIN_NS)
            if batch is not None or self._run._engine.finished:
                return batch
            if unwanted is not None and unwanted.is_set():
                return None

    async def take_elsewhere(self, max_size: int, max_wait_ns: int) -> Batch | None:
        """Wait for a batch on another thread; may be cancelled."""
        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(_MOST_WAITING_TASKS, "loadgen-batches")
            executor = self._executor
        unwanted = threading.Event()
        taken = executor.submit(self.take, max_size, max_wait_ns, unwanted)
        try:
            return await asyncio.wrap_future(taken)
        except asyncio.CancelledError:
            unwanted.set()
            taken.add_done_callback(self._give_back)
            raise

    def _give_back(self, taken: Future[Batch | None]) -> None:
        """Keep for others what was taken for a task that was cancelled meanwhile."""
        batch = None if taken.cancelled() or taken.exception() else taken.result()
        if batch is not None:
            self._returned.append(batch)

    def close(self) -> None:
        """End the threads; the run is over, so none of them waits long."""
        if self._executor is not None:
            self._executor.shutdown()


class Batches:
    """What `Session.batches` returns; iterate over it.

    Thread safety: any thread, any task; each loop gets other batches.
    """

    def __init__(
        self, start: Callable[[], None], consumers: Consumers, max_size: int, max_wait_ns: int
    ) -> None:
        self._start = start
        self._consumers = consumers
        self._size = (max_size, max_wait_ns)

    def __iter__(self) -> Iterator[Batch]:
        """Yield batches, waiting for each on this thread."""
        self._start()
        self._consumers.enter()
        try:
            while (batch := self._consumers.take(*self._size)) is not None:
                yield batch
        finally:
            self._consumers.leave()

    def __aiter__(self) -> AsyncIterator[Batch]:
        """Yield batches, waiting for each on another thread where there is none."""
        self._start()
        return _AsyncLoop(self._consumers, self._size)


class _AsyncLoop(AsyncIterator["Batch"]):
    """One ``async for``.

    Not an async generator: leaving the loop early would end one only when the event loop gets to
    it, and a session that is left on the event loop's thread would wait for that.
    """

    def __init__(self, consumers: Consumers, size: tuple[int, int]) -> None:
        self._consumers = consumers
        self._size = size
        consumers.enter()

    async def __anext__(self) -> Batch:
        # Most of the time there is something, and no thread is needed.
        batch = self._consumers.take_now(*self._size)
        if batch is None:
            batch = await self._consumers.take_elsewhere(*self._size)
        if batch is None:
            raise StopAsyncIteration
        return batch

    def __del__(self) -> None:
        self._consumers.leave()
