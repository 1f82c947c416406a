# SPDX-License-Identifier: Apache-2.0
"""An event loop on a thread of its own, in which the batches of one run are answered.

Not for what is done there: `asyncio_` awaits a user's coroutine, `kserve` a server; `openai` takes
its batches itself.
"""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

from loadgen.errors import LoadGenError
from loadgen.sut.base import Starts, SystemUnderTest, log

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.sut.handle import Run

__all__ = ["LoopSUT", "LoopThread"]

_STOP_S = 10.0  # a task that does not end on being cancelled is left behind, in a daemon thread


class LoopSUT(SystemUnderTest):
    """A system that answers in an event loop of its own: parts of batches, many at once.

    Parameters
    ----------
    max_concurrency : int or None
        The most parts that are being answered; others wait here, in order. None: no limit.
    part_size : int or None
        The most samples of a part. None: a whole batch.
    """

    def __init__(self, max_concurrency: int | None, part_size: int | None = 1) -> None:
        self._max_concurrency = max_concurrency
        self._part_size = part_size
        self._loop: _Answering | None = None
        self._starts = Starts()

    @abstractmethod
    def _open(self) -> AbstractAsyncContextManager[object]:
        """Return what is entered in the loop before `start` returns, and left at its end."""

    @abstractmethod
    def _parts(self, batch: Batch, run: Run) -> Iterator[Any]:
        """Cut a batch into parts of `part_size`, one when it is its turn. Does not raise."""

    @abstractmethod
    async def _answer(self, part: Any, run: Run) -> None:
        """Answer a part. Raises only when it is cancelled."""

    def start(self, run: Run) -> None:
        """Start the event loop."""
        self._starts.add(took_on=self._loop is None)
        if self._loop is not None:
            raise LoadGenError(
                f"{self.name}: this {type(self).__name__} already serves another run"
            )
        loop = _Answering(self, run)
        loop.start()
        self._loop = loop

    def issue(self, batch: Batch) -> None:
        """Hand a batch to the event loop."""
        if self._loop is None:
            raise LoadGenError(f"{self.name}: not started")
        self._loop.submit(batch)

    def stop(self) -> None:
        """Cancel what still runs, and end the event loop."""
        if not self._starts.pop():
            return
        loop, self._loop = self._loop, None
        if loop is not None and not loop.stop():
            log.warning("%s: does not end on being cancelled; its thread is left behind", self.name)


class LoopThread(ABC):
    """An event loop on a thread of its own, for one run.

    Parameters
    ----------
    run : Run
        Told of what the loop itself raises.
    name : str
        The thread's.

    Notes
    -----
    Thread safety: `start`, `call`, `stop` from any thread; the rest belongs to the loop's.
    """

    def __init__(self, run: Run, name: str) -> None:
        self._run = run
        self._ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    @abstractmethod
    def _serving(self) -> AbstractAsyncContextManager[object]:
        """Return what is entered in the loop before `start` returns, and left at its end."""

    def start(self) -> None:
        """Start the thread; raises what entering raised."""
        self._thread.start()
        self._ready.result()

    def call(self, function: Callable[..., object], *arguments: object) -> bool:
        """Have a function called in the loop; whether that is still there."""
        loop, _ = self._ready.result()
        try:
            loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:  # it has ended by itself, and `_serve` says why
            return False
        return True

    def stop(self) -> bool:
        """End it; return whether it did within 10 s."""
        _, stopping = self._ready.result()
        self.call(stopping.set)
        self._thread.join(_STOP_S)
        return not self._thread.is_alive()

    def _serve(self) -> None:
        try:
            asyncio.run(self._main())  # leaving it cancels what the calls have started
        except BaseException as error:  # of the loop itself: nobody else would see it
            if self._ready.done():
                self._run._sut_raised(error)
            else:
                self._ready.set_exception(error)

    async def _main(self) -> None:
        stopping = asyncio.Event()
        async with self._serving():
            self._ready.set_result((asyncio.get_running_loop(), stopping))
            await stopping.wait()


class _Answering(LoopThread):
    """The event loop of a `LoopSUT`."""

    def __init__(self, sut: LoopSUT, run: Run) -> None:
        super().__init__(run, f"loadgen-{sut.name}")
        self._sut = sut
        # Parts that no task has taken up yet: an iterator a batch, so that a query of a million
        # samples is not a million objects at once, and that what waits has no samples yet.
        self._waiting: deque[Iterator[Any]] = deque()
        self._n_answering = 0
        self._is_over = False
        self._tasks: set[asyncio.Task[None]] = set()  # the event loop keeps no task alive

    def submit(self, batch: Batch) -> None:
        """Have a batch answered."""
        self.call(self._admit, batch)

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        async with self._sut._open():
            try:
                yield
            finally:  # of a loop that somebody else stops, too, while batches still come
                self._is_over = True
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    def _admit(self, batch: Batch) -> None:
        if self._is_over:
            return
        self._waiting.append(self._sut._parts(batch, self._run))
        n_parts = -(-len(batch) // (self._sut._part_size or len(batch)))
        limit = self._sut._max_concurrency
        room = n_parts if limit is None else limit - self._n_answering
        for _ in range(min(n_parts, room)):
            self._n_answering += 1
            task = asyncio.create_task(self._answer_waiting())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer_waiting(self) -> None:
        """Answer what waits; ends, in one step of the loop, with the look that finds nothing."""
        try:
            while self._waiting:
                part = next(self._waiting[0], None)
                if part is None:
                    self._waiting.popleft()
                else:
                    await self._sut._answer(part, self._run)
        finally:
            self._n_answering -= 1
