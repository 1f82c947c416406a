# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 requests to one server, thousands at once, on connections that are kept.

Not for what the requests say (`messages`), nor for when they are sent (`loop`).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from typing import Any, Final

from loadgen.errors import described
from loadgen.sut.openai.client_time import Spread
from loadgen.sut.openai.connection import Connection, Reply
from loadgen.sut.openai.target import Target

__all__ = ["Client"]

_MOST_OPENING: Final = 128
"""Connections that are being opened at once: more would overflow servers' queues of new ones, and
those that are ready by then can take what waits."""

_MOST_IDLE_S: Final = 4.0
"""A connection that nobody has used for longer is not used again: servers close such ones, many
after 5 s, and a request that is sent meanwhile is lost."""


class Client:
    """Connections to one server, for requests that are answered one at a time on each.

    Parameters
    ----------
    to : Target
    max_connections : int
        Requests beyond wait here, in order.
    connect_timeout_s : float
    tls : ssl.SSLContext, optional
        None: the system's certificates.

    Attributes
    ----------
    n_opened, most_open : int
        Connections that were opened, and the most that were open at once.
    reading : Spread
        How long each piece of a response took to be read, from the socket to its answer.

    Notes
    -----
    Belongs to the event loop that runs when it is made, and its thread. The connection that was
    used last is used next, so that few stay open. Nothing is sent twice.
    """

    def __init__(
        self,
        to: Target,
        max_connections: int,
        connect_timeout_s: float,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._to = to
        self._most = max_connections
        self._connect_timeout_s = connect_timeout_s
        self._tls = (tls or ssl.create_default_context()) if to.is_tls else None
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._waiting: deque[Reply] = deque()
        self._is_closed = False
        self.n_opened = 0
        self.most_open = 0
        self.reading = Spread()

    def send(self, reply: Reply) -> None:
        """Send a request as soon as there is a connection for it."""
        self._waiting.append(reply)
        self._dispatch()

    async def close(self) -> None:
        """Close all connections; what waits for a response gets none, and is not told."""
        self._is_closed = True
        self._waiting.clear()
        for task in self._opening:
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)
        for connection in list(self._open):
            connection.abort()

    # What connections call.

    def free(self, connection: Connection) -> None:
        """Have a connection for the next request."""
        connection.free_since_s = self._loop.time()
        self._idle.append(connection)
        if self._waiting:
            self._dispatch()

    def lost(self, connection: Connection) -> None:
        """Have one connection less."""
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if self._waiting:
            self._dispatch()

    def _dispatch(self) -> None:
        while self._idle and (reply := self._next_waiting()) is not None:
            connection = self._idle.pop()
            if not connection.usable:
                continue  # its end is about to be told
            if self._loop.time() - connection.free_since_s > _MOST_IDLE_S:
                connection.abort()
                continue
            self._waiting.popleft()
            if not connection.send(reply):
                self._idle.append(connection)
        if self._is_closed or not self._waiting:
            return
        room = min(self._most - len(self._open), _MOST_OPENING) - len(self._opening)
        for _ in range(min(room, len(self._waiting) - len(self._opening))):
            task = self._loop.create_task(self._connect())
            self._opening.add(task)

    def _next_waiting(self) -> Reply | None:
        while self._waiting:
            if not self._waiting[0].is_over:
                return self._waiting[0]
            self._waiting.popleft()
        return None

    async def _connect(self) -> None:
        this = asyncio.current_task()
        assert this is not None
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                _, connection = await self._loop.create_connection(
                    lambda: Connection(self), self._to.host, self._to.port, ssl=self._tls
                )
        except Exception as error:
            self._opening.discard(this)
            kind, message = _of_connecting(error, self._to, self._connect_timeout_s)
            if (reply := self._next_waiting()) is not None:
                self._waiting.popleft()
                reply.on_failure(kind, message)
            self._dispatch()
            return
        self._opening.discard(this)
        self.n_opened += 1
        self._open.add(connection)
        self.most_open = max(self.most_open, len(self._open))
        self.free(connection)


def _of_connecting(error: Exception, to: Target, timeout_s: float) -> tuple[str, str]:
    """Return what a connection that failed is counted as, and why it did."""
    where = to.authority
    known: tuple[tuple[type[Exception], str, Any], ...] = (
        (TimeoutError, "connect_timeout", f"no connection to {where} within {timeout_s:g} s"),
        (socket.gaierror, "dns", f"{to.host}: {error}"),
        (ssl.SSLError, "tls", f"{where}: {error}"),
        (ConnectionRefusedError, "connect_refused", f"{where} refuses connections"),
    )
    for kind, name, message in known:
        if isinstance(error, kind):
            return name, message
    return "tls" if to.is_tls else "connect", f"{where}: {described(error)}"
