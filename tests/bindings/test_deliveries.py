# SPDX-License-Identifier: Apache-2.0
"""What a series can be delivered to: anything else is refused before it begins."""

from typing import Any

import pytest

from loadgen import _core


@pytest.mark.parametrize("delivery", ["push", "function"])
@pytest.mark.parametrize("target", [None, 3])
def test_what_cannot_be_called_is_no_target(delivery: Any, target: Any) -> None:
    (loaded,) = _core.loadable_sets(
        count=3, total=3, performance_sample_count=3, padding=0, qsl_seed=0
    )
    plan = _core.PlanSettings(
        scenario="offline", accuracy=True, samples_per_query=3, min_query_count=1
    )
    engine = _core.Engine(scenario="offline", tag=5)
    with pytest.raises(TypeError, match=f"the target must be callable, got {target}"):
        engine.run_series(
            _core.TrafficPlan(plan, loaded), accuracy=True, delivery=delivery, target=target
        )
    with pytest.raises(TypeError, match=f"the target must be callable, got {target}"):
        engine.warm_up(loaded, 1, 1, delivery=delivery, target=target)
    engine.close()
    assert len(engine.columns()["index"]) == 0
