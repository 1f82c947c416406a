# SPDX-License-Identifier: Apache-2.0
"""From scenario and settings to the official traffic, and what else the core is told."""

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from loadgen import _core
from loadgen.config.arrivals import Constant, Gamma, Ramp, Replay, Steps
from loadgen.config.conversations import Conversations
from loadgen.config.scenarios import (
    Concurrent,
    MultiStream,
    Offline,
    Scenario,
    Server,
    SingleStream,
)
from loadgen.config.settings import Seeds, Settings
from loadgen.traffic import (
    accuracy_log_probability,
    drain_timeout_ns,
    loadable_sets,
    plan_settings,
    traffic_digest,
)
from loadgen.traffic.effective import effective

TOTAL, PERFORMANCE = 100, 40


def sha256(values: npt.ArrayLike, dtype: str = "<u8") -> str:
    return hashlib.sha256(np.asarray(values).astype(dtype).tobytes()).hexdigest()


def digest(scenario: Scenario, total: int = TOTAL, **fields: Any) -> str:
    settings = Settings(**{"min_queries": 50, "min_duration_s": 0.1, **fields})
    talks = isinstance(scenario, Server) and scenario.conversations is not None
    turns = (2, 1, 5) * 5 if talks else ()
    sizes = effective(scenario, settings, total, min(PERFORMANCE, total), turns=turns)
    return traffic_digest(scenario, settings, sizes, total)


def timeout_s(scenario: Scenario, **fields: Any) -> float | None:
    settings = Settings(**fields)
    found = drain_timeout_ns(scenario, settings, effective(scenario, settings, TOTAL, PERFORMANCE))
    return None if found is None else found / 1e9


def log_share(scenario: Scenario, **fields: Any) -> float:
    settings = Settings(**fields)
    sizes = effective(scenario, settings, TOTAL, PERFORMANCE)
    return accuracy_log_probability(scenario, settings, sizes)


def test_every_recorded_run_gets_the_official_traffic(recorded: dict[str, list[Any]]) -> None:
    for run in recorded["cases"]:
        sizes = effective(run.scenario, run.settings, run.total, run.performance)
        engine = _core.AccuracyLogEngine()
        series = iter(run.case["runs"])
        for accuracy in (True, False):
            if run.settings.mode == ("performance" if accuracy else "accuracy"):
                continue
            plan = plan_settings(run.scenario, run.settings, sizes, accuracy=accuracy)
            for loaded in loadable_sets(
                run.scenario, run.settings, sizes, run.total, accuracy=accuracy
            ):
                check_series(_core.TrafficPlan(plan, loaded, engine), loaded, next(series))
        assert next(series, None) is None, run.case["name"]


def check_series(
    plan: _core.TrafficPlan, loaded: _core.LoadedSet, expected: dict[str, Any]
) -> None:
    assert sha256(loaded.samples) == expected["loaded_set_sha256"]
    issued = expected["issued_sample_count"]
    due, sizes, indices, keep = plan.draw(expected["issued_query_count"], issued)
    assert len(due) == expected["issued_query_count"]
    assert sizes[:12].tolist() == expected["query_sizes_head"]
    assert sha256(indices) == expected["samples_sha256"]
    logged = expected["first_sample_id"] + np.flatnonzero(keep)
    assert len(logged) == expected["accuracy_logged_count"]
    assert sha256(logged) == expected["accuracy_logged_seq_ids_sha256"]
    if "schedule_ns_sha256" in expected:
        assert sha256(due - due[0], "<i8") == expected["schedule_ns_sha256"]
    plan.run_dry()
    assert plan.query_count == expected["generated_query_count"]
    assert plan.duration_ns == expected["generated_query_duration_ns"]


def test_every_recorded_plan_has_the_official_length(recorded: dict[str, list[Any]]) -> None:
    for run in recorded["pregenerated"]:
        sizes = effective(run.scenario, run.settings, run.total, run.performance)
        plan = plan_settings(run.scenario, run.settings, sizes, accuracy=False)
        (loaded,) = loadable_sets(run.scenario, run.settings, sizes, run.total, accuracy=False)
        traffic = _core.TrafficPlan(plan, loaded)
        traffic.run_dry()
        assert traffic.query_count == run.case["generated_query_count"], run.case
        assert traffic.duration_ns == run.case["generated_query_duration"], run.case


@pytest.mark.parametrize(
    "scenario", [SingleStream(), MultiStream(3), Server(1000), Offline(), Concurrent(4)], ids=repr
)
@pytest.mark.parametrize("mode", ["performance", "accuracy", "submission"])
def test_the_same_seeds_give_the_same_digest_and_others_another(
    scenario: Scenario, mode: str
) -> None:
    first = digest(scenario, mode=mode)
    assert len(first) == 64
    assert digest(scenario, mode=mode) == first
    assert digest(scenario, mode=mode, seeds=Seeds(qsl=1)) != first
    assert digest(scenario, mode=mode, seeds=Seeds(accuracy_log=1)) == first


def test_the_digest_tells_arrivals_orders_modes_and_datasets_apart() -> None:
    runs: list[tuple[Scenario, dict[str, Any]]] = [
        (Server(1000), {}),
        (Server(1001), {}),
        (Server(1000, arrivals=Constant()), {}),
        (Server(1000, arrivals=Gamma(0.5)), {}),
        (Server(1000, arrivals=Replay([0, 0.5])), {}),
        (Server(1000, arrivals=Replay([0, 0.5], speed=2)), {}),
        (Server(1000, arrivals=Steps([(1, 0.05), (2, 1)])), {}),
        (Server(1000, arrivals=Steps([(1, 0.05), (3, 1)])), {}),
        (Server(1000, arrivals=Steps([(1, 0.06), (2, 1)])), {}),
        (Server(1000, arrivals=Ramp(1, 2, 0.05)), {}),
        (Server(1000, arrivals=Ramp(0, 2, 0.05)), {}),
        (Server(1000, arrivals=Ramp(1, 3, 0.05)), {}),
        (Server(1000, arrivals=Ramp(1, 2, 0.06)), {}),
        (Server(1000, conversations=Conversations()), {}),
        (Server(1000, conversations=Conversations(2)), {}),
        (Server(1000, conversations=Conversations(distribution="constant")), {}),
        (Server(1000, conversations=Conversations()), {"seeds": Seeds(schedule=1)}),
        (Server(1000, conversations=Conversations()), {"sample_order": "sequential"}),
        (Server(1000), {"sample_order": "sequential"}),
        (SingleStream(), {"sample_order": "sequential"}),
        (Server(1000), {"sample_order": "permutation"}),
        (Server(1000), {"sample_order": "unique"}),
        (Server(1000), {"seeds": Seeds(sample_index=1)}),
        (Server(1000), {"seeds": Seeds(schedule=1)}),
        (Server(1000), {"mode": "accuracy"}),
        (Server(1000), {"total": 30}),
        (SingleStream(), {}),
        (MultiStream(2), {}),
        (Offline(n_samples=7), {}),
    ]
    assert len({digest(scenario, **fields) for scenario, fields in runs}) == len(runs)


def test_the_digest_looks_at_the_head_of_long_and_of_endless_plans() -> None:
    assert digest(SingleStream(), min_queries=69_999) == digest(SingleStream(), min_queries=70_000)
    assert digest(Offline(n_samples=65_535)) != digest(Offline(n_samples=65_536))
    assert digest(Offline(n_samples=65_536)) == digest(Offline(n_samples=10**6))


def test_multi_stream_pads_its_sets() -> None:
    settings = Settings()
    scenario = MultiStream(3)
    sizes = effective(scenario, settings, TOTAL, PERFORMANCE)
    sets = loadable_sets(scenario, settings, sizes, TOTAL, accuracy=True)
    assert [(len(loaded.samples), loaded.end) for loaded in sets] == [(42, 40), (42, 40), (22, 20)]


def test_a_performance_series_has_one_set() -> None:
    settings = Settings(performance_sample_count=7)
    sizes = effective(Server(1), settings, TOTAL, PERFORMANCE)
    (loaded,) = loadable_sets(Server(1), settings, sizes, TOTAL, accuracy=False)
    assert sorted(loaded.samples.tolist()) == list(range(7))


@pytest.mark.parametrize(
    ("scenario", "fields", "seconds"),
    [
        (SingleStream(), {}, 600),
        (Server(1), {"drain_timeout_s": 5}, 5),
        (Server(1), {"drain_timeout_s": None}, None),
        (Offline(), {}, 3600),
        (Offline(expected_qps=10), {"min_duration_s": 600}, 6600),
        (Offline(n_samples=5), {"min_duration_s": 600}, 6000),
        (Offline(expected_qps=10), {"drain_timeout_s": 600}, 600),
        (Offline(expected_qps=10), {"drain_timeout_s": None}, None),
    ],
)
def test_offline_waits_longer_unless_it_is_told_how_long(
    scenario: Scenario, fields: dict[str, Any], seconds: float | None
) -> None:
    assert timeout_s(scenario, **fields) == (
        None if seconds is None else pytest.approx(seconds, rel=1e-12)
    )


@pytest.mark.parametrize(
    ("scenario", "fields", "share"),
    [
        (Server(100), {"accuracy_log_probability": 0.25}, 0.25),
        (Server(100), {"accuracy_log_target": 50, "min_duration_s": 10}, 50 / 1000),
        (Server(1), {"accuracy_log_target": 50, "min_queries": 200}, 50 / 200),
        (MultiStream(8), {"accuracy_log_target": 80, "min_queries": 100}, 0.1),
        (Offline(expected_qps=100), {"accuracy_log_target": 11, "min_duration_s": 1}, 11 / 110),
        (SingleStream(), {"accuracy_log_target": 500, "min_queries": 100}, 5.0),
    ],
)
def test_a_target_of_kept_answers_becomes_a_share(
    scenario: Scenario, fields: dict[str, Any], share: float
) -> None:
    assert log_share(scenario, **fields) == share


def test_offline_that_would_take_longer_than_may_be_asked_for_waits_for_that() -> None:
    assert timeout_s(Offline(expected_qps=1e-6), min_queries=10**6) == 1e9


def test_the_digest_does_not_change_with_what_the_traffic_does_not_depend_on() -> None:
    trace = [0, 0.5, 0.75]
    assert digest(Server(1, arrivals=Replay(trace))) == digest(Server(2, arrivals=Replay(trace)))
    assert digest(Server(1, arrivals=Replay(trace, speed=2))) == digest(
        Server(1, arrivals=Replay([0, 0.25, 0.375]))
    )
    steady = Server(1000, arrivals=Steps([(2, 5)]))
    assert digest(steady) == digest(Server(2000, arrivals=Steps([(1, 1), (1, 7)])))
    assert digest(steady) == digest(Server(500, arrivals=Ramp(4, 4, 1)))
    sequential = {"sample_order": "sequential"}
    assert digest(Server(1000), **sequential) == digest(
        Server(1000), seeds=Seeds(sample_index=7), **sequential
    )
    talks = Server(1000, conversations=Conversations())
    assert digest(talks) == digest(Server(1000, 5, conversations=Conversations()))


def test_conversations_start_when_queries_would_come_without_them() -> None:
    settings = Settings(min_queries=500, min_duration_s=0)
    queries, starts = (
        _core.TrafficPlan(
            plan_settings(scenario, settings, sizes, accuracy=False),
            loadable_sets(scenario, settings, sizes, 40, accuracy=False)[0],
        ).draw(100, 10_000)[0]
        for scenario, sizes in (
            (Server(1000), effective(Server(1000), settings, 40, 40)),
            (
                Server(1000, conversations=Conversations()),
                effective(Server(1000), settings, 40, 40, turns=(2, 1, 5) * 5),
            ),
        )
    )
    assert starts.tolist() == queries.tolist()
