# SPDX-License-Identifier: Apache-2.0
"""The event loop that sends requests and reads answers, on a thread of its own, for one run."""

from __future__ import annotations

import asyncio
import os
import ssl
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from loadgen.sut.openai.answer import Answer
from loadgen.sut.openai.client_time import ClientTime
from loadgen.sut.openai.connections import Client
from loadgen.sut.openai.messages import Request
from loadgen.sut.openai.probe import Probe, probe
from loadgen.sut.openai.target import Target

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.sut.handle import Run

__all__ = ["Limits", "RequestLoop"]

_TAKEN_TOGETHER: Final = 16
_LOOK_EVERY_S: Final = 0.05
_STOP_S: Final = 10.0
_RETRY_WAIT_S: Final = 0.1
"""Before a request is sent again; twice as long before each further time."""

_SENT_AGAIN: Final = frozenset(
    {"connect", "connect_refused", "connect_timeout", "connection_lost"}
    | {"http_408", "http_429", "http_500", "http_502", "http_503", "http_504"}
)
"""Failures that another try may not have."""


class Limits(NamedTuple):
    """How many at once, how long, and how often."""

    max_connections: int
    connect_timeout_s: float
    first_token_timeout_s: float | None
    total_timeout_s: float
    max_retries: int


class RequestLoop:
    """Requests and answers of one run; the `Owner` of its answers.

    Samples are taken, not handed over (pull): a query is issued on time by a thread that needs no
    interpreter's lock, however busy this one is, and rings when the loop sleeps.

    Thread safety: `start`, `probe`, `stop`, `facts` from any thread; the rest is the loop's.
    """

    def __init__(
        self,
        run: Run,
        request: Request,
        *,
        to: Target,
        limits: Limits,
        tls: ssl.SSLContext | None,
        tokenizer: Callable[[str], int] | None,
    ) -> None:
        self.streams = request.streams
        self.without_key = request.without_key
        self._run = run
        self._request = request
        self._to = to
        self._limits = limits
        self._tls = tls
        self._tokenizer = tokenizer
        # In the order of their issue, so that who is late is in front. Those that are over stay
        # until they come there.
        self._by_first: deque[Answer] = deque()
        self._by_total: deque[Answer] = deque()
        self._counted_by: Counter[str] = Counter()
        self._n_contradict = self._n_sent_again = 0
        self._ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = threading.Thread(target=self._serve, name="loadgen-openai", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()
        self._ready.result()

    def probe(self) -> Probe:
        """Ask the server what can be measured.

        Raises
        ------
        LoadGenError
            It cannot be.
        """
        loop, _ = self._ready.result()
        timeout_s = self._limits.total_timeout_s
        asked = probe(self._client, self._request, self._to, timeout_s)
        return asyncio.run_coroutine_threadsafe(asked, loop).result()

    def stop(self) -> bool:
        """Close all connections and end the thread; whether it has ended."""
        loop, stopping = self._ready.result()
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(stopping.set)
        self._thread.join(_STOP_S)
        return not self._thread.is_alive()

    def facts(self) -> dict[str, Any]:
        """Return what the client did and what it cost."""
        loop, _ = self._ready.result()
        found: Future[dict[str, Any]] = Future()
        with suppress(RuntimeError, TimeoutError):
            loop.call_soon_threadsafe(lambda: found.set_result(self._facts()))
            return found.result(_STOP_S)
        return {}

    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "connections_opened": self._client.n_opened,
            "connections_at_most": self._client.most_open,
            "tokens_counted_by": "+".join(sorted(self._counted_by)) or "nobody",
            "client": self._time.facts(self._client.reading),
        }
        if len(self._counted_by) > 1:
            facts["answers_counted_by"] = dict(self._counted_by)
        if self._n_contradict:
            facts["usage_below_chunks"] = self._n_contradict
        if self._limits.max_retries:
            facts["sent_again"] = self._n_sent_again
        return facts

    def _serve(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:  # of the loop itself: nobody else would see it
            if self._ready.done():
                self._run._sut_raised(error)
            else:
                self._ready.set_exception(error)

    async def _main(self) -> None:
        stopping = asyncio.Event()
        limits = self._limits
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._on_loop_error)
        self._time = ClientTime()
        self._client = Client(self._to, limits.max_connections, limits.connect_timeout_s, self._tls)
        watching = asyncio.create_task(self._watch())
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._loop.add_reader(self._bell, self._on_bell)
        self._run._ring(self._bell)
        self._run._arm()
        self._ready.set_result((self._loop, stopping))
        try:
            await stopping.wait()
        finally:
            watching.cancel()
            self._run._ring(-1)
            os.close(self._bell)
            await self._client.close()

    def _on_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """End the run with what a callback raised, which the loop would only print."""
        error = context.get("exception")
        if isinstance(error, Exception) and not isinstance(error, OSError):
            self._run._sut_raised(error)

    def _on_bell(self) -> None:
        with suppress(BlockingIOError):  # it has been read
            os.eventfd_read(self._bell)
        self._take()

    def _take(self) -> None:
        """Take what was issued, a few samples at a time: answers are to be read meanwhile."""
        batch = self._run._take(_TAKEN_TOGETHER, 0, 0)
        if batch is None:
            self._run._arm()
            batch = self._run._take(_TAKEN_TOGETHER, 0, 0)
        if batch is None:
            return
        self._loop.call_soon(self._take)
        try:
            samples = batch.samples
        except Exception as error:
            self._run._sut_raised(error, batch)
            return
        for position in range(len(batch)):
            self._ask(batch[position], samples[position])

    def _ask(self, one: Batch, sample: Any) -> None:
        answer = Answer(one, sample, self)
        self._by_total.append(answer)
        if self._limits.first_token_timeout_s is not None:
            self._by_first.append(answer)
        self._client.send(answer)

    # What answers call.

    def request_of(self, answer: Answer) -> bytes | None:
        """Return what to send; what is wrong with a sample is the user's to see."""
        try:
            return self._request.bytes_of(answer.sample)
        except Exception as error:
            answer.is_over = True
            self._run._sut_raised(error, answer.one)
            return None

    def count_tokens(self, text: str) -> int | None:
        """Count a text's tokens."""
        if self._tokenizer is None:
            return None
        try:
            return int(self._tokenizer(text))
        except Exception as error:  # the parser, which called, would swallow it
            self._run._sut_raised(error)
            return None

    def sends_again(self, answer: Answer, kind: str) -> bool:
        """Whether a request that failed is sent again, in a while."""
        if answer.n_retries >= self._limits.max_retries or kind not in _SENT_AGAIN:
            return False
        self._loop.call_later(_RETRY_WAIT_S * 2**answer.n_retries, self._client.send, answer)
        answer.n_retries += 1
        self._n_sent_again += 1
        return True

    def ended(self, answer: Answer) -> None:
        """Count an answer."""
        self._n_contradict += answer.contradicts
        if answer.counted_by is not None:
            self._counted_by[answer.counted_by] += 1
        self._time.add(answer.issued_ns, answer.taken_ns, answer.sent_ns)

    # Time-outs.

    async def _watch(self) -> None:
        """Give up samples that take too long, to some 50 ms."""
        first_s, total_s = self._limits.first_token_timeout_s, self._limits.total_timeout_s
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            now_ns = time.perf_counter_ns()
            _expire(self._by_total, now_ns, total_s, "timeout")
            if first_s is not None:
                _expire(self._by_first, now_ns, first_s, "first_token_timeout")


def _expire(waiting: deque[Answer], now_ns: int, limit_s: float, kind: str) -> None:
    """Give up those in front that were issued too long ago; those that are over just leave."""
    while waiting:
        answer = waiting[0]
        has_begun = kind == "first_token_timeout" and answer.n_chunks > 0
        if not (answer.is_over or has_begun or now_ns - answer.issued_ns > limit_s * 1e9):
            return
        waiting.popleft()
        if answer.is_over or has_begun:
            continue
        stage = f"{answer.n_chunks} chunks had come" if answer.sent_ns else "not sent yet"
        connection = answer.sent_on
        answer.give_up(kind, f"not within {limit_s:g} s; {stage}")
        if connection is not None:
            connection.abort()
