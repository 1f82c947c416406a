# SPDX-License-Identifier: Apache-2.0
"""The event loop that sends requests and reads answers, on a thread of its own, for one run."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from loadgen.config.scenarios import Offline
from loadgen.sut.loop import LoopThread
from loadgen.sut.openai.answer import Answer
from loadgen.sut.openai.client_time import ClientTime
from loadgen.sut.openai.connections import Client
from loadgen.sut.openai.messages import Request
from loadgen.sut.openai.probe import probe
from loadgen.sut.openai.target import Target

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.sut.handle import Run
    from loadgen.sut.openai.connection import Connection

__all__ = ["Limits", "RequestLoop"]

_TAKEN_TOGETHER: Final = 16
_LOOK_EVERY_S: Final = 0.05
_FACTS_S: Final = 10.0
_REST_NS: Final = 1_000_000_000  # for the rest of a response whose answer is complete
_PROBE_S: Final = 60.0  # a first answer may have a model loaded for it
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


class RequestLoop(LoopThread):
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
        super().__init__(run, "loadgen-openai")
        self._request = request
        self._to = to
        self._limits = limits
        self._tls = tls
        self._tokenizer = tokenizer
        # In the order of their issue, so that who is late is in front. Those that are over stay
        # until they come there.
        self._by_first: deque[Answer] = deque()
        self._by_total: deque[Answer] = deque()
        self._ending: deque[tuple[int, Connection, Answer]] = deque()
        self._counted_by: Counter[str] = Counter()
        self._n_contradict = self._n_sent_again = self._n_taken = 0
        scenario, n_queries = run.scenario, run.settings.warmup_queries
        self._n_warm_up = n_queries * getattr(scenario, "samples_per_query", 1)
        self._counts_from_sending = isinstance(scenario, Offline)

    def probe(self) -> None:
        """Ask the server whether it can be measured.

        Raises
        ------
        LoadGenError
            It cannot be.
        """
        loop, _ = self._ready.result()
        timeout_s = min(self._limits.total_timeout_s, _PROBE_S)
        asked = probe(self._client, self._request, self._to, timeout_s)
        asyncio.run_coroutine_threadsafe(asked, loop).result()

    def facts(self) -> dict[str, Any]:
        """Return what the client did and what it cost."""
        found: Future[dict[str, Any]] = Future()
        if not self.call(lambda: found.set_result(self._facts())):
            return {}
        try:
            return found.result(_FACTS_S)
        except TimeoutError:
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

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
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
        try:
            yield
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
        try:
            samples = batch.samples
        except Exception as error:
            self._run._sut_raised(error, batch)
        else:
            for position in range(len(batch)):
                self._ask(batch[position], samples[position])
        self._loop.call_soon(self._take)

    def _ask(self, one: Batch, sample: Any) -> None:
        answer = Answer(one, sample, self, self._n_taken)
        self._n_taken += 1
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

    def count_tokens(self, answer: Answer, text: str) -> int | None:
        """Count a text's tokens."""
        if self._tokenizer is None:
            return None
        try:
            return int(self._tokenizer(text))
        except Exception as error:  # the parser, which called, would swallow it
            answer.is_over = True
            self._run._sut_raised(error, answer.one)
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
        """Count an answer, and see to it that its connection is there for others soon."""
        self._n_contradict += answer.contradicts
        if answer.counted_by is not None:
            self._counted_by[answer.counted_by] += 1
        if answer.number >= self._n_warm_up:
            self._time.add(answer.issued_ns, answer.taken_ns, answer.sent_ns)
        connection = answer.sent_on
        if connection is not None and connection.serves(answer):
            if answer.is_answered:  # the rest of the response is about to come
                self._ending.append((time.perf_counter_ns(), connection, answer))
            else:
                connection.abort()
        answer.forget()
        answer.sample = None

    # Time-outs.

    async def _watch(self) -> None:
        """Give up samples that take too long, to some 50 ms."""
        first_s, total_s = self._limits.first_token_timeout_s, self._limits.total_timeout_s
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            now_ns = time.perf_counter_ns()
            self._expire(self._by_total, now_ns, total_s, "timeout")
            if first_s is not None:
                self._expire(self._by_first, now_ns, first_s, "first_token_timeout")
            while self._ending and now_ns - self._ending[0][0] > _REST_NS:
                _, connection, answer = self._ending.popleft()
                if connection.serves(answer):
                    connection.abort()

    def _expire(self, waiting: deque[Answer], now_ns: int, limit_s: float, kind: str) -> None:
        """Give up those in front that began too long ago; those that are over just leave."""
        while waiting:
            answer = waiting[0]
            has_begun = kind == "first_token_timeout" and answer.n_chunks > 0
            # All of an Offline query is issued at once, and most of it has to wait.
            since_ns = answer.sent_ns or now_ns if self._counts_from_sending else answer.issued_ns
            if not (answer.is_over or has_begun or now_ns - since_ns > limit_s * 1e9):
                return
            waiting.popleft()
            if answer.is_over or has_begun:
                continue
            stage = f"{answer.n_chunks} chunks had come" if answer.sent_ns else "not sent yet"
            answer.give_up(kind, f"not within {limit_s:g} s; {stage}")
