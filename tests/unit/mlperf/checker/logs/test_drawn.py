# SPDX-License-Identifier: Apache-2.0
"""What an accuracy run asks for is drawn once for all rates: beside the plan of its own rate."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from good_logs import Logs

from loadgen import _core
from loadgen.mlperf.checker.logs import drawn as module
from loadgen.mlperf.checker.logs.case import Case
from loadgen.mlperf.checker.logs.drawn import drawn, n_samples
from loadgen.mlperf.checker.logs.evidence import read_evidence
from loadgen.mlperf.checker.logs.plan import loaded_sets

Good = Callable[..., Logs]
RATES = {
    "single accuracy": "requested_single_stream_expected_latency_ns",
    "multi accuracy": "requested_multi_stream_expected_latency_ns",
    "server accuracy": "requested_server_target_qps",
    "offline accuracy": "requested_offline_expected_qps",
}


def case_of(logs: Logs, folder: Path) -> Case:
    logs.check(folder)
    return Case(logs.expected, read_evidence(folder))


def by_plan(case: Case) -> list[int]:
    """The samples of a run in their order, by the plans of its series at its own rate."""
    engine = _core.AccuracyLogEngine()
    settings = _core.PlanSettings(**module._settings(case, 0.0))
    plans = [_core.TrafficPlan(settings, each, engine) for each in loaded_sets(case).sets]
    return [index for plan in plans for index in plan.draw(1 << 20, 1 << 20)[2].tolist()]


@pytest.mark.parametrize("name", RATES)
def test_an_accuracy_run_asks_for_the_same_samples_at_any_rate(
    name: str, good: Good, tmp_path: Path
) -> None:
    module._once.cache_clear()
    logs = good(name)
    for rate in (3, 40_000):
        logs.set(RATES[name], rate)
        case = case_of(logs, tmp_path)
        logged, indices = drawn(case, n_samples(case), 0.0)
        assert indices.tolist() == by_plan(case)
        assert logged.all()
        assert drawn(case, 7, 0.0)[1].tolist() == indices[:7].tolist()
    assert module._once.cache_info().misses == 1


def test_other_seeds_give_other_samples(good: Good, tmp_path: Path) -> None:
    logs = good("single accuracy")
    first = case_of(logs, tmp_path)
    n = n_samples(first)
    before = drawn(first, n, 0.0)[1]
    logs.set("effective_sample_index_rng_seed", 5)
    after = drawn(case_of(logs, tmp_path), n, 0.0)[1]
    assert not np.array_equal(before, after)
    assert sorted(before.tolist()) == sorted(after.tolist())
