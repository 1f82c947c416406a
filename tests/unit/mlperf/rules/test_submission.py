# SPDX-License-Identifier: Apache-2.0
"""What a division asks of all results of a benchmark on one system."""

from typing import Any

import pytest

import loadgen as lg
from loadgen.mlperf.rules import check_set, load_rules
from loadgen.testing import FixedSUT, VirtualClock

RULES = load_rules("v6.1")


def result(mode: Any, name: str = "one") -> lg.Result:
    sut = FixedSUT(latency_ns=1000)
    sut.name = name
    fields: dict[str, Any] = {"min_duration_s": 0, "min_queries": 1}
    return lg.run(sut, 4, lg.SingleStream(), mode=mode, clock=VirtualClock(), **fields)


PAIR = [result("accuracy"), result("performance")]
BOTH_TESTS = ("TEST01", "TEST04")


def found(results: Any, name: str = "resnet", **fields: Any) -> list[str]:
    options = {"division": "closed", "system_type": "edge", "audits": {}, **fields}
    return [str(each) for each in check_set(RULES, name, results, **options)]


def test_a_whole_set_lacks_nothing() -> None:
    scenarios = ("SingleStream", "MultiStream", "Offline")
    results = dict.fromkeys(scenarios, PAIR)
    assert found(results, audits=dict.fromkeys(scenarios, BOTH_TESTS)) == []


def test_required_scenarios_are_missed_but_in_open() -> None:
    results = {"SingleStream": PAIR, "Offline": []}
    audits = {"SingleStream": BOTH_TESTS}
    assert found(results, audits=audits) == [
        "required-scenarios: no results of MultiStream; needs MultiStream",
        "required-scenarios: no results of Offline; needs Offline",
    ]
    assert found(results, division="open") == []


def test_systems_of_both_types_hand_in_more() -> None:
    results = dict.fromkeys(("SingleStream", "MultiStream", "Offline"), PAIR)
    audits = dict.fromkeys(results, BOTH_TESTS)
    missing = "required-scenarios: no results of Server; needs Server"
    assert found(results, audits=audits, system_type="both") == [missing]


@pytest.mark.parametrize("more", ["Server", "Interactive", None])
def test_one_of_two_scenarios_is_enough(more: str | None) -> None:
    results = {"Offline": PAIR} | ({more: PAIR} if more else {})
    audits = dict.fromkeys(results, ("TEST06",))
    one = "no results of Server or Interactive; needs at least one of Server or Interactive"
    wanted = [] if more else [f"required-scenarios: {one}"]
    assert found(results, "llama2-70b-99.9", system_type="datacenter", audits=audits) == wanted


def test_a_scenario_has_two_runs_or_one_of_both() -> None:
    results = {"SingleStream": PAIR[:1]}
    two = "one run for accuracy, one for performance"
    wanted = [f"two-runs: SingleStream: no performance run; needs {two}"]
    assert found(results, division="open") == wanted
    assert found({"SingleStream": [result("submission")]}, division="open") == []


def test_results_are_of_one_system() -> None:
    results = {"SingleStream": [PAIR[0], result("performance", "other")]}
    wanted = ["one-system: results of 'one', 'other'; needs one system"]
    assert found(results, division="open") == wanted


def test_audits_are_passed_in_every_scenario_that_there_is() -> None:
    results = dict.fromkeys(("SingleStream", "MultiStream", "Offline"), PAIR)
    audits = {"SingleStream": BOTH_TESTS, "Offline": ("TEST01",)}
    assert found(results, audits=audits) == [
        "audits: MultiStream: TEST01 is not passed; needs TEST01 passed",
        "audits: MultiStream: TEST04 is not passed; needs TEST04 passed",
        "audits: Offline: TEST04 is not passed; needs TEST04 passed",
    ]


def test_nothing_at_all_lacks_everything() -> None:
    assert len(found({})) == 3
