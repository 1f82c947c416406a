# SPDX-License-Identifier: Apache-2.0
"""A look at a series in words: lines for a terminal of any width, and one line for a log.

Not for figures (`state`), nor for where the words go (`screens`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from loadgen.health import BAD_SHARE, FLOOR_NS, SHARES, SUSPECT_SHARE
from loadgen.run.live.state import Snapshot
from loadgen.terminal import Style, cells, cut, printable, wrapped
from loadgen.values import ns_in_words, per_cent

__all__ = ["BAR", "Word", "lines", "one_line", "rows"]

_LABEL: Final = 11
_BAR: Final = (10, 30)  # columns, at least and at most
_BREAKABLE: Final = 8  # columns; in fewer there would be a line for each letter
_MINUTE, _HOUR = 60, 3600


class Word(NamedTuple):
    """Text that stays on one line, with its colour."""

    text: str
    style: Style = ""


Row = tuple[str, Sequence[Word]]
BAR: Final = Word("")
"""Stands for the bar, which takes what the other words of its line leave."""


def rows(seen: Snapshot) -> Iterator[Row]:
    """Yield what there is to say: labels, and words that may be on several lines."""
    yield "", [Word(printable(seen.series.name).replace("\n", "\\n"), "bold")]
    if seen.series.is_warm_up:
        yield "time", [Word(_duration(seen.elapsed_s))]
        return
    bar = [BAR] if seen.done is not None else []
    yield "time", [*bar, *(Word(text) for text in _time(seen))]
    yield "rate", [Word(text) for text in _rate(seen)]
    if seen.silent_s:
        words = f"no answer for {seen.silent_s:.0f} s", f"{seen.in_flight:,} missing"
        yield "waits", [Word(text, "yellow") for text in words]
    else:
        about = "" if seen.is_exact else "about "
        failed = [Word(f"{about}{seen.failed:,} failed", "red")] if seen.failed else []
        yield "samples", [Word(f"{seen.answered:,} answered"), *failed, _in_flight(seen)]
    yield "latency", [Word(text) for text in _latency(seen)]
    if seen.delay_ns is not None and seen.latency is not None:
        yield "health", list(_health(seen, seen.delay_ns))


def one_line(seen: Snapshot) -> str:
    """Return the same in a line, for logs and pipes."""
    (_, (name,)), *others = rows(seen)
    parts = [", ".join(word.text for word in words if word is not BAR) for _, words in others]
    return f"{name.text}: {'; '.join(parts)}"


def _time(seen: Snapshot) -> Iterator[str]:
    elapsed = _duration(seen.elapsed_s)
    if seen.left_s is None:
        yield elapsed
    elif seen.left_s > 0:
        most = "at most " if seen.series.may_end_early else ""
        yield f"{elapsed}, {most}{_duration(math.ceil(seen.left_s))} left"
    else:
        yield f"{elapsed}, waits for the last answers"


def _rate(seen: Snapshot) -> Iterator[str]:
    yield f"{_number(seen.rate)}/s"
    if seen.series.asked:
        yield f"asked {seen.series.asked}"


def _in_flight(seen: Snapshot) -> Word:
    return Word(f"{seen.in_flight:,} in flight")


def _latency(seen: Snapshot) -> Iterator[str]:
    if seen.latency is None:
        yield "none: all failed" if seen.failed else "no answer yet"
        return
    yield f"p50 {_time_in_words(seen.latency[0])}"
    yield f"p99 {_time_in_words(seen.latency[1])}"
    yield "so far"


def _health(seen: Snapshot, delay_ns: float) -> Iterator[Word]:
    """Say how late queries were issued: the generator's doing, or that of a blocking `issue`."""
    assert seen.latency is not None
    share = min(delay_ns / seen.latency[2], 1.0)
    late = delay_ns > FLOOR_NS and share > SUSPECT_SHARE
    style: Style = "green" if not late else "yellow" if share <= BAD_SHARE else "red"
    yield Word("late so far" if late else "good so far", style)
    percentile = f"p{seen.series.percentile:g}"
    yield Word(f"issue delay {percentile} {_time_in_words(delay_ns)}")
    if late:
        yield Word(f"{per_cent(share, apart_from=SHARES)} of the latency", style)
        yield Word("whose doing: at the end")


def _time_in_words(ns: float) -> str:
    """Three digits: more are not known."""
    return ns_in_words(float(f"{ns:.3g}"))


def _number(value: float) -> str:
    """Return a rate without digits that change all the time.

    Examples
    --------
    >>> _number(12345.6), _number(99.94), _number(2.345), _number(0.0123), _number(0)
    ('12,346', '99.9', '2.35', '0.0123', '0')
    """
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits


def _duration(seconds: float) -> str:
    """Return a duration that a person can follow.

    Examples
    --------
    >>> _duration(4.25), _duration(59.9), _duration(75), _duration(3725)
    ('4 s', '59 s', '1:15 min', '1:02:05 h')
    """
    whole = int(seconds)
    minutes, rest = divmod(whole, _MINUTE)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{minutes}:{rest:02} min"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02} h"


def lines(
    seen: Snapshot, width: int, bar: tuple[str, str] = ("#", "-")
) -> Iterator[tuple[Word, ...]]:
    """Yield lines that are at most `width` columns wide, each of words that are to be joined.

    Parameters
    ----------
    seen : Snapshot
    width : int
        Columns; of a line that cannot be broken the end is cut off.
    bar : tuple of str
        A column of the bar that is over, and one that is not.
    """
    for label, words in rows(seen):
        indent = min(_LABEL, max(width // 3, 1)) if label else 0
        room = max(width - indent, 1)
        first = label[: indent - 1].ljust(indent) if label else ""
        for line in _flow(_with_bar(_broken(words, room), seen.done or 0.0, room, bar), room):
            yield _cut((Word(first, "dim"), *line), width)
            first = " " * indent


def _broken(words: Iterable[Word], room: int) -> list[Word]:
    """Return words that are no longer than a line, as far as they can be broken."""
    return [Word(part, word.style) for word in words for part in _lines_of(word.text, room)]


def _lines_of(text: str, room: int) -> list[str]:
    fits = cells(text) <= room or room < _BREAKABLE
    return [text] if fits else wrapped(text, width=room).split("\n")


def _with_bar(
    words: Sequence[Word], done: float, room: int, bar: tuple[str, str]
) -> Iterator[Word]:
    rest = sum(cells(word.text) + 2 for word in words if word != BAR)
    length = room - rest
    least, most = _BAR
    length = min(length if length >= least else room, most)
    over = round(done * length)
    for word in words:
        yield Word(bar[0] * over + bar[1] * (length - over), "green") if word == BAR else word


def _flow(words: Iterable[Word], room: int) -> Iterator[tuple[Word, ...]]:
    """Yield words in lines, as many as fit, two spaces between."""
    line: list[Word] = []
    used = 0
    for word in words:
        if line and used + 2 + cells(word.text) > room:
            yield tuple(line)
            line, used = [], 0
        if line:
            line.append(Word("  "))
            used += 2
        line.append(word)
        used += cells(word.text)
    yield tuple(line)


def _cut(words: Iterable[Word], width: int) -> tuple[Word, ...]:
    found = []
    for word in words:
        found.append(Word(cut(word.text, width), word.style))
        width -= cells(found[-1].text)
    return tuple(word for word in found if word.text)
