# SPDX-License-Identifier: Apache-2.0
"""What a run by the rules has."""

from typing import Any

import pytest

from loadgen.config.scenarios import MultiStream, Offline, Server, SingleStream
from loadgen.config.settings import Seeds
from loadgen.errors import SettingsError
from loadgen.mlperf.rules import load_rules, settings_for

RULES = load_rules("v6.1")


def test_server_has_the_benchmarks_limit_and_the_rounds_seeds() -> None:
    scenario, settings = settings_for(RULES, "resnet", "Server", mode="performance", target_qps=50)
    assert scenario == Server(50, target_latency_ms=15, target_percentile=99)
    assert settings.seeds == Seeds(
        qsl=2085463073848966840,
        sample_index=2747215439041700203,
        schedule=16159082839903944936,
    )
    assert (settings.min_duration_s, settings.min_queries) == (600, 100)
    assert (settings.performance_sample_count, settings.accuracy_sample_count) == (1024, None)
    assert (settings.sample_order, settings.tokens, settings.mode) == (
        "random",
        False,
        "performance",
    )


def test_interactive_is_a_server_under_its_own_limits() -> None:
    scenario, settings = settings_for(
        RULES, "llama2-70b-99.9", "Interactive", mode="performance", target_qps=3
    )
    assert scenario == Server(3, target_latency_ms=None, target_ttft_ms=450, target_tpot_ms=40)
    assert (settings.sample_order, settings.tokens) == ("permutation", True)


def test_streams_go_on_until_their_minima_are_met() -> None:
    scenario, settings = settings_for(RULES, "yolo", "MultiStream", mode="performance")
    assert scenario == MultiStream(samples_per_query=8, target_percentile=99)
    assert settings.min_queries == 662
    scenario, settings = settings_for(RULES, "yolo", "SingleStream", mode="performance")
    assert scenario == SingleStream(target_percentile=90)
    assert settings.min_queries == 64


def test_offline_has_at_least_the_benchmarks_samples() -> None:
    scenario, settings = settings_for(
        RULES, "resnet", "Offline", mode="performance", expected_qps=9
    )
    assert scenario == Offline(expected_qps=9)
    assert settings.min_queries == 24576
    assert settings_for(RULES, "yolo", "Offline", mode="performance")[0] == Offline(n_samples=1525)


def test_an_accuracy_run_asks_its_own_samples() -> None:
    _, settings = settings_for(RULES, "gpt-oss-120b", "Offline", mode="accuracy")
    assert (settings.mode, settings.accuracy_sample_count) == ("accuracy", 4395)
    _, settings = settings_for(
        RULES, "qwen3-vl-235b-a22b", "Interactive", mode="accuracy", target_qps=1
    )
    assert (settings.accuracy_sample_count, settings.performance_sample_count) == (8000, 8000)


def test_a_benchmark_may_have_a_duration_of_its_own_and_a_run_another() -> None:
    assert settings_for(RULES, "e2e-rag-db", "Offline", mode="performance")[1].min_duration_s == 0
    _, settings = settings_for(RULES, "yolo", "SingleStream", mode="performance", duration_s=2)
    assert settings.min_duration_s == 2


@pytest.mark.parametrize(
    ("name", "scenario", "fields", "words"),
    [
        ("resnett", "Offline", {}, "benchmark = 'resnett': needs one of .*; did you mean resnet"),
        ("bert-98", "Offline", {}, "benchmark = 'bert-98': needs one of"),
        ("rgat", "Server", {"target_qps": 1}, "scenario = 'Server': needs one of SingleStream, M"),
        ("resnet", "Server", {}, r"target_qps = \(missing\): needs a rate, for Server"),
        ("resnet", "Server", {"target_qps": -1}, "target_qps = -1: needs"),
        ("resnet", "Offline", {"expected_qps": 0}, "expected_qps = 0: needs"),
        ("resnet", "SingleStream", {"duration_s": -1}, "min_duration_s = -1: needs"),
    ],
)
def test_bad_input_is_refused_with_field_value_and_what_is_allowed(
    name: str, scenario: Any, fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        settings_for(RULES, name, scenario, mode="performance", **fields)
