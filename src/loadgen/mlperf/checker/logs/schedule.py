# SPDX-License-Identifier: Apache-2.0
"""LoadGen's Poisson schedule of a seed, at any rate: all runs of a round share it.

A gap is ``trunc(e / rate * 1e9)`` ns, where the draws ``e`` do not depend on the rate. So the times
of one low rate, drawn once, give those of every other to 1 ns a query.

References
----------
MLPerf LoadGen 6.0, loadgen.cc: GenerateQueries; ScheduleDistribution.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from loadgen import _core

__all__ = ["KEPT", "RATE", "Schedule", "schedule"]

RATE: Final = 0.01
"""Queries a second of what is drawn: 10^11 ns for each unit of the exponential distribution."""
KEPT: Final = 1 << 22
"""Queries whose times are kept, 32 MiB; of a longer schedule, those of its end."""
_LEAST: Final = 1 << 12


@dataclass(frozen=True)
class Schedule:
    """When queries are due, at the rate `RATE`.

    Parameters
    ----------
    first : int
        The query that `due_ns` begins with.
    due_ns : int64 array, shape (n,), ns
        Of each query from there on, since query 0.
    """

    first: int
    due_ns: NDArray[np.int64]

    def due(self, query: int, rate: float) -> float:
        """Return when a query is due at a rate, ns; the truth is up to `query` ns less."""
        return float(self.due_ns[query - self.first]) * (RATE / rate)

    def count(self, duration_ns: float, rate: float) -> int:
        """Return how many queries there are up to the first that is due at `duration_ns` or later.

        At a rate for which no gap is cut to a whole number of ns. Where that query is not among
        those that are kept: some number beyond their end that is near.
        """
        return self.first + int(np.searchsorted(self.due_ns, duration_ns * (rate / RATE))) + 1

    def rate(self, query: int, due_ns: float) -> float:
        """Return the rate at which a query is due at an instant, 1/s; 0 where there is none."""
        whole = due_ns + query / 2  # each gap lost half a ns
        return RATE * float(self.due_ns[query - self.first]) / whole if whole > 0 else 0.0


def schedule(seed: int, n: int) -> Schedule:
    """Return the schedule of a seed: its first `n` queries at least, or, of many, the last of them.

    Parameters
    ----------
    seed : int
        Its low 32 bits count.
    n : int
    """
    if n > KEPT:
        return _end(seed & 0xFFFF_FFFF, n)
    length = _LEAST
    while length < n:
        length *= 4
    return _all(seed & 0xFFFF_FFFF, length)


@functools.lru_cache(maxsize=4)
def _all(seed: int, n: int) -> Schedule:
    return Schedule(0, np.concatenate(list(_draws(seed, n))))


@functools.lru_cache(maxsize=16)
def _end(seed: int, n: int) -> Schedule:
    before = last = np.empty(0, np.int64)
    for part in _draws(seed, n):
        before, last = last, part
    due_ns = np.concatenate([before, last])[-_LEAST:]
    return Schedule(n - len(due_ns), due_ns)


def _draws(seed: int, n: int) -> Iterator[NDArray[np.int64]]:
    """Yield when queries are due, up to the n-th, in parts."""
    settings = _core.PlanSettings(
        scenario="server", min_query_count=n, target_qps=RATE, schedule_seed=seed
    )
    (loaded,) = _core.loadable_sets(
        count=1, total=1, performance_sample_count=1, padding=0, qsl_seed=0
    )
    plan = _core.TrafficPlan(settings, loaded)
    while n > 0:
        due = plan.draw(min(n, KEPT), KEPT)[0]
        n -= len(due)
        yield due
