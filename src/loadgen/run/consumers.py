# SPDX-License-Identifier: Apache-2.0
"""Who takes a run's batches: the loops that go on, and what the cancelled ones have left to others.

Not for the loops themselves (`batches`), nor for starting, waiting for or ending a run (`session`).
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from loadgen._core import Batch

_LOOK_AGAIN_NS = 100_000_000
"""How long a wait goes on before it looks at what others have left."""

_MOST_WAITING_TASKS = 64


class Request(NamedTuple):
    """What a loop asks for, as the core wants it."""

    max_size: int
    max_wait_ns: int
    preferred: tuple[int, ...]


class Source(Protocol):
    """What batches come from: a run's core, or that of another process."""

    @property
    def finished(self) -> bool:
        """Whether there will be no more."""

    def take(
        self, max_size: int, max_wait_ns: int, timeout_ns: int | None, preferred: Sequence[int]
    ) -> Batch | None:
        """Take one; None: nothing came in time, or there will be no more."""


def here() -> object:
    """Return what runs the caller: the task, or the thread's number where there is no task."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    return threading.get_ident() if task is None else task


class _Take:
    """A wait for a batch, on another thread; any thread or task may wait for what comes of it.

    Not an asyncio future: the task that waits may be cancelled, and its event loop closed, while
    the other thread is about to take a batch.
    """

    def __init__(self, taken: Future[Batch | None]) -> None:
        self._taken = taken
        self._waiting: tuple[asyncio.AbstractEventLoop, asyncio.Future[None]] | None = None
        taken.add_done_callback(self._wake)

    @property
    def done(self) -> bool:
        """Whether there is nothing to wait for any more."""
        return self._taken.done()

    def wait(self) -> Batch | None:
        """Return the batch, to one thread; None: there will be no more."""
        return self._taken.result()

    async def wait_in_task(self) -> Batch | None:
        """Return the batch, to one task at a time; it is still there when the task is cancelled."""
        event_loop = asyncio.get_running_loop()
        woken = event_loop.create_future()
        self._waiting = event_loop, woken  # before the look: _wake sees it, or it is done by now
        if not self.done:
            await woken
        return self._taken.result()

    def _wake(self, _: Future[Batch | None]) -> None:
        if self._waiting is not None:
            event_loop, woken = self._waiting
            with suppress(RuntimeError):  # the event loop is closed, and nobody waits in it
                event_loop.call_soon_threadsafe(_set_done, woken)


def _set_done(woken: asyncio.Future[None]) -> None:
    if not woken.done():  # it may be cancelled
        woken.set_result(None)


class Consumers:
    """The loops over a session's batches: which go on, and what a cancelled one has left.

    Thread safety: any thread.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._holders: dict[object, object] = {}  # of the loops that go on
        self._left_early = False
        self._orphans: deque[_Take] = deque()  # takes whose task was cancelled
        self._rest: deque[Batch] = deque()  # what was too much for who asked
        self._executor: ThreadPoolExecutor | None = None

    @property
    def n_loops(self) -> int:
        """How many loops go on."""
        return len(self._holders)

    def all_left_early(self, leaver: object) -> bool:
        """Whether there is more to take, a loop was left before its end, and none goes on.

        Parameters
        ----------
        leaver : object
            The thread or task that leaves the session (see `here`): a loop that it began and keeps
            in a variable does not go on.
        """
        kept = [holder == leaver for holder in list(self._holders.values())]
        nobody = all(kept) and (self._left_early or bool(kept))
        return nobody and not self._source.finished

    @property
    def n_unclaimed(self) -> int:
        """How many samples of a source that is finished were taken for loops that did not wait."""
        rest = sum(len(batch) for batch in list(self._rest))
        taken = [orphan.wait() for orphan in list(self._orphans)]
        return rest + sum(len(batch) for batch in taken if batch is not None)

    def hold(self, loop: object, holder: object) -> None:
        """Say which thread or task asks for a loop's next batch; the first time, the loop begins.

        Parameters
        ----------
        loop : object
            Stands for the loop.
        holder : object
            What `here` returned there, or the thread's number.
        """
        self._holders[loop] = holder

    def leave(self, loop: object) -> None:
        """Say that a loop ends, if it has begun."""
        if loop in self._holders:
            if not self._source.finished:
                self._left_early = True
            del self._holders[loop]

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left and there will be no more."""
        return self._source.finished and not self._orphans and not self._rest

    def take_now(self, request: Request) -> Batch | None:
        """Return what is there; None: nothing, or there will be no more."""
        batch = self._left_by_others() if self._rest or self._orphans else None
        if batch is None:
            return self._take(request, 0)
        return self.at_most(request.max_size, batch)

    def take(self, request: Request) -> Batch | None:
        """Wait for a batch; None: there will be no more."""
        while True:
            batch = self._wait(request)
            if batch is not None or self.is_over:
                return batch
            orphan = self.adopt()  # it may have the last batch
            batch = None if orphan is None else orphan.wait()
            if batch is not None:
                return self.at_most(request.max_size, batch)

    def take_elsewhere(self, request: Request) -> _Take:
        """Wait for a batch on another thread."""
        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(_MOST_WAITING_TASKS, "loadgen-batches")
            executor = self._executor
        return _Take(executor.submit(self._wait, request))

    def abandon(self, take: _Take) -> None:
        """Leave a take to whoever asks next."""
        self._orphans.append(take)

    def adopt(self) -> _Take | None:
        """Return a take that was left to others, if there is one."""
        if self._orphans:
            with suppress(IndexError):  # another thread was faster
                return self._orphans.popleft()
        return None

    def at_most(self, max_size: int, batch: Batch) -> Batch:
        """Return no more of a batch than was asked for, and keep the rest for others."""
        if len(batch) <= max_size:
            return batch
        self._rest.append(batch[max_size:])
        return batch[:max_size]

    def _take(self, request: Request, timeout_ns: int) -> Batch | None:
        return self._source.take(
            request.max_size, request.max_wait_ns, timeout_ns, request.preferred
        )

    def _wait(self, request: Request) -> Batch | None:
        """Wait for a batch, but not for what is left to others and is still to come."""
        while True:
            batch = self.take_now(request)
            if batch is None:
                batch = self._take(request, _LOOK_AGAIN_NS)
            if batch is not None or self._source.finished:
                return batch

    def _left_by_others(self) -> Batch | None:
        """Return a batch that nobody waits for, if there is one."""
        with suppress(IndexError):
            return self._rest.popleft()
        for orphan in list(self._orphans):
            if orphan.done:
                with suppress(ValueError):  # another thread was faster
                    self._orphans.remove(orphan)
                    return orphan.wait()
        return None

    def close(self) -> None:
        """End the threads; the run is over, so none of them waits long."""
        if self._executor is not None:
            self._executor.shutdown()
