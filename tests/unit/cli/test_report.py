# SPDX-License-Identifier: Apache-2.0
"""``loadgen report``, and ``--report`` of other commands: where pages go, and what is refused."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

import loadgen as lg
from loadgen.cli import app
from loadgen.cli import report as command
from loadgen.result import RunData
from loadgen.testing import VirtualClock

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
    made = f"Made for the report: {page.parent}\n"
    assert invoke("report", saved, "--out", page) == (0, f"{made}Report: {page}\n", "")
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


SUTS = """
from loadgen.testing import FixedSUT
def sut(samples):
    return samples
def raising(samples):
    raise ValueError("broken")
two = FixedSUT(latency_ns=10_000_000, servers=2)
"""
RUN = ("run", "reported:sut", "--dataset", 4, "--scenario", "single_stream",
       "--min-duration-s", 0, "--min-queries", 100)  # fmt: skip


@pytest.fixture
def suts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "reported.py").write_text(SUTS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_run_has_a_page_that_is_the_one_of_the_saved_run(suts: Path) -> None:
    code, out, err = invoke(*RUN, "--report", "pages/a.html", "--output-dir", "run")
    assert code == 0, err
    page = suts / "pages" / "a.html"
    assert out.startswith(f"Made for the report: {page.parent}\n")  # before the run
    assert out.endswith(f"Saved in {suts / 'run'}\nReport: {page}\n")
    assert invoke("report", "run")[0] == 0
    assert page.read_bytes() == (suts / "run" / "report.html").read_bytes()


def test_a_run_that_is_not_saved_has_a_page_too_and_its_document_says_where(suts: Path) -> None:
    code, out, _ = invoke(*RUN, "--report", "a.html", "--quiet")
    assert (code, out) == (0, "")
    assert "single_stream, performance mode" in (suts / "a.html").read_text("utf-8")


def test_a_page_may_be_in_the_folder_of_its_run(suts: Path) -> None:
    words = (*RUN, "--report", "run/report.html", "--output-dir", "run")
    code, _, err = invoke(*words)
    assert code == 0, err
    assert lg.Result.load(suts / "run").valid
    assert (suts / "run" / "report.html").exists()
    assert invoke(*words)[0] == 2
    assert invoke(*words, "--overwrite")[0] == 0


def test_a_place_that_is_taken_is_told_before_the_run(suts: Path) -> None:
    (suts / "letter.html").write_text("to my mother")
    code, out, err = invoke(*RUN, "--report", "letter.html")
    assert (code, out) == (2, "")
    assert "is there already" in err
    assert invoke(*RUN, "--report", "letter.html", "--overwrite")[0] == 2
    assert (suts / "letter.html").read_text() == "to my mother"


@pytest.mark.parametrize("error", [OSError("disk full"), ZeroDivisionError("a bug")])
def test_what_was_measured_is_shown_and_saved_when_the_page_fails(
    suts: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(*_: object, **__: object) -> Path:
        raise error

    monkeypatch.setattr(lg.Result, "report", broken)
    code, out, err = invoke(*RUN, "--report", "a.html", "--output-dir", "run")
    assert code == 3
    assert "VALID" in out
    assert f"a.html: the page could not be made: {type(error).__name__}: {error}" in err
    assert lg.Result.load(suts / "run").n_issued == 100


def test_a_run_that_broke_off_has_a_page_of_what_there_was(suts: Path) -> None:
    code, _, err = invoke("run", "reported:raising", *RUN[2:], "--report", "a.html")
    assert code == 3
    assert "broken" in err
    assert "given up" in (suts / "a.html").read_text("utf-8")


def test_a_search_has_a_page(suts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = partial(lg.find_peak, clock=VirtualClock())
    monkeypatch.setattr(lg, "find_peak", find, raising=False)
    words = ("peak", "reported:two", "--dataset", 10, "--min-duration-s", 1, "--report", "p.html",
             "--concurrency", 1)  # fmt: skip
    code, out, err = invoke(*words, "--target-latency-ms", 15)
    assert code == 0, err
    assert out.endswith(f"Report: {suts / 'p.html'}\n")
    text = (suts / "p.html").read_text("utf-8")
    assert "reported:two" in text  # the whole run can be repeated
    code, out, err = invoke(*words, "--target-latency-ms", 15)
    assert (code, out) == (2, "")
    code, out, err = invoke(*words, "--target-latency-ms", 5, "--overwrite")
    assert code == 1, err
    assert "no load passed" in (suts / "p.html").read_text("utf-8")
