# SPDX-License-Identifier: Apache-2.0
"""Conf files of a round: LoadGen's reader and the rules' own settings come to the same."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from loadgen.config.scenarios import MultiStream, Scenario, Server, SingleStream
from loadgen.config.settings import Settings
from loadgen.errors import SettingsError
from loadgen.mlperf.conf import load_conf
from loadgen.mlperf.rules import (
    Rules,
    load_rules,
    mlperf_conf,
    round_names,
    settings_for,
    user_conf,
)
from loadgen.mlperf.rules.benchmark import SystemRules

LOADS: dict[str, dict[str, float]] = {
    "SingleStream": {"expected_latency_ms": 12.5},
    "MultiStream": {"expected_latency_ms": 12.5},
    "Server": {"target_qps": 123.5},
    "Interactive": {"target_qps": 123.5},
    "Offline": {"expected_qps": 2000.0},
}
RUNS = [
    (round_, benchmark.name, scenario)
    for round_ in round_names()
    for benchmark in load_rules(round_).benchmarks.values()
    for scenario in benchmark.scenarios
]

SYSTEMS = {"datacenter": SystemRules(required=("SingleStream", "Offline"))}


def judged(scenario: Scenario) -> Scenario:
    """A scenario without what cannot be said in both: an expected latency, a limit of 0 ms."""
    if isinstance(scenario, SingleStream | MultiStream):
        return dataclasses.replace(scenario, expected_latency_ms=None)
    if isinstance(scenario, Server) and scenario.target_ttft_ms is not None:
        return dataclasses.replace(scenario, target_latency_ms=None)
    return scenario


@pytest.mark.parametrize(("round_", "name", "scenario"), RUNS)
def test_a_rounds_conf_files_say_what_its_runs_have(
    round_: str, name: str, scenario: Any, tmp_path: Path
) -> None:
    assert_same(load_rules(round_), name, scenario, tmp_path)


@pytest.mark.parametrize("scenario", ["SingleStream", "Offline"])
def test_a_scenario_with_samples_of_its_own_has_rows_of_its_own(
    scenario: Any, tmp_path: Path
) -> None:
    rules = load_rules("v6.1")
    rgat = rules.benchmarks["rgat"]
    data = rgat.dataset.model_copy(update={"per_scenario": {"SingleStream": 500}})
    other = Rules(
        rules.round, {"rgat": rgat.model_copy(update={"dataset": data, "systems": SYSTEMS})}
    )
    settings = assert_same(other, "rgat", scenario, tmp_path)
    wanted = {"SingleStream": (500, 500), "Offline": (788379, None)}[scenario]
    assert (settings.performance_sample_count, settings.accuracy_sample_count) == wanted


def assert_same(rules: Rules, name: str, scenario: Any, tmp_path: Path) -> Settings:
    """What LoadGen's reader makes of the files is what a run by the rules has."""
    (tmp_path / "mlperf.conf").write_text(mlperf_conf(rules), "utf-8")
    (tmp_path / "user.conf").write_text(
        user_conf(rules, name, scenario, **LOADS[scenario]), "utf-8"
    )
    read, settings = load_conf(
        tmp_path / "mlperf.conf",
        tmp_path / "user.conf",
        model=rules.benchmarks[name].conf_model(scenario),
        scenario="Server" if scenario == "Interactive" else scenario,
    )
    rates = {key: value for key, value in LOADS[scenario].items() if key.endswith("_qps")}
    ours, wanted = settings_for(rules, name, scenario, mode="performance", **rates)
    assert judged(read) == judged(ours)
    assert settings.to_dict() == wanted.to_dict()
    return settings


def test_texts_carry_the_rounds_notice() -> None:
    rules = load_rules("steelyard-1")
    texts = (
        mlperf_conf(rules),
        user_conf(rules, "digits", "Server", target_qps=5),
    )
    for text in texts:
        assert f"\n# {rules.round.notice}\n" in text


def test_a_users_file_has_the_load_and_nothing_else() -> None:
    lines = user_conf(load_rules("v6.1"), "llama3.1-8b", "Interactive", target_qps=7).splitlines()
    assert lines[2:] == ["llama3_1-8b-interactive.Server.target_qps = 7"]


@pytest.mark.parametrize(
    ("scenario", "load", "words"),
    [
        ("Server", {}, r"target_qps = \(missing\): needs a number above 0, for Server"),
        ("Offline", {"target_qps": 5.0}, r"expected_qps = \(missing\)"),
        ("SingleStream", {"expected_latency_ms": -1.0}, r"expected_latency_ms = -1.0: needs"),
        ("Interactive", {"target_qps": 5.0}, "scenario = 'Interactive': needs one of Single"),
    ],
)
def test_a_users_file_without_a_load_is_refused(
    scenario: Any, load: dict[str, float], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        user_conf(load_rules("v6.1"), "resnet", scenario, **load)
