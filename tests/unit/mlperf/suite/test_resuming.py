# SPDX-License-Identifier: Apache-2.0
"""A suite that is called again: it goes on where it was, or says what differs."""

import json
from pathlib import Path

import pytest

import loadgen as lg
from loadgen import environment
from loadgen.errors import LoadGenError, SettingsError
from loadgen.mlperf.suite import belonging

OFFLINE = {"benchmarks": ["one"], "scenarios": ["Offline"]}
NONCE = "round.7-0123456789abcdef"


def started(folder: Path) -> dict[str, str]:
    """When each run began, by its folder."""
    runs = {path.parent for path in folder.rglob("result.json")}
    return {str(run.relative_to(folder)): lg.Result.load(run).started_at for run in runs}


def test_finished_suite_runs_nothing_again_and_says_the_same(suite, toy, tmp_path) -> None:
    first, before = suite(), started(tmp_path / "out")
    toy.MADE.clear()
    steps: list[str] = []
    again = suite(on_step=steps.append)
    assert again == first
    assert steps == []
    assert toy.MADE == []  # not even the data was read
    assert started(tmp_path / "out") == before


def test_more_scenarios_and_benchmarks_are_added(suite, tmp_path) -> None:
    suite(**OFFLINE)
    steps: list[str] = []
    suite(benchmarks=["two", "one"], scenarios=["SingleStream"], on_step=steps.append)
    assert steps == [
        "two: SingleStream, accuracy", "two: SingleStream, performance",
        "one: SingleStream, accuracy", "one: SingleStream, performance",
    ]  # fmt: skip
    rows = json.loads((tmp_path / "out" / "suite.json").read_text("utf-8"))["rows"]
    assert {(row["benchmark"], row["scenario"]) for row in rows} == {
        ("one", "Offline"), ("two", "SingleStream"), ("one", "SingleStream")
    }  # fmt: skip


def test_interrupted_suite_goes_on_after_the_runs_that_are_whole(suite, toy, tmp_path) -> None:
    class Stopped(toy.Answers):
        def start(self, run):
            self.is_last = run.scenario.name == "offline" and run.mode == "performance"

        def issue(self, batch):
            if self.is_last:
                raise KeyboardInterrupt
            super().issue(batch)

    with pytest.raises(lg.Interrupted):
        suite(suts={"one": Stopped()})
    assert set(started(tmp_path / "out")) == {
        "one/SingleStream/accuracy", "one/SingleStream/performance"
    }  # fmt: skip
    steps: list[str] = []
    assert suite(suts={"one": toy.Answers()}, on_step=steps.append).passed
    assert steps[0] == "one: looking for a rate for Offline"


def test_run_that_failed_is_tried_again_and_its_traceback_goes(suite, toy, tmp_path) -> None:
    assert not suite(**OFFLINE, suts={"one": "toy_program:raises"}).finished
    toy.raises.issue = toy.fast.issue
    assert suite(**OFFLINE, suts={"one": "toy_program:raises"}).finished
    assert not (tmp_path / "out" / "one" / "Offline" / "accuracy.error.txt").exists()


def test_half_written_folders_are_replaced(suite, tmp_path) -> None:
    first = suite(**OFFLINE)
    partial = tmp_path / "out" / "one" / "Offline" / "performance.partial"
    partial.with_name("performance").rename(partial)
    (tmp_path / "out" / "suite.json.partial").write_text('{"kind":')
    assert suite(**OFFLINE).rows == first.rows
    assert not partial.exists()
    partial.mkdir()  # killed after the run's folder was put in its place
    assert suite(**OFFLINE).rows == first.rows
    assert not partial.exists()


def test_rate_that_was_found_is_not_looked_for_again(suite, tmp_path) -> None:
    suite(**OFFLINE)
    (tmp_path / "out" / "one" / "Offline" / "performance" / "result.json").unlink()
    steps: list[str] = []
    assert suite(**OFFLINE, on_step=steps.append).finished  # what is left of it is replaced
    assert steps == ["one: Offline, performance"]


def test_what_differs_is_named_and_nothing_is_touched(
    suite, toy_round, tmp_path, monkeypatch
) -> None:
    suite(**OFFLINE)
    before = started(tmp_path / "out")
    toml = toy_round / "one.toml"
    toml.write_text(toml.read_text("utf-8").replace("99.0", "98.0"), "utf-8")
    described = environment.describe()
    monkeypatch.setattr(
        environment, "describe", lambda: described | {"loadgen": "9.9", "cpu_model": "another"}
    )
    with pytest.raises(SettingsError) as caught:
        suite(**OFFLINE, smoke=True, suts={"one": "toy_program:fast"})
    fields = {problem.field for problem in caught.value.problems}
    assert fields == {
        "smoke", "loadgen", "cpu_model", "one: rules", "one: system",
        "one: SHA-256 of the system's file", "output_dir",
    }  # fmt: skip
    assert "loadgen = '9.9': needs '0.1.0', as before" in str(caught.value).replace(
        lg.__version__, "0.1.0"
    )
    assert started(tmp_path / "out") == before


def test_another_nonce_is_refused_and_one_that_comes_later_is_no_other_rule(
    suite, toy_round, tmp_path
) -> None:
    suite(**OFFLINE, nonce=NONCE)
    for mode in ("accuracy", "performance"):
        detail = lg.mlperf.read_logs(tmp_path / "out" / "one" / "Offline" / mode).detail
        assert detail is not None
        assert detail["loadgen_nonce"] == NONCE
    for nonce in (NONCE[::-1], None):
        with pytest.raises(SettingsError, match=f"nonce = .*: needs '{NONCE}', as before"):
            suite(**OFFLINE, nonce=nonce)
    file = toy_round / "round.toml"
    file.write_text(f'nonce = "{NONCE}"\n{file.read_text("utf-8")}', "utf-8")
    assert suite(**OFFLINE).finished


def test_another_version_of_the_package_that_brings_the_files_is_refused(
    suite, monkeypatch
) -> None:
    monkeypatch.setattr(belonging, "version_of", lambda package: "1.0")
    suite(**OFFLINE)
    monkeypatch.setattr(belonging, "version_of", lambda package: "1.1")
    with pytest.raises(SettingsError, match=r"one: packages = \{'toy': '1.1'\}"):
        suite(**OFFLINE)


def test_another_rate_than_that_of_a_run_that_is_there_is_refused(suite) -> None:
    suite(**OFFLINE, rates={"one": {"Offline": 200}})
    assert suite(**OFFLINE).rows[0].rate == 200
    with pytest.raises(SettingsError, match=r"rates.one.Offline = 300: needs 200, as in the run"):
        suite(**OFFLINE, rates={"one": {"Offline": 300}})
    assert suite(**OFFLINE, rates={"one": {"Offline": 300}}, resume=False).rows[0].rate == 300


def test_suite_starts_anew_when_it_is_told_to(suite, tmp_path) -> None:
    suite()
    before = started(tmp_path / "out")
    suite(**OFFLINE, smoke=True, resume=False)
    after = started(tmp_path / "out")
    assert set(after) == {"one/Offline/accuracy", "one/Offline/performance"}
    assert after["one/Offline/accuracy"] != before["one/Offline/accuracy"]


def test_files_of_the_users_are_not_removed(suite, tmp_path) -> None:
    suite(**OFFLINE)
    for name in ("one/notes.txt", "one/Offline/notes.txt"):
        notes = tmp_path / "out" / name
        notes.write_text("mine")
        with pytest.raises(LoadGenError, match=r"notes.txt: no suite has written this"):
            suite(**OFFLINE, resume=False)
        assert notes.read_text() == "mine"
        notes.unlink()
    (tmp_path / "out" / "one" / "Offline" / "TEST01").mkdir()  # of the runs that go
    assert suite(**OFFLINE, resume=False).finished


def test_suite_that_was_killed_while_it_was_replaced_has_no_half_of_a_benchmark(
    suite, tmp_path
) -> None:
    suite(**OFFLINE)
    out = tmp_path / "out"
    (out / "one").rename(out / "one.partial")
    (out / "mine.partial").mkdir()
    assert suite(**OFFLINE).finished
    assert {path.name for path in out.glob("*.partial")} == {"mine.partial"}


def test_folder_that_is_no_suites_is_refused(suite, tmp_path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "letter.txt").write_text("dear")
    for resume in (True, False):
        with pytest.raises(LoadGenError, match=r"is not empty and has no suite.json \(letter.txt"):
            suite(**OFFLINE, resume=resume)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"kind": "loadgen-suite", "format": 1}', '{"kind": "other"'],
)
def test_damaged_state_is_told_with_its_file(suite, tmp_path, text) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "suite.json").write_text(text)
    with pytest.raises(LoadGenError, match=r"suite.json: is not what a suite has written"):
        suite(**OFFLINE)


def test_state_of_a_newer_format_is_refused(suite, tmp_path) -> None:
    suite(**OFFLINE)
    file = tmp_path / "out" / "suite.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"format": 2}))
    with pytest.raises(LoadGenError, match="format 2; expected 'loadgen-suite', format 1"):
        suite(**OFFLINE)


def test_two_suites_do_not_write_into_one_folder(suite) -> None:
    def second(line: str) -> None:
        with pytest.raises(LoadGenError, match="another suite is writing into it"):
            suite(**OFFLINE)

    assert suite(**OFFLINE, on_step=second).finished


def test_quality_that_was_damaged_is_told_with_its_file(suite, tmp_path) -> None:
    suite(**OFFLINE)
    (tmp_path / "out" / "one" / "Offline" / "accuracy" / "accuracy.txt").write_text(
        "accuracy=good\n"
    )
    (row,) = suite(**OFFLINE).rows
    assert "accuracy.txt: is not what a suite has written" in str(row.error)
