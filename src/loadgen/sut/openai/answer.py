# SPDX-License-Identifier: Apache-2.0
"""One sample's request, and what comes of its response.

Not for connections (`connections`), nor for what the JSON means (`messages`), nor for time-outs and
retries (`loop`).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from loadgen.sut.openai.events import MAX_EVENT_BYTES, EventDecoder
from loadgen.sut.openai.messages import Event, error_text, event_of

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.sut.openai.connection import Connection

__all__ = ["Answer", "Owner"]

_MOST_TOLD: Final = 300  # characters of what a server says
_HTTP_OK: Final = 200
_MOST_TOKENS: Final = 2**32 - 1  # that a row has room for

_Counted = Literal["usage", "chunks", "tokenizer"]


class Owner(Protocol):
    """Who asked, and deals with the end."""

    streams: bool

    def request_of(self, answer: Answer) -> bytes | None:
        """Return what to send; None: it cannot be made, and was failed."""

    def count_tokens(self, answer: Answer, text: str) -> int | None:
        """Count a text's tokens; None: there is no tokenizer, or it failed, and the answer did."""

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
        When it was issued, taken up by the event loop, and first handed to the socket (0: not
        yet).
    number : int
        Of the samples taken, from 0.
    is_answered : bool
        It is over, and well.
    n_retries : int
        How many times it was sent again.
    n_chunks : int
        Pieces of the answer that came with text.
    counted_by : "usage", "chunks" or "tokenizer"
        Where the token count comes from; None where there is none.
    contradicts : bool
        The server counted fewer tokens than there were chunks with text, or as many as there are
        in no answer.
    """

    __slots__ = (
        "_body",
        "_decoder",
        "_finished",
        "_n_bytes",
        "_owner",
        "_status",
        "_text",
        "_usage",
        "contradicts",
        "counted_by",
        "is_answered",
        "is_over",
        "issued_ns",
        "n_chunks",
        "n_retries",
        "number",
        "one",
        "sample",
        "sent_ns",
        "sent_on",
        "taken_ns",
    )  # fmt: skip

    def __init__(self, one: Batch, sample: Any, owner: Owner, number: int) -> None:
        self.number = number
        self.is_answered = False
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
        self.forget()

    def forget(self) -> None:
        """Have nothing of a response, yet or any more."""
        self._decoder: EventDecoder | None = None
        self._body: list[bytes] = []
        self._n_bytes = 0
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
        if not self.sent_ns:  # what comes after a first try is not the client's time
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
            self._on_body(data)
            return
        try:
            for event in self._decoder.feed(data):
                self._on_data_of_event(event)
        except ValueError as error:
            self.give_up("bad_stream", str(error))

    def _on_data_of_event(self, data: bytes) -> None:
        if self.is_over:
            return
        if data.strip() == b"[DONE]":
            self._finished = True
            self._conclude()
        else:
            self._on_event(event_of(data))

    def _on_body(self, data: bytes) -> None:
        self._n_bytes += len(data)
        if self._n_bytes <= MAX_EVENT_BYTES:
            self._body.append(data)
        elif self._status == _HTTP_OK:
            self.give_up("bad_response", f"an answer of more than {MAX_EVENT_BYTES} bytes")

    def _on_event(self, event: Event) -> None:
        if event.error:
            self.give_up("server_error", error_text(event.error))
            return
        if event.n_tokens is not None:
            self._usage = event.n_tokens
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
            for event in self._decoder.finish():
                self._on_data_of_event(event)
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
        self._usage = whole.n_tokens
        if whole.error:
            self.give_up("server_error", error_text(whole.error))
        elif whole.text is None:
            self.give_up("empty", "an answer without text")
        else:
            self._complete(whole.text, None)

    def _complete(self, text: str, n_chunks: int | None) -> None:
        n_tokens, self.counted_by = self._count(text, n_chunks)
        if self.is_over:
            return  # the tokenizer failed
        self.is_over = self.is_answered = True
        self.one.complete([text], n_tokens)
        self._owner.ended(self)

    def _count(self, text: str, n_chunks: int | None) -> tuple[int | None, _Counted | None]:
        """Return the number of tokens, and who counted them.

        A chunk with text is at least one token: a smaller ``usage`` cannot be true.
        """
        least = 1 if n_chunks is None else n_chunks
        if self._usage is not None:
            if least <= self._usage <= _MOST_TOKENS:
                return self._usage, "usage"
            self.contradicts = True
        counted = self._owner.count_tokens(self, text)
        if counted is not None and counted >= least:
            return counted, "tokenizer"
        return n_chunks, None if n_chunks is None else "chunks"

    def give_up(self, kind: str, message: str) -> None:
        """Fail the sample, if it is not answered yet, or have it sent again."""
        if self.is_over:
            return
        # Nothing that was told of it may be told again.
        if self.n_chunks == 0 and self._owner.sends_again(self, kind):
            self.forget()
            return
        self.is_over = True
        self.one.fail(kind, self._owner.without_key(message)[:_MOST_TOLD])
        self._owner.ended(self)
