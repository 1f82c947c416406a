# SPDX-License-Identifier: Apache-2.0
"""What a division asks of one run: good runs have no findings, each bad one has its own."""

import functools
from typing import Any

import pytest

import loadgen as lg
from loadgen.errors import SettingsError
from loadgen.mlperf.rules import check_run, load_rules, settings_for
from loadgen.mlperf.rules.divisions import RUN_RULES
from loadgen.testing import FixedSUT, LosingSUT, VirtualClock

RULES = load_rules("steelyard-1")
OFFICIAL = load_rules("v6.1")
NONCE = "round.7-0123456789abcdef"
MS = 1_000_000
LATENCIES_MS = {"SingleStream": 500, "MultiStream": 800, "Server": 5, "Offline": 20}
RATES: dict[str, dict[str, float]] = {
    "Server": {"target_qps": 2.0},
    "Offline": {"expected_qps": 50.0},
}


class FailingSUT(lg.SystemUnderTest):
    """Gives up whatever it is asked."""

    def issue(self, batch: lg.Batch) -> None:
        batch.fail("broken")


def run(
    name: Any, sut: Any = None, traffic: Any = None, *, mode: Any = "performance", **fields: Any
) -> lg.Result:
    """A run of digits by the rules, but for some fields; a queue of one where it is Offline."""
    usual, settings = settings_for(RULES, "digits", name, mode=mode, **RATES.get(name, {}))
    if sut is None:
        servers = 1 if name == "Offline" else None
        sut = FixedSUT(latency_ns=LATENCIES_MS[name] * MS, servers=servers)
    return lg.run(sut, 450, traffic or usual, settings, clock=VirtualClock(), **fields)


good = functools.cache(run)


def found(scenario: Any, result: lg.Result, **fields: Any) -> dict[str, str]:
    """The rules that a run breaks, each with the first thing that is found."""
    options = {"division": "closed", "system_type": "both", **fields}
    findings = check_run(RULES, "digits", scenario, result, **options)
    assert all(each.found and each.expected and each.title for each in findings)
    return {each.rule: str(each) for each in reversed(findings)}


@pytest.mark.parametrize("scenario", LATENCIES_MS)
@pytest.mark.parametrize("division", ["closed", "open"])
def test_a_good_performance_run_breaks_nothing(scenario: str, division: str) -> None:
    assert found(scenario, good(scenario), division=division) == {}


@pytest.mark.parametrize("mode", ["performance", "accuracy"])
@pytest.mark.parametrize("division", ["closed", "open"])
def test_a_round_with_a_nonce_asks_every_run_for_it(mode: str, division: str) -> None:
    rules = RULES.with_nonce(NONCE)

    def broken(**fields: Any) -> list[str]:
        scores = {"accuracy": 97.0} if mode == "accuracy" else None
        return [
            str(each)
            for each in check_run(
                rules, "digits", "SingleStream", good("SingleStream", mode=mode, **fields),
                division=division, system_type="edge", scores=scores,
            )
        ]  # fmt: skip

    assert broken() == [f"nonce: nonce = None; needs the round's, {NONCE!r}"]
    other = NONCE[::-1]
    assert broken(nonce=other) == [f"nonce: nonce = {other!r}; needs the round's, {NONCE!r}"]
    assert broken(nonce=NONCE) == []
    assert found("SingleStream", good("SingleStream", nonce=NONCE)) == {}


@pytest.mark.parametrize("scenario", LATENCIES_MS)
def test_a_good_accuracy_run_breaks_nothing(scenario: str) -> None:
    result = good(scenario, mode="accuracy")
    assert found(scenario, result, scores={"accuracy": 97.0}) == {}


@pytest.mark.parametrize(
    ("rule", "fields", "words"),
    [
        ("seeds", {"seeds": lg.Seeds(qsl=1)}, "seeds.qsl = 1; needs the round's, 1134903170161803"),
        ("duration", {"min_duration_s": 60}, "a minimum duration of 60 s; needs at least 600 s"),
        ("samples", {"performance_sample_count": 9}, "drawn from 9 samples; needs at least 450"),
        ("traffic", {"sample_order": "same"}, "sample_order = 'same'; needs 'random'"),
        ("traffic", {"tokens": True}, "tokens = True; needs False"),
        ("traffic", {"traffic": lg.Offline()}, "a run of Offline; needs Server"),
        (
            "traffic",
            {"traffic": lg.Server(2, target_latency_ms=15, target_percentile=95)},
            "target_percentile = 95.0; needs 99.0",
        ),
        (
            "traffic",
            {"traffic": lg.Server(2, target_latency_ms=15, arrivals=lg.Constant())},
            "arrivals = Constant(); needs Poisson()",
        ),
        (
            "latency",
            {"traffic": lg.Server(2, target_latency_ms=20)},
            "target_latency_ms = 20.0; needs at most 15 ms",
        ),
        (
            "latency",
            {"traffic": lg.Server(2, target_latency_ms=None)},
            "target_latency_ms = None; needs at most 15 ms",
        ),
        ("valid", {"max_duration_s": 30}, "INVALID run"),
    ],
)
def test_a_run_with_other_settings_breaks_the_rule_about_them(
    rule: str, fields: dict[str, Any], words: str
) -> None:
    assert words in found("Server", run("Server", **fields))[rule]


def test_a_slow_system_breaks_the_limit_but_in_open() -> None:
    slow = run("Server", FixedSUT(latency_ns=16 * MS))
    assert {"latency", "valid"} <= found("Server", slow).keys()
    assert "latency" not in found("Server", slow, division="open")


def test_a_run_that_was_cut_short_says_so() -> None:
    short = run("SingleStream", max_queries=10)
    broken = found("SingleStream", short)
    assert broken.keys() == {"duration", "samples", "early-stopping", "valid"}
    assert broken["samples"] == "samples: 10 queries; needs at least 64"
    assert broken["duration"].endswith(
        "a run that was shorter than it should be; needs at least 600 s"
    )
    assert "54 more" in broken["early-stopping"]


def test_a_multi_stream_of_fewer_samples_is_another_one() -> None:
    fewer = run("MultiStream", traffic=lg.MultiStream(samples_per_query=4))
    assert found("MultiStream", fewer) == {"traffic": "traffic: samples_per_query = 4; needs 8"}


def test_offline_counts_samples() -> None:
    few = run("Offline", traffic=lg.Offline(n_samples=450), min_queries=1)
    assert found("Offline", few)["samples"] == "samples: 450 samples; needs at least 24,576"


def test_an_accuracy_run_has_to_ask_everything() -> None:
    part = run("SingleStream", mode="accuracy", accuracy_sample_count=449)
    broken = found("SingleStream", part, scores={"accuracy": 97.0})
    assert broken == {
        "whole-dataset": "whole-dataset: an accuracy run of 449 samples; needs all 450"
    }
    same = run("SingleStream", mode="accuracy", sample_order="sequential")
    assert found("SingleStream", same, scores={"accuracy": 97.0}) == {}


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        (None, "an accuracy run without scores; needs a score for every metric"),
        ({}, "no score accuracy; needs 96.139 to inf"),
        ({"accuracy": 96.0}, "accuracy = 96; needs at least 96.139"),
        ({"accuracy": float("nan")}, "accuracy = nan; needs a number"),
    ],
)
def test_scores_have_to_pass_the_gate_but_in_open(scores: Any, words: str) -> None:
    result = good("SingleStream", mode="accuracy")
    assert found("SingleStream", result, scores=scores) == {"accuracy": f"accuracy: {words}"}
    assert found("SingleStream", result, scores=scores, division="open") == {}


def test_a_results_name_says_which_gate_counts() -> None:
    result = good("SingleStream", mode="accuracy")

    def broken(name: str) -> bool:
        findings = check_run(
            OFFICIAL,
            name,
            "SingleStream",
            result,
            division="closed",
            system_type="edge",
            scores={"f1": 90.1},
        )
        return "accuracy" in {each.rule for each in findings}

    assert [broken(name) for name in ("bert-99", "bert-99.9", "bert")] == [False, True, True]


def test_a_figure_that_has_to_lie_between_two_may_be_too_high() -> None:
    result = good("Offline", mode="accuracy")
    scores = {"exact_match": 90.0, "tokens_per_sample": 5000.0}
    options: dict[str, Any] = {"division": "closed", "system_type": "datacenter", "scores": scores}
    findings = check_run(OFFICIAL, "deepseek-r1", "Offline", result, **options)
    assert "accuracy: tokens_per_sample = 5000; needs at most 4274.9" in map(str, findings)


def test_systems_and_scenarios_have_to_fit() -> None:
    result = good("SingleStream")
    assert found("SingleStream", result, system_type="datacenter") == {
        "scenario": "scenario: SingleStream, for systems of datacenter; needs Server, Offline"
    }
    network = found("SingleStream", result, division="network", system_type="edge")
    assert network["system-type"] == "system-type: systems of edge; needs datacenter"


def test_a_system_behind_a_network_says_so_in_its_name() -> None:
    result = good("Server")
    broken = found("Server", result, division="network", system_type="datacenter")
    assert broken == {"network": "network: the name 'FixedSUT'; needs 'Network SUT' in the name"}
    named = FixedSUT(latency_ns=5 * MS)
    named.name = "digits, Network SUT"
    behind = run("Server", named)
    assert found("Server", behind, division="network", system_type="datacenter") == {}
    assert found("Server", behind) == {
        "no-network": "no-network: the name 'digits, Network SUT'; needs a system on this side of a"
        " network"
    }
    assert found("Server", behind, division="open") == {}


def test_samples_that_are_lost_or_failed_are_counted() -> None:
    lost = run("Server", LosingSUT(every=100, latency_ns=5 * MS), drain_timeout_s=1)
    assert "12 not answered; needs every one of 1,218 answered" in found("Server", lost)["answered"]
    failed = run("Server", FailingSUT(), max_failed_share=1)
    assert "1,218 samples failed" in found("Server", failed)["answered"]


@pytest.mark.parametrize("scenario", LATENCIES_MS)
@pytest.mark.parametrize("n", [1, 10])
def test_runs_of_next_to_nothing_are_told_in_words(scenario: Any, n: int) -> None:
    fields: dict[str, Any] = {"max_queries": n}
    if scenario == "Offline":
        fields = {"traffic": lg.Offline(n_samples=n)}
    broken = found(scenario, run(scenario, **fields))
    assert "samples" in broken
    assert not any("nan" in words.lower() for words in broken.values())


def test_histograms_are_enough() -> None:
    result = run("Server", recording="histogram")
    assert found("Server", result) == {}


def test_open_takes_a_scenario_that_no_system_is_asked_for() -> None:
    result = good("Server")
    options: dict[str, Any] = {"system_type": "edge"}
    in_open = check_run(OFFICIAL, "bert-99", "Server", result, division="open", **options)
    assert {each.rule for each in in_open} == {"seeds", "samples"}  # those of another round
    closed = check_run(OFFICIAL, "bert-99", "Server", result, division="closed", **options)
    assert "scenario" in {each.rule for each in closed}


def test_there_is_no_other_division() -> None:
    with pytest.raises(SettingsError, match="division = 'close': needs one of closed, network, op"):
        found("Server", good("Server"), division="close")


def test_every_rule_has_a_name_a_chapter_and_a_switch_that_there_is() -> None:
    assert len({rule.id for rule in RUN_RULES}) == len(RUN_RULES)
    for rule in RUN_RULES:
        assert rule.title
        assert rule.source
        assert [rule.applies(each) for each in RULES.round.divisions.values()]
