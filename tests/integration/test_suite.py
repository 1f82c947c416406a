# SPDX-License-Identifier: Apache-2.0
"""The suite as a user has it: from the command line, with a real model, and killed at any point."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loadgen.mlperf.rules import load_rules
from loadgen.mlperf.suite import what_is_missing

COMMAND = (sys.executable, "-P", "-c", "from loadgen.cli import main; main()", "suite")
ROUND = Path(load_rules.__code__.co_filename).parent / "rounds" / "steelyard-1" / "round.toml"

# In simulated time, where every suite comes to the same. What it does with files is counted, and at
# a number that is given it kills itself as nothing can prepare for.
PROGRAM = """
import os, signal, sys

sys.modules["jinja2"] = None  # no pages: they take seconds

import numpy as np
import loadgen as lg
from loadgen.mlperf.reference.base import Reference
from loadgen.testing import VirtualClock

CLOCK = VirtualClock()
OUT, LAST = os.path.abspath("out"), int(sys.argv[1])
done = 0

def count(event, arguments):
    global done
    is_path = arguments and isinstance(arguments[0], (str, os.PathLike))
    if is_path and event.startswith(("open", "os.")) and os.fspath(arguments[0]).startswith(OUT):
        done += 1
        if done == LAST:
            os.kill(os.getpid(), signal.SIGKILL)

class Answers(lg.SystemUnderTest):
    name = "answers"

    def issue(self, batch):
        CLOCK.spend(10_000_000 * len(batch))
        batch.complete([int(index) for index in batch.samples])

class Numbers(Reference):
    variants = ("answers",)
    dataset = 100

    def sut(self, variant):
        return Answers()

    def score(self, outputs, indices):
        return {"accuracy": 100 * float(np.mean(np.asarray(outputs) == indices))}

if __name__ == "__main__":
    sys.modules["numbers_program"] = sys.modules["__main__"]
    sys.addaudithook(count)
    found = lg.mlperf.run_suite(
        "round", output_dir=OUT, progress=False, clock=CLOCK, duration_s=5,
        scenarios=["SingleStream", "Server", "Offline"], rates={"numbers": {"Server": 50}},
    )
    print(done, found.finished)
"""
BENCHMARK = """
name = "numbers"
title = "Numbers"
domain = "arithmetic"
model = { name = "identity", source = "here" }
dataset = { name = "numbers", n_samples = 100, performance_samples = 50, offline_min_samples = 64 }
systems.edge = { required = ["SingleStream", "Server", "Offline"] }
limits.Server = { latency_ms = 200.0 }
metrics = [{ name = "accuracy", title = "Accuracy", unit = "%", reference = 99.0 }]
reference = { module = "numbers_program", install = "pip install numbers", memory_mb = 1 }
"""


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    """A folder with a program that runs a suite of one benchmark."""
    (tmp_path / "round").mkdir()
    (tmp_path / "round" / "round.toml").write_text(ROUND.read_text("utf-8"), "utf-8")
    (tmp_path / "round" / "numbers.toml").write_text(BENCHMARK, "utf-8")
    (tmp_path / "program.py").write_text(PROGRAM, "utf-8")
    return tmp_path


def suite(folder: Path, kill_at: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "program.py", str(kill_at)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def rows(folder: Path) -> list[dict[str, object]]:
    """What a suite's file has of its runs."""
    return json.loads((folder / "out" / "suite.json").read_text("utf-8"))["rows"]


def runs(folder: Path) -> dict[str, int]:
    """The runs that are whole, each with the number of its file, which another run would change."""
    out = folder / "out" / "numbers"
    found = {str(file.parent.relative_to(out)): file for file in out.glob("*/*/result.json")}
    return {name: file.stat().st_ino for name, file in found.items() if "." not in name}


@pytest.mark.slow
def test_suite_that_is_killed_again_and_again_comes_to_the_same(numbers: Path) -> None:
    whole = suite(numbers, 0)
    assert whole.returncode == 0, whole.stderr
    n_done, finished = whole.stdout.split()
    assert finished == "True"
    expected = rows(numbers)
    (numbers / "out").rename(numbers / "expected")
    points = random.Random(9).sample(range(1, int(n_done) // 2), 5)
    kept: dict[str, int] = {}
    for point in points:
        killed = suite(numbers, point)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        now = runs(numbers)
        assert {name: now[name] for name in kept} == kept  # nothing is run again
        kept = now
    assert kept  # some of it was done by then
    ended = suite(numbers, 0)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split()[1] == "True"
    assert {name: number for name, number in runs(numbers).items() if name in kept} == kept
    assert rows(numbers) == expected
    left = {path.name for path in (numbers / "out").rglob("*") if "partial" in path.name}
    assert left == set()


def test_smoke_run_of_digits_measures_a_real_model(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    arguments = ("run", "digits", "--scenario", "offline", "--smoke", "--variant", "numpy")
    done = subprocess.run(
        [*COMMAND, *arguments, "--json", "--quiet"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)["suite"]
    assert found["caveat"].startswith("A smoke run: not a result.")
    assert "not MLPerf results" in found["notice"]
    (row,) = found["rows"]
    assert row["accuracy"][0]["value"] == pytest.approx(97.11, abs=0.7)  # three images of 450
    assert row["gates"] == {"digits": True}
    assert row["score"] > 0
    assert (
        tmp_path / "steelyard-1-smoke" / "digits" / "Offline" / "performance" / "result.json"
    ).is_file()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_smoke_run_of_all_benchmarks_is_finished_and_their_audits_are_passed(
    tmp_path: Path,
) -> None:
    benchmarks = load_rules("steelyard-1").benchmarks.values()
    here = [each.name for each in benchmarks if not [*what_is_missing(each, tmp_path)]]
    if not here:
        pytest.skip("needs the libraries of a benchmark, such as the extra `demo`")
    arguments = ("run", *here, "--smoke", "--output-dir", "out", "--json", "--quiet")
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    rows = json.loads(done.stdout)["suite"]["rows"]
    assert {row["benchmark"] for row in rows} == {*here}
    assert all(all(row["gates"].values()) for row in rows)
    # Those of generation take minutes each; mlperf/audit/test_generation.py has shorter ones.
    for name in {*here} - {"generation"}:
        done = subprocess.run(
            [*COMMAND, "audit", "--all", name, "--results", "out", "--json", "--quiet"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        audits = json.loads(done.stdout)["audits"]
        scenarios = {row["scenario"] for row in rows if row["benchmark"] == name}
        assert {each["scenario"] for each in audits} == scenarios


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_audits_that_were_killed_go_on_where_they_were(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    run = ("run", "digits", "--smoke", "--scenario", "offline", "--output-dir", "out", "--quiet")
    subprocess.run([*COMMAND, *run], cwd=tmp_path, check=True)
    command = [*COMMAND, "audit", "--all", "digits", "--results", "out", "--json"]
    done = tmp_path / "out" / "digits" / "Offline" / "TEST01" / "runs.json"
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as first:
        while not done.exists() and first.poll() is None:
            time.sleep(0.01)
        first.kill()
    before = done.stat().st_mtime_ns
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    audits = json.loads(again.stdout)["audits"]
    assert [(each["test"], each["code"]) for each in audits] == [("TEST01", 0), ("TEST04", 0)]
    assert done.stat().st_mtime_ns == before


@pytest.mark.slow
def test_system_of_ones_own_is_found_in_the_current_folder(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    (tmp_path / "mine.py").write_text("def sut(images):\n    return [0] * len(images)\n")
    arguments = ("run", "digits", "--scenario", "offline", "--smoke", "--sut", "digits=mine:sut")
    environment = os.environ | {"COLUMNS": "100"}
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=tmp_path, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr  # the accuracy of a system that always says 0
    assert "NOT MET" in done.stdout
    assert "A smoke run: not a result." in done.stdout
    assert "Steelyard results are not MLPerf results." in done.stdout
