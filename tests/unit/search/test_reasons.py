# SPDX-License-Identifier: Apache-2.0
"""Why a search ended and what to change; what to know of its figure. From literal probes."""

from types import SimpleNamespace
from typing import Any

import pytest

import loadgen as lg
from loadgen.search.evidence import Outcome
from loadgen.search.narrowing import Range, bracket
from loadgen.search.probe import Probe
from loadgen.search.reasons import reason, warnings

FOUR = lg.Concurrent(1, target_latency_ms=15)
SERVER = lg.Server(100, target_latency_ms=15)
RATES = Range(start=100.0, low=1.0, high=1_000.0, precision=0.02, whole=False, enough=50)


def probe(load: float, outcome: Outcome, **fields: Any) -> Probe:
    """90 samples, in a probe that ended by the minima."""
    rest = {"n_queries": 100, "seconds": 1.0, "over": 0, "n": 90, "health": "good", "why": ""}
    return Probe(**({"load": load, "outcome": outcome, "end": "natural"} | rest | fields))


def told(*probes: Probe, where: Range = RATES, scenario: Any = SERVER, **settings: Any) -> str:
    return reason(where, probes, scenario, lg.Settings(**settings), 24)


def test_bracket_that_is_narrow_is_all_that_is_said_though_a_load_was_undecided() -> None:
    found = told(probe(150, "undecided"), probe(100, "passes"), probe(101, "fails"))
    assert found == "the bracket is within 0.02 of its lower end"


def test_nothing_passes() -> None:
    assert told(probe(1, "fails")) == "nothing passes, down to low = 1"


@pytest.mark.parametrize(
    ("ends", "settings", "advice"),
    [
        ({"natural"}, {}, "Raise min_duration_s or min_queries"),
        ({"max_queries"}, {}, "Raise max_queries"),
        ({"max_duration"}, {}, "Raise max_duration_s"),
        ({"natural", "max_duration", "max_queries"}, {}, "Raise max_queries and max_duration_s"),
        (
            {"natural"},
            {"sample_order": "unique"},
            "Take more samples, or another sample_order than 'unique'",
        ),
    ],
)
def test_advice_is_about_what_ended_the_probes(
    ends: set[str], settings: dict[str, Any], advice: str
) -> None:
    undecided = [probe(101, "undecided", end=end) for end in sorted(ends)]
    found = told(probe(100, "passes"), *undecided, probe(102.5, "fails"), **settings)
    count = "1 load" if len(ends) == 1 else f"{len(ends)} loads"
    assert found == f"{count} could not be decided. {advice}"


def test_probes_that_are_short_for_their_limit_are_told_so() -> None:
    """100 queries at 101/s are 1 s, and 20 times the limit are 2 s."""
    slow = lg.Server(100, target_latency_ms=100)
    found = told(
        probe(100, "passes"), probe(101, "undecided"), probe(102.5, "fails"), scenario=slow
    )
    assert found == (
        "1 load could not be decided. Raise min_duration_s or min_queries, so that a run lasts"
        " well over 20 times the limit, which is 2 s: a shorter one ends before the queue shows"
    )


def test_used_up_probes_are_said_in_the_right_number() -> None:
    assert reason(RATES, [probe(100, "passes")], SERVER, lg.Settings(), 1) == (
        "max_probes = 1 is used up"
    )


def test_generator_that_may_be_the_limit_is_told() -> None:
    health = SimpleNamespace(verdict="suspect", causes=("it was late",))
    probes = [
        probe(10, "passes", health="suspect"),
        probe(20, "fails", over=90, health="bad"),
    ]
    result: Any = SimpleNamespace(health=health)
    words = list(warnings(FOUR, probes, bracket(probes), result))
    assert words == [
        "the generator was suspect at the peak, so it may be the limit itself: it was late",
        "the generator was bad at 20, which failed: the limit may be the generator's, not the"
        " system's",
    ]
