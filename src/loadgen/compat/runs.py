# SPDX-License-Identifier: Apache-2.0
"""The runs of one test: one, or one for each probe of a search.

Not for how many there are, nor for what the logs say of them: that is `loadgen.compat.conduct`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from loadgen import _core
from loadgen.compat.adapters import Timestamps
from loadgen.compat.live import LIVE
from loadgen.compat.logbook import Answers
from loadgen.config.settings import Settings
from loadgen.errors import unwrapped
from loadgen.mlperf import translate
from loadgen.mlperf.settings import TestMode
from loadgen.run.conclusion import Destination, conclude
from loadgen.run.execution import Execution
from loadgen.run.task import Task
from loadgen.verdict.ends import GIVEN_UP

if TYPE_CHECKING:
    from loadgen.compat.adapters import OfficialDataset, OfficialSystem
    from loadgen.compat.handles import Library
    from loadgen.compat.logbook import Logbook
    from loadgen.mlperf.settings import TestSettings
    from loadgen.result import Result

__all__ = ["DRAIN", "Drain", "FirstIds", "Outcome", "Runs"]


class Drain:
    """How long a test waits for answers before it gives up.

    Attributes
    ----------
    timeout_s : float or None
        None: as long as the library itself does.
    """

    def __init__(self) -> None:
        self.timeout_s: float | None = None

    @property
    def patience_s(self) -> float | None:
        """How long threads may be in a callback; None: for ever."""
        return self.applied(Settings()).drain_timeout_s

    def applied(self, settings: Settings) -> Settings:
        """Return settings with it."""
        if self.timeout_s is None:
            return settings
        return Settings.from_dict({**settings.given(), "drain_timeout_s": self.timeout_s})


DRAIN = Drain()
"""Of this process: MLPerf's settings have no such field."""


class FirstIds(NamedTuple):
    """Where a run's ids begin: within a test they go on from run to run."""

    query: int = 0
    sample: int = 0


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Parameters
    ----------
    result : Result or None
        None: nothing was measured.
    error : BaseException or None
        What ended it, as a callback raised it.
    first_ids : FirstIds
    """

    result: Result | None = None
    error: BaseException | None = None
    first_ids: FirstIds = field(default_factory=FirstIds)

    @property
    def passed(self) -> bool:
        """Whether the limits were kept."""
        return self.result is not None and self.result.verdict.perf_constraints_met

    @property
    def given_up(self) -> bool:
        """Whether it was ended before its time, and so says nothing of the limits."""
        if self.error is not None or self.result is None:
            return True
        data = self.result.data
        return data.aborted_reason is not None or data.series[-1].end in GIVEN_UP


class Runs:
    """What measures once, each time that it is asked to.

    Parameters
    ----------
    library : Library
    dataset : OfficialDataset
        Over the library.
    system : OfficialSystem
    logbook : Logbook
        Gets the answers, and what is to be said of the settings.
    """

    def __init__(
        self,
        library: Library,
        dataset: OfficialDataset,
        system: OfficialSystem,
        logbook: Logbook,
    ) -> None:
        self._library = library
        self._dataset = dataset
        self._system = system
        self._logbook = logbook
        self._accuracy_log = _core.AccuracyLogEngine()
        self._next_ids = FirstIds()
        self._said_settings = False

    def run(self, requested: TestSettings) -> Outcome:
        """Measure once.

        Raises
        ------
        SettingsError
            Nothing was measured.
        """
        task, first_ids = self._task(requested), self._next_ids
        self._dataset.timestamps = _timestamps(requested, task)
        answers = Answers(self._logbook.writer, requested, first_ids.sample)
        execution = Execution(
            task,
            self._system.name,
            sinks=(answers,),
            keep_outputs=False,
            accuracy_log=self._accuracy_log,
        )
        answers.open(execution.run)
        self._logbook.begin_series()
        with LIVE.going_on(execution.run):
            execution.carry_out(self._system)
        result = conclude(execution, Destination(None, False, (answers,)))
        if result is not None:
            planned = result.data.series[-1].planned_queries or 0
            # Only a search goes on from here, in Server, where a query is a sample.
            self._next_ids = FirstIds(first_ids.query + planned, first_ids.sample + planned)
        error = None if execution.error is None else unwrapped(execution.error)
        return Outcome(result, error, first_ids)

    def _task(self, requested: TestSettings) -> Task:
        library = self._library
        translated = translate.to_run(
            requested, total=library.total, performance=library.performance
        )
        if not self._said_settings:  # once for all probes of a search
            self._said_settings = True
            self._logbook.add(translated.notes, of_settings=True)
        return Task.exactly(
            self._dataset,
            translated.scenario,
            DRAIN.applied(translated.settings),
            rate=translated.rate,
            whole_sets=translated.whole_sets,
        )


def _timestamps(requested: TestSettings, task: Task) -> Timestamps | None:
    """Return what prints them, where they are asked for and a performance series comes."""
    performs = requested.mode in (TestMode.PerformanceOnly, TestMode.SubmissionRun)
    return Timestamps(len(task.steps)) if performs and requested.print_timestamps else None
