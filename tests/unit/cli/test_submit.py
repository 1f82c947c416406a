# SPDX-License-Identifier: Apache-2.0
"""`loadgen submit`: what is typed, what is said, and which exit code comes of it."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from submissions import SYSTEM, UNET, unpacked
from typer.testing import CliRunner

from loadgen.cli import app
from loadgen.cli import submit as command


def typed(*words: object, stdin: str | None = None) -> Any:
    return CliRunner().invoke(app, ["submit", *map(str, words)], input=stdin)


FIELDS = ("--fields", unpacked(UNET) / SYSTEM)


def test_a_good_submission_is_said_to_be_accepted(tmp_path: Path) -> None:
    done = typed(unpacked(UNET), tmp_path / "out", *FIELDS)
    assert done.exit_code == 0, done.output
    assert "Accepted by the rules of MLPerf Inference v6.1: 1 result, 0 refused" in done.output
    assert "not verified by MLCommons Association" in " ".join(done.output.split())
    assert f"Made in {tmp_path / 'out'}" in done.output


def test_a_benchmark_that_is_said_twice_is_both(tmp_path: Path) -> None:
    gates = ("--benchmark", "3d-unet-99", "--benchmark", "3d-unet-99.9")
    words = (*FIELDS, *gates, "--src", unpacked(UNET) / "closed/ACME/src/3d-unet-99")
    done = typed(unpacked(UNET), tmp_path / "out", *words)
    assert done.exit_code == 0, done.output
    assert "2 results, 0 refused" in done.output


def test_one_that_would_be_refused_is_made_and_ends_with_1(tmp_path: Path) -> None:
    done = typed(unpacked(UNET), tmp_path / "out", *FIELDS, "--set", "system_type=edge")
    assert done.exit_code == 1
    assert "tree.required" in done.output
    assert (tmp_path / "out" / "manifest.json").exists()


def test_what_is_missing_is_said_as_it_is_typed(tmp_path: Path) -> None:
    done = typed(unpacked(UNET) / UNET, tmp_path / "out", "--set", "submitter=ACME")
    assert done.exit_code == 2
    assert "--set cooling = (missing): needs text" in done.stderr
    assert "--src 3d-unet-99 = (missing)" not in done.stderr
    assert "--benchmark . = (missing): needs one of 3d-unet-99, 3d-unet-99.9" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--set", "cooling"], "--set = 'cooling': needs FIELD=TEXT"),
        (["--model", "resnet"], "--model = 'resnet': needs OWN=NAME"),
        (["--model", "../x=3d-unet-99"], "--model = '../x': needs letters, digits, space"),
        (["--round", "v6.2"], "did you mean v6.1?"),
        (["--fields", "absent.toml"], "absent.toml: cannot be read"),
    ],
)
def test_what_cannot_be_used_is_named(words: list[str], said: str, tmp_path: Path) -> None:
    done = typed(unpacked(UNET), tmp_path / "out", *words)
    assert done.exit_code in (2, 3)
    assert said in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_name_that_no_folder_can_have_is_wrong_use(tmp_path: Path) -> None:
    done = typed("a" * 300, tmp_path / "out")
    assert done.exit_code == 2, done.output
    assert "needs a folder that is there" in done.stderr


def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))


def test_on_a_terminal_what_is_missing_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = json.loads((unpacked(UNET) / SYSTEM).read_text())
    del fields["cooling"]
    (tmp_path / "fields.json").write_text(json.dumps(fields))
    words = (unpacked(UNET), tmp_path / "out", "--no-probe", "--fields", tmp_path / "fields.json")
    at_a_terminal(monkeypatch)
    done = typed(*words, stdin="liquid\n")
    assert done.exit_code == 0, done.output
    assert "cooling (text)" in done.stderr
    assert json.loads((tmp_path / "out" / SYSTEM).read_text())["cooling"] == "liquid"


def test_who_answers_nothing_gets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_terminal(monkeypatch)
    done = typed(unpacked(UNET), tmp_path / "out", stdin="")  # the end of the input, as Ctrl-D
    assert done.exit_code == 3
    assert "interrupted; nothing was made" in done.stderr
    assert [*tmp_path.iterdir()] == []
