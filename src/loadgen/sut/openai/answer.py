# SPDX-License-Identifier: Apache-2.0
"""One sample's request, and what comes of its response.

Not for connections (`connections`), nor for what the JSON means (`messages`), nor for time-outs and
retries (`loop`).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from loadgen.sut.openai.events import EventDecoder
from loadgen.sut.openai.messages import Event, error_text, event_of

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.sut.openai.connection import Connection

__all__ = ["Answer", "Owner"]

_MOST_TOLD: Final = 300  # characters of what a server says
_HTTP_OK: Final = 200

_Counted = Literal["usage", "chunks", "tokenizer"]


class Owner(Protocol):
    """Who asked, and deals with the end."""

    streams: bool

    def request_of(self, answer: Answer) -> bytes | None:
        """Return what to send; None: it cannot be made, and was failed."""

    def count_tokens(self, text: str) -> int | None:
        """Count a text's tokens; None: there is no tokenizer."""

    def sends_again(self, answer: Answer, kind: str) -> bool:
        """Whether a request that failed is sent again, instead of the sample's failing."""

    def without_key(self, text: str) -> str:
        """Return what may be shown of a text of the server's."""

    def ended(self, answer: Answer) -> None:
        """Be told, once, that the sample is answered or failed."""


class Answer:
    """What comes of one sample; a `loadgen.sut.openai.connection.Reply`.

    Attributes
    ----------
    one : Batch
        The sample, to answer.
    sample : object
        What the dataset has of it.
    issued_ns, taken_ns, sent_ns : int
        When it was issued, taken up by the event loop, and handed to the socket (0: not yet).
    n_retries : int
        How many times it was sent again.
    n_chunks : int
        Pieces of the answer that came with text.
    counted_by : "usage", "chunks" or "tokenizer"
        Where the token count comes from; None where there is none.
    contradicts : bool
        The server counted fewer tokens than there were chunks with text.
    """

    __slots__ = (
        "_body", "_decoder", "_finished", "_owner", "_status", "_text", "_usage", "contradicts",
        "counted_by", "is_over", "issued_ns", "n_chunks", "n_retries", "one", "sample", "sent_ns",
        "sent_on", "taken_ns",
    )  # fmt: skip

    def __init__(self, one: Batch, sample: Any, owner: Owner) -> None:
        self.one = one
        self.sample = sample
        self.taken_ns = time.perf_counter_ns()
        issued_ns = one.issued_ns
        self.issued_ns = self.taken_ns if issued_ns is None else issued_ns
        self.sent_ns = 0
        self.n_retries = 0
        self.is_over = False
        self.counted_by: _Counted | None = None
        self.contradicts = False
        self._owner = owner
        self._forget()

    def _forget(self) -> None:
        """Have nothing of a response yet."""
        self._decoder: EventDecoder | None = None
        self._body: list[bytes] = []
        self._text: list[str] = []
        self._usage: int | None = None
        self._status = 0
        self._finished = False
        self.n_chunks = 0
        self.sent_on: Connection | None = None

    # What the connection calls.

    def request(self) -> bytes | None:
        """Return what to send."""
        return self._owner.request_of(self)

    def on_sent(self, sent_on: Connection) -> None:
        """Know that the request is on its way."""
        self.sent_ns = time.perf_counter_ns()
        self.sent_on = sent_on

    def on_status(self, status: int) -> None:
        """Know that the response has begun."""
        self._status = status
        if status == _HTTP_OK and self._owner.streams:
            self._decoder = EventDecoder()

    def on_data(self, data: bytes) -> None:
        """Take a piece of the body."""
        if self.is_over:
            return
        if self._decoder is None:
            self._body.append(data)
            return
        try:
            for event in self._decoder.feed(data):
                if event == b"[DONE]":
                    self._finished = True
                    self._conclude()
                elif not self.is_over:
                    self._on_event(event_of(event))
        except ValueError as error:
            self.give_up("bad_stream", str(error))

    def _on_event(self, event: Event) -> None:
        if event.error is not None:
            self.give_up("server_error", error_text(event.error))
            return
        if event.usage is not None:
            self._usage = event.usage.completion_tokens
        text = event.text
        if text is not None:
            if self.n_chunks == 0:
                self.one.first_token()
            else:
                self.one.token()
            self.n_chunks += 1
            self._text.append(text)
        self._finished = self._finished or event.is_last

    def on_end(self) -> None:
        """Know that the response is complete."""
        if self.is_over:
            return
        if self._status != _HTTP_OK:
            self.give_up(f"http_{self._status}", error_text(b"".join(self._body)))
        elif self._decoder is None:
            self._conclude_whole()
        else:
            self._conclude()

    def on_failure(self, kind: str, message: str) -> None:
        """Know that there will be no more of it."""
        self.give_up(kind, message)

    # What ends it.

    def _conclude(self) -> None:
        """Answer with what was streamed."""
        if self.is_over:
            return
        if not self._finished:
            self.give_up("truncated", f"the stream ended after {self.n_chunks} chunks")
        elif self.n_chunks == 0:
            self.give_up("empty", "an answer without text")
        else:
            self._complete("".join(self._text), self.n_chunks)

    def _conclude_whole(self) -> None:
        try:
            whole = event_of(b"".join(self._body))
        except ValueError as error:
            self.give_up("bad_response", str(error))
            return
        if whole.usage is not None:
            self._usage = whole.usage.completion_tokens
        if whole.error is not None:
            self.give_up("server_error", error_text(whole.error))
        elif whole.text is None:
            self.give_up("empty", "an answer without text")
        else:
            self._complete(whole.text, None)

    def _complete(self, text: str, n_chunks: int | None) -> None:
        n_tokens, self.counted_by = self._count(text, n_chunks)
        self.is_over = True
        self.one.complete([text], n_tokens)
        self._owner.ended(self)

    def _count(self, text: str, n_chunks: int | None) -> tuple[int | None, _Counted | None]:
        """Return the number of tokens, and who counted them.

        A chunk with text is at least one token: a smaller ``usage`` cannot be true.
        """
        least = 1 if n_chunks is None else n_chunks
        if self._usage is not None:
            if self._usage >= least:
                return self._usage, "usage"
            self.contradicts = True
        counted = self._owner.count_tokens(text)
        if counted is not None and counted >= least:
            return counted, "tokenizer"
        return n_chunks, None if n_chunks is None else "chunks"

    def give_up(self, kind: str, message: str) -> None:
        """Fail the sample, if it is not answered yet, or have it sent again."""
        if self.is_over:
            return
        # Nothing that was told of it may be told again.
        if self.n_chunks == 0 and self._owner.sends_again(self, kind):
            self._forget()
            return
        self.is_over = True
        self.one.fail(kind, self._owner.without_key(message)[:_MOST_TOLD])
        self._owner.ended(self)
