# SPDX-License-Identifier: Apache-2.0
"""Runs that go wrong: what is raised, what was measured until then, and what is cleaned up."""

import traceback
from pathlib import Path
from typing import Any

import pytest

import loadgen as lg

FEW = {"min_duration_s": 0, "min_queries": 20, "progress": False}
SERVER = lg.Server(target_qps=20_000)


def failing_after(n_calls: int, error: BaseException) -> Any:
    calls = [0]

    def model(samples: Any) -> None:
        calls[0] += 1
        if calls[0] > n_calls:
            raise error

    return model


class Failing(lg.SystemUnderTest):
    """Raises in one of its methods."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.calls: list[str] = []

    def meet(self, where: str) -> None:
        self.calls.append(where)
        if where == self.where:
            raise RuntimeError(f"in {where}")

    def start(self, run: lg.Run) -> None:
        self.meet("start")

    def issue(self, batch: lg.Batch) -> None:
        self.meet("issue")
        batch.complete()

    def flush(self) -> None:
        self.meet("flush")

    def stop(self) -> None:
        self.meet("stop")


@pytest.mark.parametrize(
    ("where", "n_rows"), [("start", None), ("issue", 1), ("flush", 20), ("stop", 20)]
)
def test_an_exception_of_the_system_ends_the_run_with_the_rows_so_far(
    where: str, n_rows: int | None
) -> None:
    sut = Failing(where)
    with pytest.raises(lg.SUTError, match=f"Failing raised RuntimeError: in {where}") as caught:
        lg.run(sut, 8, lg.SingleStream(), **FEW)
    assert sut.calls[-1] == "stop"
    assert isinstance(caught.value.__cause__, RuntimeError)
    result = caught.value.result
    assert (None if result is None else result.n_issued) == n_rows
    if result is not None:
        assert not result.valid


@pytest.mark.parametrize("workers", [None, 2], ids=["inline", "workers"])
@pytest.mark.parametrize("scenario", [lg.SingleStream(), SERVER], ids=["single_stream", "server"])
def test_the_users_own_traceback_is_shown(scenario: Any, workers: int | None) -> None:
    model = failing_after(5, KeyError("weights"))
    with pytest.raises(lg.SUTError) as caught:
        lg.run(lg.FunctionSUT(model, workers, max_batch_size=1), 8, scenario, **FEW)
    cause = caught.value.__cause__
    assert isinstance(cause, KeyError)
    assert traceback.extract_tb(cause.__traceback__)[-1].name == "model"
    assert caught.value.result is not None
    assert caught.value.result.series[0].end == "sut_raised"
    assert caught.value.result.n_completed >= 5


@pytest.mark.parametrize("workers", [None, 2], ids=["inline", "workers"])
def test_failing_samples_go_on_where_that_is_asked_for(workers: int | None) -> None:
    model = failing_after(15, ZeroDivisionError("by zero"))
    sut = lg.FunctionSUT(model, workers, max_batch_size=1)
    result = lg.run(sut, 8, lg.SingleStream(), on_error="fail", **FEW)
    assert (result.n_completed, result.n_failed) == (15, 5)
    assert result.failures["ZeroDivisionError"].count == 5
    assert result.failures["ZeroDivisionError"].example == "by zero"
    assert not result.valid


@pytest.mark.parametrize("workers", [None, 1], ids=["inline", "worker"])
def test_outputs_of_the_wrong_length_name_both_lengths(workers: int | None) -> None:
    sut = lg.FunctionSUT(lambda samples: [0, 0, 0], workers)
    with pytest.raises(lg.SUTError, match=r"3 .*4 "):
        lg.run(sut, 8, lg.Offline(n_samples=4), **FEW)


def test_wrong_settings_are_named_all_at_once_before_anything_starts() -> None:
    sut = Failing("nowhere")
    with pytest.raises(lg.SettingsError) as caught:
        lg.run(sut, 8, lg.SingleStream(), min_queries=-1, no_such_field=1)
    assert {problem.field for problem in caught.value.problems} == {"min_queries", "no_such_field"}
    assert sut.calls == []


class Hooks(lg.Dataset):
    def __init__(self, where: str) -> None:
        self.where = where

    performance_count = 4

    def __len__(self) -> int:
        return 8

    def __getitem__(self, indices: Any) -> Any:
        if self.where == "samples":
            raise OSError("no such file")
        return indices

    def load(self, indices: Any) -> None:
        if self.where == "load" or (self.where == "second load" and 0 not in indices):
            raise OSError("no such file")


def test_a_dataset_that_cannot_load_stops_the_run_before_the_system_starts() -> None:
    sut = Failing("nowhere")
    with pytest.raises(lg.DatasetError, match="no such file"):
        lg.run(sut, Hooks("load"), lg.SingleStream(), **FEW)
    assert sut.calls == []


@pytest.mark.parametrize("scenario", [lg.SingleStream(), SERVER], ids=["inline", "worker"])
def test_samples_that_cannot_be_had_are_the_datasets_error(scenario: Any) -> None:
    with pytest.raises(lg.DatasetError, match="no such file"):
        lg.run(lambda samples: None, Hooks("samples"), scenario, **FEW)


def test_samples_error_that_a_dataset_makes_itself_is_left_as_it_is() -> None:
    class Own(Hooks):
        def __getitem__(self, indices: Any) -> Any:
            raise lg.DatasetError("images/3.png: is no picture")

    with pytest.raises(lg.DatasetError, match=r"^images/3\.png: is no picture$"):
        lg.run(lambda samples: None, Own("nowhere"), lg.SingleStream(), **FEW)


def test_an_error_between_two_sets_has_what_was_measured(tmp_path: Path) -> None:
    calls = Failing("nowhere")
    dataset = Hooks("nowhere")

    def fail_next_load() -> None:
        dataset.load = lambda indices: 1 / 0  # type: ignore[method-assign, assignment]

    calls.flush = fail_next_load  # type: ignore[method-assign]
    with pytest.raises(lg.DatasetError) as caught:
        lg.run(calls, dataset, SERVER, mode="accuracy", output_dir=tmp_path / "run", **FEW)
    assert caught.value.result.n_issued == 4
    assert calls.calls[-1] == "stop"
    assert lg.Result.load(tmp_path / "run").n_issued == 4


def test_a_function_sut_serves_one_run_at_a_time() -> None:
    sut = lg.FunctionSUT(lambda samples: nested(), workers=1)

    def nested() -> None:
        lg.run(sut, 8, lg.SingleStream(), **FEW)

    with pytest.raises(lg.LoadGenError, match="already serves another run"):
        lg.run(sut, 8, lg.SingleStream(), **FEW)


def test_user_exception_with_a_result_of_its_own_passes_through() -> None:
    class Stubborn(Exception):
        @property
        def result(self) -> int:
            return 7

    with pytest.raises(Stubborn), lg.Session(4, lg.SingleStream(), min_duration_s=0):
        raise Stubborn


def test_dataset_whose_columns_cannot_be_read_is_told_before_anything_starts() -> None:
    class Broken(lg.Dataset):
        def __len__(self) -> int:
            return 3

        def __getitem__(self, indices):
            return indices

        @property
        def columns(self):
            raise OSError("the file is gone")

    with pytest.raises(lg.DatasetError, match="columns raised OSError: the file is gone"):
        lg.run(lambda some: None, Broken(), lg.SingleStream())
