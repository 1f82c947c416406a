# SPDX-License-Identifier: Apache-2.0
"""Recall beside hand-made ranks, and a sort of the same likenesses."""

from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.metrics.retrieval import recall_at


def test_recall_by_hand() -> None:
    """The first query finds its own first, the second one second, the third one last."""
    queries = [[1.0, 0.0], [1.0, 0.1], [1.0, 0.2]]
    documents = [[5.0, 0.0], [4.0, 3.0], [-1.0, 0.0]]
    assert [recall_at(k, queries, documents) for k in (1, 2, 3)] == pytest.approx([1 / 3, 2 / 3, 1])


def test_recall_is_that_of_a_sort() -> None:
    rng = np.random.default_rng(1)
    documents = rng.normal(size=(60, 8))
    queries = documents + rng.normal(size=(60, 8)) * 1.5
    cosines = [[float(a @ b / np.sqrt((a @ a) * (b @ b))) for b in documents] for a in queries]
    for k in (1, 5, 60):
        found = [number in np.argsort(row)[::-1][:k] for number, row in enumerate(cosines)]
        assert recall_at(k, queries, documents) == pytest.approx(np.mean(found))


def test_length_of_a_vector_is_of_no_matter() -> None:
    rng = np.random.default_rng(2)
    queries, documents = rng.normal(size=(2, 30, 4))
    longer = documents * rng.uniform(0.1, 9, size=(30, 1))
    assert recall_at(3, queries, longer) == recall_at(3, queries, documents)


def test_one_vector_for_everything_finds_nothing_before_the_last_place() -> None:
    same = np.ones((10, 3))
    assert [recall_at(k, same, same) for k in (1, 9, 10)] == [0, 0, 1]


@pytest.mark.parametrize(
    ("queries", "documents", "said"),
    [
        (np.ones((2, 3)), np.ones((3, 3)), r"shapes \(2, 3\) and \(3, 3\)"),
        (np.ones(3), np.ones(3), "shapes"),
        (np.empty((0, 3)), np.empty((0, 3)), "shapes"),
        ([[1.0, np.nan]], [[1.0, 1.0]], "finite"),
        ([[1.0, 1.0]], [[0.0, 0.0]], "not all zero"),
    ],
)
def test_vectors_that_cannot_be_compared_are_told(queries: Any, documents: Any, said: str) -> None:
    with pytest.raises(lg.LoadGenError, match=said):
        recall_at(1, queries, documents)
