# SPDX-License-Identifier: Apache-2.0
"""What else goes on around a test: Ctrl-C, other tests, a stdout that is no use, our own errors."""

import io
import json
import os
import signal
import sys
from typing import Any

import pytest

from loadgen.compat import mlperf_loadgen as lg
from loadgen.errors import DatasetError, LoadGenError, SUTError


class UserError(Exception):
    """What a stream of the user's raises."""


class PressingStdout(io.StringIO):
    """Has Ctrl-C pressed when it is written to."""

    def write(self, text: str) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        return super().write(text)


def test_ctrl_c_while_the_logs_are_written_comes_out_when_they_are_whole(
    harness: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.log_settings.log_output.copy_summary_to_stdout = True
    harness.log_settings.enable_trace = True
    monkeypatch.setattr(sys, "stdout", PressingStdout())
    with pytest.raises(KeyboardInterrupt):
        harness.start()
    assert harness.said("result_query_count") == [100]
    assert harness.said("num_errors") == [0]
    assert harness.text("summary").endswith("\nNo errors encountered during test.\n")
    assert json.loads(harness.text("trace"))["traceEvents"]


@pytest.mark.parametrize("mode", ["PerformanceOnly", "SubmissionRun"])
def test_logs_that_another_test_is_writing_are_an_exception(harness: Any, mode: str) -> None:
    nested = []

    def issue(query_samples: list[lg.QuerySample]) -> None:
        if not nested:
            with pytest.raises(LoadGenError, match="another test of this process") as raised:
                harness.start(mode=mode)
            nested.append(raised.value)
        harness.answer(query_samples)

    harness.issue = issue
    harness.start(mode=mode)
    assert len(nested) == 1
    assert harness.errors == []
    assert harness.said("result_query_count") == [100]


@pytest.mark.parametrize("stdout", [None, "closed", "its own error"])
@pytest.mark.parametrize("option", ["timestamps", "copies"])
def test_a_stdout_that_takes_nothing_does_not_end_a_test(
    harness: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    stdout: str | None,
    option: str,
) -> None:
    class Own(io.StringIO):
        def write(self, text: str) -> int:
            raise UserError

    file = None if stdout is None else Own() if stdout == "its own error" else io.StringIO()
    if stdout == "closed":
        assert file is not None
        file.close()
    monkeypatch.setattr(sys, "stdout", file)
    harness.settings.print_timestamps = option == "timestamps"
    harness.log_settings.log_output.copy_detail_to_stdout = option == "copies"
    harness.log_settings.log_output.copy_summary_to_stdout = option == "copies"
    harness.start()
    assert harness.errors == []
    assert len(caplog.records) == 2  # begin and end; summary and detail


def test_errors_that_are_not_said_each_time_are_counted(harness: Any) -> None:
    def issue(query_samples: list[lg.QuerySample]) -> None:
        for _ in range(26):
            harness.answer(query_samples)

    harness.issue = issue
    harness.start()
    twice = "Attempted to complete a sample twice."
    said = harness.said("error_runtime")
    assert said == [twice] * 1000 + [f"{twice} (1500 more times)"]
    assert harness.said("num_errors") == [2500]
    assert harness.text("summary").endswith("\n2500 ERRORS encountered. See detailed log.\n")


@pytest.mark.parametrize("kind", [SUTError, DatasetError])
@pytest.mark.parametrize("callback", ["issue", "flush", "load", "unload"])
def test_an_exception_of_our_own_kinds_comes_out_as_the_callback_raised_it(
    harness: Any, kind: type[LoadGenError], callback: str
) -> None:
    def fail(*_: object) -> None:
        raise kind("the device is gone") from KeyError("a detail")

    setattr(harness, callback, fail)
    with pytest.raises(kind, match="the device is gone"):
        harness.start()
    harness.check_ended_badly("the device is gone")
