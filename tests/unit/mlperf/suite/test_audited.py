# SPDX-License-Identifier: Apache-2.0
"""`loadgen suite audit --results`: audits of what a suite has left, in simulated time."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadgen.mlperf.audit import Evidence
from loadgen.mlperf.suite import state

ONE = {"benchmarks": ["one"]}
OFFLINE = {**ONE, "scenarios": ["Offline"]}
AUDITS = ("TEST01", "TEST04")
SMOKE = "A smoke run: not a result. Each benchmark has one accuracy run for all scenarios."

Audit = Callable[..., int]


@pytest.mark.parametrize("smoke", [False, True])
def test_all_audits_of_all_scenarios_are_run_and_stand_in_one_table(
    suite, audit: Audit, out: Path, capfd: Any, smoke: bool
) -> None:
    scenarios = ["SingleStream", "Server", "Offline"]
    nonce = "round.7-0123456789abcdef" if smoke else None
    suite(
        **ONE, scenarios=scenarios, variant="fast", rates={"one": {"Server": 300}}, nonce=nonce,
        **({"smoke": True} if smoke else {"duration_s": 2}),
    )  # fmt: skip
    assert audit() == 0
    said = capfd.readouterr().out
    words = [line.split() for line in said.splitlines()]
    for scenario in ("SingleStream", "Server", "Offline"):
        for test in ("TEST01", "TEST04"):
            assert f"one: {scenario}, {test}" in said
            assert [scenario, test, "passed"] in words
            kept = json.loads((out / "one" / scenario / test / "audit.json").read_text("utf-8"))
            assert (kept["passed"], kept["scenario"]) == (True, scenario)
            assert Evidence(out / "one" / scenario / test).get("loadgen_nonce") == nonce
    assert "Steelyard results are not MLPerf results." in said
    assert (SMOKE in " ".join(said.split())) == smoke


def test_document_of_all_audits_has_each_with_its_exit_code(
    suite, audit: Audit, capfd: Any
) -> None:
    suite(**OFFLINE)
    assert audit(as_json=True) == 0
    document = json.loads(capfd.readouterr().out)
    found = [(each["scenario"], each["test"], each["code"]) for each in document["audits"]]
    assert found == [("Offline", "TEST01", 0), ("Offline", "TEST04", 0)]
    assert [each["outcome"]["passed"] for each in document["audits"]] == [True, True]


def test_smoke_audit_says_whose_accuracy_it_has_and_that_speed_decides_nothing(
    suite, audit: Audit, toy: Any, out: Path, capfd: Any
) -> None:
    suite(**ONE, smoke=True, suts={"one": "toy_program:fast"})
    toy.fast.ns *= 2
    assert audit("TEST01", scenario="single-stream") == 0
    said = capfd.readouterr().out
    assert SMOKE in said
    assert "note: the accuracy run is that of Offline" in said
    assert "note: early_stopping_latency_ss 2e+06 beside 1e+06 ns" in said
    for name in ("verify_accuracy.txt", "verify_performance.txt"):
        assert SMOKE in (out / "one" / "SingleStream" / "TEST01" / name).read_text("utf-8")


def test_speed_and_answers_of_a_run_by_the_rules_decide(
    suite, audit: Audit, toy: Any, capfd: Any
) -> None:
    suite(**ONE, suts={"one": "toy_program:fast"}, duration_s=2)
    toy.fast.ns *= 2
    assert audit(scenario="SingleStream") == 3
    said = capfd.readouterr().out
    table = [line.split() for line in said.splitlines()]
    assert ["SingleStream", "TEST01", "inconclusive"] in table
    assert "SingleStream, TEST01: unsure: early_stopping_latency_ss 2e+06 beside 1e+06" in said
    again = "the performance run came to 1e+06, and to 2e+06 when it was run once more"
    assert again in " ".join(said.split())
    assert "Offline" not in said
    toy.fast.ns //= 2
    toy.fast.wrong = 3
    assert audit("TEST01", scenario="SingleStream") == 1
    assert "FAIL: accuracy 9" in capfd.readouterr().out


def test_wrong_answers_fail_in_a_smoke_run_too(suite, audit: Audit, toy: Any) -> None:
    suite(**ONE, smoke=True, suts={"one": "toy_program:fast"})
    toy.fast.wrong = 3
    assert audit("TEST01", scenario="SingleStream") == 1


def test_system_of_the_suite_is_taken_and_another_one_is_refused(
    suite, audit: Audit, toy: Any, capfd: Any
) -> None:
    suite(**OFFLINE, variant="fast")
    toy.MADE.clear()
    assert audit("TEST04", scenario="Offline") == 0
    assert toy.MADE == ["data", "fast"]
    assert audit("TEST04", scenario="Offline", variant="slow") == 2
    said = capfd.readouterr().err
    assert "sut_name: 'answers, 0 wrong, 10000000 ns' in the audit" in said
    assert "--variant or --sut names the system that was measured" in said
    assert "measured until then" not in said  # nothing was run


def test_system_that_was_an_object_has_to_be_named(
    suite, audit: Audit, toy: Any, capfd: Any
) -> None:
    suite(**OFFLINE, suts={"one": toy.fast})
    assert audit("TEST04", scenario="Offline") == 2
    assert "the system that the suite was given as an object: 'answers, 0" in capfd.readouterr().err
    assert audit() == 2
    assert capfd.readouterr().err.count("was given as an object") == 1
    assert audit("TEST04", scenario="Offline", sut="toy_program:fast") == 0


def test_audit_that_says_nothing_does_not_keep_others_from_being_run(
    suite, audit: Audit, out: Path, capfd: Any
) -> None:
    suite(**ONE)
    (out / "one" / "SingleStream" / "accuracy" / "mlperf_log_accuracy.json").unlink()
    assert audit() == 2
    said = capfd.readouterr().out
    verdicts = [line.split() for line in said.splitlines()]
    assert ["SingleStream", "TEST01", "says", "nothing"] in verdicts
    assert ["Offline", "TEST01", "passed"] in verdicts
    assert "accuracy:hasnoaccuracylog" in "".join(said.split())  # wherever lines end


def test_audit_whose_system_raises_is_not_finished_and_others_are(
    suite, audit: Audit, toy: Any, capfd: Any
) -> None:
    suite(**ONE, suts={"one": "toy_program:fast"})
    answers = toy.fast.issue

    def issue(batch: Any) -> None:
        if len(batch) == 1:
            raise ValueError("too tired")
        answers(batch)

    toy.fast.issue = issue
    assert audit(scenario="SingleStream") == 3
    said = capfd.readouterr()
    assert "not finished" in said.out
    assert "too tired" in said.err
    assert audit(scenario="Offline") == 0


def test_interrupted_audits_end_with_what_was_done(
    suite, audit: Audit, toy: Any, capfd: Any
) -> None:
    suite(**ONE, smoke=True, suts={"one": "toy_program:fast"})

    def interrupted(batch: Any) -> None:
        raise KeyboardInterrupt

    toy.fast.issue = interrupted
    assert audit(as_json=True) == 3
    assert [each["code"] for each in json.loads(capfd.readouterr().out)["audits"]] == [3]


def test_verification_takes_the_runs_of_the_suite(suite, audit: Audit, out: Path) -> None:
    suite(**ONE, smoke=True)
    assert audit("TEST01", scenario="SingleStream") == 0
    logs = out.parent / "logs"
    shutil.copytree(out / "one" / "SingleStream" / "TEST01", logs)
    assert audit("TEST01", scenario="SingleStream", verify=logs) == 0
    assert audit("TEST01", scenario="SingleStream", verify=logs, accuracy=out / "none") == 2


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"test": "TEST01"}, "--scenario = (missing): needs a scenario whose performance run is in "),
    ({"test": "TEST01", "scenario": "Server"}, "out/one: SingleStream, Offline"),
    ({"scenario": "Serve"}, "--scenario = 'Serve'"),
    ({"every": "two"}, "--all = 'two': needs one of those in"),
    ({"every": "three"}, "--all = 'three': needs one of one, two"),
    ({"test": "TEST01", "overwrite": True}, "--overwrite: of --all; one audit is always run"),
    ({"output": Path("x"), "verify": Path("y")}, "--output, --verify: of one audit"),
    ({"results": None}, "--all needs --results"),
    ({"results": Path("nowhere")}, "nowhere: has no suite.json"),
    ({"round_": "steelyard-1", "every": "digits"}, "--all = 'digits': needs one of those"),
)


def test_wrong_use_is_told(
    suite, audit: Audit, capfd: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite(**ONE, smoke=True)
    monkeypatch.chdir(tmp_path)
    for options, message in WRONG:
        assert audit(**options) == 2, options
        assert message in capfd.readouterr().err
    assert not Path("nowhere").exists()


def test_other_rules_than_the_suites_are_refused(
    suite, audit: Audit, toy_round: Path, capfd: Any
) -> None:
    suite(**OFFLINE)
    toml = toy_round / "one.toml"
    toml.write_text(toml.read_text("utf-8").replace("99.0", "98.0"), "utf-8")
    assert audit() == 2
    assert "rules of one = " in capfd.readouterr().err


def test_damaged_file_of_a_suite_is_told(suite, audit: Audit, out: Path, capfd: Any) -> None:
    suite(**OFFLINE)
    file = out / "suite.json"
    whole = json.loads(file.read_text("utf-8"))
    for key, value in (("asked", []), ("benchmarks", {"one": 5}), ("benchmarks", {"one": {}})):
        file.write_text(json.dumps(whole | {key: value}), "utf-8")
        assert audit() == 2
        assert "suite.json: is not what a suite has written" in capfd.readouterr().err


def test_folder_that_a_suite_is_writing_into_is_left_alone(
    suite, audit: Audit, out: Path, capfd: Any
) -> None:
    suite(**OFFLINE)
    with state.locked(out):
        assert audit() == 2
    assert "another suite is writing into it" in capfd.readouterr().err
