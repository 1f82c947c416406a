# SPDX-License-Identifier: Apache-2.0
"""Arrivals: what they accept, and what they say about what they do not."""

import math
from typing import Any

import numpy as np
import pytest

from loadgen.config.arrivals import (
    Arrivals,
    Constant,
    Gamma,
    Poisson,
    Ramp,
    Replay,
    Steps,
    arrivals_check,
)
from loadgen.errors import SettingsError
from loadgen.values import Refused


@pytest.mark.parametrize(
    ("arrivals", "table"),
    [
        (Poisson(), {"name": "poisson"}),
        (Constant(), {"name": "constant"}),
        (Gamma(0.5), {"name": "gamma", "burstiness": 0.5}),
        (Replay([0, 1.5]), {"name": "replay", "timestamps_s": [0.0, 1.5], "speed": 1.0}),
        (Replay([0], speed=3), {"name": "replay", "timestamps_s": [0.0], "speed": 3.0}),
        (Steps([(0, 1), [2, 3.5]]), {"name": "steps", "steps": [(0.0, 1.0), (2.0, 3.5)]}),
        (
            Ramp(0, 2, duration_s=60),
            {"name": "ramp", "start": 0.0, "stop": 2.0, "duration_s": 60.0},
        ),
    ],
)
def test_arrivals_are_the_same_after_a_way_through_their_table(
    arrivals: Arrivals, table: dict[str, Any]
) -> None:
    assert arrivals.to_dict() == table
    assert arrivals_check(table) == arrivals


@pytest.mark.parametrize("burstiness", [0, -1, math.nan, math.inf, True, "1", None])
def test_gamma_refuses_a_burstiness_that_gives_no_gaps(burstiness: Any) -> None:
    with pytest.raises(SettingsError, match=r"^burstiness = .*: needs a finite number") as error:
        Gamma(burstiness)
    assert error.value.problems[0].field == "burstiness"


@pytest.mark.parametrize("timestamps", [[0, 0.5, 0.5], (0, 1), np.array([0, 3]), [0.25]])
def test_replay_takes_any_sequence_that_never_goes_back(timestamps: Any) -> None:
    replayed = Replay(timestamps).timestamps_s
    assert replayed == tuple(float(at) for at in timestamps)
    assert all(type(at) is float for at in replayed)


@pytest.mark.parametrize(
    ("timestamps", "complaint"),
    [
        ([0, 1, 0.5], "number 2 is 0.5, before 1"),
        (np.array([0.0, 2.0, 1.0]), "number 2 is 1, before 2"),
        ([0, -1], "number 1 is -1"),
        ([0, math.nan], "number 1 is nan"),
        (np.array([0.0, math.nan]), "number 1 is nan"),
        (np.array([0.0, math.inf]), "number 1 is inf"),
        ([0, True], "number 1 is True"),
        ([0, "1"], "number 1 is '1'"),
        ([0, 2e9], "number 1 is 2000000000.0"),
        ([], "a non-empty sequence"),
        (np.zeros((2, 2)), "a non-empty sequence"),
        (np.array([False, True]), "a non-empty sequence"),
        ("0 1", "a non-empty sequence"),
        (5, "a non-empty sequence"),
    ],
)
def test_replay_names_the_position_that_is_wrong(timestamps: Any, complaint: str) -> None:
    with pytest.raises(SettingsError, match="timestamps_s") as error:
        Replay(timestamps)
    assert complaint in str(error.value)


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("poisson", r"^Poisson\(\), Constant\(\)"),
        ({"name": "gama"}, "did you mean gamma"),
        ({"name": 1}, "one of 'poisson', 'constant', 'gamma', 'replay', 'steps', 'ramp'"),
        ({"name": "gamma"}, r"burstiness = \(missing\)"),
        ({"name": "gamma", "burstines": 1}, "did you mean burstiness"),
        ({"name": "poisson", "burstiness": 1}, "Poisson's knobs, and it has none"),
    ],
)
def test_what_is_no_arrivals_is_told_what_would_be(value: Any, complaint: str) -> None:
    with pytest.raises(Refused, match=complaint):
        arrivals_check(value)


def test_replay_divides_its_timestamps_by_the_speed() -> None:
    assert Replay([0, 3, 7], speed=2).due_s == (0.0, 1.5, 3.5)
    assert Replay([0, 3, 7], speed=0.5).due_s == (0.0, 6.0, 14.0)


@pytest.mark.parametrize("speed", [0, -1, math.nan, math.inf, True, "2", None])
def test_replay_refuses_a_speed_that_is_none(speed: Any) -> None:
    with pytest.raises(SettingsError, match=r"^speed = .*: needs a finite number above 0"):
        Replay([0, 1], speed)


def test_replay_refuses_a_speed_at_which_it_would_never_end() -> None:
    with pytest.raises(SettingsError, match=r"speed = 1e-09: needs at least 2e-09: the last"):
        Replay([0, 2], speed=1e-9)


@pytest.mark.parametrize(
    ("steps", "complaint"),
    [
        ([], "a non-empty sequence of pairs"),
        ("1:2", "a non-empty sequence of pairs"),
        (5, "a non-empty sequence of pairs"),
        ([1, 2], "pair 0 is 1"),
        ([(1, 2), (3,)], "pair 1 is (3,)"),
        ([(1, 2, 3)], "pair 0 is (1, 2, 3)"),
        ([(-1, 2), (1, 1)], "pair 0 is (-1, 2)"),
        ([(1, 0)], "pair 0 is (1, 0)"),
        ([(1, 2e9)], "pair 0 is (1, 2000000000.0)"),
        ([(math.nan, 1)], "pair 0 is (nan, 1)"),
        ([("1", 1)], "pair 0 is ('1', 1)"),
        ([(1, 1), (0, 1)], "pair 1 is (0.0, 1.0), and goes on for ever"),
    ],
)
def test_steps_names_the_pair_that_is_wrong(steps: Any, complaint: str) -> None:
    with pytest.raises(SettingsError, match="steps") as error:
        Steps(steps)
    assert complaint in str(error.value)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ((-1, 1, 1), "start"),
        ((1, 0, 1), "stop"),
        ((1, 1, 0), "duration_s"),
        ((1, 1, math.inf), "duration_s"),
    ],
)
def test_ramp_names_the_knob_that_is_wrong(fields: Any, field: str) -> None:
    with pytest.raises(SettingsError) as error:
        Ramp(*fields)
    assert [problem.field for problem in error.value.problems] == [field]


@pytest.mark.parametrize(
    ("arrivals", "until_s", "seconds"),
    [
        (Poisson(), 7, 7),
        (Steps([(2, 10)]), 7, 14),
        (Steps([(1, 10), (0, 5), (3, 1)]), 10, 10),
        (Steps([(1, 10), (0, 5), (3, 1)]), 14, 10),
        (Steps([(1, 10), (0, 5), (3, 1)]), 20, 25),
        (Ramp(0, 2, 10), 10, 10),
        (Ramp(0, 2, 10), 5, 2.5),
        (Ramp(2, 1, 10), 12, 17),
    ],
)
def test_what_is_expected_by_an_instant_is_the_integral_of_the_rate(
    arrivals: Arrivals, until_s: float, seconds: float
) -> None:
    assert arrivals.seconds_at_target(until_s) == seconds
