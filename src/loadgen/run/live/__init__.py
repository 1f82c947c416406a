# SPDX-License-Identifier: Apache-2.0
"""The view of a run while it goes on: how far it is, its rate and latencies so far, in time or not.

A thread of its own reads the counts and the rows that are new once a second. Neither the thread
that issues nor those that answer do anything for it, and it holds the interpreter for less than
1 ms of each second. Not for anything that is kept: what happened is in the `Result`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Final

from loadgen.run.live.screens import Screen, choose
from loadgen.run.live.state import Counts, Figures, Progress, Series, Snapshot

__all__ = ["LiveView", "Screen", "Series", "choose"]

_STEP_S: Final = 1.0
_GONE: Final = (OSError, ValueError)  # the terminal is, or the stream was closed


class LiveView:
    """Shows how far a run is, as long as it is entered.

    Parameters
    ----------
    screen : Screen
    counts : callable
        Returns how many samples are issued and answered, of the whole run.
    figures : callable
        Makes those of a series that begins now.
    now_s : callable
        Returns the instant, in s, on the run's clock.

    Notes
    -----
    Thread safety: `series` on the thread that runs the series; the view has its own thread.
    """

    def __init__(
        self,
        screen: Screen,
        counts: Callable[[], Counts],
        figures: Figures,
        now_s: Callable[[], float],
    ) -> None:
        self._screen, self._counts, self._figures, self._now_s = screen, counts, figures, now_s
        self._progress: Progress | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._show, name="loadgen-progress", daemon=True)

    def __enter__(self) -> LiveView:
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

    def series(self, series: Series) -> None:
        """Begin anew: the next series starts now."""
        self._progress = Progress(series, self._counts, self._figures, self._now_s())

    def _show(self) -> None:
        steps = max(round(self._screen.every_s / _STEP_S), 1)
        number = 0
        while not self._done.wait(_STEP_S):
            number += 1
            progress = self._progress
            # Rows are looked at each time: the fewer are new, the more of them are looked at.
            seen = progress and progress.look(self._now_s())
            if seen and number % steps == 0 and not self._showed(seen):
                return
        with suppress(*_GONE):
            self._screen.close()

    def _showed(self, seen: Snapshot) -> bool:
        try:
            self._screen.show(seen)
        except _GONE:
            return False
        return True
