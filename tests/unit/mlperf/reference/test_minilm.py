# SPDX-License-Identifier: Apache-2.0
"""The encoder of texts with small weights, beside the same arithmetic one token after another."""

import json
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from loadgen.mlperf.reference.minilm import EPSILON, N_HEADS, MiniLM, Weights, read_safetensors

WIDTH, INNER = 2 * N_HEADS, 40
Vector = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def weights() -> Weights:
    rng = np.random.default_rng(4)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (50, WIDTH),
        "embeddings.position_embeddings.weight": (16, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
    }
    for number in range(2):
        layer = f"encoder.layer.{number}."
        sizes = {f"attention.self.{part}": (WIDTH, WIDTH) for part in ("query", "key", "value")}
        sizes |= {"attention.output.dense": (WIDTH, WIDTH), "intermediate.dense": (INNER, WIDTH)}
        sizes |= {"output.dense": (WIDTH, INNER)}
        for name, shape in sizes.items():
            shapes |= {f"{layer}{name}.weight": shape, f"{layer}{name}.bias": shape[:1]}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{layer}{name}.weight": (WIDTH,), f"{layer}{name}.bias": (WIDTH,)}
    return {name: rng.normal(0, 0.5, size).astype(np.float32) for name, size in shapes.items()}


def by_hand(weights: Weights, tokens: list[int]) -> Vector:
    """One text's vector in float64, one token and one head after another."""
    of = {name: each.astype(float) for name, each in weights.items()}

    def linear(vector: Vector, name: str) -> Vector:
        return of[f"{name}.weight"] @ vector + of[f"{name}.bias"]

    def normed(vector: Vector, name: str) -> Vector:
        even = (vector - vector.mean()) / math.sqrt(vector.var() + EPSILON)
        return even * of[f"{name}.LayerNorm.weight"] + of[f"{name}.LayerNorm.bias"]

    rows = [
        of["embeddings.word_embeddings.weight"][token]
        + of["embeddings.position_embeddings.weight"][place]
        + of["embeddings.token_type_embeddings.weight"][0]
        for place, token in enumerate(tokens)
    ]
    rows = [normed(row, "embeddings") for row in rows]
    for number in range(2):
        layer = f"encoder.layer.{number}"
        query, key, value = (
            [linear(row, f"{layer}.attention.self.{part}") for row in rows]
            for part in ("query", "key", "value")
        )
        for place in range(len(rows)):
            mixed = np.empty(WIDTH)
            for head in range(N_HEADS):
                own = slice(2 * head, 2 * head + 2)
                likeness = [query[place][own] @ each[own] / math.sqrt(2) for each in key]
                shares = [math.exp(each) for each in likeness]
                mixed[own] = sum(s * v[own] for s, v in zip(shares, value, strict=True))
                mixed[own] /= sum(shares)
            name = f"{layer}.attention.output"
            row = normed(rows[place] + linear(mixed, f"{name}.dense"), name)
            inner = linear(row, f"{layer}.intermediate.dense")
            inner = np.array([each * (1 + math.erf(each / math.sqrt(2))) / 2 for each in inner])
            name = f"{layer}.output"
            rows[place] = normed(row + linear(inner, f"{name}.dense"), name)
    mean: Vector = np.mean(rows, axis=0)
    return mean / np.linalg.norm(mean)


def test_texts_of_a_batch_are_answered_as_each_by_hand(weights: Weights) -> None:
    texts = [[1, 7, 9, 2], [1, 2], [1, *range(20, 33), 2], [1, 7, 9, 2]]
    vectors = MiniLM(weights)(texts)
    assert vectors.shape == (4, WIDTH)
    assert vectors.dtype == np.float32
    for vector, text in zip(vectors, texts, strict=True):
        assert np.allclose(vector, by_hand(weights, text), atol=2e-6)


def test_a_file_of_safetensors_is_read(tmp_path: Path) -> None:
    first, second = np.arange(6, dtype="<f4").reshape(2, 3), np.array([7, 8], "<i8")
    about = {
        "__metadata__": {"format": "pt"},
        "numbers": {"dtype": "I64", "shape": [2], "data_offsets": [0, 16]},
        "matrix": {"dtype": "F32", "shape": [2, 3], "data_offsets": [16, 40]},
    }
    header = json.dumps(about).encode()
    file = tmp_path / "weights.safetensors"
    size = len(header).to_bytes(8, "little")
    file.write_bytes(size + header + second.tobytes() + first.tobytes())
    found = read_safetensors(file)
    assert list(found) == ["matrix"]
    assert found["matrix"].tolist() == [[0, 1, 2], [3, 4, 5]]
