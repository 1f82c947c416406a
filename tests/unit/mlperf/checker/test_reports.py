# SPDX-License-Identifier: Apache-2.0
"""What a check comes to, as JSON, as SARIF and in words; that no tree ends it."""

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from submissions import QWEN, SYSTEM, UNET, Submission
from typer.testing import CliRunner

from loadgen.cli import app
from loadgen.mlperf.checker import check, many
from loadgen.mlperf.checker.runs import DETAIL
from loadgen.mlperf.checker.sarif import to_sarif
from loadgen.mlperf.manifest import write_manifest

SUMMARY_FIELDS = (
    "ID", "Submitter", "Availability", "Category", "Suite", "System", "Platform", "UsedModel",
    "Model", "Scenario", "Accuracy", "Nodes", "Processor", "p#", "Accelerator", "a#", "Software",
    "Notes", "version", "inferred", "has_power", "Details", "Code", "Performance_Result",
    "Performance_Units",
)  # fmt: skip

# The parts of SARIF 2.1.0 that viewers rely on, of the schema that OASIS publishes.
SARIF: dict[str, Any] = {
    "required": ["version", "runs", "$schema"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "items": {
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name", "rules"],
                                "properties": {"rules": {"type": "array", "uniqueItems": True}},
                            }
                        },
                    },
                    "results": {
                        "items": {
                            "required": ["ruleId", "message", "locations"],
                            "properties": {
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "message": {"required": ["text"]},
                                "locations": {
                                    "items": {
                                        "properties": {
                                            "physicalLocation": {
                                                "properties": {
                                                    "artifactLocation": {
                                                        "properties": {
                                                            "uri": {
                                                                "pattern": r"^[A-Za-z0-9._~/%-]+$"
                                                            }
                                                        }
                                                    },
                                                    "region": {
                                                        "properties": {"startLine": {"minimum": 1}}
                                                    },
                                                }
                                            }
                                        }
                                    }
                                },
                            },
                        }
                    },
                },
            }
        },
    },
}


def typed(*words: str) -> Any:
    return CliRunner().invoke(app, ["check", *words])


def test_an_accepted_result_has_the_fields_of_results_sites(tmp_path: Path) -> None:
    document = Submission(tmp_path, QWEN).check().to_dict()
    (result,) = document["results"]
    assert tuple(result)[: len(SUMMARY_FIELDS)] == SUMMARY_FIELDS
    assert result["ID"] == "6.1-0001"
    assert (result["Performance_Result"], result["Performance_Units"]) == (100.185, "ms")
    assert (result["Accuracy"], result["Suite"]) == ("score: 86.3", "edge")
    assert (result["Nodes"], result["p#"], result["a#"]) == (1, 1, 0)
    assert (result["path"], result["round"], result["findings"]) == (QWEN, "v6.1", [])
    assert "not verified by MLCommons" in result["notice"]
    assert document["refused"] == []


def test_a_refused_result_has_none_of_them(tmp_path: Path) -> None:
    submission = Submission(tmp_path)
    submission.drop("@/README.md")
    document = submission.check().to_dict()
    assert (document["accepted"], document["results"]) == (False, [])
    (refused,) = document["refused"]
    assert refused["path"] == UNET
    assert [each["rule"] for each in refused["findings"]] == ["file.missing"]


def test_of_two_results_only_the_broken_one_is_refused(tmp_path: Path) -> None:
    submission = Submission(tmp_path, QWEN)
    other = Submission(tmp_path / "other")
    for name in ("results/sys1", "src", "systems"):
        source = other.root / "closed" / "ACME" / name
        target = tmp_path / "closed" / "ACME" / name.replace("sys1", "sys2")
        shutil.copytree(source, target, dirs_exist_ok=True)
    shutil.rmtree(other.root)
    submission.rename(SYSTEM, SYSTEM.replace("sys1", "sys2"))
    submission.copy(SYSTEM.replace("sys1", "sys2"), SYSTEM)
    submission.fields(SYSTEM, system_type="edge")
    assert submission.check().findings == ()
    submission.drop("@/README.md")
    report = submission.check()
    assert [each.accepted for each in report.results] == [False, True]
    assert not report.accepted
    assert [each.fields["ID"] for each in report.results] == ["6.1-0001", "6.1-0002"]


def test_sarif_names_rule_file_and_line(tmp_path: Path) -> None:
    submission = Submission(tmp_path)
    submission.fields(SYSTEM, status="soon")
    submission.write("@/Messung für Zürich.txt", "x")
    submission.path("@/a link").symlink_to("/")
    document = to_sarif(submission.check(), "1.2.3")
    jsonschema.validate(document, SARIF)
    (run,) = document["runs"]
    names = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    by_rule = {each["ruleId"]: each for each in run["results"]}
    assert set(names) == by_rule.keys() == {"system.status", "tree.link"}
    assert all(names[each["ruleIndex"]] == rule for rule, each in by_rule.items())
    place = by_rule["system.status"]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == SYSTEM
    assert place["region"] == {"startLine": 4}
    linked = by_rule["tree.link"]["locations"][0]["physicalLocation"]
    assert linked["artifactLocation"]["uri"] == f"{UNET}/a%20link"


def test_the_command_says_what_is_wrong_and_where(tmp_path: Path) -> None:
    submission = Submission(tmp_path / "tree")
    done = typed(str(submission.root))
    assert done.exit_code == 0, done.output
    assert "Accepted by the rules of MLPerf Inference v6.1: 1 result, 0 refused" in done.output
    assert "not verified by MLCommons" in done.output
    submission.fields(SYSTEM, status="soon")
    sarif = tmp_path / "findings.sarif"
    done = typed(str(submission.root), "--sarif", str(sarif))
    assert done.exit_code == 1
    assert f"{SYSTEM}:4: error: system.status" in done.output
    assert json.loads(sarif.read_text())["runs"][0]["results"][0]["ruleId"] == "system.status"


@pytest.mark.parametrize("place", ["tree", "tree/new/folder", "link"])
def test_findings_are_not_written_into_what_was_checked(tmp_path: Path, place: str) -> None:
    submission = Submission(tmp_path / "tree")
    (tmp_path / "link").symlink_to(submission.root / "closed")
    write_manifest(submission.root)
    before = sorted(submission.root.rglob("*"))
    done = typed(str(submission.root), "--sarif", str(tmp_path / place / "a.sarif"))
    assert done.exit_code == 2, done.output
    assert f"a file outside of {submission.root}" in done.output + done.stderr
    assert sorted(submission.root.rglob("*")) == before
    assert typed(str(submission.root)).exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "ROOT = 'nowhere': needs a folder that is there"),
        ([".", "--round", "v4.0"], "--round = 'v4.0': needs one of"),
        ([".", "--signer", "me"], "--signer = 'me': needs 64 hexadecimal digits"),
        ([".", "--nonce", "me"], "--nonce = 'me': needs None or a text of 16 to 128 letters"),
    ],
)
def test_wrong_use_is_two(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = typed(*words)
    assert done.exit_code == 2, done.output
    assert said in done.output + done.stderr


def test_an_empty_tree_is_refused(tmp_path: Path) -> None:
    (found,) = check(tmp_path).findings
    assert (found.rule, found.file) == ("tree.empty", ".")


def test_what_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    submission = Submission(tmp_path)
    opened = os.open

    def refusing(path: Any, *rest: Any, **named: Any) -> int:
        if str(path).endswith("measurements.json"):
            raise PermissionError(13, "Permission denied")
        return opened(path, *rest, **named)

    monkeypatch.setattr(os, "open", refusing)
    (found,) = submission.check().errors
    assert (found.rule, found.found) == ("tree.unreadable", "cannot be read: Permission denied")


def test_lines_of_gigabytes_are_not_read(tmp_path: Path) -> None:
    submission = Submission(tmp_path)
    run = "performance/run_1"
    for name in ("measurements.json", "user.conf", "accuracy/accuracy.txt", f"{run}/{DETAIL}"):
        os.truncate(submission.path(f"@/{name}"), 1 << 32)  # a hole: no byte of it is on the disk
    os.truncate(submission.path("@/accuracy/mlperf_log_accuracy.json"), 1 << 24)
    rules = {each.rule for each in submission.check().errors}
    assert {"file.size", "accuracy.truncated"} <= rules


def test_what_nobody_thought_of_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("surprise")

    monkeypatch.setattr("loadgen.mlperf.checker.result.check_accuracy", broken)
    (found,) = Submission(tmp_path).check().errors
    assert (found.rule, found.found) == ("run.check", "RuntimeError: surprise")


def test_names_in_other_scripts_are_names(tmp_path: Path) -> None:
    submission = Submission(tmp_path)
    submission.rename("closed/ACME", "closed/株式会社")
    submission.fields(SYSTEM.replace("ACME", "株式会社"), submitter="株式会社")
    report = submission.check()
    assert report.findings == ()
    assert report.results[0].fields["Submitter"] == "株式会社"


def test_several_processes_find_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the processes: what one is given comes back as it was."""
    submission = Submission(tmp_path)
    submission.drop("@/README.md")
    alone = submission.check()

    class Pool:
        def __init__(self, processes: int, _: object, start: Any, given: tuple[Any]) -> None:
            start(*given)

        def __enter__(self) -> "Pool":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def map(self, function: Any, work: Any, chunksize: int) -> Any:
            return map(function, work)

    monkeypatch.setattr(many, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(many, "WORTH_IT", 1)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # a process of its own ignores Ctrl-C
    assert submission.check(processes=2) == alone


@pytest.mark.slow
def test_processes_that_are_processes_find_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "WORTH_IT", 30)
    submission = Submission(tmp_path)
    root = tmp_path / "closed" / "ACME"
    for number in range(many.WORTH_IT):  # one log for all of them, which is found as well
        shutil.copytree(root / "results" / "sys1", root / "results" / f"more{number}")
        shutil.copy(root / "systems" / "sys1.json", root / "systems" / f"more{number}.json")
    report = submission.check(processes=2)
    assert report == submission.check()
    assert {each.rule for each in report.findings} == {"same.log"}
    assert len(report.results) == many.WORTH_IT + 1
