# SPDX-License-Identifier: Apache-2.0
"""Many results at once: each system's results of a benchmark by themselves, in several processes.

Not for judging any (``result.py``).
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Final

from loadgen.mlperf.checker.claim import Model
from loadgen.mlperf.checker.context import Context
from loadgen.mlperf.checker.layout import Place
from loadgen.mlperf.checker.result import Group, judge

__all__ = ["Work", "judged"]

Work = tuple[list[Place], Model | None]
"""Results of one benchmark on one system, and what they are of."""

WORTH_IT: Final = 200
"""Groups from which on it is quicker to start processes, about a second each."""
_CHUNK: Final = 25

_of_process: list[Context] = []
"""What a process of `judged` was given when it was started."""


def judged(context: Context, work: Sequence[Work], processes: int) -> list[Group]:
    """Return what came of each, in their order.

    Parameters
    ----------
    context : Context
    work : sequence of Work
    processes : int
        At most; one for little work.
    """
    # Results of one benchmark after each other: they share what the seeds draw, which is kept.
    order = sorted(range(len(work)), key=lambda place: work[place][0][0].benchmark)
    sorted_work = [work[place] for place in order]
    groups = dict(zip(order, _in_turn(context, sorted_work, processes), strict=True))
    return [groups[place] for place in range(len(work))]


def _in_turn(context: Context, work: Sequence[Work], processes: int) -> Iterator[Group]:
    if processes <= 1 or len(work) < WORTH_IT:
        for places, model in work:
            yield judge(context, places, model)
        return
    # Spawned: a fork of a process with threads, as NumPy's libraries start them, may hang.
    method = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, method, _start, (context.apart(),)) as pool:
        try:
            yield from pool.map(_judge, work, chunksize=_CHUNK)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _start(context: Context) -> None:
    # A terminal sends Ctrl-C to all: the process that asked ends these, which would only say where
    # they were.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _of_process[:] = [context]


def _judge(work: Work) -> Group:
    return judge(_of_process[0], *work)
