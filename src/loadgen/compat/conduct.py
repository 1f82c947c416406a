# SPDX-License-Identifier: Apache-2.0
"""One StartTest, from its handles to its logs.

Not for the order of things inside a run: that is `loadgen.run.execution`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from loadgen.compat import conf
from loadgen.compat.adapters import OfficialDataset, OfficialSystem, issuer, name_of
from loadgen.compat.issue_threads import ROOM
from loadgen.compat.live import LIVE
from loadgen.compat.logbook import Logbook
from loadgen.compat.peak import find_peak
from loadgen.compat.runs import DRAIN, Outcome, Runs
from loadgen.errors import described
from loadgen.mlperf.logs.account import Account
from loadgen.mlperf.notes import Note
from loadgen.mlperf.settings import TestMode, TestScenario, TestSettings, apply_test05

if TYPE_CHECKING:
    from loadgen.compat.handles import Library, Sut
    from loadgen.compat.issue_threads import Crew
    from loadgen.mlperf.logs.files import LogOutput

__all__ = ["start_test"]

log = logging.getLogger("loadgen")


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
    """One test, which may be several runs; its logs are about one of them."""

    __test__ = False

    def __init__(
        self, sut: Sut, library: Library, requested: TestSettings, logbook: Logbook
    ) -> None:
        self._sut = sut
        self._library = library
        self._requested = requested
        self._logbook = logbook
        self._dataset = OfficialDataset(library)
        self._name = ""
        self._name_ns = 0
        self._summary_name: str | None = None
        self._logged = Outcome()

    def carry_out(self, audit_file: str) -> None:
        """Do what the settings ask for."""
        began = time.perf_counter_ns()
        self._name = name_of(self._sut)
        self._name_ns = time.perf_counter_ns() - began
        self._logbook.add(conf.PENDING.take())
        self._logbook.add(_overridden(self._requested, audit_file))
        mode = self._requested.mode
        if mode is TestMode.FindPeakPerformance and not self._begin_search():
            return
        with _issue_threads(self._requested, self._sut) as crew:
            system = OfficialSystem(self._sut, self._name, crew)
            runs = Runs(self._library, self._dataset, system, self._logbook)
            if mode is TestMode.FindPeakPerformance:
                self._search(runs)
            else:
                self._take(runs.run(self._requested))
        if mode is not TestMode.AccuracyOnly:
            self._summary_name = name_of(self._sut)

    def explain(self, error: BaseException) -> None:
        """Say in the logs what ended the test, where its result does not."""
        if self._logged.result is None or error is not self._logged.error:
            self._logbook.say_error(error)

    def write(self) -> None:
        """Write the logs."""
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
                result=self._logged.result,
                later_notes=tuple(self._logbook.later_notes),
                first_query_id=self._logged.first_ids.query,
                first_sample_id=self._logged.first_ids.sample,
                summary_sut_name=self._summary_name,
            )
        )

    def _take(self, outcome: Outcome) -> None:
        """Let the logs be about a run; raise what ended it."""
        self._logged = outcome
        if outcome.error is not None:
            raise outcome.error

    def _begin_search(self) -> bool:
        """Say that a search begins; whether there is one for the scenario."""
        self._logbook.begin_series()
        self._logbook.say("generic_message", "Starting FindPeakPerformance mode")
        is_server = self._requested.scenario is TestScenario.Server
        if not is_server:
            said = "Finding peak performance is only supported in Server scenarios."
            self._logbook.say("error_invalid_config", said)
        return is_server

    def _search(self, runs: Runs) -> None:
        """Find the highest rate. The logs are about the last run that kept the limits."""

        def passes(target_qps: float) -> bool:
            requested = self._requested.copy()
            requested.server_target_qps = target_qps
            outcome = runs.run(requested)
            if outcome.passed or outcome.given_up or self._logged.result is None:
                self._take(outcome)
            if outcome.given_up:
                raise _GivenUp
            return outcome.passed

        with suppress(_GivenUp):
            find_peak(self._requested, passes, self._logbook.say, self._dataset.keeping)


class _GivenUp(Exception):
    """A probe was ended before its time, so the search says nothing."""


def _overridden(requested: TestSettings, audit_file: str) -> list[Note]:
    """Apply the audit file, and the seeds of TEST05; return what is to be said of that."""
    notes = []
    if Path(audit_file).is_file():
        # The text has this name, whatever the file is called.
        said = (
            "Found Audit Config file (audit.config). "
            "Overriding TestSettings from audit.config file."
        )
        notes = [
            Note("warning_generic_message", said),
            *conf.apply_audit(requested, audit_file),
        ]
    if requested.test05:
        said = "Test05 flag detected Overriding random seeds"
        notes.append(Note("warning_generic_message", said))
        apply_test05(requested)
    return notes


@contextmanager
def _issue_threads(requested: TestSettings, sut: Sut) -> Iterator[Crew | None]:
    """Wait for the threads that the settings ask for; only Server has any."""
    n_threads = requested.server_num_issue_query_threads
    if n_threads == 0 or requested.scenario is not TestScenario.Server:
        yield None
        return
    with ROOM.crew(n_threads, issuer(sut), DRAIN.patience_s) as crew:
        yield crew
