# SPDX-License-Identifier: Apache-2.0
"""Accuracy, audits, and what runs say beside each other: broken in one place, it is refused."""

from pathlib import Path

import pytest
from submissions import QWEN, SYSTEM, UNET, Change, Submission, assert_refused

RUN = "@/performance/run_1"
TEST01 = "@/TEST01"
AUDIT = "@/TEST01/performance/run_1"


ACCURACY: dict[str, tuple[str, Change]] = {
    "below the gate": (
        "accuracy.gate",
        lambda s: s.change("@/accuracy/accuracy.txt", "0.8620", "0.8530"),
    ),
    "no value": ("accuracy.value", lambda s: s.change("@/accuracy/accuracy.txt", "mean", "all")),
    "no number": (
        "accuracy.value",
        lambda s: s.change("@/accuracy/accuracy.txt", "0.8620", "0.8.6"),
    ),
    "better than all right": (
        "accuracy.value",
        lambda s: s.change("@/accuracy/accuracy.txt", "0.8620", "1.8620"),
    ),
    "more digits than a number has": (
        "accuracy.value",
        lambda s: s.change("@/accuracy/accuracy.txt", r"0\.8620", "9" * 400),
    ),
    "two values": (
        "accuracy.value",
        lambda s: s.change("@/accuracy/accuracy.txt", "^Acc", "Accuracy: mean = 0.5\nAcc"),
    ),
    "no hash": ("accuracy.hash", lambda s: s.change("@/accuracy/accuracy.txt", "^hash=.*", "")),
    "a hash cut off": (
        "accuracy.hash",
        lambda s: s.change("@/accuracy/accuracy.txt", "^hash=.", "hash="),
    ),
    "two hashes": (
        "accuracy.hash",
        lambda s: s.change("@/accuracy/accuracy.txt", "^hash=", f"hash={'0' * 64}\nhash="),
    ),
    "an answer of another log": (
        "accuracy.hash",
        lambda s: s.change("@/accuracy/mlperf_log_accuracy.json", "26000000", "27000000"),
    ),
    "a log that is not truncated": (
        "accuracy.truncated",
        lambda s: s.write("@/accuracy/mlperf_log_accuracy.json", "[" + "\n" * 11_000 + "]"),
    ),
    "a log that is cut elsewhere": (
        "accuracy.truncated",
        lambda s: s.write("@/accuracy/mlperf_log_accuracy.json", "[\n\n...\n\n]"),
    ),
}


def for_two_systems(submission: Submission) -> None:
    """One performance run, handed in for another system too."""
    submission.copy(SYSTEM, "closed/ACME/systems/sys2.json")
    for name in ("mlperf_log_detail.txt", "mlperf_log_summary.txt"):
        submission.copy(f"{RUN}/{name}", f"{run_of_sys2()}/{name}")


def once_more(submission: Submission) -> None:
    """An audit's runs once more, which are the first ones."""
    for name in ("mlperf_log_detail.txt", "mlperf_log_summary.txt"):
        submission.copy(f"{RUN}/{name}", f"{TEST01}/again/performance/{name}")
        submission.copy(f"{AUDIT}/{name}", f"{TEST01}/again/audit/{name}")


def cut(submission: Submission, log: str) -> None:
    """Cut an accuracy log to its ends."""
    text = submission.path(log).read_text().replace('"data" :', '"data" :' + " " * 300)
    submission.write(log, f"{text[:4096]}\n\n...\n\n{text[-4096:]}")


def test_the_answers_that_verify_an_audit_are_those_that_the_seeds_chose(tmp_path: Path) -> None:
    """Whatever lies beside the run's other logs."""
    submission = Submission(tmp_path)
    log = f"{TEST01}/accuracy/mlperf_log_accuracy.json"
    submission.copy(log, f"{AUDIT}/mlperf_log_accuracy.json")
    assert submission.check().accepted
    lines = submission.path(log).read_text().splitlines(keepends=True)
    submission.write(log, "".join([lines[0], *lines[2:]]))
    assert_refused(submission, "answers.chosen")


def test_user_conf_is_one_file_for_all_runs_of_a_result(tmp_path: Path) -> None:
    submission = Submission(tmp_path)
    once_more(submission)
    submission.write("@/user.conf", "no line of it\n")
    found = [each for each in submission.check().errors if "user-conf" in each.rule]
    assert {each.file for each in found} == {f"{UNET}/user.conf"}


BETWEEN_RUNS: dict[str, tuple[str, Change]] = {
    "accuracy of another system": (
        "same.system",
        lambda s: s.detail("@/accuracy", "sut_name", "FastSUT"),
    ),
    "accuracy of other samples": (
        "same.system",
        lambda s: s.detail("@/accuracy", "qsl_name", "EasyQSL"),
    ),
    "accuracy of a part": (
        "same.system",
        lambda s: s.detail("@/accuracy", "qsl_reported_total_count", 42),
    ),
    "accuracy by another LoadGen": (
        "same.system",
        lambda s: s.detail("@/accuracy", "loadgen_version", "6.0.16 @ d6147c7eb7"),
    ),
    "accuracy of another scenario": (
        "same.system",
        lambda s: s.detail("@/accuracy", "effective_scenario", "Server"),
    ),
    "performance handed in as accuracy": (
        "same.log",
        lambda s: s.copy(f"{RUN}/mlperf_log_detail.txt", "@/accuracy/mlperf_log_detail.txt"),
    ),
    "performance handed in as audit": (
        "same.log",
        lambda s: s.copy(f"{RUN}/mlperf_log_detail.txt", f"{AUDIT}/mlperf_log_detail.txt"),
    ),
    "one log for two systems": ("same.log", for_two_systems),
    "one log for two systems, with times of its own": (
        "same.log",
        lambda s: (
            for_two_systems(s),
            s.change(
                f"{run_of_sys2()}/mlperf_log_detail.txt", r'"time_ms": (\d)', r'"time_ms": 1\1'
            ),
        ),
    ),
    "one log, once more": ("same.log", once_more),
    "more samples than there are": (
        "rules.whole-dataset",
        lambda s: [s.detail(each, "qsl_reported_total_count", 44) for each in (RUN, AUDIT)],
    ),
}


def run_of_sys2() -> str:
    return f"{UNET}/performance/run_1".replace("sys1", "sys2")


AUDITS: dict[str, tuple[str, Change]] = {
    "no audit": ("audit.missing", lambda s: s.drop(TEST01)),
    "no text of it": ("file.missing", lambda s: s.drop(f"{TEST01}/verify_accuracy.txt")),
    "an audit that failed": (
        "audit.text",
        lambda s: s.change(f"{TEST01}/verify_performance.txt", "TEST PASS", "TEST FAIL"),
    ),
    "an audit that says nothing": (
        "audit.text",
        lambda s: s.write(f"{TEST01}/verify_accuracy.txt", "Verifying accuracy."),
    ),
    "no log of its run": ("file.missing", lambda s: s.drop(f"{AUDIT}/mlperf_log_detail.txt")),
    "no answers": (
        "file.missing",
        lambda s: s.drop(f"{TEST01}/accuracy/mlperf_log_accuracy.json"),
    ),
    "an empty log of answers": (
        "audit.accuracy",
        lambda s: s.write(f"{TEST01}/accuracy/mlperf_log_accuracy.json", "[\n]\n"),
    ),
    "another answer": (
        "audit.accuracy",
        lambda s: s.change(
            f"{TEST01}/accuracy/mlperf_log_accuracy.json", '"data" : "..', '"data" : "FF'
        ),
    ),
    "a log of answers that is cut to nothing": (
        "audit.accuracy",
        lambda s: s.write(f"{TEST01}/accuracy/mlperf_log_accuracy.json", "[\n\n...\n\n]\n"),
    ),
    "answers that are no JSON": (
        "audit.accuracy",
        lambda s: s.write(f"{TEST01}/accuracy/mlperf_log_accuracy.json", "TEST PASS"),
    ),
    "twice as slow": (
        "audit.performance",
        lambda s: s.detail(AUDIT, "result_samples_per_second", 21.9),
    ),
    "an audit that is INVALID": (
        "run.valid",
        lambda s: s.detail(AUDIT, "result_validity", "INVALID"),
    ),
    "an audit that decides nothing, with answers that were cut": (
        "audit.inconclusive",
        lambda s: (
            cut(s, f"{TEST01}/accuracy/mlperf_log_accuracy.json"),
            s.detail(AUDIT, "result_validity", "INVALID"),
        ),
    ),
    "runs once more that are none": (
        "log.line",
        lambda s: (once_more(s), s.write(f"{TEST01}/again/audit/mlperf_log_detail.txt", "x")),
    ),
    "without the audit's settings": (
        "audit.settings",
        lambda s: s.detail(AUDIT, "requested_accuracy_log_rng_seed", 0),
    ),
    "an audit of another system": (
        "audit.system",
        lambda s: s.detail(AUDIT, "sut_name", "HonestSUT"),
    ),
    "an audit of another load": (
        "audit.system",
        lambda s: s.detail(AUDIT, "requested_offline_expected_qps", 20),
    ),
}

CASES = [
    pytest.param(rule, change, id=f"{group}: {name}")
    for group, table in (("accuracy", ACCURACY), ("between runs", BETWEEN_RUNS), ("audits", AUDITS))
    for name, (rule, change) in table.items()
]


@pytest.mark.parametrize(("rule", "change"), CASES)
def test_one_thing_broken_is_refused_by_its_name(rule: str, change: Change, tmp_path: Path) -> None:
    submission = Submission(tmp_path)
    change(submission)
    assert_refused(submission, rule)


TRUNCATED: dict[str, tuple[str, Change]] = {
    "longer than what is kept": (
        "accuracy.truncated",
        lambda s: s.change("@/accuracy/mlperf_log_accuracy.json", r"^\[", "[" + " " * 9),
    ),
    "handed in for a datacenter": (
        "tree.scenario",
        lambda s: s.fields(SYSTEM, system_type="datacenter"),
    ),
    "below the gate": (
        "accuracy.gate",
        lambda s: s.change("@/accuracy/accuracy.txt", "86.3", "85.3"),
    ),
    "no system of any type": (
        "system.type",
        lambda s: s.fields(SYSTEM, system_type="edge server"),
    ),
}


@pytest.mark.parametrize(("rule", "change"), TRUNCATED.values(), ids=TRUNCATED)
def test_so_is_what_has_a_truncated_log(rule: str, change: Change, tmp_path: Path) -> None:
    submission = Submission(tmp_path, QWEN)
    change(submission)
    report = submission.check()
    assert rule in {each.rule for each in report.errors}, "\n".join(map(str, report.findings))
    assert not report.results[0].accepted


def test_findings_name_the_line(tmp_path: Path) -> None:
    submission = Submission(tmp_path)
    submission.detail("@/accuracy", "qsl_name", "EasyQSL")
    submission.fields(SYSTEM, status="soon")
    found = {each.rule: each for each in submission.check().findings}
    assert found["same.system"].file == f"{UNET}/accuracy/mlperf_log_detail.txt"
    line = submission.path(found["same.system"].file).read_text().splitlines()
    assert '"key": "qsl_name"' in line[found["same.system"].line - 1]
    assert submission.path(SYSTEM).read_text().splitlines()[found["system.status"].line - 1] == (
        '  "status": "soon",'
    )


def test_runs_that_are_not_of_one_system_are_named_within_the_tree(tmp_path: Path) -> None:
    submission = Submission(tmp_path)
    submission.drop("@/accuracy/mlperf_log_detail.txt")
    found = [each for each in submission.check().errors if each.rule == "audit.system"]
    assert f"{UNET}/accuracy, the accuracy run: has no detail log" in found[0].found
    assert str(tmp_path) not in "".join(map(str, found))
