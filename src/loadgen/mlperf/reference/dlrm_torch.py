# SPDX-License-Identifier: Apache-2.0
"""The recommender in PyTorch, with the same weights. Needs the extra `torch`."""

from __future__ import annotations

from typing import Any

import numpy as np

from loadgen.errors import needs_extra
from loadgen.mlperf.reference.dlrm import N_ROWS, N_TABLES, PAIRS, WIDTH, Weights
from loadgen.sut.torch import TorchSUT

try:
    import torch
    from torch import nn
except ImportError as error:
    raise needs_extra("torch", error) from None

__all__ = ["sut"]


class _Dlrm(nn.Module):  # type: ignore[misc]  # PyTorch is not looked into
    def __init__(self, weights: Weights) -> None:
        super().__init__()
        # All tables in one, and bags of one row: one look-up a batch instead of 26.
        tables = torch.from_numpy(weights.tables)
        self.tables = nn.EmbeddingBag.from_pretrained(tables, mode="sum")
        self.bottom = nn.Sequential(*_modules(weights.bottom))
        self.top = nn.Sequential(*_modules(weights.top)[:-1])
        self.register_buffer("first_rows", torch.arange(N_TABLES) * N_ROWS)
        self.register_buffer("pairs", torch.from_numpy(np.stack(PAIRS)))

    def forward(self, dense: Any, rows: Any) -> Any:
        """Return the probability of a click, shape (n,)."""
        dense = self.bottom(dense)
        bags = (rows + self.first_rows).reshape(-1, 1)
        looked_up = self.tables(bags).reshape(-1, N_TABLES, WIDTH)
        vectors = torch.cat([dense[:, None], looked_up], dim=1)
        products = torch.bmm(vectors, vectors.transpose(1, 2))[:, self.pairs[0], self.pairs[1]]
        return torch.sigmoid(self.top(torch.cat([dense, products], dim=1))[:, 0])


def sut(weights: Weights, max_batch_size: int) -> TorchSUT:
    """Return the system; on a CPU, PyTorch has one thread from now on, in the whole process."""
    torch.set_num_threads(1)
    return TorchSUT(
        _Dlrm(weights),
        collate=lambda batch: (batch["dense"], batch["rows"].astype(np.int64)),
        max_batch_size=max_batch_size,
        name="recommender-torch",
    )


def _modules(layers: Any) -> list[Any]:
    """Return a linear module and a rectifier for each layer."""
    modules: list[Any] = []
    for matrix, bias in layers:
        linear = nn.Linear(*matrix.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(matrix.T.copy()))
            linear.bias.copy_(torch.from_numpy(bias))
        modules += [linear, nn.ReLU()]
    return modules
