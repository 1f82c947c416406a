# SPDX-License-Identifier: Apache-2.0
"""What happens before the clock starts: settings, conf files, the traffic plan."""

from typing import Any

import pytest

import loadgen as lg
from loadgen import _core, mlperf, traffic
from loadgen.traffic.effective import effective

DATASET_SIZE = 1_024
DRAWN = 100_000


def test_settings_are_checked(benchmark: Any) -> None:
    benchmark(lg.Settings, min_duration_s=1, min_queries=5, seeds=lg.Seeds(qsl=1))


def test_a_scenario_is_checked(benchmark: Any) -> None:
    benchmark(lg.Server, target_qps=100, target_latency_ms=10)


def test_builtin_configuration(benchmark: Any) -> None:
    benchmark(mlperf.load_conf, model="resnet50", scenario="Server")


SCENARIOS = {
    "single-stream": lg.SingleStream(),
    "multi-stream": lg.MultiStream(8),
    "server": lg.Server(1_000),
    "server-gamma": lg.Server(1_000, arrivals=lg.Gamma(burstiness=0.5)),
    "offline": lg.Offline(n_samples=DRAWN),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_draw_1e5_samples_of_a_plan(benchmark: Any, name: str) -> None:
    scenario = SCENARIOS[name]
    n_queries = 1 if name == "offline" else DRAWN
    settings = lg.Settings(min_duration_s=0, min_queries=n_queries)
    sizes = effective(scenario, settings, DATASET_SIZE, DATASET_SIZE)
    wanted = traffic.plan_settings(scenario, settings, sizes, accuracy=False)
    (loaded,) = traffic.loadable_sets(scenario, settings, sizes, DATASET_SIZE, accuracy=False)

    def draw() -> int:
        _, _, indices, _ = _core.TrafficPlan(wanted, loaded).draw(DRAWN, DRAWN)
        return len(indices)

    assert benchmark(draw) == DRAWN
