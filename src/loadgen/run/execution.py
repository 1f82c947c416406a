# SPDX-License-Identifier: Apache-2.0
"""One run from checked settings to its last answer: what happens, in which order.

Samples are loaded, the system is started and warmed up; then one series follows the other, each
over its loaded set; then the system is stopped, whatever happened. The first error is kept for the
end. Not for what a run is (`task`), nor for what it leaves behind (`conclusion`).
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from loadgen import _core, dataset, monitor
from loadgen.config.scenarios import Concurrent, Server
from loadgen.errors import LoadGenError, SUTError, described, raised
from loadgen.result.encoding import Encoder
from loadgen.run.collector import collector
from loadgen.run.live import LiveView, Screen, Series
from loadgen.run.live.planned import series_of, warm_up_of
from loadgen.run.sinks import OutputStream, Sink
from loadgen.run.task import Step, Task
from loadgen.sut.base import Delivery, SystemUnderTest
from loadgen.sut.handle import Run

log = logging.getLogger("loadgen")

Watch = Callable[[_core.Engine], AbstractContextManager[object]]

_LAST_ENDS = ("aborted", "sut_raised", "drain_timeout", "record_full")
"""Ends of a series after which a further one would say nothing."""


class Execution:
    """A run that goes on: its core, the series that it did, its first error.

    Parameters
    ----------
    task : Task
    sut_name : str
    sut_spec : str or dict, optional
        "module:name", where the system can be imported by it.
    screen : Screen, optional
        Where the run is shown while it goes on. None: nowhere.
    clock : VirtualClock, optional
        None: the real one.
    sinks : sequence of Sink
        Get the kept answers.
    keep_outputs : bool
        Whether answers that the sinks have got are kept for the result as well.
    accuracy_log : AccuracyLogEngine, optional
        Where the choice of kept answers goes on from an earlier run. None: from the beginning.
    watch : callable, optional
        Gets the core, returns what is entered while it measures, and may stop the issue.

    Attributes
    ----------
    run : Run
        What the system under test gets; from any thread.
    done : list of (Step, SeriesOutcome)
        In their order; the last may have been cut short.
    error : BaseException or None
        The first one.
    system_facts : dict
        What the system under test says of itself.
    monitor : dict
        What the machine did in the series that figures are about.

    Notes
    -----
    Thread safety: one thread at a time.
    """

    def __init__(
        self,
        task: Task,
        sut_name: str,
        *,
        sut_spec: str | dict[str, Any] | None = None,
        screen: Screen | None = None,
        clock: _core.VirtualClock | None = None,
        sinks: Sequence[Sink] = (),
        keep_outputs: bool = True,
        accuracy_log: _core.AccuracyLogEngine | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.task = task
        self.sut_name = sut_name
        self.sut_spec = sut_spec
        self.encoder = Encoder()
        self.keeps_outputs = keep_outputs or not sinks
        self.engine = task.engine(self.encoder, clock, recycle_outputs=not self.keeps_outputs)
        self.run = Run(self.engine, task.scenario, task.settings, task.dataset, clock)
        self.done: list[tuple[Step, _core.SeriesOutcome]] = []
        self.error: BaseException | None = None
        self.system_facts: dict[str, Any] = {}
        self.monitor: dict[str, Any] = {}
        self._began = (0, 0)
        self._loaded: Step | None = None
        self._accuracy_log = accuracy_log or _core.AccuracyLogEngine()
        # Where no answer is kept no thread is to look for any beside the measurement.
        takers = () if task.keep_outputs == "none" else sinks
        self._watch = watch
        self._stream = OutputStream(self.engine, takers, on_error=self._sink_raised)
        self._view = screen and LiveView(
            screen,
            self.engine.progress,
            partial(_core.LiveFigures, self.engine),
            lambda: self._now_ns() / 1e9,
        )

    @property
    def started_at(self) -> str:
        """When the first series began, UTC in ISO 8601; empty where nothing was measured."""
        if not self.done:
            return ""
        wall_ns, clock_ns = self._began
        began_us = (wall_ns + self.done[0][1].start_ns - clock_ns) // 1000
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        return (epoch + timedelta(microseconds=began_us)).isoformat(timespec="microseconds")

    def _now_ns(self) -> int:
        clock = self.run.clock
        return time.monotonic_ns() if clock is None else clock.now_ns

    @contextmanager
    def keeping_error(self) -> Iterator[None]:
        """Go on after an error; the first one is kept, later ones are logged."""
        try:
            yield
        except BaseException as error:
            self._keep(error)

    def _keep(self, error: BaseException) -> None:
        if self.error is None:
            self.error = error
        else:
            log.error("%s, after an earlier error", described(error), exc_info=error)

    def carry_out(self, system: SystemUnderTest) -> None:
        """Do the whole run, up to the record's end. Raises nothing: see `error`."""
        with self.keeping_error():
            self.load_first()
        if self.error is None:
            with self.keeping_error():
                with self._of_the_system():
                    delivery = system._delivery(self.task.scenario)
                    system.start(self.run)
                with self._watch(self.engine) if self._watch else nullcontext():
                    self.measure(delivery, system.flush)
            # Before stop(), which may bring late answers: they are violations, not results.
            with self.keeping_error():
                self.engine.close()
            with self.keeping_error(), self._of_the_system():
                # Saved results have JSON: what is none becomes text.
                self.system_facts = json.loads(json.dumps(dict(system.describe()), default=str))
            with self.keeping_error(), self._of_the_system():
                system.stop()
        self.close()

    def load_first(self) -> None:
        """Load the first series' samples."""
        self._load(self.task.steps[0])

    def measure(self, delivery: Delivery, flush: Callable[[], object] | None = None) -> None:
        """Warm up, then run all series; return when the last one is answered.

        Parameters
        ----------
        delivery : Delivery
        flush : callable, optional
            Called once per series, when no more of its queries will come.
        """
        self._began = (time.time_ns(), self._now_ns())
        with self._view or nullcontext(), collector(self.task.settings.gc):
            if self._view and self.task.settings.warmup_queries:
                self._view.series(warm_up_of(self.task, self.sut_name))
            with self._of_the_system():
                self._warm_up(delivery)
            for number, step in enumerate(self.task.steps):
                self._load(step)
                self._stream.series(accuracy=step.phase == "accuracy")
                if self._view:
                    self._view.series(self._shown(number))
                simulated = self.run.clock is not None
                # Figures are about the performance series, or about all accuracy series.
                self.monitor = self.monitor if step.phase == "accuracy" else {}
                with self._of_the_system(), monitor.watch(simulated, into=self.monitor):
                    end = self._series(number, delivery, flush)
                if end in _LAST_ENDS:
                    break

    def close(self) -> None:
        """Unload what is loaded, end the record, and give the last answers. Raises nothing."""
        with self.keeping_error():
            self._unload()
        with self.keeping_error():
            self.engine.close()
        with self.keeping_error():
            self._stream.finish()

    def _sink_raised(self, error: BaseException) -> None:
        self._keep(error)
        self.engine.abort()

    def _load(self, step: Step) -> None:
        if self._loaded is not step:
            self._unload()
            dataset.load(self.task.dataset, step.indices)
            self._loaded = step
            self.run._loaded = step.loaded.samples

    def _unload(self) -> None:
        step, self._loaded = self._loaded, None
        if step is not None:
            dataset.unload(self.task.dataset, step.indices)

    def _warm_up(self, delivery: Delivery) -> None:
        n_queries = self.task.settings.warmup_queries
        if n_queries:
            self.engine.warm_up(
                self.task.steps[0].loaded,
                n_queries,
                self.task.warm_up_samples_per_query,
                delivery=delivery.kind,
                target=delivery.target,
            )
            self._raise_for_others()

    def _series(self, number: int, delivery: Delivery, flush: Callable[[], object] | None) -> str:
        step = self.task.steps[number]
        plan = _core.TrafficPlan(self.task.plan(step), step.loaded, self._accuracy_log)
        try:
            outcome = self.engine.run_series(
                plan,
                accuracy=step.phase == "accuracy",
                delivery=delivery.kind,
                target=delivery.target,
                flush=flush,
                last=number == len(self.task.steps) - 1,
                max_batch_size=delivery.max_batch_size,
                **self._limits(),
            )
        except BaseException:
            cut_short = self.engine.outcome
            if cut_short is not None:
                self.done.append((step, cut_short))
            raise
        self.done.append((step, outcome))
        self._raise_for_others()
        return outcome.end

    def _limits(self) -> dict[str, Any]:
        scenario, effective = self.task.scenario, self.task.effective
        limits: dict[str, Any] = {
            "min_queries": effective.min_queries,
            "max_queries": effective.max_queries,
            "target_duration_ns": effective.target_duration_ns,
            "max_duration_ns": effective.max_duration_ns,
        }
        if isinstance(scenario, Server):
            limits["max_outstanding"] = scenario.max_outstanding
            limits["coalesce"] = scenario.coalesce
        elif isinstance(scenario, Concurrent):
            limits["concurrency"] = scenario.concurrency
        return limits

    def _raise_for_others(self) -> None:
        """Raise what a thread of the system's ended the run with."""
        if self.run._errors:
            raise self.run._errors[0]

    @contextmanager
    def _of_the_system(self) -> Iterator[None]:
        """Say of an exception that the system under test raised it; the core's own pass."""
        try:
            yield
        except LoadGenError:
            raise
        except Exception as error:
            raise raised(SUTError, self.sut_name, error) from error

    def _shown(self, number: int) -> Series:
        return series_of(self.task, number, self.sut_name, may_end_early=self._watch is not None)
