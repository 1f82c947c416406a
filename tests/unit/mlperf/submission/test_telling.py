# SPDX-License-Identifier: Apache-2.0
"""What runs are of, logs and folders tell; what is not certain is asked for, or named."""

import json
import shutil
from pathlib import Path

import pytest
from submissions import SYSTEM, UNET, unpacked
from submitting import described, made, refused

from loadgen.mlperf.checker.context import rules_of_round
from loadgen.mlperf.submission import submit
from loadgen.mlperf.submission.naming import Naming
from loadgen.mlperf.submission.runs import found_runs


def test_what_is_missing_is_asked_for(logs: Path) -> None:
    answers = {"cooling": "liquid", "benchmarks..": "3d-unet-99"}
    asked: dict[str, str] = {}

    def ask(field: str, needed: str) -> str:
        asked[field] = needed
        return answers[field]

    fields = {name: each for name, each in described().items() if name != "cooling"}
    found = made(logs, fields=fields, benchmarks={}, ask=ask)
    assert found.report.accepted
    assert asked == {"cooling": "text", "benchmarks..": "one of 3d-unet-99, 3d-unet-99.9"}
    assert json.loads((found.root / SYSTEM).read_text())["cooling"] == "liquid"


def test_values_that_are_not_allowed_are_named(logs: Path) -> None:
    changed = {"status": "soon", "system_type": "phone", "submitter": "../ACME", "division": "ajar"}
    problems = refused(logs, fields=described(**changed))
    assert problems == [
        "fields.division = 'ajar': needs one of closed, network, open",
        "fields.submitter = '../ACME': needs letters, digits, space and . _ + -, from a letter or"
        " digit on: a folder's name",
        "fields.status = 'soon': needs one of available, preview, rdi",
        "fields.system_type = 'phone': needs one of datacenter, edge, datacenter,edge,"
        " edge,datacenter",
    ]
    problems = refused(logs, benchmarks={"second": "resnet"})
    assert "samples of second = 43: needs 50000, as resnet" in problems
    (problem,) = refused(logs, benchmarks={".": "3d-unit-99"})
    assert problem.endswith("did you mean 3d-unet-99?")
    (problem,) = refused(logs, round="v5.1")
    assert "v5.0, v5.1 had others" in problem


def test_runs_that_lack_or_are_twice_there_are_named(logs: Path) -> None:
    shutil.copytree(logs / "first", logs / "copy")  # the same run: nothing to ask about
    assert made(logs).report.accepted
    shutil.rmtree(logs.parent / "out")
    log = logs / "copy" / "mlperf_log_detail.txt"
    log.write_text(log.read_text() + "\n")
    (problem,) = refused(logs)
    assert problem == (
        "first = 'a second one': needs one of them: copy is another performance run of 3d-unet-99,"
        " Offline"
    )
    shutil.rmtree(logs / "copy")
    shutil.rmtree(logs / "second")
    (problem,) = refused(logs)
    assert problem == (
        "3d-unet-99, Offline = (missing): needs one accuracy run, beside first, TEST01"
    )


def test_folders_that_are_no_use_are_named(logs: Path, tmp_path: Path) -> None:
    (logs / "first" / "mlperf_log_summary.txt").unlink()
    for path in (logs / "TEST01").glob("verify_*"):
        path.unlink()
    problems = refused(logs)
    assert sorted(problems) == [
        "TEST01 = 'no verify_*.txt': needs an audit that was judged: loadgen suite audit TEST01"
        " --verify does that",
        "first = 'no mlperf_log_summary.txt': needs both logs of a run",
    ]
    shutil.copytree(unpacked(UNET) / UNET / "TEST01/performance/run_1", logs / "audit")
    assert any(each.startswith("audit = \"a run with an audit's") for each in refused(logs))
    empty = tmp_path / "empty"
    empty.mkdir()
    (problem,) = refused(empty)
    assert "a folder with runs" in problem
    (problem,) = refused(tmp_path / "absent")
    assert "a folder that is there" in problem


def test_a_folder_that_is_called_as_a_benchmark_is_asked_about_once(logs: Path) -> None:
    (logs.parent / "suite" / "3d-unet").mkdir(parents=True)
    logs.rename(logs.parent / "suite" / "3d-unet" / "Offline")
    asked = []

    def ask(field: str, needed: str) -> str:
        asked.append((field, needed))
        return "3d-unet-99.9"

    source = logs.parent / "suite"
    found = submit(
        source, logs.parent / "out", fields=described(), src={".": logs.parent / "code"}, ask=ask
    )
    assert asked == [("benchmarks.3d-unet", "one of 3d-unet-99, 3d-unet-99.9")]
    assert found.report.results[0].place.benchmark == "3d-unet-99.9"


def test_a_folder_is_handed_in_under_each_gate_that_is_told(logs: Path) -> None:
    both = ["3d-unet-99", "3d-unet-99.9"]
    found = made(logs, benchmarks={".": both})
    assert found.report.findings == ()
    assert [each.place.benchmark for each in found.report.results] == both
    assert (found.root / "closed/ACME/src/3d-unet-99.9/main.py").exists()
    shutil.rmtree(found.root)
    problems = refused(logs, benchmarks={".": ["3d-unet-99", "resnet"]})
    assert "samples of first = 43: needs 50000, as resnet" in problems
    (problem,) = refused(logs, benchmarks={".": ["3d-unet-99", "3d-unit"]})
    assert problem.startswith("benchmarks.. = '3d-unit': needs one of")


def server_log(folder: Path, limits: str) -> None:
    """Turn a detail log into that of a Server run with limits of its own."""
    log = folder / "mlperf_log_detail.txt"
    text = log.read_text().replace(
        '_scenario", "value": "Offline"', '_scenario", "value": "Server"'
    )
    text = text.replace(
        '"qsl_reported_total_count", "value": 43', '"qsl_reported_total_count", "value": 4388'
    )
    log.write_text(text.replace('"requested_print_timestamps", "value": false', limits))


@pytest.mark.parametrize(
    ("folder", "ttft_ns", "scenario"),
    [
        ("logs", 1_500_000_000, "Interactive"),
        ("logs", 2_000_000_000, "Server"),
        ("Server", 1_500_000_000, "Server"),
        ("interactive", 2_000_000_000, "Interactive"),
    ],
)
def test_interactive_is_told_by_its_folder_or_else_by_its_limit(
    logs: Path, folder: str, ttft_ns: int, scenario: str
) -> None:
    place = logs.parent / "runs" / folder
    shutil.copytree(logs / "first", place / "first")
    server_log(place / "first", f'"requested_server_ttft_latency", "value": {ttft_ns}')
    (found,) = found_runs(logs.parent / "runs")
    naming = Naming(rules_of_round("v6.1"), {}, {}, None)
    assert naming.names(found) == ("deepseek-r1",)
    assert naming.scenario(found, "deepseek-r1") == scenario
    assert naming.problems == []
