# SPDX-License-Identifier: Apache-2.0
"""Server-sent events from the pieces of a body, however it was cut.

References
----------
WHATWG HTML, 9.2 "Server-sent events": only the field ``data`` is looked at.
"""

from __future__ import annotations

import codecs
from typing import Final

__all__ = ["MAX_EVENT_BYTES", "EventDecoder"]

MAX_EVENT_BYTES: Final = 64 << 20
"""A longer event is taken for garbage."""


class EventDecoder:
    r"""Turns pieces of a stream into the data of its events.

    Examples
    --------
    >>> decoder = EventDecoder()
    >>> decoder.feed(b"data: a\n\nda"), decoder.feed(b"ta: b\r\n\r\n: comment\n\n")
    ([b'a'], [b'b'])
    """

    __slots__ = ("_has_begun", "_pieces", "_size")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []  # of an event that is not complete
        self._size = 0
        self._has_begun = False

    def feed(self, piece: bytes) -> list[bytes]:
        """Return the data of the events that a piece completes.

        Raises
        ------
        ValueError
            An event is longer than `MAX_EVENT_BYTES`.
        """
        if not self._has_begun:
            self._has_begun = True
            piece = piece.removeprefix(codecs.BOM_UTF8)
        is_one = not self._pieces and piece.startswith(b"data: ") and piece.endswith(b"\n\n")
        if is_one and piece.find(b"\n") == len(piece) - 2 and b"\r" not in piece:
            return [piece[6:-2]]  # one event, whole: nearly always
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > MAX_EVENT_BYTES:
            raise ValueError(f"an event of more than {MAX_EVENT_BYTES} bytes")
        if b"\n" not in piece and b"\r" not in piece:
            return []
        *events, rest = _lines(b"".join(self._pieces)).split(b"\n\n")
        self._pieces, self._size = [rest] if rest else [], len(rest)
        return [data for event in events if (data := _data(event)) is not None]

    def finish(self) -> list[bytes]:
        """Return the data of an event that the end of the stream completes."""
        return self.feed(b"\n\n") if self._pieces else []


def _lines(text: bytes) -> bytes:
    """Return a text whose lines end with LF; but for a lone CR at its end, half of a CRLF maybe."""
    if b"\r" not in text:
        return text
    kept = b"\r" if text.endswith(b"\r") else b""
    return text[: len(text) - len(kept)].replace(b"\r\n", b"\n").replace(b"\r", b"\n") + kept


def _data(event: bytes) -> bytes | None:
    lines = [
        line[5:].removeprefix(b" ") for line in event.split(b"\n") if line.startswith(b"data:")
    ]
    return b"\n".join(lines) or None
