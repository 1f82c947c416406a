# SPDX-License-Identifier: Apache-2.0
"""Server-sent events, however the stream was cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("httptools", reason="needs the extra `http`")
pytest.importorskip("msgspec", reason="needs the extra `http`")

import itertools

from loadgen.sut.openai import events
from loadgen.sut.openai.events import EventDecoder

STREAM = (
    'data: {"a": "né"}\n\n: a comment\n\nevent: x\r\ndata: two\r\ndata: lines\r\n\r\n'
    "data:no space\n\nid: 7\n\ndata: \r\rdata: [DONE]\n\n"
).encode()
EVENTS = ['{"a": "né"}'.encode(), b"two\nlines", b"no space", b"[DONE]"]


def decoded(pieces: list[bytes]) -> list[bytes]:
    decoder = EventDecoder()
    return [event for piece in pieces for event in decoder.feed(piece)]


def test_a_stream_has_its_events() -> None:
    assert decoded([STREAM]) == EVENTS


@given(st.sets(st.integers(1, len(STREAM) - 1)))
def test_where_a_stream_is_cut_does_not_matter(cuts: set[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in itertools.pairwise(edges)]
    assert decoded(pieces) == EVENTS


def test_what_is_not_complete_is_no_event_before_the_end() -> None:
    decoder = EventDecoder()
    assert decoder.feed(b"data: a\n\ndata: b\n") == [b"a"]
    assert decoder.finish() == [b"b"]
    assert decoder.finish() == []


def test_a_mark_of_utf8_is_no_part_of_the_first_event() -> None:
    assert decoded([b"\xef\xbb\xbfdata: a\n\n"]) == [b"a"]


def test_an_event_without_an_end_is_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_EVENT_BYTES", 1000)
    decoder = EventDecoder()
    decoder.feed(b"data: " + b"x" * 900)
    with pytest.raises(ValueError, match="an event of more than 1000 bytes"):
        decoder.feed(b"x" * 100)
