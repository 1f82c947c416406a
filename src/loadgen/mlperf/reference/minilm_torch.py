# SPDX-License-Identifier: Apache-2.0
"""MiniLM-L6 in PyTorch's own modules, with the same weights. Needs the extra `torch`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from loadgen.errors import needs_extra
from loadgen.mlperf.reference.minilm import EPSILON, N_HEADS, Tokens, Weights
from loadgen.sut.torch import TorchSUT

try:
    import torch
    from torch import nn
except ImportError as error:
    raise needs_extra("torch", error) from None

__all__ = ["sut"]


class _MiniLM(nn.Module):  # type: ignore[misc]  # PyTorch is not looked into
    def __init__(self, weights: Weights) -> None:
        super().__init__()
        words, positions, types = (
            torch.from_numpy(weights[f"embeddings.{each}_embeddings.weight"].copy())
            for each in ("word", "position", "token_type")
        )
        self.words = nn.Embedding.from_pretrained(words)
        self.register_buffer("places", positions + types[0])
        width = words.shape[1]
        self.norm = nn.LayerNorm(width, eps=EPSILON)
        _fill(self.norm, weights, "embeddings.LayerNorm")
        n_inner = len(weights["encoder.layer.0.intermediate.dense.bias"])
        n_layers = sum(name.endswith("intermediate.dense.weight") for name in weights)
        layer = nn.TransformerEncoderLayer(
            width, N_HEADS, n_inner, 0.0, "gelu", layer_norm_eps=EPSILON, batch_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, n_layers, enable_nested_tensor=False)
        for number, each in enumerate(self.encoder.layers):
            _fill_layer(each, weights, f"encoder.layer.{number}.")

    def forward(self, tokens: Any, is_padding: Any) -> Any:
        """Return the vector of each text, shape (n, 384)."""
        x = self.norm(self.words(tokens) + self.places[: tokens.shape[1]])
        x = self.encoder(x, src_key_padding_mask=is_padding)
        total = x.masked_fill(is_padding[:, :, None], 0).sum(dim=1)
        return nn.functional.normalize(total)


def sut(weights: Weights, tokens: Tokens, max_batch_size: int) -> TorchSUT:
    """Return the system; on a CPU, PyTorch has one thread from now on, in the whole process."""
    torch.set_num_threads(1)

    def padded(texts: Sequence[str]) -> tuple[Any, Any]:
        found = tokens(texts)
        width = max(map(len, found))
        numbers = np.array([text + [0] * (width - len(text)) for text in found])
        is_padding = np.arange(width) >= np.array([len(text) for text in found])[:, None]
        return numbers, is_padding

    model = _MiniLM(weights)
    return TorchSUT(model, collate=padded, max_batch_size=max_batch_size, name="embedding-torch")


def _fill_layer(layer: Any, weights: Weights, name: str) -> None:
    inputs = [name + f"attention.self.{each}." for each in ("query", "key", "value")]
    with torch.no_grad():
        for part in ("weight", "bias"):
            joined = np.concatenate([weights[each + part] for each in inputs])
            getattr(layer.self_attn, f"in_proj_{part}").copy_(torch.from_numpy(joined))
    _fill(layer.self_attn.out_proj, weights, name + "attention.output.dense")
    _fill(layer.norm1, weights, name + "attention.output.LayerNorm")
    _fill(layer.linear1, weights, name + "intermediate.dense")
    _fill(layer.linear2, weights, name + "output.dense")
    _fill(layer.norm2, weights, name + "output.LayerNorm")


def _fill(module: Any, weights: Weights, name: str) -> None:
    with torch.no_grad():
        for part in ("weight", "bias"):
            getattr(module, part).copy_(torch.from_numpy(weights[f"{name}.{part}"].copy()))
