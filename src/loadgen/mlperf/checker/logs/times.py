# SPDX-License-Identifier: Apache-2.0
"""Instants of a log: they ascend, and span as long as the run says it took: `check_times`."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Final

from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.logs.case import Case, Lacking

__all__ = ["check_power", "check_times", "span_ms"]

_POWER: Final = re.compile(r"(\d\d)-(\d\d)-(\d{4}) (\d\d):(\d\d):(\d\d)\.(\d{3})")
_DATE: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z")

_ZONE_S: Final = 15 * 60
"""Local times differ from UTC by multiples of a quarter of an hour."""
_FARTHEST_S: Final = 15 * 3600
_START_S: Final = 30.0
"""Between planning the queries and the first one LoadGen waits for its threads, at most 10 s."""


def check_times(case: Case) -> Iterator[Finding]:
    """Yield entries out of time, and of another process."""
    threads = case.logs.threads
    first = threads[0][0] if threads else ""
    latest: dict[str, float] = {}
    times = zip(threads, case.detail.columns.time_ms, strict=True)
    for place, ((process, thread), time_ms) in enumerate(times):
        before = latest.get(thread, 0.0)
        if process == first and time_ms >= before:
            latest[thread] = time_ms
            continue
        each = case.detail.at(place)
        if process != first:
            found = f"{each.key} of process {process}"
            yield case.finding("log.process", found, f"one process, {first}", line=each.line)
        else:
            found = f"{each.key} at {time_ms} ms"
            words = f"no time before {before} ms, of the entry before it"
            yield case.finding("log.time", found, words, line=each.line)
        return


def check_power(case: Case) -> Iterator[Finding]:
    """Yield series whose times of day are no times, or are not those of the log's own clock."""
    detail = case.detail
    begins, ends = detail.all("power_begin"), detail.all("power_end")
    planned = detail.all("generated_query_count")
    if not len(begins) == len(ends) == len(planned):
        return
    before: datetime.datetime | None = None
    for begin, end, plan in zip(begins, ends, planned, strict=True):
        start, stop = _power(begin.value), _power(end.value)
        for each, moment in ((begin, start), (end, stop)):
            if moment is None:
                found = f"{each.key} is {each.value!r:.60}"
                yield case.finding("log.date", found, "MM-DD-YYYY HH:MM:SS.mmm", line=each.line)
        if start is None or stop is None:
            return
        if stop < start or (before is not None and start < before):
            found = f"{begin.value} to {end.value}"
            yield case.finding("log.power", found, "times that ascend", line=end.line)
        before = stop
        took_ms = (stop - start) / datetime.timedelta(milliseconds=1)
        room_ms = end.time_ms - plan.time_ms
        if took_ms > room_ms + 2:
            found = f"power_begin to power_end takes {took_ms:.0f} ms"
            words = f"at most {room_ms:.0f} ms, from the plan to that line"
            yield case.finding("log.power", found, words, line=end.line)
    yield from _date(case, _power(begins[0].value) if begins else None)


def _date(case: Case, begin: datetime.datetime | None) -> Iterator[Finding]:
    """Compare the local time at which the log begins with the series' first instant, in UTC."""
    text = case.text("test_datetime")
    found = _DATE.fullmatch(text)
    try:
        moment = datetime.datetime(*map(int, found.groups())) if found else None  # type: ignore[arg-type]
    except ValueError:
        moment = None
    if moment is None:
        yield case.finding("log.date", text, "YYYY-MM-DDTHH:MM:SSZ", key="test_datetime")
        return
    plan = case.detail.all("generated_query_count")
    if begin is None or not plan:
        return
    apart_s = (begin - moment).total_seconds() - plan[0].time_ms / 1000
    past_s = (apart_s + 1) % _ZONE_S
    if abs(apart_s) > _FARTHEST_S or past_s > _START_S:
        words = "the log's own clock between them, whatever the time zone"
        said = f"{text}, with the first series at {begin:%Y-%m-%d %H:%M:%S} UTC"
        yield case.finding("log.date", said, words, key="test_datetime")


def _power(text: object) -> datetime.datetime | None:
    found = _POWER.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    month, day, year, hour, minute, second, ms = map(int, found.groups())
    try:
        return datetime.datetime(year, month, day, hour, minute, second, ms * 1000)
    except ValueError:
        return None


def span_ms(case: Case) -> float:
    """Return how long the series took, from its start to its last answer, ms.

    Raises
    ------
    Lacking
        The log does not say it.
    """
    begin, end = _power(case.value("power_begin")), _power(case.value("power_end"))
    if begin is None or end is None:
        raise Lacking
    return (end - begin) / datetime.timedelta(milliseconds=1)
