# SPDX-License-Identifier: Apache-2.0
"""Writes the logs of one test: answers as they come, everything else at its end.

Not for what is written: each log has a module of its own.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from loadgen.mlperf.logs.accuracy import AccuracyLog
from loadgen.mlperf.logs.detail import detail_lines
from loadgen.mlperf.logs.files import LogFiles, LogOutput, writing
from loadgen.mlperf.logs.rows import write_rows
from loadgen.mlperf.logs.summary import summary_text
from loadgen.mlperf.logs.trace import write_trace
from loadgen.run.shielded import shielded

if TYPE_CHECKING:
    from loadgen.mlperf.logs.account import Account

__all__ = ["LogWriter"]

_FLUSH_S = 0.1
"""While answers come, a process that is killed has lost those of so long."""


class LogWriter:
    """The open logs of one test. Of another process than the one that opened them, it writes none.

    Parameters
    ----------
    output : LogOutput
        Its files are made at once.

    Raises
    ------
    LoadGenError
        A file cannot be written.
    """

    def __init__(self, output: LogOutput) -> None:
        self._traces = output.enable_trace
        # Local time, and Z all the same: so are the official names.
        self._files = LogFiles.open(output, time.strftime("%Y-%m-%dT%H:%M:%SZ"))
        self._has_rows = output.rows
        self._accuracy = AccuracyLog(self._files.accuracy)
        self._flushed_s = time.monotonic()

    def answer(
        self,
        seq_id: int,
        index: int,
        data: bytes,
        token_data: bytes | None = None,
        token_count: int | None = None,
    ) -> None:
        """Write an answer; see `AccuracyLog.entry`."""
        if not self._files.ours:
            return
        with writing(self._files.paths["accuracy"]):
            self._accuracy.entry(seq_id, index, data, token_data, token_count)
            now_s = time.monotonic()
            if now_s > self._flushed_s + _FLUSH_S:
                self._flushed_s = now_s
                self._accuracy.flush()

    def finish(self, account: Account | None) -> None:
        """Write what is still to be written, and close the files, whatever becomes of each.

        Ctrl-C is raised when all that is done.

        Parameters
        ----------
        account : Account or None
            None: there is nothing to be said of the test.

        Raises
        ------
        LoadGenError
            The last one that could not be written; says which and why.
        """
        if self._files.ours:
            shielded(lambda: self._finish(account))

    def _finish(self, account: Account | None) -> None:
        with ExitStack() as last:
            last.callback(self._files.close)
            if account is not None:
                last.callback(self._write_trace, account)
                last.callback(self._write_rows, account)
                last.callback(self._write_detail, account)
                last.callback(self._write_summary, account)
            last.callback(self._close_accuracy)

    def _close_accuracy(self) -> None:
        with writing(self._files.paths["accuracy"]):
            self._accuracy.close()

    def _write_summary(self, account: Account) -> None:
        with writing(self._files.paths["summary"]):
            self._files.summary.write(summary_text(account))

    def _write_detail(self, account: Account) -> None:
        with writing(self._files.paths["detail"]):
            self._files.detail.writelines(detail_lines(account))

    def _write_rows(self, account: Account) -> None:
        if self._has_rows and account.result is not None:
            write_rows(account.result, self._files.rows_path)

    def _write_trace(self, account: Account) -> None:
        if self._traces:
            with writing(self._files.paths["trace"]):
                write_trace(account, self._files.trace)
