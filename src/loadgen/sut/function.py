# SPDX-License-Identifier: Apache-2.0
"""A function as a system under test: called with samples, returns their answers.

Not for coroutines (`asyncio_`), nor for systems that answer later (`base`).
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from loadgen.config.scenarios import Concurrent, Server
from loadgen.errors import LoadGenError
from loadgen.sut.base import (
    Delivery,
    Starts,
    SystemUnderTest,
    check_arguments,
    function,
    log,
    sizes_up_to,
)
from loadgen.values import integer, ns_from_ms, number, optional, problem_of

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.config.scenarios import Scenario
    from loadgen.sut.handle import Run

_WORKER_BATCH_SIZE = 64
_JOIN_S = 10.0  # a function that still has not returned by then is left behind, in a daemon thread


class FunctionSUT(SystemUnderTest):
    """Measures ``fn(samples) -> outputs``. What a bare callable becomes.

    Parameters
    ----------
    fn : callable
        Gets the samples of a batch: an int64 array of indices where the dataset is an int,
        ``dataset[indices]`` where it is an array, a list otherwise. Returns one output per sample,
        or None.
    workers : int, optional
        How many Python threads call `fn`, at least 1. None: the thread that called `run` does under
        SingleStream, MultiStream and Offline, which is the fastest way; 1 under Server; as many as
        its `concurrency` under Concurrent.
    max_batch_size : int, optional
        The most samples a call gets. None: a whole query without workers, 64 in a worker.
    max_wait_ms : float
        How long a worker waits for a fuller batch, counted from the issue of its oldest sample.
    preferred_sizes : sequence of int
        Sizes at which a worker does not wait: the largest that there are samples for goes at once.
        None is larger than `max_batch_size`.

    Raises
    ------
    SettingsError
        Names every argument that cannot be used.

    Examples
    --------
    >>> FunctionSUT(len, workers=2).name
    'len'
    """

    def __init__(
        self,
        fn: Callable[[Any], Any],
        workers: int | None = None,
        max_batch_size: int | None = None,
        max_wait_ms: float = 0,
        preferred_sizes: Sequence[int] = (),
    ) -> None:
        check_arguments(
            problem_of("fn", fn, function),
            problem_of("workers", workers, optional(integer(1))),
            problem_of("max_batch_size", max_batch_size, optional(integer(1))),
            problem_of("max_wait_ms", max_wait_ms, number(0, 1e9)),
            problem_of(
                "preferred_sizes",
                preferred_sizes,
                sizes_up_to(max_batch_size or _WORKER_BATCH_SIZE),
            ),
        )
        self.name = getattr(fn, "__name__", type(fn).__name__)
        self._fn = fn
        self._workers = workers
        self._max_batch_size = max_batch_size
        self._max_wait_ns = ns_from_ms(max_wait_ms)
        self._preferred = tuple(sorted({*preferred_sizes}))
        self._threads: list[threading.Thread] = []
        self._starts = Starts()

    def start(self, run: Run) -> None:
        """Start the workers, where there are to be any."""
        n_workers = self._n_workers(run.scenario)
        self._starts.add(took_on=n_workers > 0 and not self._threads)
        if self._threads:
            raise LoadGenError(f"{self.name}: this FunctionSUT already serves another run")
        for worker in range(n_workers):
            # A copy of the caller's context each, so that what was set around run() holds in fn.
            context = contextvars.copy_context()
            thread = threading.Thread(
                target=context.run,
                args=(self._work, run),
                name=f"loadgen-worker-{worker}",
                daemon=True,
            )
            self._threads.append(thread)
            thread.start()

    def issue(self, batch: Batch) -> None:
        """Answer a batch at once."""
        batch.complete(self._fn(batch.samples))

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

    def _delivery(self, scenario: Scenario) -> Delivery:
        if self._n_workers(scenario):
            return Delivery("pull")
        return Delivery("function", self._fn, self._max_batch_size)

    def _n_workers(self, scenario: Scenario) -> int:
        if self._workers is not None:
            return self._workers
        if isinstance(scenario, Concurrent):
            return scenario.concurrency
        return 1 if isinstance(scenario, Server) else 0

    def _work(self, run: Run) -> None:
        size = self._max_batch_size or _WORKER_BATCH_SIZE
        while (batch := run._take(size, self._max_wait_ns, None, self._preferred)) is not None:
            try:
                self.issue(batch)
            except BaseException as error:  # on a worker nothing else would ever see it
                run._sut_raised(error, batch)
