# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C after the last query: nothing that was measured is lost."""

import time
from pathlib import Path

import pytest
from shared_runs import press_ctrl_c

import loadgen as lg


class Answering(lg.SystemUnderTest):
    """Answers at once, with a byte that is kept."""

    def issue(self, batch: lg.Batch) -> None:
        batch.complete([b"x"] * len(batch))


class PressingSink:
    """Has Ctrl-C pressed when it gets its first answer, which is after the run here."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.closed: list[lg.Result | None] = []

    def open(self, run: lg.Run) -> None: ...

    def output(self, row: int, index: int, data: bytes) -> None:
        self.rows.append(row)
        if len(self.rows) == 1:
            press_ctrl_c()

    def close(self, result: lg.Result | None) -> None:
        self.closed.append(result)


def test_ctrl_c_while_the_last_answers_are_given_loses_none_and_not_the_result() -> None:
    sink = PressingSink()
    with pytest.raises(lg.Interrupted) as caught:
        lg.run(
            Answering(), 10, lg.SingleStream(), min_duration_s=0, min_queries=500,
            accuracy_log_probability=1, sinks=[sink],
        )  # fmt: skip
    assert sink.rows == list(range(500))
    assert sink.closed == [caught.value.result]
    assert caught.value.result.n_completed == 500


@pytest.mark.parametrize("method", ["__init__", "save"])
def test_ctrl_c_while_the_result_is_made_or_saved_comes_after_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    original = getattr(lg.Result, method)

    def interrupted_method(*arguments, **keywords):
        press_ctrl_c()
        return original(*arguments, **keywords)

    monkeypatch.setattr(lg.Result, method, interrupted_method)
    with pytest.raises(lg.Interrupted) as caught:
        lg.run(
            Answering(), 10, lg.SingleStream(), min_duration_s=0, min_queries=5,
            output_dir=tmp_path / "run",
        )  # fmt: skip
    monkeypatch.undo()
    assert caught.value.result.n_completed == 5
    assert lg.Result.load(tmp_path / "run").n_completed == 5


class Slow(lg.Dataset):
    """Two sets; Ctrl-C is pressed while the second one is loaded, on the session's own thread."""

    performance_count = 4

    def __init__(self, n_presses: int) -> None:
        self.n_presses = n_presses
        self.calls: list[str] = []

    def __len__(self) -> int:
        return 8

    def load(self, indices) -> None:
        self.calls.append("load")
        if self.calls.count("load") == 2:
            for _ in range(self.n_presses):
                press_ctrl_c()
                time.sleep(0.1)  # time to go on without what is loaded here
            self.calls.append("loaded")

    def unload(self, indices) -> None:
        self.calls.append("unload")


@pytest.mark.parametrize("n_presses", [1, 2])
def test_ctrl_c_while_a_session_loads_waits_for_that_and_loses_no_result(n_presses: int) -> None:
    dataset = Slow(n_presses)
    session = lg.Session(dataset, lg.Offline(), mode="accuracy")
    with pytest.raises(lg.Interrupted) as caught, session:
        next(iter(session.batches())).complete()
    assert dataset.calls == ["load", "unload", "load", "loaded", "unload"]
    assert caught.value.result is session.result
    assert session.result.n_completed == 4
