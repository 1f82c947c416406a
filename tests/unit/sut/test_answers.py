# SPDX-License-Identifier: Apache-2.0
"""How what a model returns becomes one answer a sample."""

from typing import Any

import numpy as np
import pytest

from loadgen.sut.answers import Answers, check_length, rows

BATCH = np.arange(6).reshape(3, 2)


def test_answers_are_made_when_they_are_read_and_cut_to_the_samples() -> None:
    made: list[int] = []

    def make() -> list[str]:
        made.append(1)
        return ["a", "b", "padding"]

    answers = Answers(2, make)
    assert (len(answers), made) == (2, [])
    assert list(answers) == ["a", "b"]
    assert answers[-1] == "b"


@pytest.mark.parametrize(
    "result",
    [BATCH, (BATCH, BATCH[:, 0]), {"a": BATCH, "b": [BATCH]}],
    ids=["array", "tuple", "nested"],
)
def test_the_first_dimension_of_every_array_is_the_batch(result: Any) -> None:
    check_length(result, 3)
    with pytest.raises(ValueError, match="returned 3 outputs for a batch of 4 samples"):
        check_length(result, 4)


@pytest.mark.parametrize("result", [None, 3.5, np.float32(1), {}, [], {"a": "text"}])
def test_what_has_no_batch_says_what_helps(result: Any) -> None:
    with pytest.raises(TypeError, match="give `outputs` that finds its answers"):
        check_length(result, 3)


def test_each_sample_gets_its_part_of_each_array() -> None:
    assert [row.tolist() for row in rows(BATCH, 2)] == [[0, 1], [2, 3]]
    assert rows({"a": np.array([1, 2, 3]), "b": [np.array([4, 5, 6])]}, 2) == [
        {"a": 1, "b": (4,)},
        {"a": 2, "b": (5,)},
    ]
