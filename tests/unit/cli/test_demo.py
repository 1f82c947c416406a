# SPDX-License-Identifier: Apache-2.0
"""The demo, with a stand-in for the model: what it runs, shows, saves and returns."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.cli import demo as command
from loadgen.cli.ending import WrongUse

RUNS = ["accuracy", "single_stream", "multi_stream", "server", "offline"]
LABELS = np.arange(20) % 10


class Program:
    """What the demo uses of the real one."""

    variants = ("function",)
    n_trained = 5
    dataset = np.arange(20.0)[:, None]

    def __init__(self, classify: Callable[[Any], Any]) -> None:
        self.classify = classify

    def sut(self, variant: str) -> lg.FunctionSUT:
        assert variant == "function"
        return lg.FunctionSUT(self.classify)

    def score(self, outputs: Any, indices: Any) -> dict[str, float]:
        return {"accuracy": 100 * lg.scoring.top1(outputs, LABELS[indices])}


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Any], Any]], None]:
    """Put a function in the model's place; images are their numbers."""

    def put(classify: Callable[[Any], Any]) -> None:
        monkeypatch.setattr(command, "digits", lambda: Program(classify))
        monkeypatch.setattr(command, "_SERVER", lg.Server(target_qps=1e6, target_latency_ms=1e6))
        monkeypatch.setattr(command, "_OFFLINE_PASSES", 2)

    return put


def run(**changed: Any) -> int:
    arguments = {
        "duration_s": 0.0,
        "output_dir": None,
        "overwrite": False,
        "as_json": False,
        "quiet": False,
    }
    return command.demo(**(arguments | changed))


def test_accuracy_and_four_scenarios_are_measured_and_valid(use, capsys) -> None:
    use(lambda images: np.where(images[:, 0] < 15, images[:, 0] % 10, -1).astype(int))
    assert run() == 0
    shown = capsys.readouterr().out
    assert "Accuracy: 75.0 %, 15 of 20 images" in shown
    for name in RUNS[1:]:
        assert f"\n{name} " in shown
    assert shown.count(" VALID") == 4


def test_invalid_run_is_told_with_its_reason(use, capsys) -> None:
    use(lambda images: np.zeros(len(images), int))
    command._SERVER = lg.Server(target_qps=1e6, target_latency_ms=1e-6)
    assert run() == 1
    assert "server, system INVALID: " in capsys.readouterr().out


def test_each_run_is_saved(use, tmp_path) -> None:
    use(lambda images: images[:, 0].astype(int))
    assert run(output_dir=tmp_path, quiet=True) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*RUNS, "report.html"])
    assert [lg.Result.load(tmp_path / name).valid for name in RUNS] == [True] * 5
    with pytest.raises(WrongUse, match="--overwrite"):
        run(output_dir=tmp_path, quiet=True)
    assert run(output_dir=tmp_path, quiet=True, overwrite=True) == 0


def test_the_demo_ends_with_a_report_and_says_where_it_is(use, capsys) -> None:
    use(lambda images: images[:, 0].astype(int))
    assert run() == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("Report: ")
    page = Path(last.removeprefix("Report: "))
    assert ": server, performance mode</h1>" in page.read_text("utf-8")
    shutil.rmtree(page.parent)


def test_quiet_writes_nothing(use, capsys) -> None:
    use(lambda images: images[:, 0].astype(int))
    assert run(quiet=True) == 0
    assert capsys.readouterr() == ("", "")


def test_error_keeps_what_was_measured_before(use, capsys) -> None:
    def classify(images: Any) -> Any:
        if len(images) == 8:
            raise ValueError("not so many")
        return images[:, 0].astype(int)

    use(classify)
    assert run() == 3
    output = capsys.readouterr()
    assert "ValueError: not so many" in output.err
    assert "\nsingle_stream " in output.out
    assert "Accuracy: 50.0 %" in output.out


def test_absent_library_names_the_extra_that_brings_it(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(WrongUse, match=r"pip install 'loadgen\[demo\]'"):
        command.digits()
