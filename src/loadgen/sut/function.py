# SPDX-License-Identifier: Apache-2.0
"""A function as a system under test: called with samples, returns their answers.

Not for coroutines (`asyncio_`), nor for systems that answer later (`base`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from loadgen.config.scenarios import Concurrent
from loadgen.sut.base import Delivery, check_arguments, function, sizes_up_to
from loadgen.sut.workers import WorkerSUT
from loadgen.values import integer, number, optional, problem_of

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.config.scenarios import Scenario

_WORKER_BATCH_SIZE = 64


class FunctionSUT(WorkerSUT):
    """Measures ``fn(samples) -> outputs``. What a bare callable becomes.

    Parameters
    ----------
    fn : callable
        Gets the samples of a batch: an int64 array of indices where the dataset is an int,
        ``dataset[indices]`` where it is an array, a list otherwise. Returns one output per sample,
        or None, which is enough where only speed is measured; results count it.
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
        most = max_batch_size or _WORKER_BATCH_SIZE
        check_arguments(
            problem_of("fn", fn, function),
            problem_of("workers", workers, optional(integer(1))),
            problem_of("max_batch_size", max_batch_size, optional(integer(1))),
            problem_of("max_wait_ms", max_wait_ms, number(0, 1e9)),
            problem_of("preferred_sizes", preferred_sizes, sizes_up_to(most)),
        )
        super().__init__(workers, most, max_wait_ms, preferred_sizes)
        self.name = getattr(fn, "__name__", type(fn).__name__)
        self._fn = fn
        self._inline_batch_size = max_batch_size

    def issue(self, batch: Batch) -> None:
        """Answer a batch at once."""
        batch.complete(self._fn(batch.samples))

    def _delivery(self, scenario: Scenario) -> Delivery:
        if self._n_workers(scenario):
            return Delivery("pull")
        return Delivery("function", self._fn, self._inline_batch_size)

    def _n_workers(self, scenario: Scenario) -> int:
        if self._workers is None and isinstance(scenario, Concurrent):
            return scenario.concurrency
        return super()._n_workers(scenario)
