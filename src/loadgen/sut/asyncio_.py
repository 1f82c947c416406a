# SPDX-License-Identifier: Apache-2.0
"""A coroutine function as a system under test, on an event loop and a thread of its own.

Not for plain functions (`function`), nor for serving inside the user's own loop: that is `Session`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any

from loadgen.sut.base import check_arguments, function, log
from loadgen.sut.loop import LoopSUT
from loadgen.sut.watch import LoopWatch, blocked_in_words
from loadgen.values import integer, optional, problem_of

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.sut.handle import Run

AsyncFunction = Callable[[Any], Awaitable[Any] | AsyncGenerator[Any, None]]


class AsyncSUT(LoopSUT):
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
        super().__init__(max_concurrency)
        self.name = getattr(fn, "__name__", type(fn).__name__)
        self._fn = fn
        self._watch: LoopWatch | None = None

    def stop(self) -> None:
        """Cancel what still runs, and end the event loop."""
        served = self._loop
        super().stop()
        has_ended = served is not None and self._loop is None
        if has_ended and (blocked := self._blocked()):
            log.warning("%s: event loop %s", self.name, blocked_in_words(blocked))

    def describe(self) -> Mapping[str, Any]:
        """Return how the event loop was blocked, if it was, and by which line of code."""
        blocked = self._blocked()
        return {"event_loop_blocked": blocked} if blocked else {}

    def _blocked(self) -> dict[str, Any]:
        return {} if self._watch is None else self._watch.facts()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        with LoopWatch() as self._watch:
            yield

    def _parts(self, batch: Batch, run: Run) -> Iterator[tuple[Batch, Any, int]]:
        try:
            samples = batch.samples
        except Exception as error:
            run._sut_raised(error, batch)
            return
        for position in range(len(batch)):
            yield batch, samples, position

    async def _answer(self, part: tuple[Batch, Any, int], run: Run) -> None:
        batch, samples, position = part
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
            run._sut_raised(error, one)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            from_within = RuntimeError("a call was cancelled from within, not by the run")
            from_within.__cause__ = error
            run._sut_raised(from_within, one)


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
