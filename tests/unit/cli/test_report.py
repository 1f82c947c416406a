# SPDX-License-Identifier: Apache-2.0
"""``loadgen report``, and ``--report`` of other commands: where pages go, and what is refused."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import loadgen as lg
from loadgen.cli import app
from loadgen.cli import report as command
from loadgen.result import RunData

MS = 1_000_000


@pytest.fixture
def saved(make_run: Callable[..., RunData], tmp_path: Path) -> Path:
    due = [k * MS for k in range(100)]
    data = make_run(lg.SingleStream(), due, [at + MS // 2 for at in due])
    return lg.Result(data).save(tmp_path / "run")


def invoke(*words: object) -> tuple[int, str, str]:
    ended = CliRunner().invoke(app, [str(word) for word in words])
    return ended.exit_code, ended.stdout, ended.stderr


def test_the_page_is_in_the_run_s_folder_which_can_still_be_replaced(saved: Path) -> None:
    code, out, _ = invoke("report", saved, "--open", "no")
    assert (code, out) == (0, f"Report: {saved / 'report.html'}\n")
    assert (saved / "report.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    lg.Result.load(saved).save(saved, overwrite=True)
    assert not (saved / "report.html").exists()


def test_the_page_goes_where_it_is_told_and_replaces_on_request(
    saved: Path, tmp_path: Path
) -> None:
    page = tmp_path / "pages" / "a.html"
    assert invoke("report", saved, "--out", page)[0] == 0
    code, _, err = invoke("report", saved, "--out", page)
    assert code == 2
    assert f"{page}: is there already" in err
    assert "--overwrite replaces a report" in err
    assert invoke("report", saved, "--out", page, "--overwrite", "--quiet") == (0, "", "")


def test_what_is_no_run_and_what_cannot_be_written_is_said(saved: Path, tmp_path: Path) -> None:
    code, _, err = invoke("report", tmp_path / "absent")
    assert code == 2
    assert "no such folder" in err
    (tmp_path / "file").touch()
    code, _, err = invoke("report", saved, "--out", tmp_path / "file" / "a.html")
    assert code == 2
    assert "file/a.html: cannot be written: File exists" in err


def test_a_missing_library_is_named_with_what_brings_it(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("loadgen.report.html")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(sys.modules["loadgen.report"], "html", raising=False)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    code, _, err = invoke("report", saved)
    assert code == 2
    assert "pip install 'loadgen[report]'" in err


def test_a_browser_is_opened_on_request_alone_where_there_is_no_terminal(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(command.webbrowser, "open", opened.append)
    assert invoke("report", saved)[0] == 0
    assert opened == []
    assert invoke("report", saved, "--overwrite", "--open", "yes")[0] == 0
    assert opened == [(saved / "report.html").as_uri()]


def test_a_comparison_has_a_page_and_keeps_its_exit_code(saved: Path, tmp_path: Path) -> None:
    page = tmp_path / "c.html"
    words = ("compare", saved, saved, "--report", page)
    code, out, _ = invoke(*words)
    assert code == invoke("compare", saved, saved)[0]
    assert out.endswith(f"Report: {page}\n")
    assert "Comparison of two runs" in page.read_text("utf-8")
    code, _, err = invoke(*words)
    assert code == 3
    assert "--overwrite" in err


def test_a_sweep_has_a_page_and_looks_for_its_place_before_it_runs(tmp_path: Path) -> None:
    page = tmp_path / "s.html"
    words = (
        "sweep", "swept:sut", "--dataset", 4, "--concurrency", "1,2",
        "--min-duration-s", 0, "--min-queries", 10, "--report", page,
    )  # fmt: skip
    (tmp_path / "swept.py").write_text("def sut(samples):\n    return samples\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        code, out, err = invoke(*words)
        assert code == 0, err
        assert out.endswith(f"Report: {page}\n")
        assert "sweep of concurrent" in page.read_text("utf-8")
        code, out, err = invoke(*words)
    assert code == 2
    assert out == ""
    assert "s.html: is there already" in err
