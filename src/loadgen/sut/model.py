# SPDX-License-Identifier: Apache-2.0
"""What systems have in common that call a model with batches: all that is not the library's.

Not for any library: `torch`, `jax` and `onnx` say how inputs reach the device, how the model is
called, and when the device is done.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from loadgen.config.scenarios import Concurrent, MultiStream, SingleStream
from loadgen.errors import Problem, SettingsError, described, text_of
from loadgen.sut.answers import Answers, check_length, rows, shape_of, wrong_length
from loadgen.sut.base import Delivery, check_arguments, function, log, sizes_up_to
from loadgen.sut.collate import collate, mapped, padded, stacked
from loadgen.sut.workers import WorkerSUT
from loadgen.values import Refused, integer, number, optional, problem_of

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.config.scenarios import Scenario
    from loadgen.dataset import Indices
    from loadgen.sut.handle import Run

_MAX_BATCH_SIZE = 64
# In the words of: PyTorch on CUDA and XLA; PyTorch's allocator for the CPU; ONNX Runtime; C++.
_OUT_OF_MEMORY = re.compile(
    r"out of memory|RESOURCE_EXHAUSTED|can't allocate memory|failed to allocate|bad_alloc", re.I
)


class ModelOptions(TypedDict, total=False):
    """Keywords that every system around a model takes; see `ModelSUT`."""

    collate: Callable[[Any], Any] | None
    outputs: Callable[[Any, int], Any] | None
    max_batch_size: int | None
    max_wait_ms: float
    preferred_sizes: Sequence[int]
    workers: int | None
    pad_to: int | Sequence[int] | None
    warmup_batches: int
    name: str | None


class ModelSUT(WorkerSUT):
    """Measures a model that is called with batches. Use `TorchSUT`, `JaxSUT` or `OnnxSUT`.

    Parameters
    ----------
    model : object
        What `name` is taken from where it is None.
    collate : callable, optional
        ``collate(samples) -> inputs``, of what ``dataset[indices]`` gave. None: an array is a batch
        already; arrays and numbers are stacked, also those in tuples and dicts. The model gets a
        tuple as its arguments, a dict as those by name.
    outputs : callable, optional
        ``outputs(result, n) -> sequence of length n``, of what the model returned for n samples,
        padding included. Part of what is measured. None: the first dimension of what was returned
        is the batch; of dicts, tuples and lists each sample gets its part of each array.
    max_batch_size : int, optional
        The most samples of a call. None: the largest of `pad_to`, or 64.
    max_wait_ms : float
        How long a worker waits for a fuller batch, counted from the issue of its oldest sample.
    preferred_sizes : sequence of int
        Sizes at which a worker does not wait: the largest that there are samples for goes at once.
    workers : int, optional
        How many threads call the model. None: the thread that called `run` does under SingleStream,
        MultiStream and Offline, and one worker under Server and Concurrent.
    pad_to : int or sequence of int, optional
        Batch sizes that the model is called with: a batch is filled up to the smallest that it fits
        into, with its last sample; what is answered for that is dropped. None: as they come.
    warmup_batches : int
        How often each thread calls the model before the clock starts, for each batch size that is
        known: one sample, the most, and all of `pad_to`. Samples are loaded ones.
    name : str, optional
        How results and logs call it. None: the model's name.

    Raises
    ------
    SettingsError
        Names every argument that cannot be used.

    Notes
    -----
    A batch is answered when the device is done. Answers are moved to host memory only where the
    run keeps them. Where the model raises, that fails its batch alone under ``on_error="fail"``;
    one for which there is not enough memory as the kind "out_of_memory".
    """

    _serves_one_run = True

    def __init__(
        self,
        model: object,
        *,
        collate: Callable[[Any], Any] | None = None,
        outputs: Callable[[Any, int], Any] | None = None,
        max_batch_size: int | None = None,
        max_wait_ms: float = 0,
        preferred_sizes: Sequence[int] = (),
        workers: int | None = None,
        pad_to: int | Sequence[int] | None = None,
        warmup_batches: int = 3,
        name: str | None = None,
    ) -> None:
        check_arguments(
            problem_of("collate", collate, optional(function)),
            problem_of("outputs", outputs, optional(function)),
            problem_of("max_batch_size", max_batch_size, optional(integer(1))),
            problem_of("max_wait_ms", max_wait_ms, number(0, 1e9)),
            problem_of("workers", workers, optional(integer(1))),
            problem_of("pad_to", pad_to, optional(_sizes)),
            problem_of("warmup_batches", warmup_batches, integer(0)),
            problem_of("name", name, optional(_text)),
        )
        self._pad_to: list[int] = [] if pad_to is None else _sizes(pad_to)
        most = max_batch_size or (self._pad_to[-1] if self._pad_to else _MAX_BATCH_SIZE)
        if self._pad_to and self._pad_to[-1] < most:
            allowed = f"a largest size of at least max_batch_size, which is {most}"
            raise SettingsError([Problem("pad_to", pad_to, allowed)])
        check_arguments(problem_of("preferred_sizes", preferred_sizes, sizes_up_to(most)))
        super().__init__(workers, most, max_wait_ms, preferred_sizes)
        self.name = getattr(model, "__name__", type(model).__name__) if name is None else name
        self._collate = collate
        self._outputs = outputs
        self._warmup_batches = warmup_batches

    def start(self, run: Run) -> None:
        """Warm the model up, on each thread that will call it."""
        super().start(run)
        if not self._threads:
            self._warm_up(run)

    def issue(self, batch: Batch) -> None:
        """Answer a batch, in parts of at most `max_batch_size`; one that raises fails alone."""
        run, size = self._run, self._max_batch_size
        assert run is not None  # between start() and stop() there is one
        if len(batch) <= size:
            self._answer(batch, run)
            return
        for first in range(0, len(batch), size):
            self._answer(batch[first : first + size], run)
            if run._engine.aborted:
                return

    def _answer(self, batch: Batch, run: Run) -> None:
        try:
            batch.complete(self._answers(batch.samples, len(batch), lambda: batch.indices))
        except Exception as error:
            run._sut_raised(error, batch, _kind(error))

    def describe(self) -> dict[str, Any]:
        """Return the device, the library, and how batches are made."""
        return {
            **self._facts(),
            "max_batch_size": self._max_batch_size,
            "max_wait_ms": self._max_wait_ns / 1e6,
            "preferred_sizes": list(self._preferred),
            "workers": len(self._threads),
            "pad_to": list(self._pad_to),
            "warmup_batches": self._warmup_batches,
        }

    @abstractmethod
    def _infer(self, inputs: Any) -> Any:
        """Bring inputs to the device and call the model; it need not be done yet."""

    @abstractmethod
    def _wait(self, result: Any, answers: Any) -> None:
        """Return when the device is done with both."""

    @abstractmethod
    def _to_host(self, value: Any) -> Any:
        """Return a tensor as a NumPy array, and all else as it is."""

    @abstractmethod
    def _facts(self) -> dict[str, Any]:
        """Return what results are to say of device, library and precision."""

    def _stack(self, arrays: Sequence[Any]) -> Any:
        return stacked(arrays)

    def _shape(self, value: Any) -> Sequence[int] | None:
        return shape_of(value)

    def _answers(self, samples: Any, n: int, indices: Callable[[], Indices]) -> Answers:
        """Call the model; return when it is done. What the indices are is asked for errors."""
        size = self._size_for(n)
        if size > n:
            samples = padded(samples, n, size)
        if self._collate is None:
            inputs = collate(samples, indices, self._stack)  # type: ignore[arg-type]  # an array is a sequence
        else:
            inputs = self._collate(samples)
        result = self._infer(inputs)
        if self._outputs is None:
            check_length(result, size, self._shape)
            self._wait(result, None)
            return Answers(n, lambda: rows(mapped(result, self._to_host), n))
        answers = self._outputs(result, size)
        if len(answers) != size:
            raise ValueError(wrong_length(len(answers), size))
        self._wait(result, answers)
        return Answers(n, lambda: mapped(answers, self._to_host))

    def _size_for(self, n: int) -> int:
        return self._pad_to[bisect_left(self._pad_to, n)] if self._pad_to else n

    def _delivery(self, scenario: Scenario) -> Delivery:
        return Delivery("pull") if self._n_workers(scenario) else Delivery("push", self.issue)

    def _begin_worker(self, run: Run) -> None:
        self._warm_up(run)

    def _warm_up(self, run: Run) -> None:
        largest = self._size_for(_most_at_once(run.scenario, self._max_batch_size))
        sizes = {1, largest, *(size for size in self._pad_to if size < largest)}
        # The largest first: what it allocates is there for the others.
        for size in sorted({self._size_for(size) for size in sizes}, reverse=True):
            indices = np.resize(run._loaded, size).astype(np.int64)
            for _ in range(self._warmup_batches):
                try:
                    self._answers(run.dataset[indices], size, indices.copy)
                except Exception as error:
                    if run.settings.on_error != "fail":
                        raise
                    log.warning("%s: a warm-up batch raised %s", self.name, described(error))


def _sizes(value: object) -> list[int]:
    """Check for one batch size or several; return them in ascending order."""
    listed = value if isinstance(value, (list, tuple)) else [value]
    try:
        sizes = sorted({integer(1)(size) for size in listed})
    except Refused:
        sizes = []
    if not sizes:
        raise Refused("a batch size, an integer of at least 1, or a list of them")
    return sizes


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise Refused("a text")
    return value


def _most_at_once(scenario: Scenario, max_batch_size: int) -> int:
    """Return how many samples a call can get."""
    if isinstance(scenario, SingleStream):
        return 1
    if isinstance(scenario, MultiStream):
        return min(scenario.samples_per_query, max_batch_size)
    if isinstance(scenario, Concurrent):
        return min(scenario.concurrency, max_batch_size)
    return max_batch_size


def _kind(error: Exception) -> str | None:
    """Return what a failure is counted as; None: by its type."""
    is_memory = isinstance(error, MemoryError) or _OUT_OF_MEMORY.search(text_of(error))
    return "out_of_memory" if is_memory else None
