# SPDX-License-Identifier: Apache-2.0
"""What a scripted server does with a request, and the bytes that it answers with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal, get_args

__all__ = ["Fault", "Script", "chunk", "parts", "usage"]

Fault = Literal[
    "none",
    "status",
    "hang",
    "hang_midway",
    "reset",
    "reset_midway",
    "half_stream",
    "empty",
    "garbage",
    "no_http",
    "huge_chunk",
    "split_utf8",
    "wrong_usage",
    "no_usage",
    "error_event",
    "not_streamed",
]
"""How an answer goes wrong: half_stream ends the connection after half of the tokens, split_utf8
sends each byte by itself, huge_chunk has 10 MB in its first token, wrong_usage counts fewer tokens
than it sends; the rest is as it is called."""

_HUGE: Final = 10_000_000


@dataclass(frozen=True)
class Script:
    """What the server does with a request.

    Parameters
    ----------
    n_tokens : int
        Of each answer, unless the request's ``max_tokens`` is smaller.
    ttft_ms, itl_ms : float, ms
        From the request to the first token, and from one token to the next. 0: at once.
    fault : str
        One of `Fault`.
    status : int
        What ``fault="status"`` answers with.
    text : str
        Each token.
    times : int or None
        So many requests have the fault, and those after them none. None: all.
    max_at_once : int or None
        So many requests are answered at once, others wait. None: no limit.

    Notes
    -----
    A request may have a script of its own, as a table under the key ``script``: what it names goes
    before the server's. `times` and `max_at_once` are the server's alone.
    """

    n_tokens: int = 16
    ttft_ms: float = 0.0
    itl_ms: float = 0.0
    fault: Fault = "none"
    status: int = 503
    text: str = " word"
    times: int | None = None
    max_at_once: int | None = None

    def __post_init__(self) -> None:
        """Check the fault, which is easily misspelt."""
        if self.fault not in get_args(Fault):
            raise ValueError(f"fault = {self.fault!r}: one of {', '.join(get_args(Fault))}")


@lru_cache(maxsize=64)
def parts(script: Script, n_tokens: int, is_chat: bool, wants_usage: bool) -> list[bytes | None]:
    """Return what is sent as a stream, a piece a token; None: here the answer breaks off."""
    breaks = script.fault in ("half_stream", "reset_midway", "hang_midway")
    n_sent = 0 if script.fault == "empty" else n_tokens // 2 if breaks else n_tokens
    found: list[bytes | None] = [_event(script.text, is_chat)] * n_sent
    strange = {
        "garbage": b"data: {not json\n\n",
        "error_event": b'data: {"error": {"message": "out of memory", "code": 500}}\n\n',
    }
    if script.fault in strange:
        found[n_tokens // 2] = strange[script.fault]
    if script.fault == "huge_chunk":
        found[0] = _event("x" * _HUGE, is_chat)
    if breaks:
        return [*found, None]
    last = b"data: [DONE]\n\n"
    if wants_usage and script.fault != "no_usage":
        counted = n_sent - 1 if script.fault == "wrong_usage" else n_sent
        last = _data(is_chat, {"choices": [], "usage": usage(counted)}) + last
    return [*found, last]


def _event(text: str, is_chat: bool) -> bytes:
    choice = {"index": 0, "delta": {"content": text}} if is_chat else {"index": 0, "text": text}
    return _data(is_chat, {"choices": [choice]})


def _data(is_chat: bool, fields: dict[str, Any]) -> bytes:
    kind = "chat.completion.chunk" if is_chat else "text_completion"  # some clients look at it
    document = {"id": "1", "object": kind} | fields
    return b"data: " + json.dumps(document, ensure_ascii=False).encode() + b"\n\n"


def usage(n_tokens: int) -> dict[str, int]:
    """Return how many tokens an answer had, as the protocol says it."""
    return {"prompt_tokens": 1, "completion_tokens": n_tokens, "total_tokens": n_tokens + 1}


def chunk(part: bytes) -> bytes:
    """Return a piece of a body as HTTP's chunked encoding has it; the last one is empty."""
    return b"%x\r\n%b\r\n" % (len(part), part)
