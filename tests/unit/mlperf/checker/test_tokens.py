# SPDX-License-Identifier: Apache-2.0
"""How many tokens an answer has by a run's rates, beside what the accuracy run says."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from loadgen.mlperf.checker.catalogue import Findings
from loadgen.mlperf.checker.tokens import check_tokens
from loadgen.mlperf.rules import load_rules

OFFLINE = {"effective_scenario": "Offline", "result_samples_per_second": 10.0}
SERVER = {"effective_scenario": "Server", "result_completed_samples_per_sec": 10.0}
SINGLE = {"effective_scenario": "SingleStream", "result_mean_latency_ns": 5_000_000_000}


def found(name: str, run: Mapping[str, Any], accuracy: Mapping[str, float]) -> list[str]:
    findings = Findings()
    claim: Any = SimpleNamespace(
        benchmark=load_rules("v6.1").benchmarks[name], scenario=run["effective_scenario"]
    )
    log: Any = SimpleNamespace(get=run.get, log="detail.txt")
    context: Any = SimpleNamespace(findings=findings)
    check_tokens(context, claim, log, accuracy)
    assert {each.rule for each in findings} <= {"same.tokens"}
    return [each.found for each in findings]


@pytest.mark.parametrize(
    ("run", "key"),
    [
        (OFFLINE, "result_tokens_per_second"),
        (SERVER, "result_completed_tokens_per_second"),
        (SINGLE, "result_token_throughput"),
    ],
)
def test_answers_that_are_longer_when_they_are_timed_are_found(
    run: dict[str, Any], key: str
) -> None:
    said = {"tokens_per_sample": 300.0}
    per_token = 5e9 if run is SINGLE else 0.1
    for tokens, is_wrong in ((300, False), (325, False), (345, True), (3_000, True), (250, True)):
        rate = tokens / per_token
        words = [f"{tokens} tokens an answer"] if is_wrong else []
        assert found("llama2-70b", run | {key: rate}, said) == words


def test_limits_of_an_audit_go_before_what_other_samples_of_the_accuracy_run_say() -> None:
    said = {"tokens_per_sample": 4_000.0}
    assert not found("gpt-oss-120b", OFFLINE | {"result_tokens_per_second": 12_000.0}, said)
    assert found("gpt-oss-120b", OFFLINE | {"result_tokens_per_second": 40_000.0}, said)


def test_an_answer_has_no_more_tokens_than_characters() -> None:
    said = {"gen_len": 8_167_644.0}  # of 13,368 answers: 611 each
    assert not found("llama3.1-8b", OFFLINE | {"result_tokens_per_second": 1_280.0}, said)
    assert found("llama3.1-8b", OFFLINE | {"result_tokens_per_second": 12_800.0}, said)


def test_where_a_log_or_the_accuracy_says_nothing_nothing_is_found() -> None:
    assert not found("llama2-70b", OFFLINE, {"tokens_per_sample": 300.0})
    assert not found("llama2-70b", OFFLINE | {"result_tokens_per_second": 1e9}, {})
    assert not found("resnet", OFFLINE | {"result_tokens_per_second": 1e9}, {"acc": 76.0})
