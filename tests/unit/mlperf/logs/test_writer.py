# SPDX-License-Identifier: Apache-2.0
"""The logs of a test, whatever its process goes through."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from loadgen.config.scenarios import SingleStream
from loadgen.mlperf.logs import writer as writer_module
from loadgen.mlperf.logs.account import Account
from loadgen.mlperf.logs.files import LogOutput
from loadgen.mlperf.logs.read import read_logs
from loadgen.mlperf.logs.sink import write_logs
from loadgen.mlperf.logs.writer import LogWriter
from loadgen.result import Result, RunData

MakeRun = Callable[..., RunData]


def test_answers_are_in_the_file_soon_after_they_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = [100.0]
    monkeypatch.setattr(writer_module.time, "monotonic", lambda: now_s[0])
    logs = LogWriter(LogOutput(str(tmp_path)))
    file = tmp_path / "mlperf_log_accuracy.json"
    logs.answer(0, 0, b"a")
    assert file.read_bytes() == b""
    now_s[0] += 0.2
    logs.answer(1, 0, b"b")
    assert file.read_bytes().count(b"seq_id") == 2
    logs.answer(2, 0, b"c")
    assert file.read_bytes().count(b"seq_id") == 2
    logs.finish(None)
    assert file.read_bytes().count(b"seq_id") == 3


def test_of_another_process_nothing_is_written(
    make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = LogWriter(LogOutput(str(tmp_path)))
    logs.answer(0, 0, b"a")
    account = Account.of(Result(make_run(SingleStream(), [0], [1])))
    with monkeypatch.context() as forked:
        forked.setattr(os, "getpid", lambda: -1)
        logs.answer(1, 0, b"b")
        logs.finish(account)
    assert {path.stat().st_size for path in tmp_path.iterdir()} == {0}
    logs.finish(account)
    assert [entry.seq_id for entry in read_logs(tmp_path).accuracy or ()] == [0]


@pytest.mark.parametrize("part", ["summary_text", "detail_lines", "write_trace"])
def test_ctrl_c_while_logs_are_written_comes_when_all_are(
    make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    original = getattr(writer_module, part)

    def interrupted(*arguments: object) -> object:
        os.kill(os.getpid(), signal.SIGINT)
        return original(*arguments)

    monkeypatch.setattr(writer_module, part, interrupted)
    result = Result(make_run(SingleStream(), [0, 1], [1, 2]))
    with pytest.raises(KeyboardInterrupt):
        write_logs(result, tmp_path, trace=True)
    logs = read_logs(tmp_path)
    assert logs.summary is not None
    assert logs.detail is not None
    assert len(list(logs.trace or ())) > 0
    assert list(logs.accuracy or ()) == []
