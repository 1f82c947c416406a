# SPDX-License-Identifier: Apache-2.0
"""What the view of a run is told of a series before it starts: from the task, in words."""

from __future__ import annotations

from loadgen.config.arrivals import Replay, Varying
from loadgen.config.scenarios import Concurrent, Offline, Scenario, Server
from loadgen.result.observation import reported_percentile
from loadgen.run.live.state import Series
from loadgen.run.task import Task
from loadgen.values import count_in_words

__all__ = ["series_of", "warm_up_of"]


def series_of(task: Task, number: int, sut_name: str, *, may_end_early: bool = False) -> Series:
    """Return what the view is told of a series.

    Parameters
    ----------
    task : Task
    number : int
        Which of the task's steps, from 0.
    sut_name : str
    may_end_early : bool
        Whether something else than the settings may end it.
    """
    step, sizes, n_steps = task.steps[number], task.effective, len(task.steps)
    phase = step.phase if n_steps == 1 else f"{step.phase} {number + 1}/{n_steps}"
    known = Series(
        name=f"{_head(task, sut_name)}, {phase}",
        percentile=reported_percentile(task.scenario),
        asked=_asked(task.scenario),
        samples_per_query=1 if isinstance(task.scenario, Offline) else sizes.samples_per_query,
        are_all_due=isinstance(task.scenario, Offline),
        is_timed=isinstance(task.scenario, Server),
        may_end_early=may_end_early,
    )
    if step.phase == "accuracy":
        return known._replace(n_samples=len(step.loaded.samples))
    if isinstance(task.scenario, Offline):
        return known._replace(n_samples=sizes.samples_per_query)
    longest_ns = sizes.max_duration_ns
    return known._replace(
        min_queries=sizes.min_queries,
        max_queries=sizes.max_queries,
        min_duration_s=sizes.min_duration_ns / 1e9,
        max_duration_s=None if longest_ns is None else longest_ns / 1e9,
    )


def warm_up_of(task: Task, sut_name: str) -> Series:
    """Return what the view is told of the queries before the first series."""
    queries = count_in_words(task.settings.warmup_queries, "query", "queries")
    return Series(f"{_head(task, sut_name)}, warm-up of {queries}", is_warm_up=True)


def _head(task: Task, sut_name: str) -> str:
    return f"{sut_name}: {task.scenario.name}"


def _asked(scenario: Scenario) -> str:
    if isinstance(scenario, Concurrent):
        return f"{scenario.concurrency:,} at a time"
    if isinstance(scenario, Offline):
        return "all at once"
    if not isinstance(scenario, Server):
        return ""
    if isinstance(scenario.arrivals, Replay):
        return "as recorded"
    if isinstance(scenario.arrivals, Varying):
        return f"{scenario.target_qps:,.6g}/s, changing"
    return f"{scenario.target_qps:,.6g}/s"
