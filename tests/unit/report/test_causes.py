# SPDX-License-Identifier: Apache-2.0
"""Marks and causes of runs at several loads; simulated time."""

from typing import Any

import pytest

import loadgen as lg
from loadgen.report.causes import causes, mark
from loadgen.testing import FixedSUT, LosingSUT, VirtualClock

MS = 1_000_000


def run(sut: Any, **fields: Any) -> lg.Result:
    given: dict[str, Any] = {"min_duration_s": 0, "min_queries": 600, "progress": False}
    given["clock"] = VirtualClock()
    return lg.run(sut, 8, lg.Server(100, target_latency_ms=15), **(given | fields))


def fixed(latency_ms: int = 1) -> FixedSUT:
    return FixedSUT(latency_ns=latency_ms * MS, servers=1_000)


def words(result: lg.Result) -> list[str]:
    return [str(cause) for _, cause in causes([(100, result)])]


def test_valid_run_has_no_cause() -> None:
    result = run(fixed())
    assert mark(result) == "valid"
    assert words(result) == []


def test_run_over_a_limit_is_told_the_limit_though_it_is_short_as_well() -> None:
    result = run(fixed(30), min_queries=9)
    assert mark(result) == "over a limit"
    assert words(result)[0] == "p99 latency above target_latency_ms = 15"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"min_queries": 100}, "too few queries: set min_queries to 459 or more"),
        ({"max_duration_s": 1}, "set min_queries to 459 or more, and raise max_duration_s"),
        ({"max_duration_s": 1}, "fewer queries than min_queries = 600: max_duration_s = 1 ended"),
        ({"sample_order": "unique"}, "too few queries: 459 are needed; take more samples"),
        ({"min_duration_s": 9, "max_queries": 600}, "lasted less than min_duration_s = 9: max_q"),
    ],
)
def test_short_run_is_told_what_to_raise(fields: dict[str, Any], told: str) -> None:
    result = run(fixed(), **fields)
    assert mark(result) == "too short"
    assert any(told in each for each in words(result))


def test_run_with_a_fault_is_not_called_short() -> None:
    result = run(LosingSUT(every=50, latency_ns=MS), min_queries=100, drain_timeout_s=1)
    assert mark(result) == "invalid"
    assert any("never answered" in each for each in words(result))
    assert not any("too few" in each for each in words(result))


def test_equal_causes_are_gathered_and_the_most_queries_are_said() -> None:
    class FirstSlow(FixedSUT):
        late = 50 * MS

        def _answers_ns(self, service_ns: list[int], now_ns: int) -> list[int]:
            answers = super()._answers_ns([each + self.late for each in service_ns], now_ns)
            self.late = 0
            return answers

    one_over = run(FirstSlow(latency_ns=MS, servers=1_000), min_queries=200)
    ((loads, cause),) = causes([(50, run(fixed(), min_queries=100)), (200, one_over)])
    assert loads == [50, 200]
    assert str(cause) == "too few queries: set min_queries to 662 or more"
