# SPDX-License-Identifier: Apache-2.0
"""One run: a model is trained from a seed until its quality is the target, and a log says how.

Not for several runs (``running.py``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from loadgen._core import VirtualClock
from loadgen.errors import LoadGenError, SUTError, raised
from loadgen.mlperf.training.log import LogWriter
from loadgen.mlperf.training.task import TrainingTask, block_size, quality_of

__all__ = ["stamps", "train_once"]

_T = TypeVar("_T")


def stamps(clock: VirtualClock | None) -> Callable[[], int]:
    """Return what gives the time in ms since 1970, and never goes back.

    The machine's date is read once; from then on a clock counts that nobody sets.
    """
    if clock is not None:
        return lambda: clock.now_ns // 1_000_000
    offset_ns = time.time_ns() - time.monotonic_ns()
    return lambda: (time.monotonic_ns() + offset_ns) // 1_000_000


def train_once(task: TrainingTask, log: LogWriter, seed: int, facts: Mapping[str, Any]) -> None:
    """Train, and write the log of it.

    Parameters
    ----------
    task : TrainingTask
    log : LogWriter
    seed : int
    facts : mapping
        What the log says before: key to value.

    Raises
    ------
    SUTError
        A hook raised.
    LoadGenError
        A hook returned what it may not.
    """
    try:
        log.event("cache_clear", bool(_called(task, task.clear_caches)))
        log.start("init_start")
        log.event("seed", seed)
        for key, value in facts.items():
            log.event(key, value)
        _called(task, task.init, seed)
        log.end("init_stop")
        log.start("run_start")
        _called(task, task.load)
        reached = _blocks(task, log)
        log.end("run_stop", status="success" if reached else "aborted")
    finally:
        _called(task, task.stop)


def _blocks(task: TrainingTask, log: LogWriter) -> bool:
    """Train and evaluate in turn; return whether the target was reached."""
    samples = 0
    while samples < task.max_samples:
        log.start("block_start", samples_count=samples)
        samples += block_size(_called(task, task.train))
        log.end("block_stop", samples_count=samples)
        log.start("eval_start", samples_count=samples)
        quality = quality_of(_called(task, task.evaluate))
        log.event("eval_accuracy", quality, samples_count=samples)
        log.end("eval_stop", samples_count=samples)
        if quality is None or task.reached(quality):
            return quality is not None
    return False


def _called(task: TrainingTask, hook: Callable[..., _T], *arguments: Any) -> _T:
    """Call a hook; what it raises is the user's."""
    try:
        return hook(*arguments)
    except LoadGenError:
        raise
    except Exception as error:
        raise raised(SUTError, f"{task.name}: {hook.__name__}()", error) from error
