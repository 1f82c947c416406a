# SPDX-License-Identifier: Apache-2.0
"""Reads MLPerf's trace, ours or LoadGen's, an event at a time: it may be many gigabytes.

One event a line, as both write it. Not for traces of other programs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from loadgen.mlperf.logs.read_source import UNREADABLE, Source, parse_json, short

__all__ = ["Trace"]

Event = dict[str, Any]

_HEADER: Final = '{"traceEvents":['
_LAST: Final = "LastTrace"
_TAIL_BYTES: Final = 1 << 12
# LoadGen puts the arguments of two kinds of spans between quotes twice.
_TWICE_QUOTED: Final = re.compile(
    r'(?P<head>\{"name":"\w{1,40}","ph":"X","pid":\d{1,20},"tid":\d{1,20},"ts":-?[\d.]{1,40},'
    r'"dur":-?[\d.]{1,40},"args":\{"\w{1,40}":)""(?P<text>.*)""\}\}'
)


class Trace:
    """The events of a trace: each iteration reads the file again.

    Parameters
    ----------
    source : Source

    Attributes
    ----------
    other : mapping
        Its "otherData": "ts" is when logging began, epoch us, and "version" who wrote it. Empty
        where the trace was cut off.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.other: Mapping[str, Any] = _other_data(source)

    def __repr__(self) -> str:
        return f"<Trace: {self._source.path}>"

    def __iter__(self) -> Iterator[Event]:
        """Yield the events in the file's order, the end mark left out.

        Raises
        ------
        ResultError
            The file cannot be read. Strict: an event that is no valid JSON, as in any trace of
            LoadGen's, or the trace is cut off.
        """
        source, number = self._source, 0
        comma = True  # whether an event may come
        for number, text in source.lines():
            if number == 1:
                if text.rstrip() != _HEADER:
                    source.defect(1, f"{short(text)}; expected {_HEADER!r}")
            elif text.rstrip() == "],":
                return
            else:
                if not comma:
                    source.defect(number, f"{short(text)} without a ',' before it")
                body = text.strip().removesuffix(",")
                comma = body != text.strip()
                event = _event(source, number, body)
                if event is not None and event["name"] != _LAST:
                    yield event
        source.defect(number, "the list of events is not closed: the trace was cut off")


def _event(source: Source, number: int, text: str) -> Event | None:
    """Return a line's event; None where it cannot be made out."""
    event = source.parsed(number, text, _repaired)
    if event is UNREADABLE:
        return None
    if not isinstance(event, dict) or not isinstance(event.get("name"), str):
        source.defect(number, f'{short(text)}; expected an event with a text as "name"')
        return None
    return event


def _repaired(text: str) -> Any:
    found = _TWICE_QUOTED.fullmatch(text)
    if found is None:
        return None
    try:
        return parse_json(f"{found['head']}{json.dumps(found['text'])}}}}}")
    except ValueError:
        return None


def _other_data(source: Source) -> Mapping[str, Any]:
    """Read what stands behind the events."""
    try:
        with source.path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(size - _TAIL_BYTES, 0))
            tail = file.read(_TAIL_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise source.unreadable(error) from error
    _, closed, rest = tail.rpartition("\n],\n")
    try:
        table = parse_json("{" + rest) if closed else {}
        other = table.get("otherData", {})
    except ValueError:
        other = {}
    if not isinstance(other, dict) or not other:
        source.defect(0, "ends without 'otherData': the trace was cut off")
        return {}
    return other
