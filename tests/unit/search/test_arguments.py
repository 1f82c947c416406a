# SPDX-License-Identifier: Apache-2.0
"""What `find_peak` refuses, each argument by its name, and what it takes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shared_runs import find, servers

import loadgen as lg


@pytest.mark.parametrize(
    ("scenario", "fields"),
    [
        (lg.SingleStream(), {"scenario"}),
        (lg.Server(10, target_latency_ms=None), {"target_latency_ms"}),
        (lg.Concurrent(10), {"target_latency_ms"}),
        (lg.Server(10, target_percentile=100), {"target_percentile"}),
        (lg.Server(10, arrivals=lg.Replay([0.0, 1.0])), {"arrivals"}),
        (lg.Server(10, arrivals=lg.Steps([(1, 2)])), {"arrivals"}),
        ("server", {"scenario"}),
    ],
)
def test_scenarios_that_cannot_be_searched(scenario: Any, fields: set[str]) -> None:
    with pytest.raises(lg.SettingsError) as caught:
        find(servers(1), scenario)
    assert {problem.field for problem in caught.value.problems} == fields


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        ({"low": 0, "high": 1.5}, {"low", "high"}),
        ({"low": 5, "high": 2}, {"low"}),
        ({"precision": 0}, {"precision"}),
        ({"precision": "fine", "max_probes": 0}, {"precision", "max_probes"}),
        ({"confidence": 95}, {"confidence"}),
        ({"mode": "accuracy"}, {"mode"}),
        ({"min_queries": -1}, {"min_queries"}),
        ({"qps": 3}, {"qps"}),
        ({"state": 3}, {"state"}),
        ({"state": b"peak.json"}, {"state"}),
        ({"state": ""}, {"state"}),
        ({"state": "a\0b"}, {"state"}),
        ({"on_probe": 3, "confidence": 1, "low": -1}, {"on_probe", "confidence", "low"}),
    ],
)
def test_wrong_arguments_are_each_named(arguments: dict[str, Any], fields: set[str]) -> None:
    with pytest.raises(lg.SettingsError) as caught:
        find(servers(1), **arguments)
    assert {problem.field for problem in caught.value.problems} == fields


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(lg.SettingsError) as caught:
        find(servers(1), lg.Concurrent(3), precision=-1)
    assert len(caught.value.problems) == 2


def test_numbers_of_numpy_are_taken_and_kept(tmp_path: Path) -> None:
    given = {"low": np.int64(1), "high": np.int64(2), "precision": np.float32(0.5)}
    state = tmp_path / "peak.json"
    found = find(servers(4), max_probes=np.int64(3), state=state, **given)
    assert (found.peak, type(found.peak)) == (2, int)
    kept = json.loads(state.read_text())["search"]
    assert [kept[name] for name in ("low", "high", "precision", "max_probes")] == [1, 2, 0.5, 3]
    assert find(servers(4), max_probes=3, state=state, low=1, high=2, precision=0.5).peak == 2
