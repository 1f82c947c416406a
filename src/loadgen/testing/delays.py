# SPDX-License-Identifier: Apache-2.0
"""Simulated systems that answer each sample after a known time.

With `servers` left out each sample is served at once, however many there are. With a number, so
many samples are served at a time, first come first served, and the others wait: one server with
fixed times under Poisson arrivals is the queue M/D/1, with exponential times M/M/1.
"""

from __future__ import annotations

import heapq
from abc import abstractmethod
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from loadgen.sut.base import check_arguments
from loadgen.testing.base import SimulatedSUT
from loadgen.values import integer, number, optional, problem_of

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.sut.handle import Run

__all__ = ["BimodalSUT", "DelaySUT", "ExponentialSUT", "FixedSUT", "StallingSUT"]

Int64Array = npt.NDArray[np.int64]


class DelaySUT(SimulatedSUT):
    """Base of the systems that serve each sample for a time drawn beforehand.

    Parameters
    ----------
    servers : int, optional
        How many samples are served at a time. None: all.
    seed : int
        Of the service times, below 2**32.

    Notes
    -----
    Times are drawn by NumPy's `RandomState`, whose streams are the same in all its versions.
    """

    def __init__(self, servers: int | None = None, seed: int = 0) -> None:
        super().__init__()
        check_arguments(
            problem_of("servers", servers, optional(integer(1))),
            problem_of("seed", seed, integer(0, 2**32 - 1)),
        )
        self._servers = servers
        self._seed = seed
        self._begin()

    def _begin(self) -> None:
        self._random = np.random.RandomState(self._seed)
        self._free_at = [0] * (self._servers or 0)

    def start(self, run: Run) -> None:
        """Draw the service times from their beginning; all servers are free."""
        super().start(run)
        self._begin()

    def service_times_ns(self, n: int) -> Int64Array:
        """Return how long a run's first `n` samples are served, in the order of issue.

        Parameters
        ----------
        n : int

        Returns
        -------
        int64 array, shape (n,), ns
        """
        return self._draw(np.random.RandomState(self._seed), n)

    @abstractmethod
    def _draw(self, random: np.random.RandomState, n: int) -> Int64Array:
        """Return the next `n` service times."""

    def _take(self, batch: Batch, now_ns: int) -> None:
        answers = self._answers_ns(self._draw(self._random, len(batch)).tolist(), now_ns)
        first = 0
        for position in range(1, len(answers) + 1):
            if position == len(answers) or answers[position] != answers[first]:
                self._do_at(answers[first], partial(self._answer, batch[first:position]))
                first = position

    def _answers_ns(self, service_ns: list[int], now_ns: int) -> list[int]:
        """Return when samples that came at `now_ns` are answered."""
        if self._servers is None:
            return [now_ns + service for service in service_ns]
        answers = []
        for service in service_ns:
            answers.append(max(now_ns, self._free_at[0]) + service)
            heapq.heapreplace(self._free_at, answers[-1])
        return answers


class FixedSUT(DelaySUT):
    """Serves every sample for the same time.

    Parameters
    ----------
    latency_ns : int, ns
        0 answers inside `issue`.
    servers : int, optional
        How many samples are served at a time. None: all.

    Examples
    --------
    >>> import loadgen as lg
    >>> from loadgen.testing import VirtualClock
    >>> sut = FixedSUT(latency_ns=1_000_000)
    >>> result = lg.run(sut, 8, lg.SingleStream(), min_duration_s=1, clock=VirtualClock())
    >>> result.latency.min, result.latency.max
    (1000000, 1000000)
    """

    def __init__(self, latency_ns: int, servers: int | None = None) -> None:
        check_arguments(problem_of("latency_ns", latency_ns, integer(0)))
        self._latency_ns = latency_ns
        super().__init__(servers)

    def _draw(self, random: np.random.RandomState, n: int) -> Int64Array:
        return np.full(n, self._latency_ns, np.int64)


class ExponentialSUT(DelaySUT):
    """Serves samples for exponentially distributed times.

    Parameters
    ----------
    mean_ns : int, ns
    servers : int, optional
        How many samples are served at a time. None: all.
    seed : int

    Examples
    --------
    >>> ExponentialSUT(mean_ns=1000, seed=1).service_times_ns(2)
    array([ 539, 1274])
    """

    def __init__(self, mean_ns: int, servers: int | None = None, seed: int = 0) -> None:
        check_arguments(problem_of("mean_ns", mean_ns, integer(0)))
        self._mean_ns = mean_ns
        super().__init__(servers, seed)

    def _draw(self, random: np.random.RandomState, n: int) -> Int64Array:
        return (random.standard_exponential(n) * self._mean_ns).astype(np.int64)


class BimodalSUT(DelaySUT):
    """Serves most samples fast and some slowly, as a cache does.

    Parameters
    ----------
    fast_ns, slow_ns : int, ns
    slow_share : float in [0, 1]
        Probability of the slow time.
    servers : int, optional
        How many samples are served at a time. None: all.
    seed : int

    Examples
    --------
    >>> BimodalSUT(fast_ns=10, slow_ns=500, slow_share=0.5).service_times_ns(6)
    array([ 10,  10,  10,  10, 500,  10])
    """

    def __init__(
        self,
        fast_ns: int,
        slow_ns: int,
        slow_share: float,
        servers: int | None = None,
        seed: int = 0,
    ) -> None:
        check_arguments(
            problem_of("fast_ns", fast_ns, integer(0)),
            problem_of("slow_ns", slow_ns, integer(0)),
            problem_of("slow_share", slow_share, number(0, 1)),
        )
        self._fast_ns, self._slow_ns, self._slow_share = fast_ns, slow_ns, slow_share
        super().__init__(servers, seed)

    def _draw(self, random: np.random.RandomState, n: int) -> Int64Array:
        slow = random.random_sample(n) < self._slow_share
        return np.where(slow, np.int64(self._slow_ns), np.int64(self._fast_ns))


class StallingSUT(FixedSUT):
    """Answers nothing for a while, every so often, as a system with a garbage collector does.

    Answers that fall into a stall come when it ends. The first sample starts the first period; a
    stall is at the end of each.

    Parameters
    ----------
    latency_ns : int, ns
    every_ns : int, ns
        From the start of one stall to that of the next.
    stall_ns : int, ns
        Less than `every_ns`.

    Examples
    --------
    >>> import loadgen as lg
    >>> from loadgen.testing import VirtualClock
    >>> sut = StallingSUT(latency_ns=1_000_000, every_ns=1_000_000_000, stall_ns=50_000_000)
    >>> steady = lg.Server(target_qps=100, arrivals=lg.Constant())
    >>> result = lg.run(sut, 8, steady, min_duration_s=10, clock=VirtualClock())
    >>> result.latency.min, result.latency.max
    (1000000, 50000000)
    """

    def __init__(self, latency_ns: int, every_ns: int, stall_ns: int) -> None:
        check_arguments(
            problem_of("every_ns", every_ns, integer(2)),
            problem_of("stall_ns", stall_ns, integer(1, every_ns - 1)),
        )
        self._every_ns, self._stall_ns = every_ns, stall_ns
        self._origin_ns: int | None = None
        super().__init__(latency_ns)

    def start(self, run: Run) -> None:
        """Start afresh: the first sample starts the first period."""
        super().start(run)
        self._origin_ns = None

    def _answers_ns(self, service_ns: list[int], now_ns: int) -> list[int]:
        if self._origin_ns is None:
            self._origin_ns = now_ns
        return [self._after_stall(now_ns + service) for service in service_ns]

    def _after_stall(self, time_ns: int) -> int:
        assert self._origin_ns is not None
        period, phase = divmod(time_ns - self._origin_ns, self._every_ns)
        stalls = period > 0 and phase < self._stall_ns
        return time_ns - phase + self._stall_ns if stalls else time_ns
