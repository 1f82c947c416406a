# SPDX-License-Identifier: Apache-2.0
"""One HTTP/1.1 connection, whose responses llhttp takes apart.

Not for which connection a request takes (`connections`).
"""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING, Final, Protocol

from loadgen.errors import described, needs_extra

try:
    import httptools
except ImportError as error:
    raise needs_extra("http", error) from error

if TYPE_CHECKING:
    from loadgen.sut.openai.connections import Client

__all__ = ["Connection", "Reply"]

_HTTP_OK: Final = 200


class Reply(Protocol):
    """A request, and whoever waits for its response; called on the event loop's thread."""

    is_over: bool
    """Whether nobody waits any more."""

    def request(self) -> bytes | None:
        """Return what to send; None where there is nothing to be sent after all."""

    def on_sent(self, sent_on: Connection) -> None:
        """Know that the request was handed to the socket."""

    def on_status(self, status: int) -> None:
        """Know that the response has begun."""

    def on_data(self, data: bytes) -> None:
        """Take a piece of its body."""

    def on_end(self) -> None:
        """Know that it is complete."""

    def on_failure(self, kind: str, message: str) -> None:
        """Know that there will be no more of it."""


class Connection(asyncio.Protocol):
    """One connection, and the response that it waits for."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._reply: Reply | None = None
        self._transport: asyncio.Transport | None = None
        self.free_since_s = 0.0

    @property
    def usable(self) -> bool:
        """Whether a request can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, reply: Reply) -> bool:
        """Send a request; whether there was one to send."""
        request = reply.request()
        if request is None:
            return False
        assert self._transport is not None
        self._reply = reply
        self._ends_with_connection = True
        self._has_begun = self._is_done = self._is_interim = False
        self._parser = httptools.HttpResponseParser(self)
        self._transport.write(request)
        reply.on_sent(self)
        return True

    def serves(self, reply: Reply) -> bool:
        """Whether the response is not complete that this one waits for."""
        return self._reply is reply

    def abort(self) -> None:
        """Close it at once; whoever waits for a response is not told."""
        self._reply = None
        if self._transport is not None:
            self._transport.abort()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be connected."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        raw = transport.get_extra_info("socket")
        if raw is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        """Read what came."""
        if self._reply is None:  # nobody asked
            self.abort()
            return
        begin_ns = time.perf_counter_ns()
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            # What a callback of ours raised comes as the context of the parser's error.
            self._fail("bad_http", f"no HTTP/1.1 response: {error.__context__ or error}")
        else:
            if self._is_done:
                self._be_free()
        self._client.reading.add(time.perf_counter_ns() - begin_ns)

    def eof_received(self) -> None:
        """Know that the server sends no more."""
        if self._reply is not None and self._has_begun and self._ends_with_connection:
            self.on_message_complete()
            self._be_free()

    def connection_lost(self, exc: Exception | None) -> None:
        """Be disconnected."""
        how = "closed by the server" if exc is None else str(exc)
        when = "in the middle of a response" if self._reply and self._has_begun else "before any"
        self._fail("connection_lost", f"the connection was {how} {when}")
        self._client.lost(self)

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        """Learn how the end of the body is told."""
        if name.lower() in (b"content-length", b"transfer-encoding"):
            self._ends_with_connection = False

    def on_message_begin(self) -> None:
        """Refuse what comes behind a response: nobody has asked for it."""
        if self._is_done and self._transport is not None:
            self._transport.abort()

    def on_headers_complete(self) -> None:
        """Know that the response has begun; one of status 1xx comes before it."""
        status = self._parser.get_status_code()
        self._is_interim = status < _HTTP_OK
        self._has_begun = not self._is_interim
        if self._reply is not None and not self._is_interim:
            self._reply.on_status(status)

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        if self._reply is not None:
            self._reply.on_data(body)

    def on_message_complete(self) -> None:
        """Know that the response is complete."""
        if self._is_interim:
            self._ends_with_connection = True
            return
        reply, self._reply = self._reply, None
        self._is_done = True
        # Only here does the parser know.
        self._keeps = self._parser.should_keep_alive() and not self._ends_with_connection
        if reply is None:
            return
        try:
            reply.on_end()
        except Exception as error:  # which the parser would swallow, and nobody would be told
            reply.on_failure("bad_response", described(error))

    def _be_free(self) -> None:
        """Be there for the next request, when all that came is read."""
        if self._keeps and self.usable:
            self._client.free(self)
        elif self._transport is not None:
            self._transport.close()

    def _fail(self, kind: str, message: str) -> None:
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.on_failure(kind, message)
        if self._transport is not None:
            self._transport.abort()
