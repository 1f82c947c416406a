# SPDX-License-Identifier: Apache-2.0
"""One StartTest, from its handles to its logs.

Not for the order of things inside a run: that is `loadgen.run.execution`.
"""

from __future__ import annotations

import logging
import time
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from loadgen import _core
from loadgen.compat import conf
from loadgen.compat.adapters import (
    OfficialDataset,
    OfficialSystem,
    Timestamps,
    issuer,
    name_of,
)
from loadgen.compat.issue_threads import ROOM, Crew
from loadgen.compat.live import LIVE
from loadgen.compat.logbook import Answers, Logbook
from loadgen.compat.peak import find_peak
from loadgen.config.settings import Settings
from loadgen.errors import described, unwrapped
from loadgen.mlperf import translate
from loadgen.mlperf.logs.account import Account
from loadgen.mlperf.settings import TestMode, TestScenario, TestSettings
from loadgen.run.conclusion import Destination, conclude
from loadgen.run.execution import Execution
from loadgen.run.task import Task
from loadgen.verdict.reasons import GIVEN_UP

if TYPE_CHECKING:
    from loadgen.compat.handles import Library, Sut
    from loadgen.mlperf.logs.files import LogOutput
    from loadgen.result import Result

__all__ = ["DRAIN", "Drain", "start_test"]

log = logging.getLogger("loadgen")


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


def start_test(
    sut: Sut, library: Library, requested: TestSettings, output: LogOutput, audit_file: str
) -> None:
    """Run a test and write its logs, whatever becomes of it.

    Raises
    ------
    LoadGenError
        A log file cannot be made; nothing ran.
    BaseException
        What a callback raised, or what is wrong with the settings; the logs are written.
    """
    test = Test(sut, library, requested.copy(), Logbook(output))
    with LIVE.test(), ROOM.test():
        try:
            test.carry_out(audit_file)
        except BaseException as error:
            test.explain(error)
            try:
                test.write()
            except Exception as failure:  # the first error is the one to be seen
                log.error("%s, after an earlier error", described(failure), exc_info=failure)
            raise
        test.write()


class Test:
    """One test, which may be several runs."""

    __test__ = False

    def __init__(
        self, sut: Sut, library: Library, requested: TestSettings, logbook: Logbook
    ) -> None:
        self._sut = sut
        self._library = library
        self._requested = requested
        self._logbook = logbook
        self._dataset = OfficialDataset(library)
        self._accuracy_log = _core.AccuracyLogEngine()
        self._name = ""
        self._name_ns = 0
        self._summary_name: str | None = None
        self._crew: Crew | None = None
        self._result: Result | None = None
        self._result_ids = (0, 0)
        self._next_ids = (0, 0)
        self._said_by_result: BaseException | None = None

    def carry_out(self, audit_file: str) -> None:
        """Do what the settings ask for."""
        began = time.perf_counter_ns()
        self._name = name_of(self._sut)
        self._name_ns = time.perf_counter_ns() - began
        self._logbook.add(conf.PENDING.take())
        self._override(audit_file)
        if self._requested.mode is TestMode.FindPeakPerformance:
            self._carry_out_search()
            return
        with self._issue_threads():
            result, error = self._run(self._requested, self._timestamps())
            self._take(result)
            self._raise(error)
            if self._requested.mode is not TestMode.AccuracyOnly:
                self._summary_name = name_of(self._sut)

    def explain(self, error: BaseException) -> None:
        """Say in the logs what ended the test, where its result does not."""
        if error is not self._said_by_result:
            self._logbook.say_error(error)

    def write(self) -> None:
        """Write the logs."""
        first_query_id, first_sample_id = self._result_ids
        self._logbook.write(
            Account(
                requested=self._requested,
                total=self._library.total,
                performance=self._library.performance,
                sut_name=self._name,
                qsl_name=self._dataset.name,
                began_ns=self._logbook.began_ns,
                sut_name_duration_ns=self._name_ns,
                notes=tuple(self._logbook.notes),
                result=self._result,
                later_notes=tuple(self._logbook.later_notes),
                first_query_id=first_query_id,
                first_sample_id=first_sample_id,
                summary_sut_name=self._summary_name,
            )
        )

    def _override(self, audit_file: str) -> None:
        """Apply the audit file, and the seeds of TEST05."""
        requested = self._requested
        if Path(audit_file).is_file():
            # The text has this name, whatever the file is called.
            said = (
                "Found Audit Config file (audit.config). "
                "Overriding TestSettings from audit.config file."
            )
            self._logbook.say("warning_generic_message", said)
            self._logbook.add(conf.apply_audit(requested, audit_file))
        if requested.test05:
            said = "Test05 flag detected Overriding random seeds"
            self._logbook.say("warning_generic_message", said)
            requested.mode = TestMode.PerformanceOnly
            for seed in ("qsl_rng_seed", "sample_index_rng_seed", "schedule_rng_seed"):
                setattr(requested, seed, getattr(requested, f"test05_{seed}"))

    def _timestamps(self) -> Timestamps | None:
        performs = self._requested.mode is not TestMode.AccuracyOnly
        return Timestamps() if performs and self._requested.print_timestamps else None

    def _issue_threads(self) -> AbstractContextManager[object]:
        """Wait for the threads that the settings ask for; only Server has any."""
        n_threads = self._requested.server_num_issue_query_threads
        if n_threads == 0 or self._requested.scenario is not TestScenario.Server:
            return nullcontext()
        stack = ExitStack()
        self._crew = stack.enter_context(ROOM.crew(n_threads, issuer(self._sut), DRAIN.patience_s))
        return stack

    def _run(
        self, requested: TestSettings, timestamps: Timestamps | None = None
    ) -> tuple[Result | None, BaseException | None]:
        """Measure once; return what came of it, and what a callback raised."""
        translated = translate.to_run(
            requested, total=self._library.total, performance=self._library.performance
        )
        if self._result is None:  # once for all probes of a search
            self._logbook.add(translated.notes, of_settings=True)
        task = Task.exactly(
            self._dataset,
            translated.scenario,
            DRAIN.applied(translated.settings),
            rate=translated.rate,
            whole_sets=translated.whole_sets,
        )
        if timestamps is not None:
            timestamps.expect(len(task.steps))
        self._dataset.timestamps = timestamps
        answers = Answers(self._logbook.writer, requested, self._next_ids[1])
        execution = Execution(
            task, self._name, sinks=(answers,), keep_outputs=False, accuracy_log=self._accuracy_log
        )
        answers.open(execution.run)
        self._logbook.begin_series()
        with LIVE.going_on(execution.run):
            execution.carry_out(OfficialSystem(self._sut, self._name, self._crew))
        result = conclude(execution, Destination(None, False, (answers,)))
        return result, None if execution.error is None else unwrapped(execution.error)

    def _take(self, result: Result | None) -> None:
        """Let the logs be about a result."""
        self._result, self._result_ids = result, self._next_ids

    def _raise(self, error: BaseException | None) -> None:
        """Raise what ended a run, whose result has just been taken."""
        if error is not None:
            self._said_by_result = None if self._result is None else error
            raise error

    def _carry_out_search(self) -> None:
        say = self._logbook.say
        self._logbook.begin_series()
        say("generic_message", "Starting FindPeakPerformance mode")
        if self._requested.scenario is not TestScenario.Server:
            said = "Finding peak performance is only supported in Server scenarios."
            say("error_invalid_config", said)
            return
        with self._issue_threads(), suppress(_GivenUp):
            find_peak(self._requested, self._probe, say, self._dataset.keeping)
        self._summary_name = name_of(self._sut)

    def _probe(self, target_qps: float) -> bool:
        """Measure at a rate; whether the limits were kept. The logs are about the last that did."""
        requested = self._requested.copy()
        requested.server_target_qps = target_qps
        result, error = self._run(requested)
        given_up = error is not None or result is None or _is_given_up(result)
        passed = result is not None and result.verdict.perf_constraints_met
        if passed or given_up or self._result is None:
            self._take(result)
        self._raise(error)
        if given_up:
            raise _GivenUp
        assert result is not None  # there is one where nothing was given up
        planned = result.data.series[-1].planned_queries or 0
        # Server: a query is a sample.
        self._next_ids = self._next_ids[0] + planned, self._next_ids[1] + planned
        return passed


class _GivenUp(Exception):
    """A probe was ended before its time, so the search says nothing."""


def _is_given_up(result: Result) -> bool:
    return result.data.aborted_reason is not None or result.data.series[-1].end in GIVEN_UP
