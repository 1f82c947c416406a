# SPDX-License-Identifier: Apache-2.0
"""A recommender of the kind of DLRM in NumPy, its weights and its traffic, from a seed.

Not for what is asked of it (``recommender.py``), nor for PyTorch (``dlrm_torch.py``).

References
----------
Naumov et al.: Deep learning recommendation model for personalization and recommendation systems.
arXiv:1906.00091 (2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["N_DENSE", "N_ROWS", "N_TABLES", "SAMPLE", "WIDTH", "Weights", "click", "samples"]

N_TABLES: Final = 26
N_ROWS: Final = 10_000
"""Of each table."""
WIDTH: Final = 16
N_DENSE: Final = 13

SAMPLE: Final = np.dtype([("dense", "<f4", N_DENSE), ("rows", "<i4", N_TABLES)])
"""A sample: dense features, and a row of each table."""

PAIRS: Final = np.tril_indices(N_TABLES + 1, -1)
"""Which of the vectors of a sample are multiplied with each other: each with all before it."""

_BOTTOM: Final = (N_DENSE, 64, WIDTH)
_TOP: Final = (WIDTH + len(PAIRS[0]), 128, 64, 1)
_SPREAD, _MEAN = 1.5, -1.5  # of the logits: about a quarter of all are clicks
_CALIBRATION: Final = 4096

_Array = npt.NDArray[np.float32]
_Layers = tuple[tuple[_Array, _Array], ...]


@dataclass(frozen=True)
class Weights:
    """What the model has learnt; here: drawn.

    Parameters
    ----------
    tables : float32 array, shape (N_TABLES * N_ROWS, WIDTH)
        One below the other.
    bottom, top : tuple of (float32 array, shape (inputs, outputs); float32 array, (outputs,))
        Layers: weights and biases. All but the last of `top` end in a rectifier.
    """

    tables: _Array
    bottom: _Layers
    top: _Layers

    @classmethod
    def drawn(cls, seed: int) -> Weights:
        """Draw weights; the last layer is set so that the logits have a known mean and spread."""
        # RandomState, since its streams are promised never to change.
        rng = np.random.RandomState(seed)
        tables = rng.uniform(-1, 1, (N_TABLES * N_ROWS, WIDTH)).astype(np.float32)
        bottom, top = _layers(rng, _BOTTOM), _layers(rng, _TOP)
        logits = Weights(tables, bottom, top).logits(_drawn(rng, _CALIBRATION))
        scale = np.float32(_SPREAD / logits.std())
        last, _ = top[-1]
        bias = np.array([_MEAN - float(logits.mean()) * scale], dtype=np.float32)
        return cls(tables, bottom, (*top[:-1], (last * scale, bias)))

    def logits(self, batch: npt.NDArray[Any]) -> _Array:
        """Return the logit of a click for each sample, shape (n,).

        Parameters
        ----------
        batch : array of `SAMPLE`, shape (n,)
        """
        dense = batch["dense"]
        for matrix, bias in self.bottom:
            dense = np.maximum(dense @ matrix + bias, 0)
        looked_up = self.tables[batch["rows"] + np.arange(N_TABLES) * N_ROWS]
        vectors = np.concatenate([dense[:, None], looked_up], axis=1)
        products = np.matmul(vectors, vectors.transpose(0, 2, 1))[:, *PAIRS]
        found = np.concatenate([dense, products], axis=1)
        for matrix, bias in self.top[:-1]:
            found = np.maximum(found @ matrix + bias, 0)
        matrix, bias = self.top[-1]
        logits: _Array = (found @ matrix + bias)[:, 0]
        return logits


def samples(seed: int, n: int) -> npt.NDArray[Any]:
    """Return samples, an array of `SAMPLE` of shape (n,), whose early rows are asked for most."""
    return _drawn(np.random.RandomState(seed), n)


def click(logits: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the probability of a click."""
    probabilities: npt.NDArray[Any] = 1 / (1 + np.exp(-logits))
    return probabilities


def _drawn(rng: np.random.RandomState, n: int) -> npt.NDArray[Any]:
    batch = np.empty(n, dtype=SAMPLE)
    batch["dense"] = rng.standard_normal((n, N_DENSE))
    # The cube of a uniform number: a tenth of the rows gets almost half of the look-ups.
    batch["rows"] = N_ROWS * rng.uniform(size=(n, N_TABLES)) ** 3
    return batch


def _layers(rng: np.random.RandomState, sizes: tuple[int, ...]) -> _Layers:
    """Return layers, drawn as He et al. (arXiv:1502.01852) do where a rectifier follows."""
    layers = []
    for n_in, n_out in pairwise(sizes):
        matrix = rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in)
        layers.append((matrix.astype(np.float32), np.zeros(n_out, dtype=np.float32)))
    return tuple(layers)
