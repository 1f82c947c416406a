# SPDX-License-Identifier: Apache-2.0
"""Where a run's result and answers go besides the caller."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import loadgen as lg

FEW = {"min_duration_s": 0, "min_queries": 20, "progress": False}


def test_the_result_is_in_the_folder_and_nothing_else_is_left(tmp_path: Path) -> None:
    result = lg.run(lambda _: None, 8, lg.SingleStream(), output_dir=tmp_path / "a/run", **FEW)
    loaded = lg.Result.load(tmp_path / "a/run")
    assert loaded.n_issued == result.n_issued == 20
    assert loaded.latency.percentile(90) == result.latency.percentile(90)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["run"]


def test_a_folder_that_is_in_use_is_refused_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    called: list[Any] = []
    with pytest.raises(lg.LoadGenError, match="not empty"):
        lg.run(called.append, 8, lg.SingleStream(), output_dir=tmp_path, **FEW)
    assert called == []


def test_an_earlier_result_is_replaced_only_if_asked_for(tmp_path: Path) -> None:
    where = {"output_dir": tmp_path / "run"}
    lg.run(lambda _: None, 8, lg.SingleStream(), **where, **FEW)
    with pytest.raises(lg.LoadGenError, match="overwrite"):
        lg.run(lambda _: None, 9, lg.SingleStream(), **where, **FEW)
    lg.run(lambda _: None, 9, lg.SingleStream(), overwrite=True, **where, **FEW)
    assert lg.Result.load(tmp_path / "run").dataset_total == 9


def test_what_the_system_raised_is_in_the_folder_too(tmp_path: Path) -> None:
    def model(samples: Any) -> None:
        raise ValueError("no")

    with pytest.raises(lg.SUTError):
        lg.run(model, 8, lg.SingleStream(), output_dir=tmp_path / "run", **FEW)
    loaded = lg.Result.load(tmp_path / "run")
    assert not loaded.valid
    assert loaded.aborted_reason == "model raised ValueError: no"


class Sink:
    def __init__(self) -> None:
        self.calls: list[Any] = []

    def open(self, run: lg.Run) -> None:
        self.calls.append(run.mode)

    def output(self, row: int, index: int, data: bytes) -> None:
        self.calls.append((row, index, data))

    def close(self, result: lg.Result) -> None:
        self.calls.append(result.n_issued)


def test_a_sink_gets_every_kept_answer_between_the_run_and_its_result() -> None:
    sink = Sink()
    lg.run(
        lambda samples: [b"answer %d" % index for index in samples],
        3,
        lg.SingleStream(),
        mode="accuracy",
        sinks=[sink],
        **FEW,
    )
    assert sink.calls[0] == "accuracy"
    assert sink.calls[-1] == 3
    assert [row for row, _, _ in sink.calls[1:-1]] == [0, 1, 2]
    assert all(data == b"answer %d" % index for _, index, data in sink.calls[1:-1])


def test_a_sink_gets_answers_while_the_run_goes_on_and_then_they_are_not_kept() -> None:
    sink = Sink()
    arrived = threading.Event()

    class Watching(Sink):
        def output(self, row: int, index: int, data: bytes) -> None:
            super().output(row, index, data)
            arrived.set()

    sink = Watching()

    def model(samples: Any) -> list[bytes]:
        if len(sink.calls) == 1 and samples[0] != first[0]:
            assert arrived.wait(10)
        return [b"x" for _ in samples]

    first = [lg.run(lambda _: None, 3, lg.SingleStream(), mode="accuracy").samples["index"][0]]
    result = lg.run(model, 3, lg.SingleStream(), mode="accuracy", sinks=[sink], **FEW)
    assert arrived.is_set()
    assert list(result.outputs) == [None, None, None]
    assert result.valid
    kept = lg.run(
        model, 3, lg.SingleStream(), mode="accuracy", sinks=[sink], keep_outputs=True, **FEW
    )
    assert list(kept.outputs) == [b"x", b"x", b"x"]


def test_a_sink_that_raises_in_mid_run_ends_it_and_what_was_measured_is_kept() -> None:
    class Full(Sink):
        def output(self, row: int, index: int, data: bytes) -> None:
            raise OSError("disk full")

    sink = Full()
    with pytest.raises(OSError, match="disk full") as caught:
        # Far more than can be issued before the first answer is written.
        lg.run(lambda _: [b"x"], 2_000_000, lg.SingleStream(), mode="accuracy", sinks=[sink], **FEW)
    result = caught.value.result  # type: ignore[attr-defined]
    assert 0 < result.n_issued < 2_000_000
    assert result.n_completed == result.n_issued
    assert not result.valid
    assert result.aborted_reason == "OSError: disk full"
    assert sink.calls == ["accuracy", result.n_issued]


def test_answers_of_a_gigabyte_are_not_held_in_memory() -> None:
    script = """
import resource
import loadgen as lg

class Sink:
    size = 0
    def open(self, run): pass
    def output(self, row, index, data): self.size += len(data)
    def close(self, result): pass

answer, sink = bytes(4 << 20), Sink()
def peak_mib(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before = peak_mib()
lg.run(lambda s: [answer] * len(s), 256, lg.SingleStream(), mode="accuracy", sinks=[sink])
assert sink.size == 256 << 22, sink.size
print(peak_mib() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=50
    )
    assert int(done.stdout) < 600


def test_a_sink_is_closed_after_an_error_as_well() -> None:
    sink = Sink()
    with pytest.raises(lg.SUTError):
        lg.run(lambda samples: 1 / 0, 3, lg.SingleStream(), sinks=[sink], **FEW)
    assert sink.calls == ["performance", 1]


def test_an_error_of_a_sink_has_the_result() -> None:
    class Full(Sink):
        def close(self, result: lg.Result) -> None:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full") as caught:
        lg.run(lambda _: None, 3, lg.SingleStream(), sinks=[Full()], **FEW)
    assert caught.value.result.n_issued == 20  # type: ignore[attr-defined]
