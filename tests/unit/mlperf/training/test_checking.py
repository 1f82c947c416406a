# SPDX-License-Identifier: Apache-2.0
"""What a training came to is computed from the logs of all its runs; no other file is believed."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from simulated_training import SimulatedTask

from loadgen.errors import ResultError
from loadgen.mlperf.training import Reference, check_training, run_training

BLOCKS = (4, 3, 5, 9)
AHEAD = Reference("simulated", {10: [500.0] * 4 + [450.0, 550.0, 300.0, 700.0]}, runs=4)


def trained(
    folder: Path, blocks: Sequence[int | None] = BLOCKS, name: str = "simulated", **given: Any
) -> Path:
    task = SimulatedTask(blocks)
    task.name = name
    run_training(task, folder, clock=task.clock, platform="box", **given)
    return folder


def change(file: Path, *keys: Any, value: Any) -> None:
    """Write another value into a file of JSON."""
    table = json.loads(file.read_text())
    inner = table
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    file.write_text(json.dumps(table))


def change_log(file: Path, key: str, value: Any) -> None:
    """Write another value of a key into a log."""
    lines = file.read_text().splitlines()
    for number, line in enumerate(lines):
        event = json.loads(line.removeprefix(":::MLLOG "))
        if event["key"] == key:
            lines[number] = f":::MLLOG {json.dumps(event | {'value': value})}"
    file.write_text("\n".join(lines) + "\n")


def found(folder: Path) -> list[str]:
    return [str(each) for each in check_training(folder).problems]


@pytest.mark.parametrize(
    ("blocks", "given"),
    [
        (BLOCKS, {}),
        (BLOCKS, {"reference": AHEAD}),
        ((1, 1, 1, 1), {"reference": AHEAD}),
        ((4, 3, None, 9), {"division": "open"}),
        ((4, None, None, 9), {}),
        ((4, 3, 5), {"runs": 3}),
    ],
)
def test_what_a_training_has_written_is_what_its_logs_say(
    tmp_path: Path, blocks: Sequence[int | None], given: dict[str, Any]
) -> None:
    result, problems = check_training(trained(tmp_path, blocks, **given))
    assert problems == ()
    assert result.to_dict() == json.loads((tmp_path / "training.json").read_text())
    assert len(result.runs) == len(blocks)


@pytest.mark.parametrize(
    ("file", "keys", "value", "said"),
    [
        ("training.json", ["minutes"], 0.1, "training.json: minutes = 0.1: needs 0.8"),
        ("training.json", ["valid"], False, "training.json: valid = False: needs True, as the"),
        ("training.json", ["reasons"], ["none"], "training.json: reasons = ['none']: needs []"),
        ("training.json", ["runs", 2, "samples"], 7, "training.json: runs: 2: samples = 7: needs"),
        ("training.json", ["runs", 3, "converged"], False, "training.json: runs: 3: converged ="),
        ("training.json", ["convergence", "mean"], 1.0, "training.json: convergence: mean = 1.0"),
        ("training.json", ["convergence", "scaling"], 1.0, "training.json: convergence: scaling"),
        ("training.json", ["notice"], "official", "training.json: notice = 'official': needs 'St"),
        ("summary_results.json", [0, "Performance_Result"], 0.1, "summary_results.json: 0: Perf"),
        ("scaling.json", ["scaling_factor"], 1.0, "scaling.json: scaling_factor = 1.0: needs 1.1"),
    ],
)
def test_another_figure_in_any_file_is_found(
    tmp_path: Path, file: str, keys: list[Any], value: Any, said: str
) -> None:
    trained(tmp_path, reference=AHEAD)
    change(tmp_path / file, *keys, value=value)
    (problem,) = found(tmp_path)
    assert problem.startswith(said)


def test_files_too_many_and_too_few_are_found(tmp_path: Path) -> None:
    trained(tmp_path)
    (tmp_path / "scaling.json").write_text('{"scaling_factor": 0.5}')
    (tmp_path / "summary_results.json").unlink()
    summary, scaling = found(tmp_path)
    assert summary.startswith("summary_results.json = (missing): needs")
    assert scaling.startswith("scaling.json = {'scaling_factor': 0.5}: needs nothing, as the logs")


def test_a_run_that_is_another_one_changes_the_result(tmp_path: Path) -> None:
    trained(tmp_path / "a")
    trained(tmp_path / "b", (4, 3, 2, 9))
    (tmp_path / "b/result_2.txt").replace(tmp_path / "a/result_2.txt")
    problems = found(tmp_path / "a")
    assert any(each.startswith("training.json: minutes =") for each in problems)
    assert any(
        each.startswith("training.json: runs: 2: samples = 500: needs 200") for each in problems
    )


def test_a_seed_that_two_runs_have_is_no_result(tmp_path: Path) -> None:
    trained(tmp_path)
    seed = check_training(tmp_path).result.runs[0].seed
    change_log(tmp_path / "result_3.txt", "seed", seed)
    result, problems = check_training(tmp_path)
    assert result.reasons == (f"several runs have the seed {seed}; each needs one of its own",)
    assert "training.json: valid" in [each.field for each in problems]
    result.write()
    assert found(tmp_path) == []
    assert not check_training(tmp_path).result.valid


def test_a_run_that_is_a_copy_under_another_seed_is_found(tmp_path: Path) -> None:
    trained(tmp_path)
    seed = check_training(tmp_path).result.runs[3].seed
    shutil.copy(tmp_path / "result_0.txt", tmp_path / "result_3.txt")
    change_log(tmp_path / "result_3.txt", "seed", seed)
    check_training(tmp_path).result.write()
    [problem] = found(tmp_path)
    assert problem.startswith("result_3.txt: run_start =")
    assert problem.endswith("needs not the time of result_0.txt")


def test_runs_of_different_tasks_are_no_training(tmp_path: Path) -> None:
    trained(tmp_path)
    change_log(tmp_path / "result_1.txt", "opt_base_learning_rate", 0.9)
    assert found(tmp_path) == [
        "result_1.txt: opt_base_learning_rate = 0.9: needs 0.5, as in result_0.txt"
    ]


def test_a_benchmark_of_this_package_has_its_target_its_runs_and_its_reference(
    tmp_path: Path,
) -> None:
    """Whatever the folder says of them: four runs of 100 samples each, and a target of 0.9."""
    trained(tmp_path, (1, 1, 1, 1), name="digits")
    result, problems = check_training(tmp_path)
    assert result.required_runs == 10
    assert result.reference is not None
    assert {point.batch_size for point in result.reference.points} == {32, 64, 128}
    assert "a result needs 10 runs, and this has 4" in result.reasons
    texts = [str(each) for each in problems]
    assert "result_0.txt: quality_target = 0.9: needs 0.975, as the benchmark has it" in texts
    assert "training.json: valid = True: needs False, as the logs say" in texts


def test_no_run_is_left_out(tmp_path: Path) -> None:
    trained(tmp_path)
    (tmp_path / "result_1.txt").unlink()
    with pytest.raises(ResultError, match=r"has no result_1\.txt"):
        check_training(tmp_path)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("[]", "is not what a training has written"),
        ("{", "is not what a training has written"),
        ("{}", "required_runs"),
        ('{"required_runs": 1, "reference": null}', "required_runs = 1; expected 3 or more"),
        (
            '{"required_runs": 4, "reference": {"runs": 4, "counts": {"10": [1]}}}',
            "at least 8 runs",
        ),
        ('{"required_runs": 4, "reference": 5}', "computed again"),
        ('{"required_runs": 4, "reference": {"runs": 4, "counts": []}}', "computed again"),
    ],
)
def test_what_no_training_has_written_is_told(tmp_path: Path, table: str, said: str) -> None:
    trained(tmp_path)
    (tmp_path / "training.json").write_text(table)
    with pytest.raises(ResultError, match=said):
        check_training(tmp_path)


def test_counts_without_end_are_told(tmp_path: Path) -> None:
    trained(tmp_path, reference=AHEAD)
    for number, blocks in enumerate(BLOCKS):
        log = tmp_path / f"result_{number}.txt"
        count = f'"samples_count": {100 * blocks}'
        log.write_text(log.read_text().replace(count, f'"samples_count": {10**400}'))
    with pytest.raises(ResultError, match="has no result that can be computed again"):
        check_training(tmp_path)


def test_links_are_not_followed(tmp_path: Path) -> None:
    log = trained(tmp_path / "runs") / "result_0.txt"
    log.rename(tmp_path / "elsewhere")
    log.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ResultError, match=r"result_0\.txt: is a link"):
        check_training(tmp_path / "runs")
