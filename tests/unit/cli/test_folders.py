# SPDX-License-Identifier: Apache-2.0
"""A folder that is typed as an empty text is none, and above all not the current one."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from loadgen.cli import app
from loadgen.errors import SettingsError
from loadgen.mlperf.checker import check
from loadgen.mlperf.submission import submit

SYSTEM = ("some:sut", "--dataset", "10", "--scenario", "offline")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["check", ""], "ROOT"),
        (["submit", "", "made"], "RUNS"),
        (["submit", "runs", ""], "TARGET"),
        (["dashboard", "build", "", "--out", "site"], "RESULTS"),
        (["dashboard", "build", "a.json", "--out", ""], "--out"),
        (["dashboard", "build", "--reviewed", "", "--out", "site"], "--reviewed"),
        (["dashboard", "serve", ""], "SITE"),
        (["report", ""], "RUN"),
        (["show", ""], "RUN"),
        (["export", "", "--to", "a.csv"], "RUN"),
        (["ls", ""], "FOLDER"),
        (["compare", "", "b"], "A"),
        (["compare", "a", ""], "B"),
        (["demo", "--output-dir", ""], "--output-dir"),
        (["run", *SYSTEM, "--output-dir", ""], "--output-dir"),
        (["peak", *SYSTEM, "--output-dir", ""], "--output-dir"),
        (["sweep", *SYSTEM, "--output-dir", ""], "--output-dir"),
        (["suite", "run", "--output-dir", ""], "--output-dir"),
        (["suite", "audit", "TEST04", "--results", ""], "--results"),
        (["suite", "audit", "TEST04", "--performance", ""], "--performance"),
        (["suite", "audit", "TEST04", "--accuracy", ""], "--accuracy"),
        (["suite", "audit", "TEST04", "--output", ""], "--output"),
        (["suite", "audit", "TEST04", "--verify", ""], "--verify"),
        (["train", "digits", "--output-dir", ""], "--output-dir"),
    ],
)
def test_an_empty_text_is_wrong_use_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(app, words)
    assert ended.exit_code == 2
    assert name in ended.output
    assert "a folder, . for the current one" in ended.output
    assert [*tmp_path.iterdir()] == []


def test_python_has_no_empty_folder_either(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ROOT = '': needs a folder that is there"):
        check("")
    with pytest.raises(SettingsError, match="source = '': needs a folder that is there"):
        submit("", tmp_path / "made", fields={})
