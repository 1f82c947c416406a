# SPDX-License-Identifier: Apache-2.0
"""Recommender: will somebody click? A model of the kind of DLRM, all of it drawn from a seed.

The clicks are drawn with the probabilities that the model itself gives in float32, so its scores
are the best that there are, and an approximation of it shows as a worse one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from loadgen.metrics.binary import normalized_entropy, roc_auc
from loadgen.mlperf.reference.base import Reference, answers_as_array, known_variant
from loadgen.mlperf.reference.dlrm import Weights, click, samples
from loadgen.mlperf.reference.threads import OneThreadSUT, one_thread
from loadgen.result.encoding import Kind
from loadgen.sut import SystemUnderTest

__all__ = ["Recommender"]

_SEED: Final = 20_261_101
_N_SAMPLES: Final = 20_000
_MAX_BATCH_SIZE: Final = 128


class Recommender(Reference):
    """A sample is an array of `dlrm.SAMPLE`, an answer the probability of a click, a float32."""

    variants: ClassVar = ("numpy", "torch")
    answer_kind: ClassVar[Kind] = ["<f4", []]

    def __init__(self) -> None:
        self._weights = Weights.drawn(_SEED)
        self._samples = samples(_SEED + 1, _N_SAMPLES)
        chance = np.random.RandomState(_SEED + 2).uniform(size=_N_SAMPLES)
        parts = np.split(self._samples, range(_MAX_BATCH_SIZE, _N_SAMPLES, _MAX_BATCH_SIZE))
        self._is_click = chance < np.concatenate(one_thread(lambda: [*map(self._answer, parts)])())

    def _answer(self, batch: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return click(self._weights.logits(batch))

    @property
    def dataset(self) -> npt.NDArray[Any]:
        """The samples, an array of `dlrm.SAMPLE` of shape (20000,)."""
        return self._samples

    def sut(self, variant: str) -> SystemUnderTest:
        """Return the model in NumPy or PyTorch, which takes batches of up to 128."""
        if known_variant(self, variant) == "torch":
            from loadgen.mlperf.reference import dlrm_torch  # noqa: PLC0415 - a large library

            return dlrm_torch.sut(self._weights, _MAX_BATCH_SIZE)
        return OneThreadSUT(self._answer, _MAX_BATCH_SIZE, "recommender-numpy")

    @property
    def labels(self) -> Callable[[npt.NDArray[Any]], npt.NDArray[Any]]:
        """Whether somebody clicked, by the samples' indices."""
        return lambda indices: self._is_click[indices]

    def score(self, outputs: Sequence[Any], indices: npt.NDArray[Any]) -> Mapping[str, float]:
        """Return "auc", "normalized-entropy", and "accuracy" in per cent."""
        probabilities, is_click = answers_as_array(outputs), self._is_click[indices]
        return {
            "auc": roc_auc(probabilities, is_click),
            "normalized-entropy": normalized_entropy(probabilities, is_click),
            "accuracy": 100 * float(np.mean((probabilities > 0.5) == is_click)),  # noqa: PLR2004
        }
