# SPDX-License-Identifier: Apache-2.0
"""The logs of one test: what is said while it goes on, the answers, and all four files at its end.

Not for the files' form: that is `loadgen.mlperf.logs`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from loadgen.errors import SettingsError, described
from loadgen.mlperf.logs.files import LogOutput
from loadgen.mlperf.logs.writer import LogWriter
from loadgen.mlperf.notes import Note

if TYPE_CHECKING:
    from loadgen.mlperf.logs.account import Account
    from loadgen.mlperf.settings import TestSettings
    from loadgen.result import Result
    from loadgen.sut.handle import Run

__all__ = ["Answers", "Logbook"]


class Logbook:
    """What is said of a test, and where it is written.

    Parameters
    ----------
    output : LogOutput
        Its files are made at once.

    Attributes
    ----------
    writer : LogWriter
    began_ns : int
        Epoch ns.
    notes, later_notes : list of Note
        Said before and after the first series began.
    measures : bool
        Whether it has begun.

    Raises
    ------
    LoadGenError
        A file cannot be written.
    """

    def __init__(self, output: LogOutput) -> None:
        self.writer = LogWriter(output)
        self.measures = False
        self.began_ns = time.time_ns()
        self.notes: list[Note] = []
        self.later_notes: list[Note] = []

    def say(self, key: str, text: str) -> None:
        """Say something now."""
        self.add([Note(key, text)])

    def add(self, notes: Iterable[Note], *, of_settings: bool = False) -> None:
        """Take notes; one without an instant is said now, and of settings before all else."""
        now = time.time_ns()
        said = self.later_notes if self.measures and not of_settings else self.notes
        said += [replace(note, time_ns=note.time_ns or now) for note in notes]

    def begin_series(self) -> None:
        """Say that the first series begins."""
        self.measures = True

    def say_error(self, error: BaseException) -> None:
        """Say why nothing was measured."""
        if isinstance(error, SettingsError):
            for problem in error.problems:
                self.say("error_invalid_test_settings", str(problem))
        else:
            self.say("error_runtime", described(error))

    def write(self, account: Account) -> None:
        """Write what is still to be written and close the files, whatever becomes of each.

        Raises
        ------
        LoadGenError
            One could not be written; says which and why.
        """
        self.writer.finish(account)


class Answers:
    """A sink that writes answers into a test's accuracy log.

    Parameters
    ----------
    writer : LogWriter
    requested : TestSettings
        Say whether tokens are logged.
    first_sample_id : int
        Of the run's first sample.
    """

    def __init__(
        self, writer: LogWriter, requested: TestSettings, first_sample_id: int = 0
    ) -> None:
        self._writer = writer
        self._counts = requested.use_token_latencies
        self._first_tokens = self._counts and requested.scenario.name != "Offline"
        self._first_sample_id = first_sample_id
        self._run: Run | None = None

    def open(self, run: Run) -> None:
        """Take the run on."""
        self._run = run

    def output(self, row: int, index: int, data: bytes) -> None:
        """Write an answer."""
        assert self._run is not None  # it was opened
        # Of planned samples only the last ones may not have been issued, so a row is an id.
        seq_id = self._first_sample_id + row
        token_count = self._run.n_tokens(row) if self._counts else None
        token_data = self._run._engine.take_first_token(row) if self._first_tokens else None
        if self._first_tokens and token_data is None:
            token_data = b""
        self._writer.answer(seq_id, index, data, token_data, token_count)

    def close(self, result: Result | None) -> None:
        """Take the result: nothing is made of it here."""
