# SPDX-License-Identifier: Apache-2.0
"""Checks of single values: what they let through, and how they say what is allowed."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.values import (
    Check,
    Refused,
    boolean,
    choice,
    count_in_words,
    integer,
    name_hint,
    ns_from_ms,
    ns_from_s,
    ns_in_words,
    number,
    optional,
    per_cent,
    percentile,
)


@pytest.mark.parametrize(
    ("check", "value", "plain"),
    [
        (number(), 3, 3.0),
        (number(), np.float32(0.5), 0.5),
        (number(), Fraction(1, 4), 0.25),
        (number(0, 1), 1, 1.0),
        (integer(0), np.uint16(7), 7),
        (boolean, np.True_, True),
        (choice("spin", "sleep"), "spin", "spin"),
        (optional(integer(1)), None, None),
        (optional(integer(1)), 1, 1),
        (percentile, 99.9, 99.9),
        (percentile, 0, 0.0),
        (percentile, 1, 1.0),
        (percentile, 100, 100.0),
    ],
)
def test_checks_return_plain_python_values(check: Check, value: Any, plain: Any) -> None:
    checked = check(value)
    assert checked == plain
    assert type(checked) is type(plain)


@pytest.mark.parametrize(
    ("check", "value", "allowed"),
    [
        (number(above=0), 0, "a finite number above 0"),
        (number(above=0), 10**400, "a finite number above 0"),
        (number(0, 1), 1.1, "a finite number of at least 0 and of at most 1"),
        (number(), math.nan, "a finite number"),
        (number(), math.inf, "a finite number"),
        (number(), True, "a finite number"),
        (number(), np.True_, "a finite number"),
        (number(), "5", "a finite number"),
        (number(), 1j, "a finite number"),
        (integer(1), 0, "an integer of at least 1"),
        (integer(1, 4), 5, "an integer of at least 1 and at most 4"),
        (integer(1), True, "an integer of at least 1"),
        (integer(1), 2.5, "an integer of at least 1"),
        (integer(1), 1e6, "an integer of at least 1; did you mean 1000000?"),
        (integer(1), math.nan, "an integer of at least 1"),
        (boolean, 1, "True or False"),
        (choice("spin", "sleep"), "slep", "one of 'spin', 'sleep'; did you mean sleep?"),
        (choice("spin", "sleep"), 1, "one of 'spin', 'sleep'"),
        (optional(integer(1)), 0, "None or an integer of at least 1"),
        (percentile, 0.99, "a percentile in [0, 100]; did you mean 99?"),
        (percentile, 0.999, "a percentile in [0, 100]; did you mean 99.9?"),
        (percentile, 100.1, "a percentile in [0, 100]"),
        (percentile, -1, "a percentile in [0, 100]"),
        (percentile, math.nan, "a percentile in [0, 100]"),
        (percentile, True, "a percentile in [0, 100]"),
    ],
)
def test_checks_say_what_is_allowed(check: Check, value: Any, allowed: str) -> None:
    with pytest.raises(Refused) as refusal:
        check(value)
    assert str(refusal.value) == allowed


def test_a_name_that_is_nothing_like_the_known_ones_gets_no_hint() -> None:
    assert name_hint("zzz", ["spin", "sleep"]) == ""


@pytest.mark.parametrize(
    ("seconds", "nanoseconds"),
    [(0.3, 300_000_000), (1e-9, 1), (0.1, 100_000_000), (600, 600_000_000_000), (1e9, 10**18)],
)
def test_seconds_become_the_nanoseconds_that_are_written(seconds: float, nanoseconds: int) -> None:
    assert ns_from_s(seconds) == nanoseconds


def test_milliseconds_become_the_nanoseconds_that_are_written() -> None:
    assert [ns_from_ms(ms) for ms in (15, 0.1, 3.333333, 1e-6)] == [15_000_000, 100_000, 3333333, 1]


@given(st.integers(0, 10**15))
def test_every_whole_nanosecond_survives_being_written_in_seconds(nanoseconds: int) -> None:
    assert ns_from_s(nanoseconds / 1e9) == nanoseconds


@pytest.mark.parametrize(
    ("nanoseconds", "words"),
    [(0, "0 ns"), (999, "999 ns"), (1500, "1.5 us"), (2_000_000, "2 ms"), (90 * 10**9, "90 s")],
)
def test_durations_are_told_in_the_unit_that_reads_best(nanoseconds: int, words: str) -> None:
    assert ns_in_words(nanoseconds) == words


def test_counts_are_told_with_their_noun_in_the_right_number() -> None:
    assert count_in_words(1, "query", "queries") == "1 query"
    assert count_in_words(2, "query", "queries") == "2 queries"
    assert count_in_words(0, "sample") == "0 samples"


def test_shares_are_told_in_per_cent_with_a_space() -> None:
    assert [per_cent(0.05), per_cent(1), per_cent(0.12345, 2)] == ["5 %", "100 %", "12.35 %"]


def test_a_share_does_not_look_like_a_threshold_that_it_is_not() -> None:
    shares = [0.05, 0.0505, 0.05000001, 0.0496, 0.2, 0.199, 0.06]
    assert [per_cent(share, apart_from=(0.05, 0.2)) for share in shares] == [
        "5 %", "5.1 %", "5.000001 %", "4.96 %", "20 %", "19.9 %", "6 %"
    ]  # fmt: skip
