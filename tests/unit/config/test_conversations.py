# SPDX-License-Identifier: Apache-2.0
"""Conversations as a knob of Server: what it accepts, and its table."""

import math
from typing import Any

import pytest

import loadgen as lg
from loadgen.config.run_file import RunFile, parse_run_file, write_run_file
from loadgen.config.scenarios import scenario_from_dict
from loadgen.errors import SettingsError


def test_a_server_is_the_same_after_a_way_through_its_table_and_a_file() -> None:
    scenario = lg.Server(5, conversations=lg.Conversations(0.5, "constant"))
    table = scenario.to_dict()
    assert table["conversations"] == {"think_time_s": 0.5, "distribution": "constant"}
    assert scenario_from_dict(table) == scenario
    assert parse_run_file(write_run_file(RunFile(scenario))).scenario == scenario
    assert "conversations" not in lg.Server(5).to_dict()


def test_all_arrivals_are_the_same_after_a_way_through_a_file() -> None:
    for arrivals in (
        lg.Steps([(1, 2), (0, 1), (3, 4.5)]),
        lg.Ramp(0.5, 2, 60),
        lg.Replay([0, 1], speed=2),
    ):
        scenario = lg.Server(5, arrivals=arrivals)
        assert parse_run_file(write_run_file(RunFile(scenario))).scenario == scenario


def test_the_default_is_a_second_at_random() -> None:
    assert lg.Conversations() == lg.Conversations(think_time_s=1.0, distribution="exponential")
    assert scenario_from_dict({"name": "server", "target_qps": 1, "conversations": {}}) == (
        lg.Server(1, conversations=lg.Conversations())
    )


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"think_time_s": -1}, r"think_time_s = -1: needs a finite number of at least 0"),
        ({"think_time_s": math.inf}, r"think_time_s = inf"),
        ({"distribution": "normal"}, r"distribution = 'normal': needs one of 'exponential', 'cons"),
        ({"distribution": "exponental"}, r"did you mean exponential"),
    ],
)
def test_wrong_think_times_are_named(fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        lg.Conversations(**fields)
    with pytest.raises(SettingsError, match=f"conversations = .*{complaint}"):
        lg.Server(1, conversations=fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [True, 1.0, "exponential"])
def test_what_is_no_conversations_is_told_what_would_be(wrong: Any) -> None:
    with pytest.raises(SettingsError, match=r"needs None or Conversations\(think_time_s, distri"):
        lg.Server(1, conversations=wrong)
