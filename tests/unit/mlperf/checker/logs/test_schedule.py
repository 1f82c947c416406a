# SPDX-License-Identifier: Apache-2.0
"""One draw of a seed gives the schedule of every rate: beside the plans of those rates."""

import numpy as np
import pytest

from loadgen import _core
from loadgen.mlperf.checker.logs import schedule as module
from loadgen.mlperf.checker.logs.schedule import schedule


def plan_of(seed: int, rate: float, duration_ns: int) -> _core.TrafficPlan:
    settings = _core.PlanSettings(
        scenario="server",
        target_qps=rate,
        target_duration_ns=duration_ns,
        schedule_seed=seed,
    )
    (loaded,) = _core.loadable_sets(
        count=5, total=5, performance_sample_count=5, padding=0, qsl_seed=1
    )
    return _core.TrafficPlan(settings, loaded)


@pytest.mark.parametrize("rate", [3.0, 77.77, 12_345.678])
@pytest.mark.parametrize("seed", [0, 16159082839903944936])
def test_counts_and_times_are_those_of_the_plan(seed: int, rate: float) -> None:
    duration_ns = int(1e9 * 3000 / rate)
    plan = plan_of(seed, rate, duration_ns)
    due = plan.draw(10_000, 10_000)[0]
    drawn = schedule(seed, len(due) + 2)
    fewest, most = drawn.count(duration_ns, rate), drawn.count(duration_ns + len(due), rate)
    assert fewest <= len(due) <= most <= fewest + 1
    wanted = np.array([drawn.due(query, rate) for query in range(len(due))])
    late = wanted - due
    assert late.min() > -1e-3
    assert np.all(late <= np.arange(len(due)) + 1e-3)


def test_the_rate_is_found_again() -> None:
    plan = plan_of(7, 77.77, 100_000_000_000)
    count = len(plan.draw(100_000, 100_000)[0])
    found = schedule(7, count + 2).rate(count, plan.duration_ns)
    assert found == pytest.approx(77.77, rel=1e-9)


def test_of_many_queries_the_end_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = schedule(3, 30_000)
    monkeypatch.setattr(module, "KEPT", 10_000)
    end = schedule(3, 25_000)
    assert end.first == 25_000 - 4096
    assert end.due(24_999, 5.0) == whole.due(24_999, 5.0)
    between_ns = whole.due(24_000, 5.0)
    assert end.count(between_ns, 5.0) == whole.count(between_ns, 5.0) == 24_001
    assert end.count(0, 5.0) == end.first + 1
