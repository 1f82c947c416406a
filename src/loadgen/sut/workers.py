# SPDX-License-Identifier: Apache-2.0
"""Threads that take batches and answer them: what systems share that answer while they are called.

Not for what is done with a batch: that is a subclass's `issue`, on whichever thread.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from loadgen.config.scenarios import Concurrent, Server
from loadgen.errors import LoadGenError
from loadgen.sut.base import Starts, SystemUnderTest, log
from loadgen.values import ns_from_ms

if TYPE_CHECKING:
    from loadgen.config.scenarios import Scenario
    from loadgen.sut.handle import Run

_JOIN_S = 10.0  # a call that still has not returned by then is left behind, in a daemon thread


class WorkerSUT(SystemUnderTest):
    """Answers in threads of its own where there are to be any, else on the thread that called run.

    Parameters
    ----------
    workers : int or None
        How many threads. None: as the scenario wants it.
    max_batch_size : int
        The most samples that a worker takes at once.
    max_wait_ms : float
        How long a worker waits for a fuller batch, counted from the issue of its oldest sample.
    preferred_sizes : sequence of int
        Sizes at which it does not wait.
    """

    _serves_one_run = False
    """Whether it does so without workers too; with workers it always does."""

    def __init__(
        self,
        workers: int | None,
        max_batch_size: int,
        max_wait_ms: float,
        preferred_sizes: Sequence[int],
    ) -> None:
        self._workers = workers
        self._max_batch_size = max_batch_size
        self._max_wait_ns = ns_from_ms(max_wait_ms)
        self._preferred = tuple(sorted({*preferred_sizes}))
        self._threads: list[threading.Thread] = []
        self._run: Run | None = None
        self._starts = Starts()

    def start(self, run: Run) -> None:
        """Start the workers, where there are to be any, and wait until they are ready."""
        n_workers = self._n_workers(run.scenario)
        is_free = self._run is None
        takes_on = is_free and (n_workers > 0 or self._serves_one_run)
        self._starts.add(took_on=takes_on)
        if not is_free:
            kind = type(self).__name__
            raise LoadGenError(f"{self.name}: this {kind} already serves another run")
        if takes_on:
            self._run = run
        ready: list[Future[None]] = [Future() for _ in range(n_workers)]
        for number, one_ready in enumerate(ready):
            # A copy of the caller's context each, so that what was set around run() holds there.
            context = contextvars.copy_context()
            thread = threading.Thread(
                target=context.run,
                args=(self._work, run, one_ready),
                name=f"loadgen-worker-{number}",
                daemon=True,
            )
            self._threads.append(thread)
            thread.start()
        for one_ready in ready:
            one_ready.result()

    def stop(self) -> None:
        """Wait for the workers' last calls."""
        if not self._starts.pop():
            return
        give_up_at = time.monotonic() + _JOIN_S
        for thread in self._threads:
            thread.join(max(0.0, give_up_at - time.monotonic()))
            if thread.is_alive():
                log.warning("%s: still not back from a call; its thread is left behind", self.name)
        self._threads.clear()
        self._run = None

    def _n_workers(self, scenario: Scenario) -> int:
        if self._workers is not None:
            return self._workers
        return 1 if isinstance(scenario, (Server, Concurrent)) else 0

    def _begin_worker(self, run: Run) -> None:
        """Get a worker's thread ready, on it, before the clock runs."""

    def _work(self, run: Run, ready: Future[None]) -> None:
        try:
            self._begin_worker(run)
        except BaseException as error:  # for `start`, which waits for it
            ready.set_exception(error)
            return
        ready.set_result(None)
        request = (self._max_batch_size, self._max_wait_ns, None, self._preferred)
        while (batch := run._take(*request)) is not None:
            try:
                self.issue(batch)
            except BaseException as error:  # on a worker nothing else would ever see it
                run._sut_raised(error, batch)
