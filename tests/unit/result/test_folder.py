# SPDX-License-Identifier: Apache-2.0
"""Where a run may be saved: whole or not at all, and never over what others wrote."""

import dataclasses
from pathlib import Path

import pytest

from loadgen.errors import LoadGenError
from loadgen.result import Result, RunData
from loadgen.result.storage import prepare_output_dir


def test_parents_are_made_and_nothing_else_is_left(full_run: RunData, tmp_path: Path) -> None:
    path = Result(full_run).save(tmp_path / "a" / "b")
    assert [each.name for each in (tmp_path / "a").iterdir()] == ["b"]
    assert not list(path.glob(".*"))


def test_an_empty_folder_is_taken(full_run: RunData, tmp_path: Path) -> None:
    Result(full_run).save(tmp_path)
    assert (tmp_path / "result.json").exists()


def test_a_saved_result_is_replaced_only_when_asked_for(full_run: RunData, saved_run: Path) -> None:
    with pytest.raises(LoadGenError, match="is not empty; expected an absent or empty folder"):
        Result(full_run).save(saved_run)
    Result(dataclasses.replace(full_run, sut_name="another")).save(saved_run, overwrite=True)
    assert Result.load(saved_run).sut_name == "another"
    assert [each.name for each in saved_run.parent.iterdir()] == ["run"]


@pytest.mark.parametrize("name", ["notes.txt", "result.json", "columns/index.npy"])
def test_a_folder_of_others_is_never_replaced(full_run: RunData, tmp_path: Path, name: str) -> None:
    file = tmp_path / "mine" / name
    file.parent.mkdir(parents=True)
    file.write_text('{"accuracy": 1}', encoding="utf-8")
    with pytest.raises(LoadGenError, match="no saved result, so overwrite=True does not replace"):
        Result(full_run).save(tmp_path / "mine", overwrite=True)
    assert file.exists()


@pytest.mark.parametrize("name", ["notes.txt", "columns/mine.csv", "outputs/deep/x.npy", ".git"])
def test_files_of_others_in_a_result_are_never_lost(
    full_run: RunData, saved_run: Path, name: str
) -> None:
    file = saved_run / name
    file.parent.mkdir(exist_ok=True)
    file.touch()
    with pytest.raises(LoadGenError, match=r"did not write .*they would be lost"):
        Result(full_run).save(saved_run, overwrite=True)
    assert file.exists()


def test_logs_in_a_result_go_with_it(full_run: RunData, saved_run: Path) -> None:
    (saved_run / "mlperf_log_summary.txt").touch()
    Result(full_run).save(saved_run, overwrite=True)
    assert not (saved_run / "mlperf_log_summary.txt").exists()


def test_a_file_is_no_folder(full_run: RunData, tmp_path: Path) -> None:
    (tmp_path / "run").touch()
    with pytest.raises(LoadGenError, match="is a file"):
        Result(full_run).save(tmp_path / "run", overwrite=True)
    with pytest.raises(LoadGenError, match="cannot be written"):
        Result(full_run).save(tmp_path / "run" / "below")


def test_what_a_crash_left_behind_is_removed_but_not_what_others_did(
    full_run: RunData, tmp_path: Path
) -> None:
    partial = tmp_path / "run.partial"
    (partial / "columns").mkdir(parents=True)
    (partial / ".loadgen-partial").touch()
    (partial / "columns" / "index.npy").touch()
    Result(full_run).save(tmp_path / "run")
    assert not partial.exists()
    partial.mkdir()
    (partial / "mine.txt").touch()
    with pytest.raises(LoadGenError, match=r"run\.partial: is in the way"):
        Result(full_run).save(tmp_path / "run", overwrite=True)
    assert (partial / "mine.txt").exists()


def test_a_failed_save_leaves_what_was_there(
    full_run: RunData, saved_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "somewhere")

    before = Result.load(saved_run).summary()
    monkeypatch.setattr("loadgen.result.columnfile.write", full)
    with pytest.raises(LoadGenError, match=r"cannot be written: No space left on device"):
        Result(full_run).save(saved_run, overwrite=True)
    monkeypatch.undo()
    assert [each.name for each in saved_run.parent.iterdir()] == ["run"]
    assert Result.load(saved_run).summary() == before


def test_a_folder_is_prepared_before_a_run_and_left_as_it_was(tmp_path: Path) -> None:
    target = prepare_output_dir(tmp_path / "a" / "run", overwrite=False)
    assert target == (tmp_path / "a" / "run").resolve()
    assert list((tmp_path / "a").iterdir()) == []
    (tmp_path / "a" / "run").mkdir()
    assert prepare_output_dir(str(target)) == target


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied", "parent")])
def test_a_folder_that_cannot_be_made_is_told_before_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(LoadGenError, match=r"run: cannot be written: Permission denied"):
        prepare_output_dir(tmp_path / "run")
