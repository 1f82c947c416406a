# SPDX-License-Identifier: Apache-2.0
"""`loadgen peak` and `loadgen sweep`: words, documents, exit codes; simulated time."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import loadgen as lg
from loadgen.cli import app
from loadgen.config.run_file import read_run_file
from loadgen.testing import VirtualClock

SUTS = """
from loadgen.testing import FixedSUT, RaisingSUT
two = FixedSUT(latency_ns=10_000_000, servers=2)
fast = FixedSUT(latency_ns=1_000)
raising = RaisingSUT("issue", at=300)
"""
FEW = ("--dataset", "10", "--min-duration-s", "1")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "suts_of_searches.py").write_text(SUTS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    clock = VirtualClock()
    monkeypatch.setattr(lg, "find_peak", partial(lg.find_peak, clock=clock), raising=False)
    monkeypatch.setattr(lg, "sweep", partial(lg.sweep, clock=clock), raising=False)
    return tmp_path


def command(name: str, sut: str, *arguments: str) -> Any:
    return CliRunner().invoke(app, [name, f"suts_of_searches:{sut}", *FEW, *arguments])


CONCURRENT = ("--concurrency", "1", "--target-latency-ms", "15")


def test_peak_shows_each_probe_and_what_was_found(folder: Path) -> None:
    done = command("peak", "two", *CONCURRENT, "--output-dir", "run", "--state", "peak.json")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert [line.split()[:2] for line in lines[:4]] == [
        ["1", "passes"], ["2", "passes"], ["4", "fails"], ["3", "fails"],
    ]  # fmt: skip
    assert "Peak       2 outstanding, confirmed by a whole run" in lines
    assert lines[-2:] == ["", f"Saved in {folder / 'run'}"]
    assert lg.Result.load(folder / "run").scenario == lg.Concurrent(2, target_latency_ms=15)
    assert len(json.loads((folder / "peak.json").read_text())["probes"]) == 4


def test_peak_of_a_rate_begins_at_it() -> None:
    done = command(
        "peak", "two", "--target-qps", "100", "--target-latency-ms", "40", "--arrivals", "constant",
        "--min-duration-s", "20", "--quiet",
    )  # fmt: skip
    assert (done.exit_code, done.stdout) == (0, "")


def test_nothing_found_is_exit_code_1() -> None:
    done = command("peak", "two", "--concurrency", "1", "--target-latency-ms", "5")
    assert done.exit_code == 1
    assert "Peak       none" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--concurrency", "1"), "--target-latency-ms"),
        (("--target-latency-ms", "5"), "--target-qps"),
        ((*CONCURRENT, "--precision", "-1"), "--precision"),
        ((*CONCURRENT, "--mode", "accuracy"), "--mode = 'accuracy': needs 'performance'"),
        ((*CONCURRENT, "--low", "1.5"), "--low"),
        (("--scenario", "offline"), "--scenario"),
        ((*CONCURRENT, "--state", "suts_of_searches.py"), "suts_of_searches.py"),
    ],
)
def test_wrong_use_is_exit_code_2_and_named(arguments: tuple[str, ...], said: str) -> None:
    done = command("peak", "two", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_search_that_could_not_be_finished_is_exit_code_3() -> None:
    done = command("peak", "raising", "--target-qps", "1000", "--max-queries", "200")
    assert done.exit_code == 1  # no query number 300 in a probe
    done = command("peak", "raising", "--target-qps", "1000")
    assert done.exit_code == 3
    assert "simulated failure" in done.stderr


KEPT = "the same command goes on from there"


@pytest.mark.parametrize(
    ("command_and_arguments", "option"),
    [
        (("peak", "raising", "--target-qps", "1000"), ("--state", "peak.json")),
        (("sweep", "raising", "--qps", "100,1000"), ("--output-dir", "runs")),
    ],
    ids=["peak", "sweep"],
)
def test_what_is_kept_of_runs_that_were_cut_off_is_said_as_it_is(
    command_and_arguments: tuple[str, ...], option: tuple[str, str]
) -> None:
    done = command(*command_and_arguments)
    assert f"nothing is kept: with {option[0]} " in done.stderr
    done = command(*command_and_arguments, *option)
    assert f"are kept in {option[1]}: {KEPT}" in done.stderr
    assert Path(option[1]).exists()


def test_search_that_goes_on_says_how_much_there_was() -> None:
    arguments = (*CONCURRENT, "--state", "peak.json")
    assert "not repeated" not in command("peak", "two", *arguments).stdout
    assert "4 probes of peak.json not repeated" in command("peak", "two", *arguments).stdout


def test_search_whose_place_cannot_be_written_is_wrong_use() -> None:
    Path("file").write_text("no folder")
    done = command("peak", "two", *CONCURRENT, "--state", "file/peak.json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--state = 'file/peak.json': needs another path" in done.stderr


def test_sweep_shows_the_curve_and_its_knee(folder: Path) -> None:
    done = command("sweep", "two", "--concurrency", "1,2,4,8,3", "--output-dir", "runs")
    assert done.exit_code == 0
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[0][:2] == ["outstanding", "completed/s"]
    assert [row[0] for row in rows[1:6]] == ["1", "2", "3", "4", "8"]
    assert [row for row in rows if row and row[-1] == "knee"] == [rows[2]]
    assert len(list((folder / "runs").iterdir())) == 5
    assert done.stdout.endswith("\n\nSaved in runs\n")


def test_saved_runs_of_a_sweep_can_be_repeated_by_their_names(folder: Path) -> None:
    words = ("sweep", "two", "--concurrency", "1,2", "--output-dir", "runs")
    assert command(*words).exit_code == 0
    for name in ("01-concurrent", "02-concurrent"):
        wanted = read_run_file(folder / "runs" / name / "run.toml")
        assert (wanted.sut, wanted.dataset) == ("suts_of_searches:two", 10)
    assert command(*words).exit_code == 0  # loads what is there


def test_sweep_of_rates() -> None:
    done = command("sweep", "fast", "--qps", "10,50,20", "--min-queries", "600", "--quiet")
    assert (done.exit_code, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--qps 10,20,50"),
        (("--qps", "1,2", "--concurrency", "1"), "--qps 10,20,50"),
        (("--qps", "10,x"), "--qps = 'x'"),
        (("--concurrency", "1,,2"), "--concurrency = ''"),
        (("--scenario", "offline", "--qps", "1,2"), "--qps = 1: needs one of Offline's knobs"),
        (("--qps", "nan"), "--qps = nan: needs"),
        (("--qps", "10,nan"), "--qps = nan: needs"),
        (("--concurrency", "0,1"), "--concurrency = 0: needs"),
        (("--qps", "10", "--target-qps", "20"), "--target-qps"),
    ],
)
def test_wrong_loads_are_exit_code_2_and_named(arguments: tuple[str, ...], said: str) -> None:
    done = command("sweep", "two", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_sweep_that_could_not_be_finished_shows_what_there_is() -> None:
    done = command("sweep", "raising", "--qps", "100,200,1000")
    assert done.exit_code == 3
    assert [line.split()[0] for line in done.stdout.splitlines()[:3]] == ["queries/s", "100", "200"]


def test_sweep_says_below_its_table_why_runs_are_invalid() -> None:
    short = ("--min-duration-s", "0", "--min-queries", "9")
    done = command("sweep", "fast", "--qps", "50,20", *short)
    assert done.exit_code == 1
    assert "\n20, 50: too few queries: set --min-queries to 459 or more\n" in done.stdout
    done = command("sweep", "two", "--concurrency", "1,8,9", *CONCURRENT[2:])
    assert "\n8, 9: p99 latency above --target-latency-ms = 15\n" in done.stdout


def test_results_of_a_sweep_know_the_names_that_were_given(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[lg.Result] = []
    monkeypatch.setattr("loadgen.cli.sweep.curve", lambda results: kept.extend(results) or [])
    command("sweep", "two", "--concurrency", "1,2")
    named = [(each.data.sut_spec, each.data.dataset_spec) for each in kept]
    assert named == [("suts_of_searches:two", "10")] * 2
