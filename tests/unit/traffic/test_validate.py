# SPDX-License-Identifier: Apache-2.0
"""What does not fit together is refused before anything starts, all of it at once."""

import os
from typing import Any

import pytest

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
from loadgen.config.settings import Settings
from loadgen.errors import SettingsError
from loadgen.traffic.validate import validate

_TALKING = Server(1, conversations=Conversations())


def problems(
    scenario: object, settings: Settings | None = None, total: int = 100, **fields: Any
) -> dict[str, str]:
    with pytest.raises(SettingsError) as error:
        validate(scenario, settings, fields, total=total, performance=min(total, 40))
    return {problem.field: str(problem) for problem in error.value.problems}


@pytest.mark.parametrize(
    ("scenario", "fields"),
    [
        (SingleStream(), {}),
        (MultiStream(samples_per_query=500), {}),
        (MultiStream(), {"sample_order": "unique"}),
        (Server(1), {"mode": "submission"}),
        (Server(1, target_ttft_ms=5), {"tokens": True}),
        (Server(1e12), {"min_duration_s": 0}),
        (Server(1e12, arrivals=Constant()), {}),
        (Server(1, arrivals=Replay([0])), {"min_queries": 0, "min_duration_s": 0}),
        (Server(1, arrivals=Replay([0.0] * 40)), {"mode": "accuracy"}),
        (Offline(), {"min_queries": 0, "min_duration_s": 0}),
        (Offline(), {"sample_order": "unique"}),
        (Concurrent(4), {"sample_order": "unique", "min_queries": 0, "min_duration_s": 0}),
        (SingleStream(), {"mode": "accuracy", "min_queries": 0, "min_duration_s": 0}),
        (SingleStream(), {"sample_order": "same", "same_index": 39}),
        (SingleStream(), {"performance_sample_count": 1000, "max_queries": 1}),
    ],
)
def test_what_fits_passes(scenario: Scenario, fields: dict[str, Any]) -> None:
    assert validate(scenario, None, fields, total=100, performance=40) == Settings(**fields)


def test_keywords_win() -> None:
    assert validate(SingleStream(), Settings(min_queries=3), {"min_queries": 5}).min_queries == 5


@pytest.mark.parametrize("wrong", ["server", None, SingleStream, {"name": "server"}])
def test_what_is_no_scenario_is_refused(wrong: object) -> None:
    assert "needs a scenario: lg.SingleStream()" in problems(wrong)["scenario"]


@pytest.mark.parametrize(
    ("scenario", "fields", "field", "complaint"),
    [
        (Server(1, target_ttft_ms=5), {}, "target_ttft_ms", "= 5.0: needs tokens=True"),
        (Server(1, target_tpot_ms=5), {}, "target_tpot_ms", "= 5.0: needs tokens=True"),
        (Server(1e11), {}, "target_qps", "at most 1e+10 with min_duration_s = 10"),
        (Server(1e11, arrivals=Gamma(2)), {}, "target_qps", "at most 1e+10"),
        (
            Server(1e10, arrivals=Steps([(1, 1), (4, 1), (1, 1)])),
            {},
            "target_qps",
            "= 10000000000.0: needs at most 2.5e+09, since arrivals reach 4 of it",
        ),
        (
            Server(1e-6, arrivals=Ramp(1, 0.5, 60)),
            {"min_queries": 1},
            "target_qps",
            "= 1e-06: needs at least 2e-06, since arrivals end at 0.5 of it",
        ),
        (_TALKING, {"mode": "accuracy"}, "mode", "= 'accuracy': needs 'performance' with conv"),
        (_TALKING, {"mode": "submission"}, "mode", "needs 'performance' with conversations"),
        (_TALKING, {"issue_threads": 2}, "issue_threads", "= 2: needs 1 with conversations"),
        (_TALKING, {"sample_order": "same"}, "sample_order", "needs another order with conv"),
        (_TALKING, {"accuracy_log_target": 2}, "accuracy_log_target", "None with conversations"),
        (
            Server(1, coalesce=True, conversations=Conversations()),
            {},
            "coalesce",
            "= True: needs False with conversations",
        ),
        (
            SingleStream(),
            {"min_queries": 0, "min_duration_s": 0},
            "min_queries",
            "= 0: needs at least 1 with min_duration_s = 0",
        ),
        (Server(1), {"min_queries": 0, "min_duration_s": 0}, "min_queries", "nothing is issued"),
        (
            Offline(expected_qps=1),
            {"min_queries": 0, "min_duration_s": 0},
            "min_queries",
            "nothing is issued",
        ),
        (
            SingleStream(),
            {"sample_order": "same", "same_index": 40},
            "same_index",
            "= 40: needs a position in the loaded set, below 40",
        ),
        (
            SingleStream(),
            {"sample_order": "same", "mode": "submission"},
            "sample_order",
            "= 'same': needs another order in mode='submission'",
        ),
        (
            Server(1),
            {"priority": "realtime", "pacing": "spin"},
            "pacing",
            "= 'spin': needs 'auto' or 'sleep' with priority='realtime'",
        ),
        (
            Offline(),
            {"sample_order": "unique", "performance_sample_count": 101},
            "performance_sample_count",
            "= 101: needs at most the dataset's 100 samples",
        ),
        (
            Offline(n_samples=5),
            {"sample_order": "unique"},
            "n_samples",
            "= 5: needs None with sample_order='unique'",
        ),
        (
            Server(1, arrivals=Replay([0.0] * 39)),
            {"mode": "accuracy"},
            "timestamps_s",
            "= 39: needs at least 40 in mode='accuracy'",
        ),
        (
            SingleStream(),
            {"accuracy_log_target": 5, "accuracy_log_probability": 0.5},
            "accuracy_log_target",
            "= 5: needs None where accuracy_log_probability is given",
        ),
        (MultiStream(2**20), {"min_queries": 2**20}, "min_queries", "a run records 8589934592"),
        (Offline(expected_qps=1e9), {}, "expected_qps", "it comes to 11000000000 samples"),
        (Server(1e-6), {"min_queries": 10**6}, "min_queries", "at 1e-06 QPS last 1e+12 s"),
    ],
)
def test_what_does_not_fit_is_named_with_its_value_and_what_is_allowed(
    scenario: Scenario, fields: dict[str, Any], field: str, complaint: str
) -> None:
    found = problems(scenario, **fields)
    assert found.keys() == {field}
    assert complaint in found[field]


def test_a_processor_that_this_process_may_not_use_is_refused() -> None:
    usable = min(os.sched_getaffinity(0))
    assert validate(SingleStream(), None, {"cpu": usable}).cpu == usable
    found = problems(SingleStream(), cpu=100_000)
    assert found["cpu"].startswith("cpu = 100000: needs a processor that this process may use: ")


def test_wrong_fields_and_wrong_combinations_are_told_at_once() -> None:
    found = problems(
        Server(1, target_ttft_ms=5),
        Settings(sample_order="same"),
        min_querys=5,
        gc="off",
        same_index=77,
    )
    assert found.keys() == {"min_querys", "gc", "target_ttft_ms", "same_index"}


def test_a_field_that_is_wrong_by_itself_is_told_once() -> None:
    found = problems(SingleStream(), min_queries=-1, min_duration_s=0)
    assert found == {
        "min_queries": "min_queries = -1: needs an integer of at least 0 and at most 8589934592"
    }


def test_wrong_settings_objects_do_not_hide_the_rest() -> None:
    with pytest.raises(SettingsError) as error:
        validate("server", {"min_queries": 5}, {"gc": "off"})  # type: ignore[arg-type]
    assert {problem.field for problem in error.value.problems} >= {"settings", "scenario"}
