# SPDX-License-Identifier: Apache-2.0
"""Messages between the dispatch library and the system: what one is in bytes.

A message is a length (uint32, big-endian), a byte that says what it is, the length of a header
(uint32), the header in JSON, and values one after the other. Ids, sizes of values and what they are
stand in the header. Not for who sends what.
"""

from __future__ import annotations

import enum
import json
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from loadgen.errors import LoadGenError
from loadgen.result.encoding import Encoder, decode

__all__ = ["Kind", "Message", "receive", "send", "values_in"]

_HEAD: Final = struct.Struct(">IBI")
_LARGEST: Final = 1 << 30


class Kind(enum.IntEnum):
    """What a message is."""

    NAME = 1
    """Asks for the system's name, and is the answer."""
    QUERY = 2
    ANSWER = 3
    FIRST_TOKEN = 4
    TOKEN = 5
    FAILURE = 6


@dataclass(frozen=True)
class Message:
    """One message.

    Parameters
    ----------
    kind : Kind
    header : dict of JSON values
    values : sequence of bytes-like
    """

    kind: Kind
    header: dict[str, Any]
    values: Sequence[bytes] = field(default=())

    @classmethod
    def of(
        cls, kind: Kind, ids: Sequence[int], values: Any, encode: Encoder, **header: Any
    ) -> Message:
        """Return a message with a value for each id, as a run would keep it; None: without."""
        if values is None:
            return cls(kind, {"ids": ids, **header})
        numbers, buffers = encode(values, len(ids))
        kinds = encode.kinds
        said = {"ids": ids, "kinds": [kinds[number] for number in numbers], **header}
        return cls(kind, said, [bytes(each) for each in buffers])


def values_in(message: Message) -> list[Any] | None:
    """Return the values of a message; None: it has none."""
    kinds = message.header.get("kinds")
    if kinds is None:
        return None
    return [decode(raw, kind) for raw, kind in zip(message.values, kinds, strict=True)]


def send(connection: socket.socket, message: Message) -> None:
    """Write a message; returns when the kernel has it.

    Raises
    ------
    OSError
        The connection is gone.
    LoadGenError
        It is larger than 1 GiB.
    """
    sizes = [len(value) for value in message.values]
    header = json.dumps({**message.header, "sizes": sizes}).encode()
    length = len(header) + sum(sizes)
    if length > _LARGEST:
        raise LoadGenError(f"a message of {length:,} bytes is too large: at most {_LARGEST:,}")
    head = _HEAD.pack(length, message.kind, len(header))
    connection.sendall(b"".join([head, header, *message.values]))


def receive(connection: socket.socket) -> Message | None:
    """Read a message; None: the other side has closed the connection.

    Raises
    ------
    OSError
        The connection is gone, in the middle of a message too.
    LoadGenError
        What came is no message.
    """
    head = _exactly(connection, _HEAD.size, may_end=True)
    if head is None:
        return None
    length, kind, header_length = _HEAD.unpack(head)
    if length > _LARGEST or header_length > length or kind not in set(Kind):
        raise LoadGenError("what came over the connection is no message of loadgen's")
    body = _exactly(connection, length, may_end=False)
    assert body is not None  # it may not end here
    try:
        header = json.loads(body[:header_length])
        sizes = header.pop("sizes")
        place, values = header_length, []
        for size in sizes:
            values.append(body[place : place + size])
            place += size
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LoadGenError(f"a message came with a header that is none: {error}") from error
    return Message(Kind(kind), header, values)


def _exactly(connection: socket.socket, n: int, *, may_end: bool) -> bytes | None:
    parts: list[bytes] = []
    left = n
    while left:
        part = connection.recv(min(left, 1 << 20))
        if not part:
            if may_end and left == n:
                return None
            raise ConnectionError("the connection was closed in the middle of a message")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
