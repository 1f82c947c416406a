# SPDX-License-Identifier: Apache-2.0
"""What an audit leaves, what it refuses, and what it says where there is little to say."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from audited import N_SAMPLES, SCENARIOS, TABLE, Lab, accuracy

import loadgen as lg
from loadgen.errors import ResultError, SettingsError
from loadgen.mlperf.audit import (
    AUDITS,
    AuditError,
    Evidence,
    asked,
    audit_config,
    verify_audit,
)
from loadgen.mlperf.rules import Benchmark
from loadgen.testing import AnsweringSUT, VirtualClock

NOTICE = "Steelyard results are not MLPerf results."
FOLDERS = {
    "TEST01": [
        "accuracy/mlperf_log_accuracy.json",
        "audit.json",
        "performance/run_1/mlperf_log_detail.txt",
        "performance/run_1/mlperf_log_summary.txt",
        "verify_accuracy.txt",
        "verify_performance.txt",
    ],
    "TEST04": [
        "audit.json",
        "each_once/mlperf_log_detail.txt",
        "each_once/mlperf_log_summary.txt",
        "one_as_often/mlperf_log_detail.txt",
        "one_as_often/mlperf_log_summary.txt",
        "performance/run_1/mlperf_log_detail.txt",
        "performance/run_1/mlperf_log_summary.txt",
        "verify_performance.txt",
    ],
}


def files_of(folder: Path) -> list[str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in found)


@pytest.mark.parametrize("test", FOLDERS)
def test_an_audit_leaves_the_official_files_and_says_the_same_from_them(
    lab: Lab, test: str
) -> None:
    sut = AnsweringSUT()
    lab.measure(sut, "SingleStream")
    found = lab.audit(test, sut, "SingleStream")
    folder = lab.folder / "out" / test
    assert files_of(folder) == FOLDERS[test]
    for name in AUDITS[test].files:
        text = (folder / name).read_text()
        assert "\nTEST PASS\n" in text
        assert NOTICE in text
    assert json.loads((folder / "audit.json").read_text())["passed"] is True
    again = verify_audit(
        test, folder, lab.folder / "performance", lab.folder / "accuracy",
        benchmark=lab.benchmark, round=lab.round,
    )  # fmt: skip
    assert again == found


@pytest.mark.parametrize(("scenario", "per_query"), [("SingleStream", 1), ("MultiStream", 8)])
def test_one_sample_is_asked_for_as_often_as_there_are_samples(
    lab: Lab, scenario: str, per_query: int
) -> None:
    sut = AnsweringSUT()
    lab.measure(sut, scenario)
    lab.audit("TEST04", sut, scenario)
    for name in ("each_once", "one_as_often"):
        run = Evidence(lab.folder / "out" / "TEST04" / name)
        assert run.get("result_query_count") == N_SAMPLES // per_query


def test_tokens_leave_the_three_lines_that_are_looked_for(lab: Lab) -> None:
    sut = AnsweringSUT(tokens=True)
    lab.measure(sut, "Server", tokens=True)
    lab.audit("TEST06", sut, "Server", tokens=True)
    lines = (lab.folder / "out" / "TEST06" / "verify_accuracy.txt").read_text().splitlines()
    assert lines[:4] == [
        "First token check pass: True",
        "EOS check pass: True",
        "Sample length check pass: True",
        "TEST06 verification complete",
    ]


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("test", ["TEST01", "TEST04", "TEST06", "TEST07"])
def test_the_official_file_asks_for_what_our_run_has(
    lab: Lab, tmp_path: Path, test: str, scenario: str
) -> None:
    path = tmp_path / "audit.config"
    path.write_text(audit_config(test, lab.benchmark, lab.round))
    _, theirs = lg.mlperf.load_conf(path, model="resnet50", scenario=scenario)
    # Nothing is judged here, so a few queries do.
    fields: dict[str, Any] = {"tokens": test == "TEST06", "min_queries": 5, "min_duration_s": 0.0}
    sut = AnsweringSUT(tokens=fields["tokens"])
    lab.measure(sut, scenario, **fields)
    lab.audit(test, sut, scenario, score=accuracy, **fields)
    _, ours = asked(Evidence(lab.folder / "out" / test))
    for name in ("mode", "sample_order", "same_index", "accuracy_log_target"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert ours.seeds.accuracy_log == theirs.seeds.accuracy_log
    if test in ("TEST06", "TEST07"):
        assert ours.min_duration_s == theirs.min_duration_s == 0


def test_what_a_performance_run_was_asked_for_is_in_its_log(lab: Lab) -> None:
    for scenario, wanted in SCENARIOS.items():
        lab.logged(AnsweringSUT(), scenario, scenario)
        found, settings = asked(Evidence(lab.folder / scenario))
        assert found == wanted
        assert settings.seeds.qsl == lab.round.seeds.qsl


def test_one_pass_over_all_samples_is_asked_for_again_as_one(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SCENARIOS, "Offline", lg.Offline())
    sut = AnsweringSUT()
    lab.measure(sut, "Offline")
    assert asked(Evidence(lab.folder / "performance"))[0] == lg.Offline()
    assert lab.audit("TEST01", sut, "Offline").passed


def test_offline_whose_rate_is_expected_is_audited_with_fewer_samples(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SCENARIOS, "Offline", lg.Offline(expected_qps=1000))
    sut = AnsweringSUT(tokens=True)
    fields = {"tokens": True, "min_duration_s": 1.0}
    lab.measure(sut, "Offline", **fields)
    for test in ("TEST06", "TEST09"):
        assert lab.audit(test, sut, "Offline", **fields).passed


class Renamed(AnsweringSUT):
    name = "another model"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sut": Renamed()}, "sut_name: 'another model' in the audit, 'simulated model' in the"),
        ({"scenario": lg.Server(target_qps=400, target_latency_ms=15)}, "server_target_qps: 400"),
        ({"scenario": lg.SingleStream()}, "requested_scenario: 'SingleStream' in the audit"),
        ({"dataset": 199}, "qsl_reported_total_count: 199 in the audit, 200 in the perf"),
        ({"settings": lg.Settings(min_duration_s=1, min_queries=100)}, "requested_qsl_rng_seed: 0"),
    ],
)
def test_runs_of_different_systems_are_refused_with_what_differs(
    lab: Lab, change: dict[str, Any], said: str
) -> None:
    sut = AnsweringSUT()
    lab.measure(sut, "Server")
    given = {
        "sut": sut,
        "dataset": 200,
        "scenario": SCENARIOS["Server"],
        "settings": lab.settings("Server"),
    }
    with pytest.raises(AuditError, match="not of one system") as caught:
        lg.mlperf.audit.run_audit(
            "TEST04", **(given | change), benchmark=lab.benchmark, round=lab.round,
            performance_dir=lab.folder / "performance", output_dir=lab.folder / "out",
            clock=VirtualClock(),
        )  # fmt: skip
    assert said in str(caught.value)


def test_another_machine_is_refused_where_results_say_what_they_ran_on(lab: Lab) -> None:
    sut = AnsweringSUT()
    lab.measure(sut, "SingleStream")
    result = lab.logged(sut, "SingleStream", "performance")
    result.save(lab.folder / "saved")
    shutil.copy(lab.folder / "saved" / "result.json", lab.folder / "performance")
    assert lab.audit("TEST01", sut, "SingleStream").passed
    path = lab.folder / "performance" / "result.json"
    path.write_text(path.read_text().replace(str(result.environment["kernel"]), "Linux 1.0"))
    with pytest.raises(AuditError, match=r"environment, kernel: .* in the audit, 'Linux 1.0'"):
        lab.audit("TEST01", sut, "SingleStream")


def test_logs_without_the_audits_settings_are_no_audit(lab: Lab) -> None:
    lab.measure(AnsweringSUT(), "SingleStream")
    for test in ("TEST01", "TEST04"):
        found = verify_audit(
            test, lab.folder / "performance", lab.folder / "performance", lab.folder / "accuracy",
            benchmark=lab.benchmark, round=lab.round,
        )  # fmt: skip
        failed = [each.text for each in found.findings if each.passed is False]
        assert failed[0].startswith("not the audit's settings: requested_")


def test_an_accuracy_log_that_was_truncated_says_nothing(lab: Lab) -> None:
    sut = AnsweringSUT()
    lab.measure(sut, "SingleStream")
    path = lab.folder / "accuracy" / "mlperf_log_accuracy.json"
    text = path.read_text()
    path.write_text(text[:4096] + "..." + text[-4096:])
    with pytest.raises(ResultError, match=r"mlperf_log_accuracy\.json, line"):
        lab.audit("TEST01", sut, "SingleStream")


def test_what_an_audit_needs_is_asked_for_before_anything_runs(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="did you mean TEST04"):
        lab.audit("TEST4", AnsweringSUT(), "Server")
    fewer = {**TABLE, "audits": {"TEST01": {}}}
    lab.benchmark = Benchmark.model_validate(fewer)
    with pytest.raises(SettingsError, match="an audit of waves: TEST01, TEST05"):
        lab.audit("TEST04", AnsweringSUT(), "Server")
    with pytest.raises(AuditError, match="needs accuracy_dir"):
        lab.audit("TEST01", AnsweringSUT(), "Server")
    with pytest.raises(ResultError, match="has neither a detail log"):
        lab.audit("TEST05", AnsweringSUT(), "Server")


@pytest.mark.parametrize("n_queries", [1, 10])
def test_a_run_of_few_samples_is_not_judged_by_its_speed(lab: Lab, n_queries: int) -> None:
    sut = AnsweringSUT()
    few = {"min_queries": n_queries, "max_queries": n_queries, "min_duration_s": 0.0}
    lab.logged(sut, "SingleStream", "accuracy")
    lab.logged(sut, "SingleStream", "performance", **few)
    found = lab.audit("TEST01", sut, "SingleStream", **few)
    unsure = [each.text for each in found.findings if each.unsure]
    assert found.verdict == "inconclusive"
    assert unsure[0].startswith("the performance run is INVALID, so that no speeds can be compared")
    assert "run it longer" in unsure[0]
    assert "nan" not in found.summary()
    lines = (lab.folder / "out" / "TEST01" / "verify_performance.txt").read_text().splitlines()
    assert "TEST INCONCLUSIVE: run it again" in lines
    assert "TEST PASS" not in lines


def test_a_system_that_fails_everything_is_not_passed(lab: Lab) -> None:
    class Failing(AnsweringSUT):
        def issue(self, batch: Any) -> None:
            batch.fail("error", "no")

    lab.logged(AnsweringSUT(), "Server", "accuracy")
    lab.logged(Failing(), "Server", "performance")
    found = lab.audit("TEST01", Failing(), "Server")
    failed = [each.text for each in found.findings if each.passed is False]
    assert "the audit logged no answer" in failed
    assert "nan" not in found.summary()


def test_an_interrupted_audit_raises_and_leaves_no_outcome(lab: Lab) -> None:
    class Stopped(AnsweringSUT):
        n_issued = 0

        def issue(self, batch: Any) -> None:
            self.n_issued += 1
            if self.n_issued == 50:
                raise KeyboardInterrupt
            super().issue(batch)

    lab.measure(AnsweringSUT(), "SingleStream")
    with pytest.raises(lg.Interrupted):
        lab.audit("TEST01", Stopped(), "SingleStream")
    assert not (lab.folder / "out" / "TEST01" / "audit.json").exists()
