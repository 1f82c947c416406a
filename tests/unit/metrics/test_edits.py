# SPDX-License-Identifier: Apache-2.0
"""Edit distances beside hand-made values, the textbook's table, and what holds for any distance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import loadgen as lg
from loadgen.metrics.edits import edit_distance, error_rate

TEXTS = st.text("abc ", max_size=8)


def by_table(one: str, other: str) -> int:
    """Wagner and Fischer's table, cell by cell."""
    table = {(i, 0): i for i in range(len(one) + 1)} | {(0, j): j for j in range(len(other) + 1)}
    for i, a in enumerate(one, 1):
        for j, b in enumerate(other, 1):
            replaced = table[i - 1, j - 1] + (a != b)
            table[i, j] = min(replaced, table[i - 1, j] + 1, table[i, j - 1] + 1)
    return table[len(one), len(other)]


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("", "", 0),
        ("", "abc", 3),
        ("abc", "", 3),
        ("same", "same", 0),
        ("kitten", "sitting", 3),
        ("saturday", "sunday", 3),
        ("intention", "execution", 5),
        ("No. 12", "No.12", 1),
        ("ab", "ba", 2),
        ("\N{GREEK SMALL LETTER ALPHA}b", "ab", 1),
    ],
)
def test_known_distances(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other) == distance


@given(TEXTS, TEXTS)
def test_a_distance_is_that_of_the_table(one: str, other: str) -> None:
    assert edit_distance(one, other) == by_table(one, other)


@given(TEXTS, TEXTS, TEXTS)
def test_it_is_a_distance(one: str, other: str, third: str) -> None:
    direct = edit_distance(one, other)
    assert (direct == 0) == (one == other)
    assert direct == edit_distance(other, one)
    assert direct <= edit_distance(one, third) + edit_distance(third, other)
    assert abs(len(one) - len(other)) <= direct <= max(len(one), len(other))


def test_words_count_where_lists_of_words_are_given() -> None:
    assert edit_distance(["the", "cat", "sat"], ["the", "dog", "sat", "down"]) == 2
    assert error_rate([["the", "cat"]], [["the", "dog", "sat"]]) == pytest.approx(2 / 3)


def test_an_error_rate_is_that_of_all_symbols_and_may_exceed_one() -> None:
    assert error_rate(["ab", ""], ["ab", "cd"]) == 0.5
    assert error_rate(["long answer"], ["x"]) == 11


@pytest.mark.parametrize(("answers", "truths"), [([], []), (["a"], []), (["a"], [""])])
def test_nothing_to_compare_with_is_told(answers: list[str], truths: list[str]) -> None:
    with pytest.raises(lg.LoadGenError, match="an error rate needs an answer for each truth"):
        error_rate(answers, truths)
