# SPDX-License-Identifier: Apache-2.0
"""Tests and the end of a process: of a forked child, of the one that they go on in."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loadgen.compat import live
from loadgen.compat.live import Live

BEGIN = """
import os
import sys
import threading
import time
import loadgen.compat
from loadgen.compat import mlperf_loadgen as lg

def answer(samples):
    lg.QuerySamplesComplete([lg.QuerySampleResponse(each.id, 0, 0) for each in samples])

def start(issue, mode, outdir, n_samples=100):
    settings = lg.TestSettings()
    settings.mode = lg.TestMode[mode]
    settings.min_duration_ms = 0
    settings.min_query_count = n_samples
    log_settings = lg.LogSettings()
    log_settings.log_output.outdir = outdir
    log_settings.enable_trace = True
    sut = lg.ConstructSUT(issue, lambda: None)
    qsl = lg.ConstructQSL(n_samples, n_samples, lambda _: None, lambda _: None)
    lg.StartTestWithLogSettings(sut, qsl, settings, log_settings)
"""

FORKING = """
# A child that returns from the callback waits for an answer, in vain.
loadgen.compat.set_drain_timeout(0.1)
parent, calls, way, outdir = os.getpid(), [], sys.argv[1], sys.argv[2]

def issue(samples):
    calls.append(samples)
    if len(calls) == 50:
        child = os.fork()
        if child == 0:
            if way == "exit":
                sys.exit(3)
            if way == "raise":
                raise RuntimeError("of the child")
            if way == "another":
                start(answer, "AccuracyOnly", outdir + "-child")
                sys.exit(3)
            if way == "answer":
                answer(samples)
            return
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 3, status
    answer(samples)

try:
    start(issue, "AccuracyOnly", outdir)
except BaseException:
    assert os.getpid() != parent
    sys.exit(3)
"""

LASTING = """
came = threading.Event()

def issue(samples):
    came.set()
    time.sleep(0.05)
    answer(samples)

arguments = issue, sys.argv[1], sys.argv[2], 10_000  # more than can be answered
threading.Thread(target=start, args=arguments, daemon=True).start()
came.wait()
"""


def run(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", BEGIN + program]
    command += [str(argument) for argument in arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=50)


def accuracy(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "mlperf_log_accuracy.json").read_text())
    return found


def detail(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "mlperf_log_detail.txt").read_text().splitlines()
    return [json.loads(line.removeprefix(":::MLLOG ")) for line in lines]


@pytest.mark.parametrize("way", ["exit", "raise", "return", "answer", "another"])
def test_a_forked_child_leaves_its_parents_logs_alone(tmp_path: Path, way: str) -> None:
    ended = run(FORKING, way, tmp_path / "logs")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert sorted(entry["seq_id"] for entry in accuracy(tmp_path / "logs")) == list(range(100))
    keys = [entry["key"] for entry in detail(tmp_path / "logs")]
    assert keys.count("loadgen_version") == 1
    assert not any(entry["metadata"]["is_error"] for entry in detail(tmp_path / "logs"))
    json.loads((tmp_path / "logs" / "mlperf_log_trace.json").read_text())
    if way == "another":
        assert len(accuracy(tmp_path / "logs-child")) == 100


@pytest.mark.parametrize("mode", ["PerformanceOnly", "AccuracyOnly", "SubmissionRun"])
def test_a_test_on_a_daemon_thread_ends_with_its_process(tmp_path: Path, mode: str) -> None:
    ended = run(LASTING, mode, tmp_path / "logs")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert isinstance(accuracy(tmp_path / "logs"), list)
    said = [entry["value"] for entry in detail(tmp_path / "logs") if entry["metadata"]["is_error"]]
    assert any("the process ends" in text for text in said)
    assert (tmp_path / "logs" / "mlperf_log_summary.txt").read_text().endswith("detailed log.\n")


class EngineStub:
    tag = 5


class RunStub:
    def __init__(self) -> None:
        self._engine = EngineStub()
        self.reasons: list[str] = []

    def abort(self, reason: str) -> None:
        self.reasons.append(reason)


def test_the_end_of_the_process_aborts_no_run_where_there_is_no_test() -> None:
    Live().exit(patience_s=0)


def test_the_end_of_the_process_waits_no_longer_than_that() -> None:
    tests, run = Live(), RunStub()
    with tests.test(), tests.going_on(run):  # type: ignore[arg-type]
        tests.exit(patience_s=0)
    assert run.reasons == [live._EXITS]


def test_a_run_that_begins_while_the_process_ends_is_aborted() -> None:
    tests, run = Live(), RunStub()
    with tests.test():
        tests._exits = True
        with tests.going_on(run):  # type: ignore[arg-type]
            pass
    assert run.reasons == [live._EXITS]
