# SPDX-License-Identifier: Apache-2.0
"""What all simulated systems share: the run's clock, stamps of their own, answers later.

Not for any particular behaviour: those are the other modules of this package.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import TYPE_CHECKING

from loadgen.sut.base import SystemUnderTest
from loadgen.testing.scheduler import Scheduler, Task, scheduler_for
from loadgen.testing.truth import Truth, TruthLog

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.sut.handle import Run

__all__ = ["SimulatedSUT"]


class SimulatedSUT(SystemUnderTest):
    """A system that only passes time, and knows when it did what. Base of the others.

    A subclass says in `_take` what becomes of a batch. A run starts it afresh: the same run gives
    the same answers, and `truth` is that of the last run.

    Attributes
    ----------
    truth : Truth
        Its own stamps.
    """

    def __init__(self) -> None:
        self._log = TruthLog()
        self._now_ns = time.monotonic_ns
        self._scheduler: Scheduler | None = None
        self._run: Run | None = None

    @property
    def truth(self) -> Truth:
        """What it knows of the last run, or of the one that goes on."""
        return self._log.truth()

    def start(self, run: Run) -> None:
        """Forget the last run, and find the clock of this one."""
        self._log = TruthLog()
        self._run = run
        self._scheduler = scheduler_for(run)
        self._now_ns = self._scheduler.now_ns

    def issue(self, batch: Batch) -> None:
        """Stamp the batch and take it."""
        now = self._now_ns()
        self._log.issued(batch.ids, now)
        self._take(batch, now)

    def stop(self) -> None:
        """Answer nothing more."""
        scheduler, self._scheduler, self._run = self._scheduler, None, None
        if scheduler is not None:
            scheduler.close()

    @abstractmethod
    def _take(self, batch: Batch, now_ns: int) -> None:
        """Deal with a batch that came at `now_ns`."""

    def _do_at(self, time_ns: int, task: Task) -> None:
        """Do something at an instant, or now when that has passed; not after `stop`."""
        scheduler = self._scheduler
        if scheduler is None:
            return
        if time_ns <= self._now_ns():
            task()
        else:
            scheduler.call_at(time_ns, task)

    def _answer(self, batch: Batch) -> None:
        """Answer a batch now."""
        ids = batch.ids
        now = self._now_ns()
        batch.complete()
        self._log.answered(ids, now)
