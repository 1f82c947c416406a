# SPDX-License-Identifier: Apache-2.0
"""Tabular: boosted trees that tell benign tumours by thirty measurements. Needs scikit-learn.

References
----------
Wolberg, Mangasarian, Street: Breast cancer Wisconsin (diagnostic). UCI, 1995; scikit-learn has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from loadgen.metrics.binary import roc_auc
from loadgen.mlperf.reference.base import Reference, answers_as_array, known_variant
from loadgen.mlperf.reference.threads import one_thread
from loadgen.result.encoding import Kind
from loadgen.sut import FunctionSUT, SystemUnderTest

__all__ = ["Tabular"]

_MAX_BATCH_SIZE: Final = 64
_MAX_DEPTH: Final = 7  # of a tree with eight leaves


class Tabular(Reference):
    """Half of the tumours are asked about; the trees are fitted to the other half.

    A sample is a row of 30 measurements, an answer the probability that it is benign.
    """

    variants: ClassVar = ("sklearn", "numpy")
    answer_kind: ClassVar[Kind] = ["<f8", []]

    def __init__(self) -> None:
        from sklearn.datasets import load_breast_cancer  # noqa: PLC0415 - a large library
        from sklearn.model_selection import train_test_split  # noqa: PLC0415

        rows, is_benign = load_breast_cancer(return_X_y=True)
        self._train, self._rows, self._train_labels, self._labels = train_test_split(
            rows, is_benign, test_size=0.5, random_state=0, stratify=is_benign
        )

    @property
    def dataset(self) -> npt.NDArray[np.float64]:
        """The rows, float64 of shape (285, 30)."""
        rows: npt.NDArray[np.float64] = self._rows
        return rows

    def sut(self, variant: str) -> SystemUnderTest:
        """Fit the trees; return them as scikit-learn's, or as arrays that NumPy walks."""
        from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415

        variant = known_variant(self, variant)
        model = HistGradientBoostingClassifier(
            max_iter=50, max_leaf_nodes=8, min_samples_leaf=10, random_state=0, early_stopping=False
        )
        one_thread(model.fit)(self._train, self._train_labels)

        def by_library(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
            probabilities: npt.NDArray[Any] = model.predict_proba(rows)[:, 1]
            return probabilities

        answer = one_thread(by_library) if variant == "sklearn" else _Trees(model).probabilities
        sut = FunctionSUT(answer, max_batch_size=_MAX_BATCH_SIZE)
        sut.name = f"tabular-{variant}"
        return sut

    def score(self, outputs: Sequence[Any], indices: npt.NDArray[Any]) -> Mapping[str, float]:
        """Return "accuracy" in per cent, and "auc"."""
        probabilities, is_benign = answers_as_array(outputs), self._labels[indices]
        return {
            "accuracy": 100 * float(np.mean((probabilities > 0.5) == is_benign)),  # noqa: PLR2004
            "auc": roc_auc(probabilities, is_benign),
        }


class _Trees:
    """Fitted trees as arrays of shape (trees, nodes), walked by all rows at once."""

    def __init__(self, model: Any) -> None:
        # scikit-learn has no public way to the nodes; a test compares both variants' answers.
        trees = [stage[0].nodes for stage in model._predictors]
        shape = (len(trees), max(map(len, trees)))
        self._feature, self._left, self._right = np.zeros((3, *shape), dtype=np.int64)
        self._threshold, self._value = np.zeros((2, *shape))
        for number, nodes in enumerate(trees):
            own, is_leaf = np.arange(len(nodes)), nodes["is_leaf"] != 0
            place = (number, own)
            self._feature[place] = np.where(is_leaf, 0, nodes["feature_idx"])
            self._threshold[place] = nodes["num_threshold"]
            # A leaf leads to itself, so that all walks are of one length.
            self._left[place] = np.where(is_leaf, own, nodes["left"])
            self._right[place] = np.where(is_leaf, own, nodes["right"])
            self._value[place] = nodes["value"]
        self._first = float(model._baseline_prediction.item())

    def probabilities(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the probability of each row, by the sum of what its leaves say."""
        tree = np.arange(len(self._feature))
        node = np.zeros((len(rows), len(tree)), dtype=np.int64)
        for _ in range(_MAX_DEPTH):
            measured = np.take_along_axis(rows, self._feature[tree, node], axis=1)
            goes_left = measured <= self._threshold[tree, node]
            node = np.where(goes_left, self._left[tree, node], self._right[tree, node])
        # One tree after another, as scikit-learn adds them.
        logit = self._first + np.cumsum(self._value[tree, node], axis=1)[:, -1]
        return 1 / (1 + np.exp(-logit))
