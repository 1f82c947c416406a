# SPDX-License-Identifier: Apache-2.0
"""Where a run's result and answers go besides the caller."""

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
