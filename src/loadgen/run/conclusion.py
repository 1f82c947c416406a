# SPDX-License-Identifier: Apache-2.0
"""What is left of a run: its data, its `Result`, the folder and sinks that get it, its error.

Not for the run itself (`execution`), nor for what is computed from the data (`result`).
"""

from __future__ import annotations

import contextlib
import numbers
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadgen import _core, environment
from loadgen._core import SeriesOutcome
from loadgen.config.scenarios import Offline
from loadgen.dataset import LoadedDataset
from loadgen.errors import Interrupted, LoadGenError, SUTError, described, text_of
from loadgen.health import DelayFigures
from loadgen.result import Result
from loadgen.result.data import Occurrence, RunData, Series
from loadgen.result.folder import prepare_output_dir
from loadgen.result.outputs import Outputs
from loadgen.result.tally import Tally
from loadgen.result.token_times import TokenTimes, gaps_from_core
from loadgen.run.execution import Execution
from loadgen.run.shielded import shielded
from loadgen.run.sinks import Sink, check
from loadgen.run.task import Step
from loadgen.sut import SystemUnderTest

_DRAWN_FOR_CEILING = 10_000  # queries: 0.1 ms


@dataclass(frozen=True)
class Destination:
    """Where a result goes, besides to the caller. Made by `prepare`."""

    folder: Path | None
    overwrite: bool
    sinks: tuple[Sink, ...]

    @classmethod
    def prepare(
        cls,
        output_dir: str | os.PathLike[str] | None,
        overwrite: bool = False,
        sinks: Sequence[Sink] = (),
    ) -> Destination:
        """Make sure that the result can be written, before anything is measured."""
        checked = check(sinks)
        folder = None if output_dir is None else prepare_output_dir(output_dir, overwrite)
        return cls(folder, overwrite, checked)


def conclude(execution: Execution, destination: Destination) -> Result | None:
    """Return the result of a closed run, after it went where it is to go.

    An error on the way is kept as the run's. None: there was no series, or an error came before
    the first query.
    """
    made: list[Result] = []  # an interrupt comes after it was made, and so does not lose it
    n_issued = sum(outcome.n_rows for _, outcome in execution.done)
    if execution.done and (execution.error is None or n_issued > 0):
        with execution.keeping_error():
            shielded(lambda: made.append(Result(run_data(execution))))
    result = made[0] if made else None
    for sink in destination.sinks:
        with execution.keeping_error():
            sink.close(result)
    if result is not None and destination.folder is not None:
        saved, folder = result, destination.folder
        with execution.keeping_error():
            shielded(lambda: saved.save(folder, overwrite=destination.overwrite))
    return result


def with_result(error: BaseException, result: Result | None) -> BaseException:
    """Return what is to be raised of a run's error: it has the result."""
    if isinstance(error, KeyboardInterrupt) and not isinstance(error, Interrupted):
        interrupted = Interrupted("interrupted", result)
        interrupted.__cause__ = error
        return interrupted
    with contextlib.suppress(AttributeError):  # an exception of the user's may refuse it
        setattr(error, "result", result)  # noqa: B010  # other people's exceptions do not declare it
    return error


def system_spec(sut: object) -> str | dict[str, Any] | None:
    """Return by what a run file can repeat a system: its table, "module:name", or None."""
    table = sut.spec if isinstance(sut, SystemUnderTest) else None
    return spec_of(sut) if table is None else dict(table)


def spec_of(thing: object) -> str | None:
    """Return "module:name" of what can be imported by it, a count's number, a path, or None."""
    if isinstance(thing, numbers.Integral):
        return str(int(thing))
    if isinstance(thing, LoadedDataset):
        return thing.spec
    module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module == "__main__":
        return None
    found = getattr(sys.modules.get(module), name, None)
    return f"{module}:{name}" if found is thing else None


def run_data(execution: Execution) -> RunData:
    """Collect everything that is known of a closed run."""
    engine, task = execution.engine, execution.task
    columns = engine.columns()
    done = execution.done
    run_start_ns = done[0][1].start_ns if done else 0
    counted = engine.tally()
    token_times = engine.take_token_times(run_start_ns)
    return RunData(
        scenario=task.scenario,
        settings=task.settings,
        effective=task.effective,
        dataset_total=task.total,
        dataset_performance=task.performance,
        sut_name=execution.sut_name,
        series=tuple(_series(execution, step, outcome) for step, outcome in done),
        columns=columns,
        run_start_ns=run_start_ns,
        n_rows=sum(outcome.n_rows for _, outcome in done),
        violations=_occurrences(engine.violations()),
        failures=_occurrences(engine.failures()),
        outputs=_outputs(execution),
        own_delay=DelayFigures.from_core(engine.own_delay()),
        blocked_delay=DelayFigures.from_core(engine.blocked_delay()),
        issuing=engine.issuing(),
        monitor=execution.monitor,
        environment={
            **environment.describe(),
            "requests_refused": engine.requests_refused,
            **_issue_ceiling(execution),
            **_batch_sizes(engine),
            **({"none_answers": engine.none_answers} if engine.none_answers else {}),
            **({"system": execution.system_facts} if execution.system_facts else {}),
        },
        started_at=execution.started_at,
        sut_spec=execution.sut_spec,
        dataset_spec=spec_of(task.total if task.samples is None else task.dataset),
        dataset_columns=task.columns,
        aborted_reason=_aborted_reason(execution),
        tally=None if counted is None else Tally.from_core(counted, run_start_ns, task.limits_ns),
        token_gaps=None if token_times else gaps_from_core(engine.token_gaps()),
        token_times=None if token_times is None else TokenTimes(*token_times),
    )


def _issue_ceiling(execution: Execution) -> dict[str, float]:
    """Measure what no number of issuing threads can pass: each draws the whole plan."""
    if execution.task.settings.issue_threads == 1:
        return {}
    step, _ = execution.done[-1]
    cost_ns = _core.TrafficPlan(execution.task.plan(step), step.loaded).cost_ns(_DRAWN_FOR_CEILING)
    return {"issue_ceiling_qps": 1e9 / cost_ns} if cost_ns > 0 else {}


def _batch_sizes(engine: _core.Engine) -> dict[str, dict[str, int]]:
    """Return how many batches of each size were taken, where any were; JSON has no other keys."""
    sizes = engine.batch_sizes()
    return {"batch_sizes": {str(size): count for size, count in sizes.items()}} if sizes else {}


def _series(execution: Execution, step: Step, outcome: SeriesOutcome) -> Series:
    task, first = execution.task, execution.done[0][1]
    per_query = task.effective.samples_per_query
    if isinstance(task.scenario, Offline):
        per_query = len(step.loaded.samples) if step.phase == "accuracy" else per_query
    return Series(
        phase=step.phase,
        first_row=outcome.first_row - first.first_row,
        n_rows=outcome.n_rows,
        n_queries=outcome.n_queries,
        samples_per_query=per_query,
        planned_queries=outcome.planned_queries,
        planned_duration_ns=outcome.planned_duration_ns,
        first_query_id=outcome.first_query_id,
        first_sample_id=outcome.first_sample_id,
        start_ns=outcome.start_ns - first.start_ns,
        last_scheduled_ns=outcome.last_scheduled_ns,
        last_issued_ns=outcome.last_issued_ns,
        end_ns=outcome.end_ns,
        end=_end(execution, outcome.end),
        loaded_set_size=step.loaded.end,
        n_outstanding_at_end=outcome.n_outstanding,
    )


def _end(execution: Execution, end: str) -> str:
    """Tell a run that was given up from one whose system raised, on whichever thread that was."""
    if end not in ("aborted", "sut_raised") or execution.run._abort_reasons:
        return end
    return "sut_raised" if isinstance(execution.error, SUTError) else "aborted"


def _occurrences(counts: dict[str, tuple[int, str]]) -> dict[str, Occurrence]:
    return {kind: Occurrence(count, example) for kind, (count, example) in counts.items()}


def _outputs(execution: Execution) -> Outputs | None:
    if execution.task.keep_outputs == "none" or not execution.keeps_outputs:
        return None
    offset, length, kind, data = execution.engine.payload()
    return Outputs(offset, length, kind, data, tuple(execution.encoder.kinds))


def _aborted_reason(execution: Execution) -> str | None:
    """Why the run was given up, in the words of who gave it up first."""
    if execution.run._abort_reasons:
        return execution.run._abort_reasons[0]
    if isinstance(execution.error, KeyboardInterrupt):
        return "interrupted"
    if execution.error is None:
        return None
    ours = isinstance(execution.error, LoadGenError)  # says by itself what went wrong
    return text_of(execution.error) if ours else described(execution.error)
