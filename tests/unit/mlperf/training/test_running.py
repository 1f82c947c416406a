# SPDX-License-Identifier: Apache-2.0
"""Runs of a task in simulated time: what they come to, what is in the folder, how it goes on."""

import json
import math

import pytest
import simulated_training
from simulated_training import SimulatedTask

from loadgen.errors import LoadGenError, SettingsError, SUTError
from loadgen.mlperf.training import Reference, read_training_log, run_training
from loadgen.mlperf.training.running import seeds_of

BLOCKS = [4, 3, 5, 9]


def trained(folder, blocks=BLOCKS, **given):
    task = given.pop("task", None) or SimulatedTask(blocks)
    return run_training(task, folder, clock=task.clock, platform="simulated machine", **given)


def test_result_is_the_olympic_mean_of_the_times_on_the_clock(tmp_path) -> None:
    result = trained(tmp_path)
    # 1 + 10.5 n seconds each; without those of 3 and of 9 blocks the mean of n is 4.5.
    assert result.minutes == pytest.approx((1 + 10.5 * 4.5) / 60)
    assert result.valid
    assert [run.samples for run in result.runs] == [100 * blocks for blocks in BLOCKS]
    assert {run.quality for run in result.runs} == {0.95}
    assert "Result   48.25 s (0.8042 min): VALID" in result.summary(98)
    assert "not MLPerf results" in result.summary(98)


def test_hooks_are_called_in_their_order_and_the_log_says_when(tmp_path) -> None:
    task = SimulatedTask([2, 3, 3])
    trained(tmp_path, task=task, runs=3)
    assert task.calls[:7] == ["init", "load", "train", "evaluate", "train", "evaluate", "stop"]
    lines = (tmp_path / "result_0.txt").read_text().splitlines()
    events = [json.loads(line.removeprefix(":::MLLOG ")) for line in lines]
    timed = [(each["key"], each["time_ms"]) for each in events if each["key"] not in KEYS]
    start = task.clock.now_ns // 1_000_000 - 3 * 3_000 - 8 * 10_500
    assert [(key, time_ms - start) for key, time_ms in timed] == [
        ("cache_clear", 0), ("init_start", 0), ("init_stop", 2_000), ("run_start", 2_000),
        ("block_start", 3_000), ("block_stop", 13_000), ("eval_start", 13_000),
        ("eval_accuracy", 13_500), ("eval_stop", 13_500),
        ("block_start", 13_500), ("block_stop", 23_500), ("eval_start", 23_500),
        ("eval_accuracy", 24_000), ("eval_stop", 24_000), ("run_stop", 24_000),
    ]  # fmt: skip
    assert events[-1]["metadata"]["status"] == "success"


KEYS = {
    "seed", "submission_benchmark", "submission_org", "submission_division", "framework",
    "submission_platform", "config_filename", "quality_metric", "quality_target",
    "quality_better", "train_samples", "eval_samples", "max_samples", "global_batch_size",
    "micro_batch_size", "gradient_accumulation_steps", "tensor_parallelism",
    "pipeline_parallelism", "context_parallelism", "expert_parallelism",
    "lowest_numerical_precision_in_linear", "lowest_numerical_precision_in_attn",
    "lowest_numerical_precision_in_comm", "opt_name", "opt_base_learning_rate", "notice",
}  # fmt: skip


def test_log_has_every_key_that_the_rules_want(tmp_path) -> None:
    trained(tmp_path, [2, 2, 2], runs=3)
    facts = read_training_log(tmp_path / "result_0.txt").facts
    assert facts.keys() >= KEYS
    assert facts["config_filename"] == "simulated_training.py"
    assert facts["micro_batch_size"] == 10


def test_seeds_differ_and_more_runs_begin_with_the_same(tmp_path) -> None:
    assert len(set(seeds_of(0, 1000))) == 1000
    assert seeds_of(7, 100)[:10] == seeds_of(7, 10)
    result = trained(tmp_path, [2, 2, 2], runs=3, seed=7)
    assert [run.seed for run in result.runs] == seeds_of(7, 3)


def test_one_run_that_did_not_converge_is_the_slowest(tmp_path) -> None:
    result = trained(tmp_path, [None, 4, 3, 6])
    assert result.minutes == pytest.approx((1 + 10.5 * 5) / 60)
    assert result.valid
    lost = result.runs[0]
    assert (lost.converged, lost.samples, lost.quality) == (False, 2000, 0.1)
    assert "not reached" in result.summary(98)
    said = result.rows()[0]["verdicts"]
    assert said["times of the runs"].count("s (target not reached)") == 1


def test_two_runs_that_did_not_converge_are_no_result(tmp_path) -> None:
    result = trained(tmp_path, [None, None, 4, 3])
    assert (result.minutes, result.valid, result.rows()) == (None, False, [])
    assert result.reasons[0].startswith("2 of 4 runs did not reach the target, and one may")
    assert "Result   none: INVALID" in result.summary(98)


@pytest.mark.parametrize(("runs", "minutes"), [(1, None), (2, None), (3, (1 + 10.5 * 4) / 60)])
def test_fewer_runs_than_a_result_needs_are_said(tmp_path, runs, minutes) -> None:
    reference = Reference("simulated", {10: [450.0] * 8}, runs=4)
    result = trained(tmp_path, runs=runs, reference=reference if runs < 3 else None)
    assert result.minutes == (None if minutes is None else pytest.approx(minutes))
    assert result.reasons == (f"a result needs 4 runs, and this has {runs}",)
    json.loads((tmp_path / "training.json").read_text(), parse_constant=pytest.fail)


def test_identical_runs_are_a_result(tmp_path) -> None:
    result = trained(tmp_path, [3] * 4)
    assert result.minutes == pytest.approx(32.5 / 60)


def test_training_that_breaks_has_not_converged(tmp_path, monkeypatch) -> None:
    task = SimulatedTask([2, 2, 2])
    monkeypatch.setattr(task, "evaluate", lambda: math.nan)
    result = trained(tmp_path, task=task, runs=3)
    assert [(run.quality, run.samples) for run in result.runs] == [(None, 100)] * 3
    text = (tmp_path / "result_0.txt").read_text()
    assert "NaN" not in text
    assert not result.valid


def test_lower_may_be_better(tmp_path, monkeypatch) -> None:
    task = SimulatedTask([2, 3, 3])
    losses = iter([0.9, 0.5] * 3)
    monkeypatch.setattr(task, "better", "lower")
    monkeypatch.setattr(task, "target", 0.5)
    monkeypatch.setattr(task, "evaluate", lambda: next(losses))
    result = trained(tmp_path, task=task, runs=3)
    assert [(run.quality, run.converged) for run in result.runs] == [(0.5, True)] * 3
    assert "of at most 0.5" in result.summary(98)


def test_time_of_runs_that_were_ahead_of_the_reference_is_multiplied(tmp_path) -> None:
    counts = [360.0, 540.0] + [460.0] * 6
    result = trained(tmp_path, reference=Reference("simulated", {10: counts}, runs=4))
    scaling = 460 / 450
    assert result.unscaled_minutes == pytest.approx((1 + 10.5 * 4.5) / 60)
    assert result.minutes == pytest.approx(result.unscaled_minutes * scaling)
    found = json.loads((tmp_path / "scaling.json").read_text())
    assert found["scaling_factor"] == pytest.approx(scaling)
    slower = Reference("simulated", {10: [450.0] * 8}, runs=4)
    assert trained(tmp_path, [], reference=slower).minutes == result.unscaled_minutes
    assert not (tmp_path / "scaling.json").exists()


def test_long_init_is_no_way_to_do_things_off_the_clock(tmp_path, monkeypatch) -> None:
    task = SimulatedTask(BLOCKS)
    monkeypatch.setattr(task, "clear_caches", lambda: True)
    monkeypatch.setattr(simulated_training, "INIT_NS", 30 * 60 * 10**9)
    result = trained(tmp_path, task=task)
    expected = "init() took 30.0 minutes; less than 30 may be off the clock"
    assert result.reasons == (expected,)
    assert result.runs[0].facts["cache_clear"] is True


def test_runs_that_are_too_fast_are_no_result(tmp_path) -> None:
    reference = Reference("simulated", {10: [900.0, 1000.0] * 4}, runs=4)
    result = trained(tmp_path, reference=reference)
    assert not result.valid
    assert result.reasons[0].endswith("(batch size 10): too fast")
    assert json.loads((tmp_path / "summary_results.json").read_text()) == []
    assert not (tmp_path / "scaling.json").exists()


def test_summary_has_the_fields_that_sites_of_results_read(tmp_path) -> None:
    result = trained(tmp_path, submitter="Me & Co")
    (row,) = json.loads((tmp_path / "summary_results.json").read_text())
    assert row["Performance_Result"] == result.minutes
    expected = {
        "Submitter": "Me & Co", "Category": "closed", "Suite": "training", "Model": "simulated",
        "Scenario": "TimeToTrain", "Performance_Units": "minutes", "System": "simulated machine",
    }  # fmt: skip
    assert expected.items() <= row.items()
    assert "not MLPerf results" in row["Notes"]


def test_runs_that_are_there_are_not_done_again(tmp_path) -> None:
    whole = trained(tmp_path / "whole")
    part = SimulatedTask(BLOCKS[:2])
    with pytest.raises(SUTError, match=r"simulated: init\(\) raised IndexError"):
        trained(tmp_path / "part", task=part)
    assert part.calls[-1] == "stop"
    (tmp_path / "part" / ".result_2.txt.0abc.partial").write_text("what a kill left")
    rest = SimulatedTask(BLOCKS[2:])
    seen: list[int] = []
    again = trained(tmp_path / "part", task=rest, on_run=lambda number, run: seen.append(number))
    assert seen == [0, 1, 2, 3]
    assert rest.seeds == [run.seed for run in whole.runs[2:]]
    assert again.minutes == whole.minutes
    assert not [path for path in (tmp_path / "part").iterdir() if path.suffix == ".partial"]


def test_ctrl_c_leaves_no_log_of_half_a_run(tmp_path, monkeypatch) -> None:
    task = SimulatedTask([2, 2, 2])

    def interrupted() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(task, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, task=task, runs=3)
    assert task.calls[-1] == "stop"
    assert {path.name for path in tmp_path.iterdir()} == {"rules.yaml", ".training.lock"}


def test_runs_of_something_else_are_not_joined(tmp_path) -> None:
    trained(tmp_path, [2, 2, 2], runs=3)
    with pytest.raises(SettingsError) as caught:
        trained(tmp_path, [2], runs=4, seed=5, division="open")
    fields = [problem.field for problem in caught.value.problems]
    assert fields == ["submission_division", "seed", "output_dir"]
    assert trained(tmp_path, [3, 3, 3], runs=3, seed=5, resume=False).runs[0].samples == 300


def test_no_run_that_is_there_is_left_out(tmp_path) -> None:
    trained(tmp_path, [2, 2, 2, 2], runs=4)
    with pytest.raises(SettingsError, match=r"runs = 3: needs at least 4, as .* has"):
        trained(tmp_path, [], runs=3)


def test_folder_with_something_else_is_left_alone(tmp_path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(SettingsError, match=r"with runs; it has thesis\.tex"):
        trained(tmp_path, resume=False)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_folder_that_is_in_use_is_refused(tmp_path) -> None:
    task = SimulatedTask([2, 2, 2])

    def nested(number, run) -> None:
        with pytest.raises(LoadGenError, match="another training is writing into it"):
            trained(tmp_path, [2])

    trained(tmp_path, task=task, runs=1, on_run=nested)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "a b", "name = 'a b': needs letters, digits"),
        ("name", None, "name = None: needs letters"),
        ("target", math.nan, "target = nan: needs a finite number"),
        ("better", "more", "better = 'more': needs one of 'higher', 'lower'"),
        ("batch_size", 0, "batch_size = 0: needs an integer of at least 1"),
        ("train_samples", 1.5, "train_samples = 1.5: needs an integer of at least 1"),
        ("precision", "fp31", "precision = 'fp31': needs one of"),
        ("parallelism", {"tensor": 0}, "parallelism.tensor = 0: needs an integer"),
        ("parallelism", {"data": 2}, "parallelism = 'data': needs one of tensor"),
        ("hyperparameters", {"lr": math.inf}, "hyperparameters.lr = inf: needs a finite number"),
        ("hyperparameters", {"lr": [1]}, r"hyperparameters.lr = \[1\]: needs a finite number"),
        ("hyperparameters", {"eval_samples": 1}, "hyperparameters = .*: needs other names"),
        ("required_runs", 2, "required_runs = 2: needs an integer of at least 3"),
    ],
)
def test_task_that_cannot_be_used_is_refused_before_it_starts(
    tmp_path, monkeypatch, field, value, said
) -> None:
    task = SimulatedTask([])
    monkeypatch.setattr(task, field, value)
    with pytest.raises(SettingsError, match=said):
        trained(tmp_path / "out", task=task)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"runs": 0}, "runs = 0: needs an integer of at least 1"),
        ({"seed": -1}, "seed = -1: needs an integer of at least 0"),
        ({"division": "network"}, "division = 'network': needs one of 'closed', 'open'"),
        ({"submitter": " "}, "submitter = ' ': needs a text"),
        ({"reference": Reference("other", {1: [1.0] * 20}, 10)}, "reference = 'other'"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(tmp_path, given, said) -> None:
    with pytest.raises(SettingsError, match=said):
        trained(tmp_path / "out", **given)


@pytest.mark.parametrize(
    ("hook", "returned", "said"),
    [
        ("train", None, r"train\(\) returned None: needs how many samples"),
        ("train", 0, r"train\(\) returned 0: needs"),
        ("train", True, r"train\(\) returned True: needs"),
        ("evaluate", "good", r"evaluate\(\) returned 'good': needs a number"),
        ("evaluate", None, r"evaluate\(\) returned None: needs a number"),
    ],
)
def test_hooks_that_return_something_else_end_the_run(
    tmp_path, monkeypatch, hook, returned, said
) -> None:
    task = SimulatedTask([2])
    monkeypatch.setattr(task, hook, lambda: returned)
    with pytest.raises(LoadGenError, match=said):
        trained(tmp_path, task=task, runs=1)


def test_no_task_is_refused(tmp_path) -> None:
    with pytest.raises(SettingsError, match="task = 'digits': needs a TrainingTask"):
        run_training("digits", tmp_path)
