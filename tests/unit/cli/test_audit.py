# SPDX-License-Identifier: Apache-2.0
"""The command `loadgen suite audit`: exit codes, the document, and what it asks of its system."""

import json
from pathlib import Path
from typing import Any

import pytest

import loadgen as lg
from loadgen.cli import audit as command
from loadgen.cli.ending import exit_code
from loadgen.testing import AnsweringSUT, VirtualClock


class Program:
    """Stands for a benchmark's program."""

    variants = ("numpy",)
    dataset = 450
    labels = None

    def sut(self, variant: str) -> AnsweringSUT:
        return AnsweringSUT(latency_ns=100_000)

    def decode(self, raw: bytes) -> bytes:
        return raw

    def score(self, outputs: Any, indices: Any) -> dict[str, float]:
        return {"accuracy": 97.5}


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(command, "load_reference", lambda benchmark: Program())
    # The command has no clock of its own: what it runs here is over at once all the same.
    monkeypatch.setattr(
        command,
        "run_audit",
        lambda *given, **more: lg.mlperf.audit.run_audit(*given, **more, clock=VirtualClock()),
    )
    for mode in ("accuracy", "performance"):
        lg.run(
            AnsweringSUT(latency_ns=100_000), 450, lg.SingleStream(), mode=mode, min_duration_s=0.1,
            sinks=[lg.mlperf.LogSink(tmp_path / mode)], clock=VirtualClock(),
        )  # fmt: skip
    return tmp_path


def code(logs: Path, test: str, **more: Any) -> int:
    given = {
        "test": test,
        "benchmark": "digits",
        "round_": "steelyard-1",
        "performance": logs / "performance",
        "accuracy": logs / "accuracy",
        "output": logs / "out",
    }
    as_json = more.pop("as_json", False)
    options = command.AuditOptions(**(given | more))
    return exit_code(lambda: command.audit(options, as_json=as_json, quiet=False))


def test_an_audit_is_run_as_the_performance_run_was(logs: Path, capfd: Any) -> None:
    assert code(logs, "TEST01", as_json=True) == 0
    document = json.loads(capfd.readouterr().out)
    assert (document["exit_code"], document["audit"]["passed"]) == (0, True)
    assert code(logs, "TEST01", verify=logs / "out" / "TEST01") == 0
    assert "TEST01 of digits, SingleStream, steelyard-1: passed" in capfd.readouterr().out


def test_one_that_failed_has_a_code_of_its_own(logs: Path, capfd: Any) -> None:
    assert code(logs, "TEST04", verify=logs / "performance") == 1
    assert "FAIL: not the audit's settings" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"test": "TEST06"}, "TEST = 'TEST06': needs an audit of digits: TEST01, TEST04, TEST05"),
        ({"benchmark": "digit"}, "BENCHMARK = 'digit': needs one of"),
        ({"round_": "v9"}, "round = 'v9': needs one of"),
        ({"performance": Path("nowhere")}, "nowhere: has neither a detail log"),
        ({"accuracy": None}, "it needs --accuracy"),
        ({"performance": None}, "needs --results with --scenario, or --performance"),
        ({"results": Path("x")}, "x: has no suite.json; expected the folder of a suite"),
        ({"benchmark": None}, "needs TEST and BENCHMARK, or --all BENCHMARK"),
        ({"every": "digits"}, "--all BENCHMARK runs each audit of it"),
        ({"variant": "cuda"}, "--variant = 'cuda': needs one of numpy"),
    ],
)
def test_wrong_use_is_said(logs: Path, capfd: Any, more: dict[str, Any], said: str) -> None:
    test = more.pop("test", "TEST01")
    assert code(logs, test, **more) == 2
    assert said in capfd.readouterr().err
