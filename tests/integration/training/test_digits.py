# SPDX-License-Identifier: Apache-2.0
"""A real network on real images, trained to its target; and the command that does it."""

import json

import pytest
from typer.testing import CliRunner

from loadgen.cli import app
from loadgen.mlperf.training import official_findings, read_training_log

pytest.importorskip("torch", reason="comes with the extra `training`")
pytest.importorskip("mlperf_logging", reason="comes with the extra `training`")

COMMAND = ["train", "digits", "--platform", "here", "--output-dir"]


@pytest.mark.slow
def test_command_trains_to_the_target_and_goes_on_where_it_was(tmp_path) -> None:
    import torch

    threads = torch.get_num_threads()
    out = tmp_path / "out"
    done = CliRunner().invoke(app, [*COMMAND, str(out), "--runs", "1"])
    assert done.exit_code == 1, done.output  # a result needs 10
    assert "Why: a result needs 10 runs, and this has 1" in done.output
    first = (out / "result_0.txt").read_bytes()
    done = CliRunner().invoke(app, [*COMMAND, str(out), "--runs", "1", "--quiet"])
    assert (done.exit_code, done.output) == (1, "")
    assert (out / "result_0.txt").read_bytes() == first
    assert torch.get_num_threads() == threads
    found = json.loads((out / "training.json").read_text())
    (run,) = found["runs"]
    assert run["converged"]
    assert run["quality"] >= 0.975
    assert found["facts"]["framework"].startswith("PyTorch 2.")
    assert official_findings(out / "result_0.txt", out / "rules.yaml") == []
    assert read_training_log(out / "result_0.txt").samples % 1347 == 0


def test_seed_gives_the_same_run_again() -> None:
    from loadgen.mlperf.training.digits import Digits

    task, seen = Digits(batch_size=128), []
    for seed in (1, 2, 1):
        task.init(seed)
        task.load()
        assert task.train() == 1347
        seen.append(task.evaluate())
        task.stop()
    assert seen[0] == seen[2] != seen[1]


def test_reference_has_at_least_twice_the_runs_of_a_result_at_three_batch_sizes() -> None:
    from loadgen.mlperf.training.digits import Digits

    points = Digits.reference().points
    assert [(point.batch_size, len(point.counts)) for point in points] == [
        (32, 50), (64, 20), (128, 20),
    ]  # fmt: skip


@pytest.mark.slow
def test_ten_runs_are_a_result_that_the_reference_accepts(tmp_path) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(app, [*COMMAND, str(out), "--runs", "10"])
    assert done.exit_code == 0, done.output
    (row,) = json.loads((out / "summary_results.json").read_text())
    assert row["Performance_Result"] > 0
    assert row["Accuracy"].startswith("accuracy: 0.97")
