# SPDX-License-Identifier: Apache-2.0
"""Logs that were changed, mixed up or left out: what was not the run that was audited is told."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from audited import TABLE, Lab

from loadgen.errors import LoadGenError, ResultError
from loadgen.mlperf.audit import AuditError, AuditOutcome, Evidence, verify_audit
from loadgen.mlperf.audit.planned import planned
from loadgen.mlperf.rules import Benchmark, load_rules
from loadgen.testing import AnsweringSUT

BENCHMARK, ROUND = Benchmark.model_validate(TABLE), load_rules("steelyard-1").round
DETAIL, ANSWERS = "mlperf_log_detail.txt", "mlperf_log_accuracy.json"
AUDIT_LOG = f"out/TEST01/performance/run_1/{DETAIL}"
AUDIT_ANSWERS = f"out/TEST01/accuracy/{ANSWERS}"


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of an honest system whose audits are passed."""
    folder = tmp_path_factory.mktemp("honest")
    lab = Lab(folder, BENCHMARK, ROUND)
    sut, plan = AnsweringSUT(), {"min_queries": 600, "min_duration_s": 0.0}
    lab.measure(sut, "SingleStream", **plan)
    for test in ("TEST01", "TEST04"):
        assert lab.audit(test, sut, "SingleStream", **plan).passed
    return folder


@pytest.fixture
def forged(honest: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(honest, tmp_path / "forged"))


def judged(folder: Path, test: str = "TEST01", **more: Any) -> AuditOutcome:
    given = {
        "audit_dir": folder / "out" / test,
        "performance_dir": folder / "performance",
        "accuracy_dir": folder / "accuracy",
        "benchmark": BENCHMARK,
        "round": ROUND,
    }
    return verify_audit(test, **(given | more))


def failures(outcome: AuditOutcome) -> str:
    assert outcome.verdict == "failed"
    return " | ".join(each.text for each in outcome.findings if each.passed is False)


def answers(path: Path) -> list[str]:
    return [line.rstrip(",") for line in path.read_text().splitlines()[1:-1]]


def write_answers(path: Path, lines: list[str]) -> None:
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n")


def said(path: Path, key: str, value: Any) -> None:
    """Make a detail log say something else under a key."""
    pattern = rf'("key": "{key}", "value": )([^,}}]|\{{[^}}]*\}})+(?=, "time_ms")'
    text, n = re.subn(pattern, lambda found: found[1] + json.dumps(value), path.read_text())
    assert n == 1
    path.write_text(text)


def test_which_answers_had_to_be_logged_is_drawn_again(honest: Path) -> None:
    found = [json.loads(line) for line in answers(honest / AUDIT_ANSWERS)]
    numbers, indices = planned(Evidence(honest / "out" / "TEST01"))
    pairs = sorted((each["seq_id"], each["qsl_idx"]) for each in found)
    assert pairs == list(zip(numbers.tolist(), indices.tolist(), strict=True))
    assert 100 < len(pairs) < 300  # of 600; 200 were wanted


def accuracy_runs_answers(folder: Path) -> None:
    shutil.copy(folder / "accuracy" / ANSWERS, folder / AUDIT_ANSWERS)


def change(how: Callable[[list[str]], list[str]]) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        write_answers(folder / AUDIT_ANSWERS, how(answers(folder / AUDIT_ANSWERS)))

    return changed


def other_sample(lines: list[str]) -> list[str]:
    """Give the first answer's number to an answer that is right for another sample."""
    first, second = (re.search(r'"seq_id" : (\d+)', line)[0] for line in lines[:2])
    return [lines[1].replace(second, first), *lines[1:]]


@pytest.mark.parametrize(
    ("forge", "text"),
    [
        (accuracy_runs_answers, r"none that the run had to log, number \d+, of sample \d+, first"),
        (change(lambda lines: lines[:1]), r"\d+ of \d+ answers that the run had to log are not th"),
        (change(lambda lines: lines[:-1]), r"1 of \d+ answers that the run had to log are not the"),
        (change(lambda lines: [*lines, lines[0]]), "1 logged answers are none that the run had"),
        (change(other_sample), "1 logged answers are none that the run had to log"),
        (change(lambda lines: []), "the audit logged no answer"),
        (
            lambda folder: said(folder / AUDIT_LOG, "requested_accuracy_log_sampling_target", 1),
            "sampling_target is 1; the audit needs at least 200",
        ),
        (
            lambda folder: said(folder / AUDIT_LOG, "requested_accuracy_log_rng_seed", 7),
            "rng_seed is 7",
        ),
        (
            lambda folder: said(folder / AUDIT_LOG, "early_stopping_latency_ss", 1_300_000),
            "1.3e\\+06 beside 1e\\+06",
        ),
    ],
)
def test_a_log_that_was_changed_fails(
    forged: Path, forge: Callable[[Path], None], text: str
) -> None:
    forge(forged)
    assert re.search(text, failures(judged(forged)))


def twice(folder: Path) -> None:
    path = folder / AUDIT_LOG
    (line,) = (each for each in path.read_text().splitlines() if '"result_validity"' in each)
    path.write_text(path.read_text() + line.replace('"VALID"', '"INVALID"') + "\n")


def without_detail(folder: Path) -> None:
    (folder / "accuracy" / DETAIL).unlink()


def empty(folder: Path) -> None:
    for path in (AUDIT_LOG, f"performance/{DETAIL}", f"accuracy/{DETAIL}"):
        (folder / path).write_text("")


def test_empty_logs_say_nothing(forged: Path) -> None:
    empty(forged)
    with pytest.raises(ResultError, match="no log says of which scenario it is"):
        judged(forged)
    with pytest.raises(AuditError, match="has no loadgen_version, sut_name, qsl_name"):
        judged(forged, scenario_name="SingleStream")


def few_lines(folder: Path) -> None:
    """Forge logs that have what is compared, and nothing that says what they are of."""
    for path in (folder / AUDIT_LOG, folder / "performance" / DETAIL):
        lines = path.read_text().splitlines()
        kept = [line for line in lines if "requested_" in line or "result_" in line]
        path.write_text("\n".join(kept) + "\n")


@pytest.mark.parametrize(
    ("forge", "text"),
    [
        (twice, "its log says result_validity twice, and not the same"),
        (without_detail, "the accuracy run: has no detail log, so that nothing says what it was"),
        (few_lines, "so that nothing says what it was"),
        (
            lambda folder: said(folder / "accuracy" / DETAIL, "sut_name", "another model"),
            "sut_name: 'simulated model' in the audit, 'another model' in the accuracy run",
        ),
        (
            lambda folder: said(folder / "accuracy" / DETAIL, "effective_scenario", "Offline"),
            "the accuracy run: is of Offline; SingleStream is audited",
        ),
    ],
)
def test_runs_that_are_not_what_they_are_taken_for_are_refused(
    forged: Path, forge: Callable[[Path], None], text: str
) -> None:
    forge(forged)
    with pytest.raises(AuditError) as caught:
        judged(forged)
    assert text in str(caught.value)


OTHER = {**TABLE, "dataset": {**TABLE["dataset"], "n_samples": 300, "performance_samples": 250}}


@pytest.mark.parametrize(
    ("more", "text"),
    [
        # An audit's answers would be those of an accuracy run for ever.
        ({"accuracy_dir": "audits_logs"}, "the accuracy run: was made in mode PerformanceOnly; n"),
        ({"accuracy_dir": "out/TEST01"}, "the accuracy run: has no detail log"),
        ({"performance_dir": "accuracy"}, "the performance run: was made in mode AccuracyOnly"),
        ({"audit_dir": "accuracy"}, "the audit: was made in mode AccuracyOnly; needs Performance"),
        ({"scenario_name": "Offline"}, "is of SingleStream; Offline is audited"),
        ({"scenario_name": "Interactive"}, "is of SingleStream; Interactive is audited"),
        ({"benchmark": Benchmark.model_validate(OTHER)}, "had 200 samples; waves has 250, 300"),
    ],
)
def test_folders_that_were_mixed_up_are_refused(
    forged: Path, more: dict[str, Any], text: str
) -> None:
    logs = forged / "audits_logs"
    shutil.copytree((forged / AUDIT_LOG).parent, logs)
    shutil.copy(forged / AUDIT_ANSWERS, logs)
    given = {
        name: forged / value if name.endswith("_dir") else value for name, value in more.items()
    }
    with pytest.raises(AuditError) as caught:
        judged(forged, **given)
    assert text in str(caught.value)


def test_one_sample_again_and_again_is_not_each_sample_once(forged: Path) -> None:
    folder = forged / "out" / "TEST04"
    shutil.copy(folder / "one_as_often" / DETAIL, folder / "each_once" / DETAIL)
    found = failures(judged(forged, "TEST04"))
    assert "each_once: not the audit's settings: requested_performance_issue_same is True" in found


def test_each_sample_once_is_of_the_same_system(forged: Path) -> None:
    said(forged / "out" / "TEST04" / "each_once" / DETAIL, "sut_name", "a slow one")
    with pytest.raises(AuditError, match="sut_name: 'a slow one' in the audit"):
        judged(forged, "TEST04")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("out/TEST01/audit.json", "[" * 100_000),
        ("out/TEST01/audit.json", "{"),
        (AUDIT_ANSWERS, ""),
        (AUDIT_ANSWERS, '[\n{ "seq_id" : 1, "qsl_idx" : 1, "data" : "00" },\n'),
        (f"accuracy/{ANSWERS}", "[\n" + '{"seq_id":' * 5000),
    ],
)
def test_files_that_are_damaged_are_named(forged: Path, path: str, text: str) -> None:
    (forged / path).write_text(text)
    with pytest.raises(LoadGenError, match=re.escape(Path(path).name)):
        judged(forged)
