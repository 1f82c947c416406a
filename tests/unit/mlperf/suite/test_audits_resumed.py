# SPDX-License-Identifier: Apache-2.0
"""Audits of a suite that are called again, and whether all is of one system."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadgen import environment
from loadgen.cli import audit as command
from loadgen.errors import SettingsError
from loadgen.mlperf.audit import run_audit
from loadgen.mlperf.suite import belonging

ONE = {"benchmarks": ["one"]}
OFFLINE = {**ONE, "scenarios": ["Offline"]}
AUDITS = ("TEST01", "TEST04")

Audit = Callable[..., int]


def test_file_of_this_package_that_changed_parts_no_runs(suite, audit: Audit, out: Path) -> None:
    suite(**OFFLINE, smoke=True)
    log = out / "one" / "Offline" / "performance" / "mlperf_log_detail.txt"
    log.write_text(log.read_text("utf-8").replace('"/errors.py":"', '"/errors.py":"0'), "utf-8")
    assert audit("TEST04", scenario="Offline") == 0


def test_another_machine_or_version_is_told_before_anything_is_run(
    suite, audit: Audit, out: Path, monkeypatch: Any, capfd: Any
) -> None:
    monkeypatch.setattr(belonging, "version_of", {"toy": "1.0"}.get)
    suite(**OFFLINE, smoke=True)
    here = environment.describe()
    for changed, version, said in (
        ({"cpu_model": "another"}, "1.0", "cpu_model = 'another': needs "),
        ({"kernel": "Linux 9"}, "1.0", "environment, kernel: 'Linux 9' in the audit, "),
        ({}, "1.1", "one: packages = {'toy': '1.1'}: needs {'toy': '1.0'}, as before"),
    ):
        monkeypatch.setattr(environment, "describe", lambda now=here | changed: now)
        monkeypatch.setattr(belonging, "version_of", {"toy": version}.get)
        assert audit() == 2
        assert said in capfd.readouterr().err
        assert not list(out.glob("one/Offline/TEST*"))


def test_system_whose_file_has_changed_is_another_one(
    suite, audit: Audit, tmp_path: Path, capfd: Any
) -> None:
    mine = {**OFFLINE, "smoke": True, "suts": {"one": "toy_program:fast"}}
    suite(**mine)
    with (tmp_path / "library" / "toy_program.py").open("a") as file:
        file.write("fast.ns //= 2\n")
    assert audit() == 2
    assert "one: SHA-256 of the system's file = " in capfd.readouterr().err
    with pytest.raises(SettingsError, match="SHA-256 of the system's file"):
        suite(**mine)


def runs_of(toy: Any, monkeypatch: Any, *, killed_in: int = 0) -> list[str]:
    """Return the list to which each audit is added that is run; the n-th of them is killed."""
    run: list[str] = []

    def counted(test: str, **given: Any) -> Any:
        run.append(f"{given['scenario_name']}, {test}")
        if len(run) == killed_in:
            folder = given["output_dir"] / test
            folder.mkdir(exist_ok=True)
            (folder / "audit.json").write_text("{")
            raise SystemExit(9)
        return run_audit(test, **given, clock=toy.CLOCK)

    monkeypatch.setattr(command, "run_audit", counted)
    return run


def test_audits_that_were_cut_off_go_on_where_they_were(
    suite, audit: Audit, toy: Any, monkeypatch: Any, capfd: Any
) -> None:
    suite(**ONE, smoke=True)
    every = [f"{each}, {test}" for each in ("SingleStream", "Offline") for test in AUDITS]
    run = runs_of(toy, monkeypatch, killed_in=3)
    assert audit() == 3
    assert "the same command goes on from there" in capfd.readouterr().err
    assert run == every[:3]
    run = runs_of(toy, monkeypatch)
    assert audit() == 0
    assert run == every[2:]
    run.clear()
    assert audit(scenario="Offline", overwrite=True) == 0
    assert run == every[2:]
    run.clear()
    capfd.readouterr()
    assert audit(as_json=True) == 0
    document = json.loads(capfd.readouterr().out)
    assert [each["outcome"]["passed"] for each in document["audits"]] == [True] * 4
    assert run == []


def test_audit_of_other_runs_or_another_system_is_not_done(
    suite, audit: Audit, toy: Any, out: Path, monkeypatch: Any
) -> None:
    suite(**OFFLINE, smoke=True, variant="fast")
    assert audit() == 0
    run = runs_of(toy, monkeypatch)
    assert audit(sut="toy_program:fast") == 0
    assert run == [f"Offline, {test}" for test in AUDITS]
    run.clear()
    shutil.rmtree(out / "one" / "Offline" / "performance")
    suite(**OFFLINE, smoke=True, variant="fast")
    assert audit(sut="toy_program:fast") == 0
    assert run == [f"Offline, {test}" for test in AUDITS]


def test_audit_that_failed_is_done(suite, audit: Audit, toy: Any, monkeypatch: Any) -> None:
    suite(**ONE, smoke=True, suts={"one": "toy_program:fast"})
    toy.fast.wrong = 3
    assert audit(scenario="SingleStream") == 1
    run = runs_of(toy, monkeypatch)
    assert audit(scenario="SingleStream") == 1
    assert run == []
