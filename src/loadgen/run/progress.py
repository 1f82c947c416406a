# SPDX-License-Identifier: Apache-2.0
"""The live line of a run, on a terminal.

A thread reads two counts a few times a second and writes one line: about a microsecond with the
interpreter held, so that a push run is not held up (a redraw by `rich` holds it for 0.3 ms).
Not for anything that is kept: what happened is in the `Result`.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

_STEP_S = 0.25
_RATE_OVER_S = 2.0
_SILENT_AFTER_S = 5.0
_CLEAR_LINE = "\r\x1b[2K"


def on_terminal(choice: bool | None) -> bool:
    """Return whether there is to be a line; None asks standard error whether it is a terminal."""
    if choice is None:
        return sys.stderr is not None and sys.stderr.isatty()
    return choice


class ProgressLine:
    """Says how far a run is, as long as it is entered.

    Parameters
    ----------
    name : str
        What the line begins with.
    counts : callable
        Returns how many samples are issued and how many answered, of the whole run.
    stream : text stream, optional
        None: standard error.

    Notes
    -----
    Thread safety: `series` on the thread that runs the series; the line has its own thread.
    """

    def __init__(
        self, name: str, counts: Callable[[], tuple[int, int]], stream: TextIO | None = None
    ) -> None:
        self._counts = counts
        self._stream = sys.stderr if stream is None else stream
        self._name = name
        self._reading: Reading | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._show, name="loadgen-progress", daemon=True)

    def __enter__(self) -> ProgressLine:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def series(self, label: str, min_duration_s: float) -> None:
        """Begin anew: the next series starts now.

        Parameters
        ----------
        label : str
            Stands behind the run's name.
        min_duration_s : float, s
            0: none.
        """
        self._reading = Reading(
            f"{self._name}, {label}", min_duration_s, time.monotonic(), self._counts()
        )

    def _show(self) -> None:
        while not self._done.wait(_STEP_S):
            if self._reading is not None:
                line = self._reading.line(time.monotonic(), *self._counts())
                # A line that wraps could not be cleared.
                self._write(_CLEAR_LINE + line[: shutil.get_terminal_size().columns - 1])
        self._write(_CLEAR_LINE)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):  # the terminal is gone, or the stream was closed
            self._done.set()


class Reading:
    """What the line says of one series, from counts and instants alone.

    Parameters
    ----------
    name : str
    min_duration_s : float, s
        0: none.
    start_s : float, s
        On the clock that `line` gets its instants from.
    before : tuple of int
        Samples issued and answered when the series started.
    """

    def __init__(
        self,
        name: str,
        min_duration_s: float,
        start_s: float,
        before: tuple[int, int],
    ) -> None:
        self._name = name
        self._min_duration_s = min_duration_s
        self._start_s = start_s
        self._before = before
        self._recent: deque[tuple[float, int]] = deque([(start_s, before[1])])
        self._last = (start_s, before)

    def line(self, now_s: float, issued: int, answered: int) -> str:
        """Return the line for an instant and what is counted then."""
        if (issued, answered) != self._last[1]:
            self._last = (now_s, (issued, answered))
        missing = issued - answered
        silent_s = now_s - self._last[0]
        if missing and silent_s >= _SILENT_AFTER_S:
            now = f"no answer for {silent_s:.0f} s, {missing:,} missing"
        else:
            now = f"{self._rate(now_s, answered):,.0f}/s  in flight {missing:,}"
        counts = f"issued {issued - self._before[0]:,}  answered {answered - self._before[1]:,}"
        # What matters most comes first: a narrow terminal shows less of it.
        return "  ".join([self._name, self._elapsed(now_s), now, counts])

    def _elapsed(self, now_s: float) -> str:
        whole = f" of {self._min_duration_s:g}" if self._min_duration_s else ""
        return f"{now_s - self._start_s:.1f}{whole} s"

    def _rate(self, now_s: float, answered: int) -> float:
        """Answers a second, over the last two seconds."""
        while len(self._recent) > 1 and now_s - self._recent[0][0] > _RATE_OVER_S:
            self._recent.popleft()
        then_s, then = self._recent[0]
        self._recent.append((now_s, answered))
        return (answered - then) / (now_s - then_s) if now_s > then_s else 0.0
