# SPDX-License-Identifier: Apache-2.0
"""The process of a `ScriptedServer`.

Reads its options as a line of JSON from standard input, and writes its port to standard output. For
each further line it writes a line with what it has answered since (`record`); it ends when standard
input does.
"""

from __future__ import annotations

import asyncio
import dataclasses
import heapq
import json
import socket
import ssl
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httptools

if TYPE_CHECKING:
    from loadgen.testing.scripted.record import Record
    from loadgen.testing.scripted.script import Script, chunk, parts, usage
else:  # run by its path, without the package around it, which takes a second to import
    sys.path.insert(0, str(Path(__file__).parent))
    from record import Record
    from script import Script, chunk, parts, usage

_SPIN_S: Final = 0.002  # the event loop's timers are in ms: the last of a wait is polled

_STREAM_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)


class _Timer:
    """Calls back at instants, to some 10 us: the event loop alone is up to 1 ms late."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._n = 0
        self._polls = False

    def call_at(self, due_s: float, callback: Callable[[], None]) -> None:
        self._n += 1
        heapq.heappush(self._due, (due_s, self._n, callback))
        self._poll_later()

    def _poll_later(self) -> None:
        if self._polls or not self._due:
            return
        wait_s = self._due[0][0] - time.monotonic()
        if wait_s <= _SPIN_S:
            self._polls = True
            self._loop.call_soon(self._poll)
        else:
            self._loop.call_later(wait_s - _SPIN_S, self._poll_later)

    def _poll(self) -> None:
        self._polls = False
        now_s = time.monotonic()
        while self._due and self._due[0][0] <= now_s:
            heapq.heappop(self._due)[2]()
        self._poll_later()


class _State:
    """What the server's connections share: the script, and who waits for a turn."""

    def __init__(self, options: dict[str, Any], loop: asyncio.AbstractEventLoop) -> None:
        self.script = Script(**options["script"])
        self.model: str = options["model"]
        self.api_key: bytes = options["api_key"].encode()
        self.timer = _Timer(loop)
        self.record = Record()
        self._n_faults = 0
        self._n_at_once = 0
        self._waiting: deque[Callable[[], None]] = deque()

    def next_script(self) -> Script:
        """Return the script of the next request, whose fault may have come often enough."""
        if self.script.times is None or self.script.fault == "none":
            return self.script
        self._n_faults += 1
        if self._n_faults <= self.script.times:
            return self.script
        return dataclasses.replace(self.script, fault="none")

    def take_turn(self, answer: Callable[[], None]) -> None:
        """Answer now, or when others are answered."""
        if self.script.max_at_once is None or self._n_at_once < self.script.max_at_once:
            self._n_at_once += 1
            answer()
        else:
            self._waiting.append(answer)

    def end_turn(self) -> None:
        """Let the next one be answered."""
        self._n_at_once -= 1
        if self._waiting:
            self.take_turn(self._waiting.popleft())


class _Connection(asyncio.Protocol):
    """One client's connection, whose requests are answered one after another."""

    def __init__(self, state: _State) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._state = state
        self._timer = state.timer
        self._received_ns = 0
        self._asked_s = 0.0
        self._reset_request()

    def _reset_request(self) -> None:
        self._body: list[bytes] = []
        self._key = b""
        self._first_ns = 0
        self._n_tokens = 0

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        self._received_ns = time.monotonic_ns()
        self._asked_s = self._received_ns / 1e9
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:  # somebody who speaks something else
            self._transport.abort()

    # What the parser calls.

    def on_url(self, url: bytes) -> None:
        self._path = url
        self._reset_request()

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"authorization":
            self._key = value.removeprefix(b"Bearer ")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        state = self._state
        if state.api_key and self._key != state.api_key:
            # Some servers repeat the key that they refuse: clients are not to show it.
            self._error(401, f"wrong key {self._key.decode()}")
        elif self._path.endswith(b"/models"):
            self._json(200, {"object": "list", "data": [{"id": state.model}]})
        else:
            request = json.loads(b"".join(self._body))
            is_chat = self._path.endswith(b"/chat/completions")
            state.take_turn(lambda: self._answer(request, is_chat))

    # Answers.

    def _answer(self, request: dict[str, Any], is_chat: bool) -> None:
        if request.get("model") != self._state.model:
            self._error(404, f"no model {request.get('model')!r}")
            self._state.end_turn()
            return
        script = self._state.next_script()
        if "script" in request:
            script = dataclasses.replace(script, **request["script"])
        n_tokens = min(script.n_tokens, request.get("max_tokens") or script.n_tokens)
        self._n_tokens = n_tokens
        if script.max_at_once is not None:
            self._asked_s = time.monotonic()  # its turn began
        if script.fault == "status":
            self._error(script.status, "as the script says")
            self._state.end_turn()
        elif script.fault == "reset":
            self._reset()
            self._state.end_turn()
        elif script.fault == "no_http":
            self._transport.write(b"garbage, no HTTP\r\n\r\n")
            self._state.end_turn()
        elif script.fault != "hang":
            self._whole_or_stream(script, n_tokens, request, is_chat)

    def _whole_or_stream(
        self, script: Script, n_tokens: int, request: dict[str, Any], is_chat: bool
    ) -> None:
        if not request.get("stream") or script.fault == "not_streamed":
            self._whole(script, n_tokens, is_chat)
            return
        wants_usage = bool((request.get("stream_options") or {}).get("include_usage"))
        pieces = parts(script, n_tokens, is_chat, wants_usage)
        if not script.ttft_ms and not script.itl_ms and script.fault in ("none", "no_usage"):
            body = b"".join(chunk(piece) for piece in pieces if piece is not None)
            self._note(is_last=True)
            self._transport.write(_STREAM_HEAD + body + chunk(b""))
            self._state.end_turn()
        else:
            self._stream(script, pieces, n_tokens)

    def _stream(self, script: Script, pieces: list[bytes | None], n_tokens: int) -> None:
        self._transport.write(_STREAM_HEAD)
        first_s = self._asked_s + script.ttft_ms / 1e3
        for number, piece in enumerate(pieces):  # the same instants whatever the connection does
            # What follows the last token comes with it.
            at_s = first_s + min(number, max(n_tokens - 1, 0)) * script.itl_ms / 1e3
            is_last = number == len(pieces) - 1
            self._timer.call_at(at_s, partial(self._send, piece, script, is_last))

    def _send(self, piece: bytes | None, script: Script, is_last: bool) -> None:
        if is_last:
            self._state.end_turn()
        if self._transport.is_closing():
            return
        if piece is None:
            self._break_off(script.fault)
            return
        self._note(is_last)
        raw = chunk(piece) + (chunk(b"") if is_last else b"")
        if script.fault == "split_utf8":
            for at in range(len(raw)):
                self._transport.write(raw[at : at + 1])
        else:
            self._transport.write(raw)

    def _note(self, is_last: bool) -> None:
        """Record the instant of a piece, just before it is written."""
        now_ns = time.monotonic_ns()
        self._first_ns = self._first_ns or now_ns
        if is_last:
            self._state.record.add(self._received_ns, self._first_ns, now_ns, self._n_tokens)

    def _break_off(self, fault: str) -> None:
        if fault == "reset_midway":
            self._reset()
        elif fault != "hang_midway":
            self._transport.close()

    def _reset(self) -> None:
        linger = struct.pack("ii", 1, 0)  # a close that is no end of the stream but a reset
        self._transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, linger
        )
        self._transport.abort()

    def _whole(self, script: Script, n_tokens: int, is_chat: bool) -> None:
        text = "" if script.fault == "empty" else script.text * n_tokens
        choice = {"message": {"role": "assistant", "content": text}} if is_chat else {"text": text}
        document: dict[str, Any] = {"choices": [choice]}
        if script.fault != "no_usage":
            document["usage"] = usage(n_tokens)
        due_s = self._asked_s + (script.ttft_ms + script.itl_ms * max(n_tokens - 1, 0)) / 1e3

        def answer() -> None:
            self._note(is_last=True)
            self._json(200, document)
            self._state.end_turn()

        self._timer.call_at(due_s, answer)

    def _error(self, status: int, message: str) -> None:
        self._json(status, {"error": {"message": message, "code": status}})

    def _json(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n"
        self._transport.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)


async def _serve(options: dict[str, Any]) -> None:
    loop = asyncio.get_running_loop()
    server_state = _State(options, loop)
    tls = None
    if options["certificate"]:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*options["certificate"])
    server = await loop.create_server(
        lambda: _Connection(server_state), "127.0.0.1", 0, backlog=4096, ssl=tls
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    while await loop.run_in_executor(None, sys.stdin.readline):  # until whoever started it is gone
        sys.stdout.write(server_state.record.take() + "\n")
        sys.stdout.flush()
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve(json.loads(sys.stdin.readline())))
