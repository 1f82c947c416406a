# SPDX-License-Identifier: Apache-2.0
"""A round with two small benchmarks in simulated time, and systems for them."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from loadgen.cli import audit as command
from loadgen.cli.ending import exit_code
from loadgen.mlperf.audit import run_audit
from loadgen.mlperf.rules import load_rules
from loadgen.mlperf.suite import SuiteResult, measuring, run_suite

ROUNDS = Path(load_rules.__code__.co_filename).parent / "rounds"

PROGRAM = '''
import numpy as np
import loadgen as lg
from loadgen.mlperf.reference.base import Reference
from loadgen.testing import VirtualClock

CLOCK = VirtualClock()
MADE = []

class Answers(lg.SystemUnderTest):
    """10 ms a sample, one after the other; `wrong` of 100 answers are wrong."""

    def __init__(self, wrong=0, ns=10_000_000):
        self.wrong, self.ns = wrong, ns
        self.name = f"answers, {wrong} wrong, {ns} ns"

    def issue(self, batch):
        CLOCK.spend(self.ns * len(batch))
        batch.complete([int(index) if index >= self.wrong else -1 for index in batch.samples])

class Raises(Answers):
    def issue(self, batch):
        raise ValueError("no such image")

class RaisesAsServer(Answers):
    def start(self, run):
        self.is_server = isinstance(run.scenario, lg.Server)

    def issue(self, batch):
        if self.is_server:
            raise ValueError("not as a server")
        super().issue(batch)

raises = Raises()
wrong = Answers(wrong=5)
fast = Answers(ns=1_000_000)

class Toy(Reference):
    variants = ("slow", "fast")

    def __init__(self):
        MADE.append("data")

    @property
    def dataset(self):
        return 100

    def sut(self, variant):
        MADE.append(variant)
        return Answers() if variant == "slow" else Answers(ns=1_000_000)

    def score(self, outputs, indices):
        right = np.asarray(outputs) == indices
        return {"accuracy": 100 * float(np.mean(right)), "seen": len(indices)}
'''

BENCHMARK = """
name = "{name}"
title = "Numbers"
domain = "arithmetic"

[model]
name = "identity"
source = "here"

[dataset]
name = "numbers"
n_samples = 100
performance_samples = 50
offline_min_samples = 64

[[metrics]]
name = "accuracy"
title = "Accuracy"
unit = "%"
reference = 99.0

[[metrics]]
name = "seen"
title = "Samples"
gated = false

[[gates]]
suffix = "-99"
share = 0.99

[[gates]]
suffix = "-99.9"
share = 0.999

[systems.edge]
required = ["SingleStream", "Offline"]
optional = ["Server"]

[limits.Server]
latency_ms = 200.0

[audits.TEST01]
sampling_target = 100

[audits.TEST04]

[reference]
module = "toy_program"
install = "pip install toy"
memory_mb = 1

[[reference.assets]]
path = "toy_{name}.txt"
sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
package = "toy 1.0"
install = "pip install toy"
"""
HELLO = "hello"  # whose SHA-256 is the one above

Run = Callable[..., SuiteResult]
Audit = Callable[..., int]


@pytest.fixture
def toy_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of rules with the benchmarks ``one`` and ``two``; their program can be imported."""
    folder = tmp_path / "round"
    folder.mkdir()
    text = (ROUNDS / "steelyard-1" / "round.toml").read_text("utf-8")
    (folder / "round.toml").write_text(text.replace("600.0", "10.0"), "utf-8")
    library = tmp_path / "library"
    library.mkdir()
    (library / "toy_program.py").write_text(PROGRAM, "utf-8")
    for name in ("one", "two"):
        (folder / f"{name}.toml").write_text(BENCHMARK.format(name=name), "utf-8")
        (library / f"toy_{name}.txt").write_text(HELLO, "utf-8")
    monkeypatch.syspath_prepend(library)
    return folder


@pytest.fixture
def toy(toy_round: Path) -> Iterator[ModuleType]:
    """The program's module, new in each test."""
    import toy_program

    yield toy_program
    del sys.modules["toy_program"]


@pytest.fixture
def suite(toy_round: Path, toy: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the round's suite into ``out``, without pages of runs: these take seconds."""
    monkeypatch.setattr(measuring, "write_run_page", lambda *arguments: None)

    def run(**changed: Any) -> SuiteResult:
        arguments = {"output_dir": tmp_path / "out", "clock": toy.CLOCK, "progress": False}
        return run_suite(toy_round, **(arguments | changed))

    return run


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def audit(out: Path, toy_round: Path, toy: Any, monkeypatch: pytest.MonkeyPatch) -> Audit:
    """Run the command on the suite in ``out``; return its exit code."""
    monkeypatch.setattr(
        command, "run_audit", lambda *given, **more: run_audit(*given, **more, clock=toy.CLOCK)
    )

    def audited(test: str | None = None, as_json: bool = False, **options: Any) -> int:
        name = None if test is None else "one"
        given = {"test": test, "benchmark": name, "round_": str(toy_round), "results": out}
        if test is None:
            given["every"] = "one"
        typed = command.AuditOptions(**(given | options))
        return exit_code(lambda: command.audit(typed, as_json=as_json, quiet=as_json))

    return audited
