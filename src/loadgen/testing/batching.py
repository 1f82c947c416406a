# SPDX-License-Identifier: Apache-2.0
"""A simulated server that collects samples into batches, as inference servers do."""

from __future__ import annotations

import threading
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from loadgen.sut.base import check_arguments
from loadgen.testing.base import SimulatedSUT
from loadgen.values import integer, problem_of

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.sut.handle import Run

__all__ = ["BatchingServer"]


class BatchingServer(SimulatedSUT):
    """Serves one batch at a time; a batch goes when it is full or its oldest sample waited enough.

    Parameters
    ----------
    max_batch : int
        Samples of a full batch.
    max_wait_ns : int, ns
        The longest that a free server lets a sample wait for a fuller batch.
    batch_ns, sample_ns : int, ns
        A batch of n samples takes ``batch_ns + n * sample_ns``.

    Examples
    --------
    >>> import loadgen as lg
    >>> from loadgen.testing import VirtualClock
    >>> sut = BatchingServer(max_batch=4, max_wait_ns=0, batch_ns=1_000_000)
    >>> result = lg.run(sut, 8, lg.Offline(), clock=VirtualClock())
    >>> result.samples["latency_ns"]
    array([1000000, 1000000, 1000000, 1000000, 2000000, 2000000, 2000000,
           2000000])
    """

    def __init__(self, max_batch: int, max_wait_ns: int, batch_ns: int, sample_ns: int = 0) -> None:
        super().__init__()
        check_arguments(
            problem_of("max_batch", max_batch, integer(1)),
            problem_of("max_wait_ns", max_wait_ns, integer(0)),
            problem_of("batch_ns", batch_ns, integer(0)),
            problem_of("sample_ns", sample_ns, integer(0)),
        )
        self._max_batch, self._max_wait_ns = max_batch, max_wait_ns
        self._batch_ns, self._sample_ns = batch_ns, sample_ns
        self._lock = threading.Lock()  # issue() and the scheduler's tasks may be on two threads
        self._waiting: deque[tuple[int, int]] = deque()  # (came, id)
        self._busy = False
        self._patient_until = 0

    def start(self, run: Run) -> None:
        """Start afresh: nothing waits, the server is free."""
        super().start(run)
        self._waiting.clear()
        self._busy = False
        self._patient_until = 0

    def _take(self, batch: Batch, now_ns: int) -> None:
        with self._lock:
            self._waiting.extend((now_ns, number) for number in batch.ids.tolist())
            self._serve_next()

    def _patience_ends(self) -> None:
        with self._lock:
            self._serve_next()

    def _serve_next(self) -> None:
        """Start a batch if the server is free and one is to go. The lock is held."""
        scheduler = self._scheduler
        if self._busy or not self._waiting or scheduler is None:
            return
        now = scheduler.now_ns()
        patient_until = self._waiting[0][0] + self._max_wait_ns
        if len(self._waiting) >= self._max_batch or now >= patient_until:
            size = min(len(self._waiting), self._max_batch)
            served = [self._waiting.popleft()[1] for _ in range(size)]
            self._busy = True
            ends = now + self._batch_ns + size * self._sample_ns
            scheduler.call_at(ends, partial(self._served, served))
        elif patient_until != self._patient_until:
            self._patient_until = patient_until
            scheduler.call_at(patient_until, self._patience_ends)

    def _served(self, served: list[int]) -> None:
        run, scheduler = self._run, self._scheduler
        if run is None or scheduler is None:  # stopped meanwhile
            return
        ids = np.array(served, np.uint64)
        now = scheduler.now_ns()
        run.complete(ids)
        self._log.answered(ids, now)
        with self._lock:
            self._busy = False
            self._serve_next()
