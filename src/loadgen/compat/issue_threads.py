# SPDX-License-Identifier: Apache-2.0
"""Threads of the user's that call issue_query: RegisterIssueQueryThread.

They wait in one room of the process until a test takes as many of them as it wants; query k of a
series then goes to thread k mod T. They are let go when that test ends, each time: unlike the
official ones they may come again for the next test. Not for when queries are due: the thread that
called StartTest hands each query over at its time.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

from loadgen.errors import LoadGenError

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.sut.handle import Run

__all__ = ["ROOM", "Crew", "Mismatch", "WaitingRoom"]

_LOOK_AGAIN_S: Final = 0.1


class Mismatch(LoadGenError):
    """Not as many threads as the settings say."""

    def __init__(self, wanted: int, found: int) -> None:
        super().__init__(
            "Mismatch between settings and number of registered IssueQueryThreads! "
            f"settings.server_num_issue_query_threads = {wanted} but {found} threads registered."
        )


class _Worker:
    """A thread of the user's, as long as it is here."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    def serve(self) -> None:
        """Work until let go."""
        while (job := self._jobs.get()) is not None:
            job()

    def give(self, job: Callable[[], None]) -> None:
        self._jobs.put(job)

    def let_go(self) -> None:
        self._jobs.put(None)


class Crew:
    """The threads of one test.

    Thread safety: `hand_out`, `begin` and `finish_series` on the thread that called StartTest.

    Parameters
    ----------
    workers : list of worker
    issue : callable
        Hands a batch to the user's callback.
    patience_s : float or None
        How long the end of a series waits for threads that are in the callback; None: for ever.
    """

    def __init__(
        self, workers: list[_Worker], issue: Callable[[Batch], object], patience_s: float | None
    ) -> None:
        self._workers = workers
        self._issue = issue
        self._patience_s = patience_s
        self._turn = 0
        self._open = 0
        self._changed = threading.Condition()
        self._run: Run | None = None

    def begin(self, run: Run) -> None:
        """Take a run on: where the callback's exceptions go."""
        self._run = run
        self._turn = 0

    def hand_out(self, batch: Batch) -> None:
        """Give a query to the thread whose turn it is."""
        worker = self._workers[self._turn]
        self._turn = (self._turn + 1) % len(self._workers)
        with self._changed:
            self._open += 1
        worker.give(lambda: self._call(batch))

    def finish_series(self) -> None:
        """Wait until every query was passed to the callback and it has returned."""
        self._turn = 0
        assert self._run is not None  # a run began
        engine = self._run._engine
        ends = None if self._patience_s is None else time.monotonic() + self._patience_s
        with self._changed:
            while self._open and not engine.aborted:
                if ends is not None and time.monotonic() > ends:
                    return
                self._changed.wait(_LOOK_AGAIN_S)

    def _call(self, batch: Batch) -> None:
        run = self._run
        assert run is not None  # a run began
        try:
            if not run._engine.aborted:
                self._issue(batch)
        except BaseException as error:  # whatever it is, StartTest raises it
            run._sut_raised(error)
        finally:
            with self._changed:
                self._open -= 1
                self._changed.notify_all()


class WaitingRoom:
    """Threads that registered and that no test has taken yet.

    Thread safety: any thread.

    Attributes
    ----------
    patience_s : float
        How long a test waits for its threads.
    """

    def __init__(self, patience_s: float = 10.0) -> None:
        self.patience_s = patience_s
        self._changed = threading.Condition()
        self._waiting: deque[_Worker] = deque()
        self._tests = 0

    def register(self) -> None:
        """Be an issue thread of the next test that wants one; return when a test has ended."""
        worker = _Worker()
        with self._changed:
            self._waiting.append(worker)
            self._changed.notify_all()
        try:
            worker.serve()
        finally:
            with self._changed, suppress(ValueError):
                self._waiting.remove(worker)

    @contextmanager
    def test(self) -> Iterator[None]:
        """Hold one test. With the last that goes on, threads leave that nobody took."""
        with self._changed:
            self._tests += 1
        try:
            yield
        finally:
            with self._changed:
                self._tests -= 1
                if self._tests == 0:
                    while self._waiting:
                        self._waiting.popleft().let_go()

    @contextmanager
    def crew(
        self, n_threads: int, issue: Callable[[Batch], object], patience_s: float | None
    ) -> Iterator[Crew]:
        """Wait for threads, and let them go at the end.

        Raises
        ------
        Mismatch
            They did not come in time.
        """
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) >= n_threads, self.patience_s)
            if len(self._waiting) < n_threads:
                raise Mismatch(n_threads, len(self._waiting))
            workers = [self._waiting.popleft() for _ in range(n_threads)]
        try:
            yield Crew(workers, issue, patience_s)
        finally:
            for worker in workers:
                worker.let_go()


ROOM = WaitingRoom()
"""Of this process: threads register without saying for which test."""
