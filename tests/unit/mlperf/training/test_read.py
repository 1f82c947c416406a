# SPDX-License-Identifier: Apache-2.0
"""Logs that are not whole, or contradict themselves, are refused by file and line."""

import json
from pathlib import Path

import pytest
from simulated_training import SimulatedTask

from loadgen.errors import ResultError
from loadgen.mlperf.training import read_training_log, run_training


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Of a run of two blocks."""
    folder, task = tmp_path_factory.mktemp("log"), SimulatedTask([2])
    run_training(task, folder, runs=1, clock=task.clock)
    return (folder / "result_0.txt").read_text().splitlines()


def saved(folder: Path, lines: list[str]) -> Path:
    file = folder / "log.txt"
    file.write_text("\n".join(lines) + "\n")
    return file


def changed(lines: list[str], key: str, metadata: dict | None = None, **change) -> list[str]:
    """The lines with other values in the last event of a key."""
    number = max(i for i, line in enumerate(lines) if f'"key": "{key}"' in line)
    entry = json.loads(lines[number].removeprefix(":::MLLOG "))
    entry["metadata"] |= metadata or {}
    text = f":::MLLOG {json.dumps(entry | change)}"
    return [*lines[:number], text, *lines[number + 1 :]]


def at(lines: list[str], key: str) -> float:
    """The time of an event, in ms."""
    (line,) = (each for each in lines if f'"key": "{key}"' in each)
    return float(json.loads(line.removeprefix(":::MLLOG "))["time_ms"])


def without(lines: list[str], key: str) -> list[str]:
    return [line for line in lines if f'"key": "{key}"' not in line]


def test_lines_of_others_are_skipped(lines, tmp_path) -> None:
    run = read_training_log(saved(tmp_path, ["Epoch 1", *lines, "done"]))
    assert (run.minutes, run.samples, run.quality) == (22 / 60, 200, 0.95)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: [], "has no line that begins with ':::MLLOG '"),
        (lambda lines: [*lines, ":::MLLOG {"], r"line \d+: is no event"),
        (lambda lines: changed(lines, "run_stop", time_ms=10**400), r"line \d+: is no event"),
        (lambda lines: [*lines, ":::MLLOG []"], r"line \d+: is no event"),
        (lambda lines: [*lines, ":::MLLOG " + "[" * 100_000], r"line \d+: is no event"),
        (lambda lines: lines[:-1], "has run_stop 0 times; expected once"),
        (lambda lines: [*lines, lines[-1]], "has run_stop 2 times"),
        (lambda lines: without(lines, "run_start"), "has run_start 0 times"),
        (lambda lines: without(lines, "seed"), "seed = None; expected one"),
        (lambda lines: without(lines, "quality_target"), "quality_target = None"),
        (lambda lines: without(lines, "eval_accuracy"), "has no eval_accuracy"),
        (lambda lines: changed(lines, "run_stop", time_ms=0), "not in their order"),
        (lambda lines: changed(lines, "init_stop", time_ms=10**15), "not in their order"),
        (lambda lines: [lines[-1], *lines[:-1]], r"line \d+: begins and ends of init and run"),
        (lambda lines: changed(lines, "run_stop", time_ms=float("nan")), "time_ms is nan"),
        (lambda lines: changed(lines, "eval_accuracy", value=0.5), "status is 'success', and"),
        (lambda lines: changed(lines, "eval_accuracy", value="0.95"), "is '0.95'; expected a num"),
        (lambda lines: changed(lines, "eval_accuracy", value=True), "is True; expected a number"),
        (lambda lines: changed(lines, "eval_accuracy", {"samples_count": -1}), "is -1; expected"),
        (lambda lines: changed(lines, "eval_accuracy", {"samples_count": None}), "is None; exp"),
        (lambda lines: changed(lines, "run_stop", {"status": "aborted"}), "is 'aborted', and the"),
        (lambda lines: changed(lines, "eval_accuracy", {"samples_count": 100}), "trained on, 200"),
        (lambda lines: changed(lines, "block_stop", {"samples_count": 300}), "is 200; expected as"),
        (lambda lines: changed(lines, "block_stop", time_ms=10**15), "is outside of the run"),
        (
            lambda lines: changed(lines, "run_stop", time_ms=at(lines, "run_start")),
            r"line \d+: block_start is outside of the run",
        ),
        (lambda lines: changed(lines, "quality_better", value=3), "quality_better = 3; expected"),
    ],
)
def test_what_is_wrong_is_said(lines, tmp_path, change, said) -> None:
    with pytest.raises(ResultError, match=said) as caught:
        read_training_log(saved(tmp_path, change(lines)))
    assert "log.txt" in str(caught.value)


def test_files_that_cannot_be_read_are_named(tmp_path) -> None:
    with pytest.raises(ResultError, match=r"nothing\.txt: cannot be read"):
        read_training_log(tmp_path / "nothing.txt")
    (tmp_path / "binary").write_bytes(b":::MLLOG \xff\xfe")
    with pytest.raises(ResultError, match="binary: cannot be read"):
        read_training_log(tmp_path / "binary")
