# SPDX-License-Identifier: Apache-2.0
"""Where a traffic plan ends, what it refuses, and what its Python objects promise."""

import gc
from typing import Any

import numpy as np
import pytest

from loadgen import _core
from loadgen.errors import LoadGenError

OPEN = {"bounded": False, "min_query_count": 0}


def settings(**fields: Any) -> _core.PlanSettings:
    return _core.PlanSettings(**{"scenario": "single_stream", "period_ns": 1_000} | fields)


def loaded(count: int = 10, padding: int = 0) -> _core.LoadedSet:
    return _core.loadable_sets(
        count=count, total=count, performance_sample_count=count, padding=padding, qsl_seed=3
    )[0]


def drawn(plan: _core.TrafficPlan, queries: int) -> list[int]:
    return plan.draw(queries, 100_000)[2].tolist()


@pytest.mark.parametrize("scenario", ["single_stream", "concurrent", "server"])
def test_an_open_plan_goes_on_as_long_as_it_is_asked(scenario: str) -> None:
    plan = _core.TrafficPlan(settings(scenario=scenario, **OPEN), loaded())
    assert len(drawn(plan, 50_000)) == 50_000
    plan.run_dry()
    assert plan.query_count == 50_000


def test_a_bounded_and_an_open_plan_have_the_same_samples() -> None:
    bounded = _core.TrafficPlan(settings(min_query_count=200), loaded())
    unbounded = _core.TrafficPlan(settings(bounded=False, min_query_count=200), loaded())
    assert drawn(bounded, 300) == drawn(unbounded, 200)


def test_concurrent_issues_the_samples_of_single_stream() -> None:
    single = _core.TrafficPlan(settings(min_query_count=100, sample_index_seed=7), loaded())
    concurrent = _core.TrafficPlan(
        settings(scenario="concurrent", bounded=False, min_query_count=100, sample_index_seed=7),
        loaded(),
    )
    assert drawn(single, 100) == drawn(concurrent, 100)


@pytest.mark.parametrize("scenario", ["single_stream", "concurrent", "server"])
@pytest.mark.parametrize("fields", [{"accuracy": True}, {"order": "unique"}])
def test_each_sample_once_ends_an_open_plan_too(scenario: str, fields: dict[str, Any]) -> None:
    plan = _core.TrafficPlan(settings(scenario=scenario, **OPEN, **fields), loaded())
    assert sorted(drawn(plan, 100)) == list(range(10))


def test_permutations_of_an_open_plan_repeat_the_planned_ones() -> None:
    plan = _core.TrafficPlan(
        settings(order="permutation", bounded=False, min_query_count=25), loaded()
    )
    planned, again = drawn(plan, 30), drawn(plan, 30)
    assert planned == again
    assert len({tuple(planned[i : i + 10]) for i in (0, 10, 20)}) == 3


def test_permutations_need_no_planned_queries() -> None:
    plan = _core.TrafficPlan(settings(order="permutation", **OPEN), loaded())
    first, second = drawn(plan, 10), drawn(plan, 10)
    assert sorted(first) == list(range(10))
    assert first == second


def test_a_replayed_trace_is_issued_whole_whatever_the_minimums() -> None:
    at = np.array([5, 5, 900, 10**15])
    plan = _core.TrafficPlan(
        settings(scenario="server", arrivals="replay", timestamps_ns=at, min_query_count=1),
        loaded(),
    )
    assert plan.draw(100, 100)[0].tolist() == at.tolist()
    assert plan.duration_ns == 10**15


def test_a_replayed_trace_is_not_extended() -> None:
    plan = _core.TrafficPlan(
        settings(
            scenario="server",
            arrivals="replay",
            timestamps_ns=np.array([0, 1]),
            min_query_count=100,
            target_duration_ns=10**12,
        ),
        loaded(),
    )
    assert len(drawn(plan, 100)) == 2


def test_an_accuracy_series_on_a_long_trace_ends_with_the_set() -> None:
    plan = _core.TrafficPlan(
        settings(scenario="server", arrivals="replay", timestamps_ns=np.arange(50), accuracy=True),
        loaded(),
    )
    assert sorted(drawn(plan, 100)) == list(range(10))


def test_an_offline_query_larger_than_a_portion_is_listed_once() -> None:
    plan = _core.TrafficPlan(settings(scenario="offline", samples_per_query=25), loaded())
    first, second, third = (plan.draw(5, 10) for _ in range(3))
    assert (first[1].tolist(), second[1].tolist(), third[1].tolist()) == ([25], [], [])
    assert [len(part[2]) for part in (first, second, third)] == [10, 10, 5]
    assert len(plan.draw(5, 10)[2]) == 0


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"min_query_count": 0}, "no traffic"),
        ({"samples_per_query": 2}, "no traffic"),
        ({"target_duration_ns": 1, "period_ns": 0}, "no traffic"),
        ({"target_duration_ns": -1}, "no traffic"),
        ({"period_ns": -1}, "no traffic"),
        ({"scenario": "offline", "samples_per_query": 0}, "no traffic"),
        ({"scenario": "offline", "order": "unique", "samples_per_query": 11}, "no traffic"),
        ({"scenario": "multi_stream", "samples_per_query": 3}, "no traffic"),
        ({"scenario": "server", "target_qps": 0.0}, "no traffic"),
        ({"scenario": "server", "target_qps": float("nan")}, "no traffic"),
        ({"scenario": "server", "target_qps": float("inf")}, "no traffic"),
        ({"scenario": "server", "arrivals": "gamma", "burstiness": 0.0}, "no traffic"),
        ({"scenario": "server", "arrivals": "replay"}, "no traffic"),
        ({"accuracy_log_probability": 0.1}, "no traffic"),
        ({"accuracy_log_probability": -0.1}, "no traffic"),
        ({"order": "same", "same_index": 10}, "outside the loaded set"),
        ({"order": "same", "same_index": 10, "scenario": "offline"}, "outside the loaded set"),
    ],
)
def test_settings_without_traffic_are_refused(fields: dict[str, Any], match: str) -> None:
    with pytest.raises(LoadGenError, match=match):
        _core.TrafficPlan(settings(**fields), loaded())


@pytest.mark.parametrize("at", [[-1], [2, 1], [2**63 - 1]])
def test_timestamps_that_no_clock_can_follow_are_refused(at: list[int]) -> None:
    trace = settings(scenario="server", arrivals="replay", timestamps_ns=np.array(at))
    with pytest.raises(LoadGenError):
        _core.TrafficPlan(trace, loaded())


def test_the_sample_to_repeat_may_not_lie_in_the_padding() -> None:
    repeat = {"scenario": "multi_stream", "samples_per_query": 4, "order": "same"}
    last = _core.TrafficPlan(settings(same_index=9, **repeat), loaded(padding=3))
    samples = loaded(padding=3).samples.tolist()
    assert drawn(last, 1) == samples[9:13]
    with pytest.raises(LoadGenError, match="outside the loaded set"):
        _core.TrafficPlan(settings(same_index=10, **repeat), loaded(padding=3))


@pytest.mark.parametrize(
    "counts", [(0, 5, 5), (5, 0, 5), (5, 5, 0), (2**32, 2**32, 2**32), (5, 5, 5, 2**32)]
)
def test_sets_that_cannot_be_loaded_are_refused(counts: tuple[int, ...]) -> None:
    count, total, performance, padding = (*counts, 0)[:4]
    with pytest.raises(LoadGenError):
        _core.loadable_sets(
            count=count,
            total=total,
            performance_sample_count=performance,
            padding=padding,
            qsl_seed=0,
        )


@pytest.mark.parametrize(
    ("field", "known"), [("scenario", "concurrent"), ("order", "unique"), ("arrivals", "gamma")]
)
def test_an_unknown_name_is_refused_with_those_that_are_known(field: str, known: str) -> None:
    with pytest.raises(ValueError, match=f"{field} = 'x': needs one of .*{known}"):
        settings(**{field: "x"})


@pytest.mark.parametrize("at", [np.arange(3.0), [1, 2], np.arange(3, dtype=np.int32)])
def test_timestamps_are_not_converted(at: object) -> None:
    with pytest.raises(TypeError):
        settings(timestamps_ns=at)


def test_timestamps_are_one_row_of_numbers() -> None:
    with pytest.raises(ValueError, match="dim"):
        settings(timestamps_ns=np.zeros((2, 2), dtype=np.int64))


def test_samples_are_a_read_only_view_that_keeps_the_set_alive() -> None:
    samples = loaded(1000).samples
    gc.collect()
    assert sorted(samples.tolist()) == list(range(1000))
    assert samples.dtype == np.uint32
    assert not samples.flags.writeable


def test_a_plan_keeps_the_accuracy_log_engine_alive() -> None:
    plan = _core.TrafficPlan(
        settings(min_query_count=2_000, accuracy_log_probability=0.5),
        loaded(),
        _core.AccuracyLogEngine(),
    )
    gc.collect()
    assert 900 < int(plan.draw(2_000, 2_000)[3].sum()) < 1_100
