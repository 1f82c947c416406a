# SPDX-License-Identifier: Apache-2.0
"""Whether a generator that was kept from its work says so, and says rightly by what."""

import gc
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import loadgen as lg

pytestmark = pytest.mark.truth

LOCK = "interpreter's lock"
GARBAGE = "Python collected garbage"
OTHER_WORK = "other work on the machine"
QUIET = 0.001  # share of the time that was stolen, or waited for

Report = Callable[[str], None]


class Immediate(lg.SystemUnderTest):
    """Answers at once, so that nearly all of its latency is the generator's."""

    def issue(self, batch: lg.Batch) -> None:
        """Answer."""
        batch.complete()


class BesideThread(Immediate):
    """Has a thread that does something, over and over, until the run is over."""

    def __init__(self, work: Callable[[threading.Event], Any]) -> None:
        self._work = work

    def start(self, run: Any) -> None:
        """Start the thread."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._repeat)
        self._thread.start()

    def _repeat(self) -> None:
        while not self._over.is_set():
            self._work(self._over)

    def stop(self) -> None:
        """Let the thread end."""
        self._over.set()
        self._thread.join()


def measure(sut: lg.SystemUnderTest, qps: float = 1000, **fields: Any) -> lg.Result:
    few = {"min_duration_s": 2, "min_queries": 100, "progress": False}
    return lg.run(sut, 8, lg.Server(target_qps=qps, target_latency_ms=None), **few | fields)


@contextmanager
def busy_processors() -> Iterator[None]:
    """More work than the machine has processors."""
    spin = [sys.executable, "-c", "while True: pass"]
    processes = [subprocess.Popen(spin) for _ in range(3 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def check(result: lg.Result, cause: str, report: Report) -> None:
    """The generator is bad, for this cause alone; in figures, in words, and when it was loaded."""
    causes = result.health.causes
    report(" | ".join(causes))
    assert result.health.verdict == "bad"
    assert any(cause in each for each in causes[1:2])
    shares = [int(share) for share in re.findall(r"(\d+) % of that", " ".join(causes))]
    assert shares
    assert max(shares) <= 100
    others = {GARBAGE, OTHER_WORK, "steal", "control group", "page fault"} - {cause}
    assert not [other for other in others if any(other in each for each in causes)]
    assert "do not believe the figures" in result.summary()


def test_a_thread_that_holds_the_lock(report: Report) -> None:
    """Python code that computes beside the generator keeps the lock for 5 ms at a time."""
    result = measure(BesideThread(lambda _: sum(range(1000))))
    check(result, LOCK, report)
    assert result.health.figures["locked_share"] > 0.5


def test_garbage_collections(report: Report) -> None:
    """Collections of a million objects, on another thread, stop the interpreter."""
    objects = [[number] for number in range(1_000_000)]

    def collect(over: threading.Event) -> None:
        gc.collect()
        over.wait(0.02)

    check(measure(BesideThread(collect)), GARBAGE, report)
    assert len(objects) == 1_000_000


def test_busy_processors(report: Report) -> None:
    """Three processes for each processor."""
    with busy_processors():
        result = measure(Immediate())
    check(result, OTHER_WORK, report)


def test_a_rate_that_no_thread_can_issue(report: Report) -> None:
    """Five million queries a second, of Python functions."""
    result = measure(Immediate(), qps=5e6, min_duration_s=0.1, max_queries=500_000)
    causes = result.health.causes
    report(" | ".join(causes))
    assert result.health.verdict == "bad"
    known = ["the rate is above what it can issue"]
    if result.health.figures.get("run_queue_share", 0) > 0.1:
        known.append(OTHER_WORK)
    assert any(words in cause for words in known for cause in causes)


STARVED = """
import loadgen as lg


class Immediate(lg.SystemUnderTest):
    def issue(self, batch):
        batch.complete()


sut = Immediate()
"""


def command_line(folder: Path, *options: str) -> subprocess.Popen[str]:
    """Start `loadgen run` of a system that answers at once, for two seconds."""
    (folder / "starved.py").write_text(STARVED, encoding="utf-8")
    program = "from loadgen.cli import main; main()"
    load = "--dataset 8 --scenario server --target-qps 1000 --min-duration-s 2 --min-queries 100"
    command = [sys.executable, "-c", program, "run", "starved:sut", *load.split(), *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder
    )


def test_the_command_line_says_so_too(tmp_path: Path, report: Report) -> None:
    """Starved on purpose: bad, for the right cause, in the text, the JSON and what is kept."""
    kept = ["--output-dir", "kept", "--overwrite"]
    with busy_processors():
        document, errors = command_line(tmp_path, "--json", *kept).communicate()
        text, _ = command_line(tmp_path).communicate()
    assert document, errors
    health = json.loads(document)["result"]["health"]
    report(" | ".join(health["causes"]))
    assert health["verdict"] == "bad"
    assert any(OTHER_WORK in cause for cause in health["causes"][1:2])
    assert health["figures"]["run_queue_share"] > 0
    assert health == json.loads((tmp_path / "kept/result.json").read_text())["figures"]["health"]
    for said in (text, lg.Result.load(tmp_path / "kept").summary()):
        words = " ".join(said.split())
        assert "Generator bad: do not believe the figures" in words
        late, cause = words.index("the generator issued"), words.index(OTHER_WORK)
        assert late < cause
        assert "Stop that work, or leave the generator a processor" in words


def test_an_issuer_that_is_stopped(tmp_path: Path, report: Report) -> None:
    """The whole process stands still for 20 ms of every 100: nothing else is to be blamed."""
    process = command_line(tmp_path, "--json")
    while process.poll() is None:
        time.sleep(0.08)
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.02)
        process.send_signal(signal.SIGCONT)
    document, errors = process.communicate()
    assert document, errors
    health = json.loads(document)["result"]["health"]
    report(" | ".join(health["causes"]))
    assert health["verdict"] == "bad"
    known = ("its sleeps ended late", "no measured cause explains it")
    assert any(words in health["causes"][-1] for words in known)
    assert health["figures"]["woken_share"] + health["figures"]["stopped_share"] > 0.9


def test_no_alarm_where_nothing_disturbs(report: Report) -> None:
    """Ten runs against a system of 10 ms; those of a machine that was not quiet do not count."""
    quiet, alarms = 0, []
    for seed in range(10):
        sut = lg.testing.FixedSUT(latency_ns=10_000_000)
        result = measure(sut, min_duration_s=0.5, seeds=lg.Seeds(schedule=seed))
        figures = result.health.figures
        disturbed = max(figures.get("steal_share", 0), figures.get("run_queue_share", 0))
        if disturbed < QUIET:
            quiet += 1
            alarms += result.health.causes
    report(f"{quiet} of 10 runs were quiet, {len(alarms)} alarms")
    if quiet == 0:
        pytest.skip("the machine is not quiet")
    assert alarms == []
