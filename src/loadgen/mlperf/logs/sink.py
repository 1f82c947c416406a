# SPDX-License-Identifier: Apache-2.0
"""Writes MLPerf's four logs of a run: beside it, as a sink, or afterwards, of its result.

Not for the interface that official scripts use, which has an account of its own.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from loadgen.config.scenarios import Offline
from loadgen.errors import Problem, SettingsError
from loadgen.mlperf.logs.account import Account
from loadgen.mlperf.logs.files import DEFAULT_PREFIX, LogOutput, path_text
from loadgen.mlperf.logs.writer import LogWriter
from loadgen.mlperf.notes import Note
from loadgen.mlperf.translate import from_run
from loadgen.result import Result
from loadgen.run.shielded import shielded

if TYPE_CHECKING:
    from loadgen.config.scenarios import Scenario
    from loadgen.sut.handle import Run

__all__ = ["LogSink", "write_logs"]


class LogSink:
    """A sink of runs that writes the four logs: answers as they come, the rest at the end.

    Logs of an earlier run in the same place are replaced when the next one begins; those of a run
    that goes on in this process are not, that is an error. A process forked in mid-run writes none.

    Parameters
    ----------
    directory : path
        It and its parents are made.
    trace : bool
        Whether the trace is written; its file is there in any case.
    rows : bool
        Whether the rows are written, 56 bytes each: see `write_rows`.
    prefix, suffix : str
        Before and after the word that says which log it is.
    prefix_with_datetime : bool
        Whether the local time follows the prefix.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        trace: bool = False,
        rows: bool = False,
        prefix: str = DEFAULT_PREFIX,
        suffix: str = "",
        prefix_with_datetime: bool = False,
    ) -> None:
        self._output = LogOutput(
            outdir=path_text(directory),
            prefix=prefix,
            suffix=suffix,
            prefix_with_datetime=prefix_with_datetime,
            enable_trace=trace,
            rows=rows,
        )
        self._logs: LogWriter | None = None
        self._run: Run | None = None
        self._began_ns = 0

    def open(self, run: Run) -> None:
        """Open the files.

        Raises
        ------
        LoadGenError
            MLPerf has no name for such a run, or a file cannot be written. In the first case no
            file was touched.
        """
        from_run(run.scenario, run.settings)
        self._logs = LogWriter(self._output)
        self._run = run
        self._began_ns = time.time_ns()

    def output(self, row: int, index: int, data: bytes) -> None:
        """Write an answer to the accuracy log.

        Raises
        ------
        LoadGenError
            The disk refused it.
        """
        assert self._logs is not None  # open() came first
        assert self._run is not None
        # A row is its sequence id: queries are planned but not issued in the last series only.
        run = self._run
        n_tokens = run.n_tokens(row) if run.settings.tokens else None
        token_data = None
        if n_tokens is not None and not isinstance(run.scenario, Offline):
            token_data = run.first_token_of(row)
        self._logs.answer(row, index, data, token_data, n_tokens)

    def close(self, result: Result | None) -> None:
        """Write the other logs and close all, whatever becomes of each.

        Parameters
        ----------
        result : Result or None
            None: the run ended before its first query.

        Raises
        ------
        LoadGenError
            The last one that could not be written; says which and why.
        """
        logs, run, self._logs, self._run = self._logs, self._run, None, None
        if logs is not None and run is not None:
            shielded(lambda: self._finish(logs, run, result))

    def _finish(self, logs: LogWriter, run: Run, result: Result | None) -> None:
        account = None
        try:
            account = self._of_nothing(run) if result is None else Account.of(result)
        finally:
            logs.finish(account)

    def _of_nothing(self, run: Run) -> Account:
        """Return the account of a run that ended before its first query."""
        said = Note("error_runtime", "The run ended before its first query.")
        return Account(
            requested=from_run(run.scenario, run.settings),
            total=len(run.dataset),
            performance=run.dataset.performance_count,
            sut_name="",
            qsl_name=run.dataset.name,
            began_ns=self._began_ns,
            notes=(said,),
        )


def write_logs(
    result: Result,
    directory: str | os.PathLike[str],
    *,
    trace: bool = False,
    rows: bool = False,
) -> Path:
    """Write the four logs of a finished run.

    Parameters
    ----------
    result : Result
    directory : path
        It and its parents are made; logs in it are replaced.
    trace : bool
        Whether the trace is written; its file is there in any case.
    rows : bool
        Whether the rows are written, 56 bytes each: see `write_rows`.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    SettingsError
        There is no result, or no path.
    LoadGenError
        MLPerf has no name for such a run, or a file cannot be written. In the first case no file
        was touched.
    """
    if not isinstance(result, Result):
        raise SettingsError([Problem("result", result, "an lg.Result, as lg.run() returns it")])
    output = LogOutput(outdir=path_text(directory), enable_trace=trace, rows=rows)
    account = Account.of(result)
    shielded(lambda: _write(output, account, result))
    return Path(output.outdir)


def _write(output: LogOutput, account: Account, result: Result) -> None:
    logs = LogWriter(output)
    with ExitStack() as closing:
        closing.callback(logs.finish, account)
        _answers(logs, result)


def _answers(logs: LogWriter, result: Result) -> None:
    """Write the answers that a result has kept, in the order of their ids."""
    samples = result.samples
    outputs = result.data.outputs
    if outputs is None:
        return
    counts = samples["n_tokens"] if result.settings.tokens and "n_tokens" in samples else None
    for series in result.series:
        first_id = series.first_sample_id - series.first_row
        for row in (np.flatnonzero(outputs.offset[series.rows]) + series.first_row).tolist():
            data = outputs.raw(row)
            assert data is not None  # its offset is not 0
            n_tokens = None if counts is None else int(counts[row])
            index = int(samples["index"][row])
            token_data = _token_data(result.scenario, n_tokens)
            logs.answer(first_id + row, index, data, token_data, n_tokens)


def _token_data(scenario: Scenario, n_tokens: int | None) -> bytes | None:
    """Return what is logged of a first token: a result has answers only, and Offline logs none."""
    return None if n_tokens is None or isinstance(scenario, Offline) else b""
