# SPDX-License-Identifier: Apache-2.0
"""ROC AUC, normalised entropy, precision, recall and F1, beside scikit-learn and hand values."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.metrics.binary import detection, normalized_entropy, roc_auc


def answers(seed: int, n: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities with many ties, and a truth that they know something of."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(size=n) < 0.3
    return np.round(np.clip(0.3 + 0.2 * truth + 0.2 * rng.standard_normal(n), 0, 1), 1), truth


@pytest.mark.parametrize("seed", range(5))
def test_figures_are_those_of_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="needs the extra `demo`")
    probabilities, truth = answers(seed)
    assert roc_auc(probabilities, truth) == pytest.approx(
        metrics.roc_auc_score(truth, probabilities), abs=1e-12
    )
    share = truth.mean()
    known = metrics.log_loss(truth, np.full(len(truth), share))
    assert normalized_entropy(probabilities, truth) == pytest.approx(
        metrics.log_loss(truth, np.clip(probabilities, 1e-15, 1 - 1e-15)) / known, rel=1e-12
    )
    said = probabilities > 0.4
    expected = metrics.precision_recall_fscore_support(truth, said, average="binary")[:3]
    assert detection(said, truth) == pytest.approx(expected, abs=1e-12)


def test_auc_counts_pairs_and_ties_half() -> None:
    # Of the six pairs of a yes and a no three are in order and two are equal.
    assert roc_auc([0.9, 0.5, 0.5, 0.5, 0.1], [1, 0, 1, 0, 0]) == pytest.approx(5 / 6)
    assert roc_auc([1, 2, 3, 4], [0, 0, 1, 1]) == 1
    assert roc_auc([4, 3, 2, 1], [0, 0, 1, 1]) == 0
    assert roc_auc([7, 7, 7, 7], [0, 1, 0, 1]) == 0.5


def test_normalised_entropy_by_hand() -> None:
    # One yes of two at 0.8, the no at 0.4: (log 1/0.8 + log 1/0.6) / 2, over log 2.
    found = normalized_entropy([0.8, 0.4], [1, 0])
    assert found == pytest.approx((math.log(1 / 0.8) + math.log(1 / 0.6)) / 2 / math.log(2))


def test_a_wrong_certainty_costs_much_and_not_infinitely_much() -> None:
    assert normalized_entropy([0.0, 1.0], [1, 0]) == pytest.approx(15 * math.log2(10), rel=1e-3)
    assert normalized_entropy([1.0, 0.0], [1, 0]) == pytest.approx(0, abs=1e-12)


def test_nothing_found_has_no_precision_recall_or_f1() -> None:
    assert detection([0, 0, 0], [1, 0, 1]) == (0, 0, 0)


@pytest.mark.parametrize("metric", [roc_auc, normalized_entropy, detection])
@pytest.mark.parametrize(
    ("values", "truth", "told"),
    [
        ([], [], "one at least"),
        ([0.1, 0.2], [0], r"shape \(2,\), the truth \(1,\)"),
        ([[0.1, 0.2]], [[0, 1]], "a number for each entry"),
        ([0.1, math.nan], [0, 1], "finite numbers; at 1 there is nan"),
        ([0.1, 0.2], [0, 2], "a truth of 0 and 1; it has 2"),
        ([0.1, 0.2], [0, 0], "in the truth; all 2 are no"),
    ],
)
def test_what_has_no_figure_is_refused_in_words(
    metric: Callable[..., Any], values: Any, truth: Any, told: str
) -> None:
    with pytest.raises(lg.LoadGenError, match=told):
        metric(values, truth)


def test_numbers_that_are_no_probabilities_have_no_entropy() -> None:
    with pytest.raises(lg.LoadGenError, match=r"in \[0, 1\]; they go from -1 to 2"):
        normalized_entropy([-1, 2], [0, 1])
    with pytest.raises(lg.LoadGenError, match="all 2 are yes"):
        roc_auc([0.1, 0.2], [1, 1])
