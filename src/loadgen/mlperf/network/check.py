# SPDX-License-Identifier: Apache-2.0
"""Does a dispatch library only pass on? A run through it to a system that writes everything down.

The system gives each sample that it is sent an answer of its own, so an answer that comes twice was
remembered on the way. What is looked for is what the rules forbid a dispatch library: to batch, to
cache, to process. How long it takes is not judged: that is in its latencies.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from loadgen.config.scenarios import MultiStream, Scenario, Server, SingleStream
from loadgen.mlperf.network.client import NetworkSUT
from loadgen.mlperf.network.server import serve
from loadgen.result import Result
from loadgen.run import run
from loadgen.sut import SystemUnderTest

__all__ = ["ProxyCheck", "check_proxy"]

_N_SAMPLES: Final = 16
_SCENARIOS: Final[tuple[Scenario, ...]] = (
    SingleStream(),
    MultiStream(samples_per_query=4),
    Server(target_qps=1000, target_latency_ms=10_000),
)


@dataclass(frozen=True)
class ProxyCheck:
    """What was found.

    Parameters
    ----------
    faults : tuple of str
        Empty: it only passes on.
    n_queries, n_messages : int
        Issued by the runs, and arrived.
    """

    faults: tuple[str, ...]
    n_queries: int
    n_messages: int

    @property
    def passed(self) -> bool:
        """Whether nothing was found."""
        return not self.faults


class _Scribe(SystemUnderTest):
    """Writes down each message, and answers each sample with a number of its own."""

    name = "scribe"

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.messages: list[list[tuple[int, bytes]]] = []
        self.answers: dict[int, int] = {}

    def issue(self, batch: Any) -> None:
        """Write a message down and answer it."""
        samples = [np.asarray(each).tobytes() for each in batch.samples]
        self.messages.append(list(zip(batch.indices.tolist(), samples, strict=True)))
        numbers = [next(self._numbers) for _ in samples]
        self.answers.update(zip(numbers, batch.indices.tolist(), strict=True))
        batch.complete(numbers)


def check_proxy(
    make: Callable[[str], SystemUnderTest] | None = None, *, n_queries: int = 64
) -> ProxyCheck:
    """Check that a dispatch library does not batch, cache or process.

    Parameters
    ----------
    make : callable
        Gets the address of a system, and returns the dispatch library as a system under test that
        sends samples. None: `NetworkSUT`.
    n_queries : int
        Of each of three runs; more than samples that there are, so that all come again.

    Returns
    -------
    ProxyCheck

    Raises
    ------
    SUTError
        The dispatch library raised.
    """
    make = make or (lambda url: NetworkSUT(url, sends="samples"))
    data = np.random.RandomState(7).standard_normal((_N_SAMPLES, 8)).astype(np.float32)
    faults: list[str] = []
    n_issued = n_messages = 0
    for scenario in _SCENARIOS:
        scribe = _Scribe()
        with serve(scribe) as server:
            result = run(
                make(server.url), data, scenario, min_duration_s=0, min_queries=n_queries,
                max_queries=n_queries, accuracy_log_target=1 << 32, progress=False,
                drain_timeout_s=30,
            )  # fmt: skip
        faults += (f"{scenario.name}: {each}" for each in _faults(scribe, result, data))
        n_issued += sum(each.n_queries for each in result.series)
        n_messages += len(scribe.messages)
    return ProxyCheck(tuple(faults), n_issued, n_messages)


def _faults(scribe: _Scribe, result: Result, data: npt.NDArray[Any]) -> list[str]:
    found = []
    series = result.series[-1]
    indices, per_query = result.samples["index"], series.samples_per_query
    if len(scribe.messages) != series.n_queries:
        found.append(f"{series.n_queries} queries became {len(scribe.messages)} messages")
    sizes = Counter(len(each) for each in scribe.messages)
    if set(sizes) - {per_query}:
        found.append(f"messages of {sorted(sizes)} samples for queries of {per_query}")
    arrived = Counter(index for each in scribe.messages for index, _ in each)
    missing = Counter(indices.tolist()) - arrived
    if missing:
        found.append(f"{missing.total()} samples never arrived, sample {min(missing)} first")
    changed = [i for each in scribe.messages for i, raw in each if raw != data[i].tobytes()]
    if changed:
        found.append(f"{len(changed)} samples arrived changed, sample {changed[0]} first")
    outputs = [each for each in result.outputs if each is not None]
    repeated = len(outputs) - len({repr(each) for each in outputs})
    if repeated:
        found.append(f"{repeated} answers came more than once: they were remembered on the way")
    wrong = [
        index
        for index, output in zip(indices.tolist(), result.outputs, strict=True)
        if scribe.answers.get(output if isinstance(output, int) else -1) != index
    ]
    if wrong:
        found.append(f"{len(wrong)} answers are not those that were given, sample {wrong[0]} first")
    return found
