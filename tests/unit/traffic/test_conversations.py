# SPDX-License-Identifier: Apache-2.0
"""Which samples are the turns of which conversation, and datasets that do not say it."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.config.conversations import Conversations
from loadgen.config.scenarios import Scenario, Server, SingleStream
from loadgen.errors import DatasetError, SettingsError
from loadgen.traffic import conversation_turns

TALKING = Server(1, conversations=Conversations())


def turns(column: Any, loaded: int | None = None, scenario: Scenario = TALKING) -> tuple[int, ...]:
    columns = {"conversation": np.asarray(column)}
    return conversation_turns(scenario, columns, "talks", loaded or len(column))


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ([7], (1,)),
        ([0, 0, 1, 2, 2, 2], (2, 1, 3)),
        (["b", "b", "a"], (2, 1)),
        ([5, 5, 5], (3,)),
        ([True, False], (1, 1)),
    ],
)
def test_the_turns_of_a_conversation_have_the_same_value(column: Any, expected: Any) -> None:
    assert turns(column) == expected


@given(st.lists(st.integers(1, 5), min_size=1, max_size=30), st.data())
def test_any_whole_conversations_may_be_loaded(counts: list[int], data: Any) -> None:
    column = np.repeat(np.arange(len(counts)), counts)
    last = data.draw(st.integers(1, len(counts)))
    loaded = sum(counts[:last])
    assert turns(column, loaded) == tuple(counts[:last])
    assert list(Counter(column[:loaded].tolist()).values()) == counts[:last]


def test_other_scenarios_look_at_no_column() -> None:
    assert turns([1, 2, 1], scenario=Server(1)) == ()
    assert turns([1, 2, 1], scenario=SingleStream()) == ()


def test_a_dataset_without_the_column_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"conversations = .*'conversation'; talks has none"):
        conversation_turns(TALKING, {"turn": np.array([1])}, "talks", 1)


@pytest.mark.parametrize(
    ("column", "complaint"),
    [
        ([1, 2, 2, 1], r"talks: the turns of conversation .*1.* it has sample 0 and, .* sample 3"),
        (["a", "b", "c", "b"], r"'b'.* it has sample 1 and, after others, sample 3; sort"),
        ([[1], [2]], r"column 'conversation' has 2 axes"),
    ],
)
def test_turns_that_do_not_stand_together_are_named(column: Any, complaint: str) -> None:
    with pytest.raises(DatasetError, match=complaint):
        turns(column)


@pytest.mark.parametrize(
    ("loaded", "allowed"), [(1, "such as 2"), (3, "such as 2 or 5"), (4, "such as 2 or 5")]
)
def test_a_conversation_is_loaded_as_a_whole(loaded: int, allowed: str) -> None:
    with pytest.raises(SettingsError, match=rf"performance_sample_count = {loaded}: .*{allowed}$"):
        turns([0, 0, 1, 1, 1, 2], loaded)
