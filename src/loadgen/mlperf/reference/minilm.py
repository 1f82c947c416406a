# SPDX-License-Identifier: Apache-2.0
"""MiniLM-L6 in NumPy: weights from a file of safetensors, a vector of length 1 for each text.

Needs tokenizers and threadpoolctl. Not for what the vectors are compared for (``embedding.py``).

References
----------
Wang et al.: MiniLM. NeurIPS 2020. Devlin et al.: BERT. NAACL 2019. Reimers, Gurevych:
Sentence-BERT. EMNLP 2019: a text's vector is the mean of its tokens'.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["EPSILON", "N_HEADS", "MiniLM", "Tokens", "Weights", "read_safetensors"]

N_HEADS: Final = 12
EPSILON: Final = 1e-12
_MAX_TOKENS: Final = 256  # of a text; what comes later is left out, as its makers do

Array = npt.NDArray[np.float32]
Weights = Mapping[str, Array]
"""By the names that BERT's have everywhere; matrices have shape (outputs, inputs)."""


def read_safetensors(path: Path) -> Weights:
    """Return the tensors of float32 in a file: views of what was read.

    References
    ----------
    github.com/huggingface/safetensors: the length of a header in JSON, the header, the bytes.
    """
    raw = path.read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    tensors = {}
    for name, about in json.loads(raw[8:start]).items():
        if about.get("dtype") == "F32":
            first, last = (start + offset for offset in about["data_offsets"])
            tensors[name] = np.frombuffer(raw[first:last], "<f4").reshape(about["shape"])
    return tensors


class Tokens:
    """Texts to the numbers of their tokens.

    Parameters
    ----------
    path : Path
        A ``tokenizer.json``.
    """

    def __init__(self, path: Path) -> None:
        from tokenizers import Tokenizer  # noqa: PLC0415 - only where it is installed

        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MAX_TOKENS)

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each text, at most 256."""
        # One after another: for several at once it would start threads.
        return [self._tokenizer.encode(text).ids for text in texts]


class MiniLM:
    """The network.

    The tokens of all texts of a batch are the rows of one matrix, so nothing is padded; only
    attention is a text's own.

    Parameters
    ----------
    weights : Weights
    """

    def __init__(self, weights: Weights) -> None:
        from scipy.special import erf  # noqa: PLC0415 - slow to import

        self._erf = erf
        self._weights = weights
        self._n_layers = sum(name.endswith("intermediate.dense.weight") for name in weights)

    def __call__(self, texts: Sequence[Sequence[int]]) -> Array:
        """Return the vector of each text, given as tokens, shape (n, 384)."""
        ends = np.cumsum([len(tokens) for tokens in texts])
        spans = [slice(end - len(text), end) for end, text in zip(ends, texts, strict=True)]
        tokens = np.concatenate([np.asarray(text, dtype=np.int64) for text in texts])
        positions = np.concatenate([np.arange(len(text)) for text in texts])
        of = self._weights
        x = of["embeddings.word_embeddings.weight"][tokens]
        x = x + of["embeddings.position_embeddings.weight"][positions]
        x = self._normed(x + of["embeddings.token_type_embeddings.weight"][0], "embeddings.")
        for number in range(self._n_layers):
            layer = f"encoder.layer.{number}."
            mixed = self._attention(x, layer + "attention.self.", spans)
            mixed = self._linear(mixed, layer + "attention.output.dense")
            x = self._normed(x + mixed, layer + "attention.output.")
            inner = self._linear(x, layer + "intermediate.dense")
            inner *= (1 + self._erf(inner * np.float32(0.5**0.5))) / 2
            x = self._normed(x + self._linear(inner, layer + "output.dense"), layer + "output.")
        means = np.stack([x[span].mean(axis=0) for span in spans])
        vectors: Array = means / np.linalg.norm(means, axis=1, keepdims=True)
        return vectors

    def _attention(self, x: Array, name: str, spans: Sequence[slice]) -> Array:
        """Return what the tokens of each text take from each other, shape of `x`."""
        heads = [
            self._linear(x, name + part).reshape(len(x), N_HEADS, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        ]
        mixed = np.empty_like(x)
        for span in spans:
            query, key, value = (each[:, span] for each in heads)
            likeness = query @ key.transpose(0, 2, 1) / np.float32(query.shape[2] ** 0.5)
            shares = np.exp(likeness - likeness.max(axis=2, keepdims=True))
            shares /= shares.sum(axis=2, keepdims=True)
            mixed[span] = (shares @ value).transpose(1, 0, 2).reshape(-1, x.shape[1])
        return mixed

    def _linear(self, x: Array, name: str) -> Array:
        found: Array = x @ self._weights[name + ".weight"].T + self._weights[name + ".bias"]
        return found

    def _normed(self, x: Array, name: str) -> Array:
        x = x - x.mean(axis=1, keepdims=True)
        spread: Any = np.sqrt(np.mean(x * x, axis=1, keepdims=True) + np.float32(EPSILON))
        name += "LayerNorm."
        normed: Array = x / spread * self._weights[name + "weight"] + self._weights[name + "bias"]
        return normed
