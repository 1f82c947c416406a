# SPDX-License-Identifier: Apache-2.0
"""The recommender's model, beside the same arithmetic one vector after another."""

import numpy as np
import pytest

from loadgen.mlperf.reference.dlrm import N_ROWS, N_TABLES, Weights, click, samples


@pytest.fixture(scope="module")
def weights() -> Weights:
    return Weights.drawn(7)


def by_hand(weights: Weights, sample: np.void) -> float:
    """One sample's logit in float64: dense part, look-ups, a product of each pair, the top."""
    vector = sample["dense"].astype(float)
    for matrix, bias in weights.bottom:
        vector = np.maximum(vector @ matrix.astype(float) + bias, 0)
    tables = weights.tables.astype(float).reshape(N_TABLES, N_ROWS, -1)
    vectors = [vector, *(tables[number, row] for number, row in enumerate(sample["rows"]))]
    pairs = [vectors[i] @ vectors[j] for i in range(len(vectors)) for j in range(i)]
    found = np.array([*vector, *pairs])
    for number, (matrix, bias) in enumerate(weights.top):
        found = found @ matrix.astype(float) + bias
        if number < len(weights.top) - 1:
            found = np.maximum(found, 0)
    return float(found[0])


def test_a_batch_is_answered_as_each_sample_by_hand(weights: Weights) -> None:
    batch = samples(3, 20)
    expected = [by_hand(weights, sample) for sample in batch]
    assert np.allclose(weights.logits(batch), expected, atol=1e-4)
    assert np.allclose(weights.logits(batch[:1]), expected[:1], atol=1e-4)


def test_logits_have_the_mean_and_spread_that_are_aimed_at(weights: Weights) -> None:
    logits = weights.logits(samples(4, 10_000))
    assert float(logits.mean()) == pytest.approx(-1.5, abs=0.1)
    assert float(logits.std()) == pytest.approx(1.5, abs=0.1)


def test_the_same_seed_draws_the_same(weights: Weights) -> None:
    again = Weights.drawn(7)
    assert np.array_equal(again.tables, weights.tables)
    assert np.array_equal(again.top[-1][0], weights.top[-1][0])
    assert np.array_equal(samples(3, 5), samples(3, 5))
    assert not np.array_equal(Weights.drawn(8).tables, weights.tables)


def test_few_rows_are_looked_up_most() -> None:
    rows = samples(5, 2000)["rows"]
    assert rows.min() >= 0
    assert rows.max() < N_ROWS
    # The cube root of a tenth.
    assert np.mean(rows < N_ROWS / 10) == pytest.approx(0.464, abs=0.01)


def test_probabilities_are_those_of_the_logits() -> None:
    assert click(np.array([0.0, np.log(3)])).tolist() == pytest.approx([0.5, 0.75])
