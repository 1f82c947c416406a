# SPDX-License-Identifier: Apache-2.0
"""``--dry-run``: what would be run, without running it.

The text is a run file, with what it comes to in comments: ``loadgen run`` takes it. Not for the
run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from loadgen import _core, traffic
from loadgen.cli.job import Job
from loadgen.config.run_file import write_run_file
from loadgen.config.scenarios import Offline, Server
from loadgen.report import units
from loadgen.run.task import Step, Task
from loadgen.values import count_in_words

_SHOWN_QUERIES: Final = 10
_SHOWN_SAMPLES: Final = 8  # of each query
_SHOWN_SERIES: Final = 4  # an accuracy run may have thousands


@dataclass(frozen=True)
class _Planned:
    """One series; None where the plan goes on until the minima are met."""

    phase: str
    loaded_set_size: int
    queries: int | None
    samples: int | None
    duration_ns: int | None


@dataclass(frozen=True)
class _Arrival:
    """A query; `due_ns` is None where it is issued when an answer makes room."""

    due_ns: int | None
    n_samples: int
    first_indices: list[int]


def plan_document(job: Job) -> dict[str, Any]:
    """Return the plan of a job as plain values."""
    task = job.task
    return {
        "sut": job.sut.name,
        "dataset": {"name": task.dataset.name, "total": task.total, "loads": task.performance},
        "scenario": task.scenario.to_dict(),
        "settings": task.settings.to_dict(),
        "effective": dataclasses.asdict(task.effective),
        "series": [dataclasses.asdict(series) for series in _series(task)],
        "first_arrivals": [dataclasses.asdict(arrival) for arrival in _first_arrivals(task)],
        "traffic_digest": _digest(task),
    }


def plan_text(job: Job) -> str:
    """Return the plan of a job as a run file with comments."""
    settings = job.task.settings
    file = write_run_file(dataclasses.replace(job.wanted, settings=settings))
    return file + "\n" + "\n".join(f"# {line}".rstrip() for line in _comments(job))


def _comments(job: Job) -> Iterator[str]:
    task = job.task
    yield f"{job.sut.name}, over {count_in_words(task.total, 'sample')} of {task.dataset.name}"
    yield ""
    yield "What the settings come to:"
    for name, value in dataclasses.asdict(task.effective).items():
        yield f"  {name} = {'none' if value is None else _shortened(value)}"
    yield ""
    yield "Series:"
    series = _series(task)
    for each in series[-_SHOWN_SERIES:]:
        yield "  " + _in_words(each)
    if len(series) > _SHOWN_SERIES:
        yield f"  and {len(series) - _SHOWN_SERIES:,} before these"
    yield ""
    yield f"First queries of the {series[-1].phase} series, and the samples they ask for:"
    for arrival in _first_arrivals(task):
        due = "when there is room" if arrival.due_ns is None else f"at {units.time(arrival.due_ns)}"
        more = ", ..." if arrival.n_samples > len(arrival.first_indices) else ""
        yield f"  {due:<18}  {', '.join(map(str, arrival.first_indices))}{more}"
    yield ""
    yield f"traffic_digest = {_digest(task)}"


def _shortened(value: object) -> object:
    """Return the turns of many conversations as a sum; anything else as it is."""
    if not isinstance(value, tuple) or len(value) <= _SHOWN_SAMPLES:
        return value
    conversations = count_in_words(len(value), "conversation")
    return f"{count_in_words(sum(value), 'turn')} of {conversations}"


def _in_words(series: _Planned) -> str:
    loaded = f"{count_in_words(series.loaded_set_size, 'sample')} loaded"
    if series.queries is None or series.samples is None:
        return f"{series.phase}: queries until the minima are met, {loaded}"
    queries = count_in_words(series.queries, "query", "queries")
    lasting = f" in {units.time(series.duration_ns)}" if series.duration_ns else ""
    return (
        f"{series.phase}: {queries}, {count_in_words(series.samples, 'sample')}{lasting}, {loaded}"
    )


def _series(task: Task) -> list[_Planned]:
    return [_planned(task, step) for step in task.steps]


def _planned(task: Task, step: Step) -> _Planned:
    """Draw a whole plan, if it has an end."""
    size = step.loaded.end
    endless = task.effective.target_qps is None and not isinstance(task.scenario, Offline)
    if endless and step.phase == "performance":
        return _Planned(step.phase, size, None, None, None)
    plan = _plan(task, step)
    plan.run_dry()
    return _Planned(step.phase, size, plan.query_count, plan.sample_count, plan.duration_ns)


def _first_arrivals(task: Task) -> Iterator[_Arrival]:
    """Yield the first queries of the last series, which is the performance series if any is."""
    timed = isinstance(task.scenario, (Server, Offline))
    plan = _plan(task, task.steps[-1])
    per_query = max((task.effective.samples_per_query, *task.effective.turns))
    due, sizes, indices, _ = plan.draw(_SHOWN_QUERIES, _SHOWN_QUERIES * min(per_query, 1_000))
    first = 0
    for at, size in zip(due.tolist(), sizes.tolist(), strict=True):
        yield _Arrival(
            at if timed else None, size, indices[first : first + size][:_SHOWN_SAMPLES].tolist()
        )
        first += size


def _plan(task: Task, step: Step) -> _core.TrafficPlan:
    return _core.TrafficPlan(task.plan(step), step.loaded, _core.AccuracyLogEngine())


def _digest(task: Task) -> str:
    return traffic.traffic_digest(task.scenario, task.settings, task.effective, task.total)
