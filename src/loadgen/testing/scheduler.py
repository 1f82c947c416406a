# SPDX-License-Identifier: Apache-2.0
"""Calling functions at given instants, for simulated systems: in simulated time or in real time.

Not for pacing traffic: that is the core's, and more precise.
"""

from __future__ import annotations

import ctypes
import heapq
import itertools
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from loadgen._core import VirtualClock
    from loadgen.sut.handle import Run

__all__ = ["Scheduler", "Task", "TimerThread", "VirtualScheduler", "scheduler_for", "wait_until"]

Task = Callable[[], object]
OnError = Callable[[BaseException], object]

_SPIN_NS: Final = 100_000
"""Slept until so long before an instant: about twice what waking up takes on an idle machine."""

_PR_SET_TIMERSLACK: Final = 29
_JOIN_S: Final = 10.0


class Scheduler(Protocol):
    """Where a simulated system reads the time, and how it does something later."""

    def now_ns(self) -> int:
        """Return the time on the run's clock."""

    def call_at(self, time_ns: int, task: Task) -> None:
        """Call `task` at `time_ns`, or at once when that has passed. From any thread."""

    def close(self) -> None:
        """Drop what has not been called."""


class VirtualScheduler:
    """Calls from a virtual clock, on the thread that called `run`.

    Parameters
    ----------
    clock : VirtualClock
    on_error : callable
        Gets what a task raises.
    """

    def __init__(self, clock: VirtualClock, on_error: OnError) -> None:
        self._clock = clock
        self._on_error = on_error
        self._numbers = itertools.count()
        # The clock may outlive the run, so it gets numbers only: tasks hold on to batches.
        self._tasks: dict[int, Task] = {}

    def now_ns(self) -> int:
        """Return the simulated time."""
        return self._clock.now_ns

    def call_at(self, time_ns: int, task: Task) -> None:
        """Call `task` at `time_ns`, or as the next thing when that has passed."""
        number = next(self._numbers)
        self._tasks[number] = task
        self._clock.call_at(time_ns, lambda: self._call(number))

    def close(self) -> None:
        """Drop what has not been called."""
        self._tasks.clear()

    def _call(self, number: int) -> None:
        task = self._tasks.pop(number, None)
        if task is None:
            return
        try:
            task()
        except Exception as error:
            self._on_error(error)


class TimerThread:
    """Calls in real time, from a thread of its own, which sleeps and then spins.

    Instants are those of `time.monotonic_ns`, as are the core's. A task is never called early; how
    late it is depends on the machine, so whoever needs the true instant reads the clock.

    Parameters
    ----------
    on_error : callable
        Gets what a task raises; on the thread.
    """

    def __init__(self, on_error: OnError) -> None:
        self._on_error = on_error
        self._numbers = itertools.count()
        self._heap: list[tuple[int, int, Task]] = []
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="loadgen-simulated", daemon=True)
        self._thread.start()

    now_ns = staticmethod(time.monotonic_ns)

    def call_at(self, time_ns: int, task: Task) -> None:
        """Call `task` at `time_ns`, or at once when that has passed. From any thread."""
        entry = (time_ns, next(self._numbers), task)
        with self._changed:
            heapq.heappush(self._heap, entry)
            if self._heap[0] is entry:
                self._changed.notify()

    def close(self) -> None:
        """Drop what has not been called, and wait for the thread to end."""
        with self._changed:
            self._closed = True
            self._heap.clear()
            self._changed.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join(_JOIN_S)

    def _work(self) -> None:
        _sleep_precisely()
        while (entry := self._next()) is not None:
            due, _, task = entry
            _spin_until(due)
            try:
                task()
            except Exception as error:
                self._on_error(error)

    def _next(self) -> tuple[int, int, Task] | None:
        """Return the first entry once it is nearly due; None when closed."""
        with self._changed:
            while not self._closed:
                if not self._heap:
                    self._changed.wait()
                    continue
                left = self._heap[0][0] - time.monotonic_ns() - _SPIN_NS
                if left <= 0:
                    return heapq.heappop(self._heap)
                self._changed.wait(left / 1e9)
        return None


def scheduler_for(run: Run) -> Scheduler:
    """Return the scheduler on a run's clock; what a task raises ends the run."""
    if run.clock is None:
        return TimerThread(run._sut_raised)
    return VirtualScheduler(run.clock, run._sut_raised)


def wait_until(time_ns: int) -> None:
    """Return when `time.monotonic_ns` has come to `time_ns`: sleeps, then spins."""
    left = time_ns - time.monotonic_ns() - _SPIN_NS
    if left > 0:
        time.sleep(left / 1e9)
    _spin_until(time_ns)


def _spin_until(time_ns: int) -> None:
    while time.monotonic_ns() < time_ns:
        pass


def _sleep_precisely() -> None:
    """Have the kernel wake this thread when it asked to be, not up to 50 us later. Linux only."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_TIMERSLACK, ctypes.c_ulong(1), 0, 0, 0)
