# SPDX-License-Identifier: Apache-2.0
"""Scenarios: defaults, checks of every knob, and the way through their tables."""

import dataclasses
import math
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from loadgen.config.arrivals import Constant, Gamma, Poisson, Replay
from loadgen.config.scenarios import (
    Concurrent,
    MultiStream,
    Offline,
    Scenario,
    Server,
    SingleStream,
    scenario_from_dict,
)
from loadgen.errors import SettingsError

EVERY_SCENARIO = [
    SingleStream(),
    SingleStream(99.9, expected_latency_ms=0.5),
    MultiStream(samples_per_query=3, target_percentile=90),
    Server(100),
    Server(target_qps=2000, target_latency_ms=15, arrivals=Gamma(0.5), coalesce=True),
    Server(5, arrivals=Replay([0, 1, 1]), max_outstanding=7),
    Server(5, target_ttft_ms=200, target_tpot_ms=20),
    Offline(),
    Offline(expected_qps=1000),
    Offline(n_samples=5),
    Concurrent(4),
    Concurrent(4, target_latency_ms=100),
]


def test_defaults_are_those_of_the_manual() -> None:
    assert SingleStream() == SingleStream(target_percentile=90, expected_latency_ms=None)
    assert MultiStream() == MultiStream(8, 99, None)
    assert Server(1) == Server(1, 100, 99, Poisson(), False, None, None, None)
    assert Offline() == Offline(expected_qps=None, n_samples=None)
    assert Concurrent(1) == Concurrent(1, None, 99)


@pytest.mark.parametrize("scenario", EVERY_SCENARIO, ids=repr)
def test_a_scenario_is_the_same_after_a_way_through_its_table(scenario: Scenario) -> None:
    assert scenario_from_dict(scenario.to_dict()) == scenario
    assert pickle.loads(pickle.dumps(scenario)) == scenario
    assert hash(scenario) == hash(scenario_from_dict(scenario.to_dict()))


def test_the_table_leaves_out_what_is_none_and_nests_the_arrivals() -> None:
    assert Server(100, arrivals=Constant()).to_dict() == {
        "name": "server",
        "target_qps": 100.0,
        "target_latency_ms": 100.0,
        "target_percentile": 99.0,
        "arrivals": {"name": "constant"},
        "coalesce": False,
    }


def test_a_scenario_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Server(100).target_qps = 5.0  # type: ignore[misc]


@pytest.mark.parametrize("rate", [0, -1, math.nan, math.inf, True, "100", None])
@pytest.mark.parametrize("make", [Server, lambda rate: Offline(expected_qps=rate)])
def test_a_rate_needs_to_be_a_finite_number_above_zero(
    make: Callable[[Any], Scenario], rate: Any
) -> None:
    if rate is None and make(1) == Offline(expected_qps=1):
        return
    with pytest.raises(SettingsError, match=r"_qps = .*needs (None or )?a finite number"):
        make(rate)


@pytest.mark.parametrize(
    ("make", "field", "allowed"),
    [
        (lambda: SingleStream(0.9), "target_percentile", "did you mean 90?"),
        (lambda: SingleStream(101), "target_percentile", "[0, 100]"),
        (lambda: SingleStream(expected_latency_ms=0), "expected_latency_ms", "at least 1e-06"),
        (lambda: MultiStream(0), "samples_per_query", "an integer of at least 1"),
        (lambda: MultiStream(True), "samples_per_query", "an integer of at least 1"),
        (lambda: MultiStream(8.0), "samples_per_query", "did you mean 8?"),  # type: ignore[arg-type]
        (lambda: MultiStream(target_percentile=0.99), "target_percentile", "did you mean 99?"),
        (lambda: Server(1, target_latency_ms=0), "target_latency_ms", "above 0"),
        (lambda: Server(1, target_latency_ms=math.nan), "target_latency_ms", "above 0"),
        (lambda: Server(1, target_percentile=0.999), "target_percentile", "did you mean 99.9?"),
        (lambda: Server(1, arrivals="gamma"), "arrivals", "Gamma(burstiness)"),  # type: ignore[arg-type]
        (lambda: Server(1, coalesce=1), "coalesce", "True or False"),  # type: ignore[arg-type]
        (lambda: Server(1, max_outstanding=0), "max_outstanding", "None or an integer of at least"),
        (lambda: Server(1, target_ttft_ms=-1), "target_ttft_ms", "None or a finite number above 0"),
        (lambda: Server(1, target_tpot_ms=0), "target_tpot_ms", "None or a finite number above 0"),
        (lambda: Offline(n_samples=0), "n_samples", "None or an integer of at least 1"),
        (lambda: Concurrent(0), "concurrency", "an integer of at least 1"),
        (lambda: Concurrent(1, target_latency_ms=0), "target_latency_ms", "None or a finite"),
        (lambda: Concurrent(1, target_percentile=-1), "target_percentile", "[0, 100]"),
    ],
)
def test_a_wrong_knob_is_named_with_its_value_and_what_is_allowed(
    make: Callable[[], Scenario], field: str, allowed: str
) -> None:
    with pytest.raises(SettingsError) as error:
        make()
    (problem,) = error.value.problems
    assert problem.field == field
    assert allowed in problem.allowed
    assert str(error.value).startswith(f"{field} = {problem.value!r}: needs ")


def test_every_wrong_knob_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        Server(math.nan, target_latency_ms=-5, target_percentile=0.99, max_outstanding=True)
    fields = [problem.field for problem in error.value.problems]
    assert fields == ["target_qps", "target_latency_ms", "target_percentile", "max_outstanding"]


def test_offline_takes_a_rate_or_a_count_but_not_both() -> None:
    with pytest.raises(SettingsError) as error:
        Offline(expected_qps=100, n_samples=5)
    assert [problem.field for problem in error.value.problems] == ["expected_qps", "n_samples"]


@pytest.mark.parametrize(
    ("table", "complaints"),
    [
        ({}, ["name = (missing): needs one of 'single_stream'"]),
        ({"name": "sever"}, ["name = 'sever'", "did you mean server?"]),
        ({"name": "server"}, ["target_qps = (missing): needs a finite number"]),
        (
            {"name": "server", "target_qsp": 5, "arrivals": {"name": "gama"}, "coalesce": "no"},
            [
                "4 settings",
                "target_qsp = 5: needs one of Server's knobs (target_qps,",
                "did you mean target_qps?",
                "target_qps = (missing)",
                "arrivals = {'name': 'gama'}",
                "did you mean gamma?",
                "coalesce = 'no': needs True or False",
            ],
        ),
    ],
)
def test_everything_wrong_in_a_table_is_told_at_once(
    table: dict[str, Any], complaints: list[str]
) -> None:
    with pytest.raises(SettingsError) as error:
        scenario_from_dict(table)
    for complaint in complaints:
        assert complaint in str(error.value)
