# SPDX-License-Identifier: Apache-2.0
"""A training, put into the folders of MLPerf Training, which the official package checker takes."""

import logging
import shutil
from pathlib import Path
from typing import Any

import pytest
from simulated_training import SimulatedTask
from submitting import described
from typer.testing import CliRunner

from loadgen.cli import app
from loadgen.errors import LoadGenError, SettingsError
from loadgen.mlperf.checker import check
from loadgen.mlperf.checker.catalogue import Findings
from loadgen.mlperf.checker.listed import check_manifest
from loadgen.mlperf.checker.tree import Tree
from loadgen.mlperf.submission import submit_training
from loadgen.mlperf.training import check_training, run_training

RESULTS = "results/Box_9000/simulated"
FIELDS = described(
    status="Available on-premise", system_name="Box 9000", host_processor_vcpu_count=8
)


@pytest.fixture
def training(tmp_path: Path) -> Path:
    task = SimulatedTask([4, 3, 5, 9])
    run_training(task, tmp_path / "runs", clock=task.clock, submitter="ACME", platform="box")
    (tmp_path / "task.py").write_text("# a task")
    return tmp_path / "runs"


def made(training: Path, **options: Any) -> Path:
    given = {"fields": FIELDS, "src": training.parent / "task.py", "probe": False}
    return submit_training(training, training.parent / "out", **(given | options))


def test_a_training_is_put_into_the_official_folders(training: Path) -> None:
    root = made(training)
    files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert files == {
        "manifest.json", "systems/Box_9000.json", *(f"{RESULTS}/result_{n}.txt" for n in range(4)),
        *(f"benchmarks/simulated/{each}" for each in (
            "README.md", "rules.yaml", "implementations/Box_9000/task.py",
        )),
    }  # fmt: skip
    log = "result_2.txt"
    assert (root / RESULTS / log).read_bytes() == (training / log).read_bytes()
    readme = root / "benchmarks/simulated/README.md"
    assert "not MLPerf results" in readme.read_text()
    findings = Findings()
    check_manifest(Tree(root, findings))
    assert not [*findings]
    refused = {(each.rule, each.found) for each in check(root).findings}
    assert ("tree.empty", "results of training") in refused


@pytest.mark.slow
def test_the_official_package_checker_takes_it(
    training: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """It looks at the system; benchmarks that are not its own it leaves out."""
    package = pytest.importorskip("mlperf_logging.package_checker.package_checker")

    def said(root: Path) -> str:
        caplog.clear()
        with caplog.at_level(logging.INFO):
            package.check_training_package(
                str(root), "training", "6.1.0", False, False, False, False, False, "nowhere"
            )
        return caplog.text

    root = made(training)
    text = said(root)
    assert "System description checker passed for Box 9000" in text
    assert "Skipping benchmark: simulated" in text
    assert "PACKAGE CHECKER FOUND NO ERRORS" in text
    system = root / "systems/Box_9000.json"
    system.write_text(system.read_text().replace("host_processor_vcpu_count", "vcpus"))
    assert "Missing field host_processor_vcpu_count" in said(root)


def test_what_is_missing_or_not_as_in_the_logs_is_named(training: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        made(training, fields={"status": "available", "submitter": "Other", "division": "open"})
    problems = [str(each) for each in caught.value.problems]
    assert any(each.startswith("fields.status = 'available': needs one of Av") for each in problems)
    assert "fields.host_processor_vcpu_count = (missing): needs text" in problems
    assert "fields.submitter = 'Other': needs ACME, as in the logs" in problems
    assert "fields.division = 'open': needs closed, as in the logs" in problems
    assert not any("system_type" in each or "system_name" in each for each in problems)
    assert not (training.parent / "out").exists()


def test_a_result_that_does_not_count_is_not_handed_in(training: Path) -> None:
    task = SimulatedTask([4, None, None, 9])
    run_training(task, training, clock=task.clock, resume=False)
    with pytest.raises(SettingsError, match="needs a result that counts: 2 of 4 runs did not"):
        made(training)
    file = training / "training.json"
    file.write_text(file.read_text().replace('"valid": false', '"valid": true'))
    with pytest.raises(SettingsError) as caught:
        made(training)
    problems = [str(each) for each in caught.value.problems]
    assert "training.json: valid = True: needs False, as the logs say" in problems
    assert not (training.parent / "out").exists()


def test_a_factor_that_the_logs_do_not_give_is_not_handed_in(training: Path) -> None:
    (training / "scaling.json").write_text('{"scaling_factor": 0.5}')
    with pytest.raises(SettingsError, match=r"scaling\.json = .* needs nothing, as the logs say"):
        made(training)


@pytest.mark.parametrize("name", ["result_1.txt", "rules.yaml", "scaling.json", "training.json"])
def test_what_a_link_leads_to_is_not_handed_in(name: str, training: Path) -> None:
    there = training.parent / "there"
    there.write_text("a secret")
    (training / name).unlink(missing_ok=True)
    (training / name).symlink_to(there)
    with pytest.raises(LoadGenError, match=f"{name}: is a link"):
        made(training)
    assert not (training.parent / "out").exists()


@pytest.mark.parametrize("value", ['"../../../../elsewhere"', "5"])
def test_no_log_says_where_files_are_written(value: str, training: Path) -> None:
    key = '"key": "submission_benchmark", "value": '
    for log in training.glob("result_*.txt"):
        text = log.read_text()
        assert f'{key}"simulated"' in text
        log.write_text(text.replace(f'{key}"simulated"', key + value))
    if value == "5":
        with pytest.raises(LoadGenError, match="submission_benchmark = 5; expected a text"):
            made(training)
    else:
        check_training(training).result.write()
        root = made(training)
        assert (root / "results/Box_9000/elsewhere/result_0.txt").is_file()
    names = {path.name for path in training.parent.iterdir()}
    assert names <= {"runs", "task.py", "out"}


def test_from_the_command_line(training: Path) -> None:
    out = training.parent / "out"
    given = [f"--set={name}={value}" for name, value in FIELDS.items()]
    words = ["submit", str(training), str(out), *given]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert "--src = (missing): needs the file or folder of what was trained" in done.stderr
    done = CliRunner().invoke(app, [*words, "--src", str(training.parent / "task.py")])
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "a submission of training. Its result is what its logs come to" in said
    shutil.rmtree(out)
    words += ["--src", str(training.parent / "task.py"), "--set", "status=soon"]
    done = CliRunner().invoke(app, words)
    assert "--set status = 'soon': needs one of Available on-premise" in done.stderr
    done = CliRunner().invoke(app, [*words, "--infer", "--round", "v6.1"])
    assert done.exit_code == 2
    assert "--round, --infer: of inference" in done.stderr
