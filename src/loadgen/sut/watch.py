# SPDX-License-Identifier: Apache-2.0
"""What keeps an event loop from its callbacks: how often, for how long, and whose line of code.

The loop itself tells how late a beat comes that is due every 50 ms; while one is late, a thread
looks at what the loop's thread does. Not for calls that are slow but waited for: those leave the
loop free.
"""

from __future__ import annotations

import asyncio
import linecache
import os
import selectors
import sys
import threading
import time
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any, Final, Self

__all__ = ["FACTS", "LoopWatch", "blocked_in_words"]

FACTS: Final = ("times", "longest_ms", "total_ms", "where")
"""What is told of a loop that was blocked."""

_BEAT_S: Final = 0.05
_BLOCKED_S: Final = 0.05
_FIRST_LOOK_S: Final = 0.01  # after a beat was due
_NEXT_LOOK_S: Final = 0.025

_LEAST_SEEN_S: Final = 0.03
"""In the user's code, and half of all looks: else these are many short calls, not a long one."""

_OWN_SHARE: Final = 0.2
"""Of a time in which the watching thread could not run either, so much has to be the loop's own
work; if not, another thread had the interpreter's lock, or the machine stood still."""

_Looks = list[tuple[str | None, float]]

_LOOP: Final = (f"{Path(asyncio.__file__).parent}{os.sep}", f"{Path(__file__).parents[1]}{os.sep}")
_LIBRARY: Final = (f"{Path(os.__file__).parent}{os.sep}", "<frozen ")


class LoopWatch:
    """Watches the running event loop, as a context manager inside a coroutine of it.

    A delay is counted from when a beat was due, so it is up to 50 ms shorter than the call that
    caused it, and one of 50 to 100 ms may be overlooked; a call that never lets go of the
    interpreter's lock is looked at as it returns, which may come too late.

    Thread safety: `facts` from any thread; the rest on the loop's.
    Cost: two threads wake up every 50 ms.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._cpu_clock = time.pthread_getcpuclockid(self._loop_thread)
        self._due_s = 0.0
        self._lock = threading.Lock()  # of what follows
        self._looks: _Looks = []  # since the last beat: where, and for how long
        self._delays_s: list[float] = []
        self._places: dict[str, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="loadgen-watch", daemon=True)

    def __enter__(self) -> Self:
        self._await_beat()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._due_s = float("inf")
        self._ended.set()
        self._thread.join()

    def facts(self) -> dict[str, Any]:
        """Return what was noticed until now, what still goes on included; empty: nothing.

        Returns
        -------
        dict
            "times", "longest_ms", "total_ms", and "where" most of the time went.
        """
        with self._lock:
            delays_s, places = self._delays_s.copy(), self._places.copy()
            _count(time.monotonic() - self._due_s, self._looks, delays_s, places)
        if not delays_s:
            return {}
        longest_ms, total_ms = (round(each(delays_s) * 1e3, 1) for each in (max, sum))
        where = max(places, key=lambda place: places[place])
        return dict(zip(FACTS, (len(delays_s), longest_ms, total_ms, where), strict=True))

    def _await_beat(self) -> None:
        self._due_s = time.monotonic() + _BEAT_S
        self._timer = self._loop.call_later(_BEAT_S, self._beat)

    def _beat(self) -> None:
        with self._lock:
            late_s = time.monotonic() - self._due_s
            _count(late_s, self._looks, self._delays_s, self._places)
            self._looks.clear()
            self._await_beat()

    def _watch(self) -> None:
        wait_s = _BEAT_S
        last_s, last_cpu_s = time.monotonic(), time.clock_gettime(self._cpu_clock)
        while not self._ended.wait(wait_s):
            now_s, cpu_s = time.monotonic(), time.clock_gettime(self._cpu_clock)
            since_s, late_s = now_s - last_s, now_s - self._due_s
            if late_s > 0:
                was_held_up = since_s > wait_s + _NEXT_LOOK_S
                knows = not was_held_up or cpu_s - last_cpu_s > _OWN_SHARE * since_s
                place = _place(self._loop_thread)
                with self._lock:
                    self._looks.append((place, min(late_s, since_s) if knows else 0.0))
            wait_s = _NEXT_LOOK_S if late_s > 0 else _FIRST_LOOK_S - late_s
            last_s, last_cpu_s = now_s, cpu_s


def _count(late_s: float, looks: _Looks, delays_s: list[float], places: dict[str, float]) -> None:
    """Add a delay, if it is one and the user's code caused it."""
    seen = [(place, since_s) for place, since_s in looks if place is not None]
    seen_s = sum(since_s for _, since_s in seen)
    if late_s < _BLOCKED_S or seen_s < max(_LEAST_SEEN_S, sum(each for _, each in looks) / 2):
        return
    delays_s.append(late_s)
    for place, since_s in seen:
        places[place] = places.get(place, 0.0) + since_s


def _place(thread: int) -> str | None:
    """Say where a thread is inside what its event loop called; None: in the loop itself."""
    called: list[FrameType] = []
    frame = sys._current_frames().get(thread)
    while frame is not None and not frame.f_code.co_filename.startswith(_LOOP):
        called.append(frame)
        frame = frame.f_back
    if all(each.f_code.co_filename == selectors.__file__ for each in called):
        return None  # waits for something to do
    # The innermost line that the user can change, and what is called there.
    return _described(next((each for each in called if not _is_library(each)), called[-1]))


def _is_library(frame: FrameType) -> bool:
    path = frame.f_code.co_filename
    return path.startswith(_LIBRARY) or f"-packages{os.sep}" in path


def _described(frame: FrameType) -> str:
    """Return "time.sleep(1) in function (file.py:12)", the call only where there is a source."""
    code = frame.f_code
    first, last, begin, end = next(islice(code.co_positions(), frame.f_lasti // 2, None))
    line = linecache.getline(code.co_filename, frame.f_lineno, frame.f_globals).encode()
    text = line[begin : end if first == last else None].decode(errors="replace").strip()
    place = f"{code.co_name} ({Path(code.co_filename).name}:{frame.f_lineno})"
    return f"{text} in {place}" if "(" in text else place


def blocked_in_words(facts: Mapping[str, Any]) -> str:
    """Return what `LoopWatch.facts` found, and what to do about it.

    Examples
    --------
    >>> blocked_in_words({"times": 2, "longest_ms": 90, "total_ms": 150, "where": "f (a.py:1)"})
    'blocked 2 times, 150 ms in all, 90 ms at most, mainly by f (a.py:1): all samples wait then...'
    """
    times = "once" if facts["times"] == 1 else f"{facts['times']} times"
    return (
        f"blocked {times}, {facts['total_ms']} ms in all, {facts['longest_ms']} ms at most, mainly "
        f"by {facts['where']}: all samples wait then; call it with await asyncio.to_thread(...), "
        "or measure a plain function with FunctionSUT(fn, workers=...)"
    )
