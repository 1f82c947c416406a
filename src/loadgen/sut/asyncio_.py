# SPDX-License-Identifier: Apache-2.0
"""A coroutine function as a system under test, on an event loop and a thread of its own.

Not for plain functions (`function`), nor for serving inside the user's own loop: that is `Session`.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any

from loadgen.errors import LoadGenError
from loadgen.sut.base import Starts, SystemUnderTest, check_arguments, function, log
from loadgen.sut.watch import LoopWatch, blocked_in_words
from loadgen.values import integer, optional, problem_of

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.sut.handle import Run

AsyncFunction = Callable[[Any], Awaitable[Any] | AsyncGenerator[Any, None]]

_STOP_S = 10.0  # a task that does not end on being cancelled is left behind, in a daemon thread


class AsyncSUT(SystemUnderTest):
    """Measures ``async fn(sample) -> output``, one call a sample, many at once.

    Parameters
    ----------
    fn : coroutine function, or async generator function
        An async generator's items are tokens, each of which is told when it comes; their number
        is the sample's token count, and the output is the items: joined where all are str or all
        are bytes, else a list.
    max_concurrency : int, optional
        The most calls at once; other samples wait here, in order. None: no limit.

    Raises
    ------
    SettingsError
        Names every argument that cannot be used.

    Notes
    -----
    A call that blocks the event loop keeps all samples waiting. It is told, with its line, as
    ``result.environment["system"]["event_loop_blocked"]``, in the summary, and in a warning.

    Examples
    --------
    >>> async def answer(sample):
    ...     return sample
    >>> AsyncSUT(answer, max_concurrency=8).name
    'answer'
    """

    def __init__(self, fn: AsyncFunction, max_concurrency: int | None = None) -> None:
        check_arguments(
            problem_of("fn", fn, function),
            problem_of("max_concurrency", max_concurrency, optional(integer(1))),
        )
        self.name = getattr(fn, "__name__", type(fn).__name__)
        self._fn = fn
        self._limit = max_concurrency
        self._server: _Server | None = None
        self._starts = Starts()

    def start(self, run: Run) -> None:
        """Start the event loop."""
        self._starts.add(took_on=self._server is None)
        if self._server is not None:
            raise LoadGenError(f"{self.name}: this AsyncSUT already serves another run")
        self._server = _Server(run, self._fn, self._limit)
        self._server.start()

    def issue(self, batch: Batch) -> None:
        """Hand a batch to the event loop."""
        if self._server is None:
            raise LoadGenError(f"{self.name}: not started")
        self._server.submit(batch)

    def stop(self) -> None:
        """Cancel what still runs, and end the event loop."""
        if not self._starts.pop():
            return
        server, self._server = self._server, None
        if server is not None and not server.stop(_STOP_S):
            log.warning("%s: does not end on being cancelled; its thread is left behind", self.name)
        if server is not None and (blocked := server.blocked()):
            log.warning("%s: event loop %s", self.name, blocked_in_words(blocked))

    def describe(self) -> Mapping[str, Any]:
        """Return how the event loop was blocked, if it was, and by which line of code."""
        blocked = self._server.blocked() if self._server is not None else {}
        return {"event_loop_blocked": blocked} if blocked else {}


class _Server:
    """An event loop on its own thread, and the calls in it, for one run.

    Thread safety: `start`, `submit`, `stop` from any thread; the rest belongs to the loop's.
    """

    def __init__(self, run: Run, fn: AsyncFunction, limit: int | None) -> None:
        self._run = run
        self._fn = fn
        self._limit = limit
        # Samples that no task has taken up yet: an iterator a batch, so that a query of a million
        # samples is not a million objects at once, and that what waits has no samples yet.
        self._waiting: deque[Iterator[tuple[Batch, Any, int]]] = deque()
        self._n_answering = 0
        self._is_over = False
        self._tasks: set[asyncio.Task[None]] = set()  # the event loop keeps no task alive
        self._ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._watch: LoopWatch | None = None
        self._thread = threading.Thread(target=self._serve, name="loadgen-asyncio", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._ready.result()

    def submit(self, batch: Batch) -> None:
        loop, _ = self._ready.result()
        with suppress(RuntimeError):  # the loop has ended by itself, and `_serve` says why
            loop.call_soon_threadsafe(self._admit, batch)

    def blocked(self) -> dict[str, Any]:
        return {} if self._watch is None else self._watch.facts()

    def stop(self, timeout_s: float) -> bool:
        loop, stopping = self._ready.result()
        with suppress(RuntimeError):  # the loop has closed by itself
            loop.call_soon_threadsafe(stopping.set)
        self._thread.join(timeout_s)
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
        try:
            with LoopWatch() as self._watch:
                self._ready.set_result((asyncio.get_running_loop(), stopping))
                await stopping.wait()
        finally:  # of a loop that somebody else stops, too, while batches still come
            self._is_over = True
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _admit(self, batch: Batch) -> None:
        if self._is_over:
            return
        self._waiting.append(self._samples_of(batch))
        room = len(batch) if self._limit is None else self._limit - self._n_answering
        for _ in range(min(len(batch), room)):
            self._n_answering += 1
            task = asyncio.create_task(self._answer_waiting())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _samples_of(self, batch: Batch) -> Iterator[tuple[Batch, Any, int]]:
        try:
            samples = batch.samples
        except Exception as error:
            self._run._sut_raised(error, batch)
            return
        for position in range(len(batch)):
            yield batch, samples, position

    async def _answer_waiting(self) -> None:
        """Answer what waits; ends, in one step of the loop, with the look that finds nothing."""
        try:
            while self._waiting:
                sample = next(self._waiting[0], None)
                if sample is None:
                    self._waiting.popleft()
                else:
                    await self._answer(*sample)
        finally:
            self._n_answering -= 1

    async def _answer(self, batch: Batch, samples: Any, position: int) -> None:
        one = batch[position]
        try:
            answer = self._fn(samples[position])
            if isinstance(answer, AsyncGenerator):
                tokens = await _collect(one, answer)
                one.complete([_joined(tokens)], len(tokens))
            else:
                output = await answer
                one.complete(None if output is None else [output])
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            self._run._sut_raised(error, one)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            from_within = RuntimeError("a call was cancelled from within, not by the run")
            from_within.__cause__ = error
            self._run._sut_raised(from_within, one)


async def _collect(one: Batch, stream: AsyncGenerator[Any, None]) -> list[Any]:
    tokens: list[Any] = []
    async with aclosing(stream):
        async for token in stream:
            one.token()
            tokens.append(token)
    return tokens


def _joined(tokens: list[Any]) -> Any:
    if tokens and all(isinstance(token, str) for token in tokens):
        return "".join(tokens)
    if tokens and all(isinstance(token, bytes) for token in tokens):
        return b"".join(tokens)
    return tokens
