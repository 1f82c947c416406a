# SPDX-License-Identifier: Apache-2.0
"""Arrivals: what they accept, and what they say about what they do not."""

import math
from typing import Any

import numpy as np
import pytest

from loadgen.config.arrivals import Arrivals, Constant, Gamma, Poisson, Replay, arrivals_check
from loadgen.errors import SettingsError
from loadgen.values import Refused


@pytest.mark.parametrize(
    ("arrivals", "table"),
    [
        (Poisson(), {"name": "poisson"}),
        (Constant(), {"name": "constant"}),
        (Gamma(0.5), {"name": "gamma", "burstiness": 0.5}),
        (Replay([0, 1.5]), {"name": "replay", "timestamps_s": [0.0, 1.5]}),
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
        ({"name": 1}, "one of 'poisson', 'constant', 'gamma', 'replay'"),
        ({"name": "gamma"}, r"burstiness = \(missing\)"),
        ({"name": "gamma", "burstines": 1}, "did you mean burstiness"),
        ({"name": "poisson", "burstiness": 1}, "Poisson's knobs, and it has none"),
    ],
)
def test_what_is_no_arrivals_is_told_what_would_be(value: Any, complaint: str) -> None:
    with pytest.raises(Refused, match=complaint):
        arrivals_check(value)
