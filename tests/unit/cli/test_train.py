# SPDX-License-Identifier: Apache-2.0
"""`loadgen train`: what is typed, and what comes of it, in simulated time."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from loadgen.cli import app

TASK = '''
from simulated_training import SimulatedTask

class Task(SimulatedTask):
    """A task without arguments."""

    def __init__(self):
        super().__init__([4, 3, 5, 9])

task, number = Task(), 1
'''


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module that has tasks; time is real, and nearly none passes."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"{MODULE}.py").write_text(TASK)
    return tmp_path


MODULE = "tasks_of_a_user"


def typed(*words: str) -> Any:
    return CliRunner().invoke(app, ["train", *words])


def test_runs_of_a_users_task_are_shown_and_kept(folder) -> None:
    done = typed(f"{MODULE}:Task", "--platform", "here", "--submitter", "me")
    assert done.exit_code == 0, done.output
    assert "run 3:" in done.output
    assert "VALID" in done.output
    assert "Steelyard results are not MLPerf results." in done.output
    assert "Saved in simulated-training" in done.output
    (row,) = json.loads((folder / "simulated-training/summary_results.json").read_text())
    assert (row["Submitter"], row["Platform"]) == ("me", "here")


def test_document_has_the_result_and_where_it_is(capfd) -> None:
    done = typed(f"{MODULE}:Task", "--runs", "3", "--output-dir", "out", "--json")
    assert done.exit_code == 1
    document = json.loads(capfd.readouterr().out)
    assert (document["exit_code"], document["training"]["folder"]) == (1, "out")
    assert document["training"]["reasons"] == ["a result needs 4 runs, and this has 3"]


def test_batch_size_and_division_are_the_tasks(capfd) -> None:
    typed(f"{MODULE}:Task", "--batch-size", "20", "--division", "open", "--json")
    facts = json.loads(capfd.readouterr().out)["training"]["facts"]
    assert (facts["global_batch_size"], facts["submission_division"]) == (20, "open")


def test_reference_file_is_compared_with(folder) -> None:
    record = {"Benchmark": "simulated", "BS": 10, "Epochs to converge": [2000, 1900] * 4}
    (folder / "points.json").write_text(json.dumps({"a": record}))
    done = typed(f"{MODULE}:Task", "--reference", "points.json")
    assert done.exit_code == 1
    assert "too fast" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["digit"], "TASK = 'digit': needs one of digits; did you mean digits?"),
        ([f"{MODULE}:nothing"], "has no 'nothing'"),
        ([f"{MODULE}:number"], "needs the name of a TrainingTask, or of its class"),
        ([f"{MODULE}:task", "--runs", "0"], "--runs = 0: needs an integer of at least 1"),
        ([f"{MODULE}:task", "--batch-size", "0"], "--batch-size = 0: needs an integer"),
        ([f"{MODULE}:task", "--division", "x"], "--division = 'x': needs one of 'closed', 'open'"),
        ([f"{MODULE}:task", "--reference", "none.json"], "none.json: is no file of convergence"),
    ],
)
def test_wrong_use_is_told_as_it_was_typed(words, said) -> None:
    done = typed(*words)
    assert done.exit_code == 2
    assert said in done.stderr


def test_runs_of_something_else_need_overwrite() -> None:
    words = (f"{MODULE}:Task", "--output-dir", "out", "--seed")
    assert typed(*words, "4").exit_code == 0
    done = typed(*words, "5", "--submitter", "ACME")
    assert done.exit_code == 2
    assert "--submitter = 'ACME': needs 'unnamed', as in result_0.txt" in done.stderr
    assert "--output-dir = 'out': needs another folder, or --overwrite" in done.stderr
    assert typed(*words, "5", "--overwrite").exit_code == 0


def test_task_that_breaks_is_not_finished(folder, capfd) -> None:
    code = "\n    def train(self):\n        return 1 / 0\n"
    (folder / "broken_tasks.py").write_text(TASK.replace("\ntask,", f"{code}\ntask,"))
    done = typed("broken_tasks:Task", "--json")
    assert done.exit_code == 3
    assert json.loads(capfd.readouterr().out)["error"] == (
        "simulated: train() raised ZeroDivisionError: division by zero"
    )


def test_benchmark_without_its_library_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "loadgen.mlperf.training.digits", raising=False)
    done = typed("digits")
    assert done.exit_code == 2
    assert "pip install 'loadgen[training]'" in done.stderr
