# SPDX-License-Identifier: Apache-2.0
"""Accuracy is computed again from the answers, where the log is whole and a program scores them."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from submissions import QWEN, SYSTEM, Submission, measure, truncate

from loadgen.errors import LoadGenError
from loadgen.mlperf.checker.context import Programs
from loadgen.mlperf.reference.base import Reference, load_reference
from loadgen.mlperf.rules import load_rules
from loadgen.sut import SystemUnderTest
from loadgen.testing import AnsweringSUT


class Echo(Reference):
    """A program whose right answer is the sample's number, as those of the fixtures are."""

    variants = ("none",)

    @property
    def dataset(self) -> int:
        return 43

    def sut(self, variant: str) -> SystemUnderTest:
        raise NotImplementedError

    def decode(self, raw: bytes) -> int:
        if len(raw) != 4:
            raise LoadGenError(f"an answer of {len(raw)} bytes; expected 4")
        return int.from_bytes(raw, "little")

    def score(self, outputs: Sequence[Any], indices: Any) -> Mapping[str, float]:
        return {"dice": 0.862 * float(np.mean(np.array(outputs) == indices))}


@pytest.fixture
def _echo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Programs, "of", lambda self, benchmark: Echo())


def with_right_hash(submission: Submission) -> None:
    log = submission.path("@/accuracy/mlperf_log_accuracy.json").read_bytes()
    digest = hashlib.sha256(log).hexdigest()
    submission.change("@/accuracy/accuracy.txt", "^hash=.*", f"hash={digest}")


@pytest.mark.usefixtures("_echo")
def test_what_is_said_and_what_is_computed_agree(tmp_path: Path) -> None:
    report = Submission(tmp_path).check()
    assert report.findings == ()
    assert report.results[0].verdicts["accuracy"] == "recomputed from the answers"


@pytest.mark.usefixtures("_echo")
def test_a_score_that_the_answers_do_not_have_is_refused(tmp_path: Path) -> None:
    submission = Submission(tmp_path)
    submission.change("@/accuracy/accuracy.txt", "0.8620", "0.8622")
    (found,) = submission.check().errors
    assert (found.rule, found.found) == ("accuracy.recomputed", "dice = 0.8622")
    assert found.expected == "0.862, of the answers in the accuracy log"


@pytest.mark.usefixtures("_echo")
def test_wrong_answers_are_found_even_under_a_right_hash(tmp_path: Path) -> None:
    submission = Submission(tmp_path)
    log = "@/accuracy/mlperf_log_accuracy.json"
    submission.change(log, '"data" : "26000000"', '"data" : "27000000"')
    with_right_hash(submission)
    found = {each.rule: each for each in submission.check().errors}
    assert found["accuracy.recomputed"].expected.startswith("0.841953, of the answers")  # 42 of 43


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"data" : "26000000"', '"data" : "2600"', "sample 38: an answer of 2 bytes"),
        (r"^.*\"qsl_idx\" : 38,.*\n", "", "1 of 43 samples have no answer"),
        (r"\]\s*\Z", "", "not closed"),
    ],
)
@pytest.mark.usefixtures("_echo")
def test_answers_that_cannot_be_scored_are_said(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    submission = Submission(tmp_path)
    submission.change("@/accuracy/mlperf_log_accuracy.json", old, new)
    with_right_hash(submission)
    found = {each.rule: each for each in submission.check().errors}
    assert said in found["accuracy.recomputed"].found
    assert str(tmp_path) not in str(found)


@pytest.mark.usefixtures("_echo")
def test_a_log_that_is_cut_is_said_not_to_be_recomputed(tmp_path: Path) -> None:
    report = Submission(tmp_path, QWEN).check()
    (result,) = report.results
    assert result.accepted
    assert result.verdicts["accuracy"] == "not recomputed: the accuracy log is truncated"


@pytest.mark.usefixtures("_echo")
def test_an_audit_beside_a_cut_log_is_compared_with_what_was_kept(tmp_path: Path) -> None:
    submission = Submission(tmp_path)
    log = submission.path("@/accuracy/mlperf_log_accuracy.json")
    text = log.read_text()
    spaced = text.replace('"data" :', '"data" :' + " " * 300)
    log.write_text(f"{spaced[:4096]}\n\n...\n\n{spaced[-4096:]}")
    assert len(spaced) > 10_240
    report = submission.check()
    assert report.results[0].verdicts["TEST01"] == "passed, by its logs"
    for name in ("26000000", "0A000000", "15000000"):  # of the samples that were kept
        log_of_audit = submission.path("@/TEST01/accuracy/mlperf_log_accuracy.json")
        log_of_audit.write_text(log_of_audit.read_text().replace(name, "FFFFFFFF"))
    assert "audit.accuracy" in {each.rule for each in submission.check().errors}
    log_of_audit.write_text("[\n]\n")
    assert "audit.accuracy" in {each.rule for each in submission.check().errors}


@pytest.mark.usefixtures("_echo")
def test_an_audit_of_samples_that_were_cut_out_is_said_not_to_be_verified(tmp_path: Path) -> None:
    submission = Submission(tmp_path)
    text = submission.path("@/accuracy/mlperf_log_accuracy.json").read_text()
    spaced = text.replace('"data" :', '"data" :' + " " * 3_900)  # one sample at each end is kept
    submission.write(
        "@/accuracy/mlperf_log_accuracy.json", f"{spaced[:4096]}\n\n...\n\n{spaced[-4096:]}"
    )
    audit = submission.path("@/TEST01/accuracy/mlperf_log_accuracy.json")
    kept = [line for line in audit.read_text().splitlines() if '"qsl_idx" : 22,' in line]
    audit.write_text("\n".join(["[", *kept])[:-1] + "\n]\n")
    report = submission.check()
    assert kept
    assert "audit.unverified" in {each.rule for each in report.findings}
    assert report.results[0].verdicts["TEST01"].startswith("answers not verified: the accuracy log")


ROOT = "closed/ACME/results/sys1/tabular-99"


def of_our_own_round(path: Path) -> Submission:
    """Make a tree of a benchmark whose data come with a library."""
    pytest.importorskip("sklearn")
    rules = load_rules("steelyard-1")
    labels = load_reference(rules.benchmarks["tabular"])._labels  # type: ignore[attr-defined]

    class Oracle(AnsweringSUT):
        def _answer_to(self, index: int) -> Any:
            return np.float64(0.9 if labels[index] == (index % 50 > 0) else 0.1)

    submission = Submission(path)
    for scenario in ("SingleStream", "Offline"):
        place = f"{ROOT}/{scenario}"
        for name in ("measurements.json", "README.md"):
            submission.copy(f"@/{name}", f"{place}/{name}")
        conf = "*.SingleStream.target_latency = 25\n*.Offline.target_qps = 40\n"
        submission.write(f"{place}/user.conf", conf)
        measure(
            submission.path(place), rules, "tabular-99", scenario, said="accuracy=97.894737%",
            latency_ns=25_000_000, system=Oracle,
        )  # fmt: skip
    submission.drop("@")
    submission.drop("closed/ACME/results/sys1/3d-unet-99")
    submission.write("closed/ACME/src/tabular-99/README.md", "python -m ...")
    submission.fields(SYSTEM, system_type="edge", sw_notes="Round: steelyard-1")
    return submission


@pytest.mark.slow
def test_a_tree_of_our_own_round_is_accepted_and_its_accuracy_computed_again(
    tmp_path: Path,
) -> None:
    submission = of_our_own_round(tmp_path)
    report = submission.check()
    assert report.findings == ()
    for result in report.results:
        assert result.verdicts == {
            "accuracy": "recomputed from the answers",
            "TEST01": "passed, by its logs",
            "TEST04": "passed, by its logs",
        }
    submission.change(f"{ROOT}/Offline/accuracy/accuracy.txt", "97.89", "97.99")
    (found,) = submission.check().errors
    assert found.rule == "accuracy.recomputed"
    submission.change(f"{ROOT}/Offline/accuracy/accuracy.txt", "97.99", "97.89")
    once = f"{ROOT}/SingleStream/TEST04/each_once"
    log = submission.path(f"{once}/mlperf_log_detail.txt").read_text()
    submission.detail(once, "result_50.00_percentile_latency_ns", 1)
    assert {each.file.rpartition("/")[0] for each in submission.check().errors} == {once}
    for name in ("each_once", "one_as_often"):
        submission.rename(f"{ROOT}/SingleStream/TEST04/{name}", f"elsewhere/{name}")
    said = [(each.rule, each.severity) for each in submission.check().findings]
    assert said == [("tree.division", "warning"), ("audit.unverified", "warning")]
    for name in ("each_once", "one_as_often"):
        submission.rename(f"elsewhere/{name}", f"{ROOT}/SingleStream/TEST04/{name}")
    submission.drop("elsewhere")
    submission.write(f"{once}/mlperf_log_detail.txt", log)
    truncate(submission.path(f"{ROOT}/Offline/accuracy"), "accuracy=97.894737%", is_official=True)
    (found,) = submission.check().findings
    assert (found.rule, found.severity) == ("accuracy.unverified", "error")
