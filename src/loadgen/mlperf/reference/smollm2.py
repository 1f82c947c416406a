# SPDX-License-Identifier: Apache-2.0
"""SmolLM2-135M-Instruct in NumPy: weights and vocabulary from a GGUF file, greedy decoding.

The Llama architecture: RMSNorm, rotary positions, grouped queries, SwiGLU. Needs gguf and
tokenizers.

References
----------
Touvron et al.: LLaMA. arXiv 2302.13971. Yu et al.: Orca. OSDI 2022, of several texts in one step,
each at another place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Model", "Stream", "Vocabulary"]

SYSTEM: Final = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
"""Of its template."""

_ROWS: Final = 1024
_CONTROL: Final = 3  # GGUF's type of tokens that are no text

Array = npt.NDArray[np.float32]
Message = tuple[str, str]  # role and content


class Vocabulary:
    """Texts to tokens and back.

    Attributes
    ----------
    ends : frozenset of int
        Tokens that end an answer.
    controls : list of int
        Tokens that are no text.
    barred : list of int
        Those of them that do not end an answer.
    """

    def __init__(self, fields: dict[str, Any]) -> None:
        from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: PLC0415 - not everywhere

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
        self.controls = np.flatnonzero(types == _CONTROL).tolist()
        self.barred = [token for token in self.controls if token not in self.ends]
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


class Stream:
    """A text that is being answered.

    Attributes
    ----------
    tokens : sequence of int
        What the model reads next: the prompt, then the token that it said last.
    position : int
        How many tokens it has read.
    kept : float32 array, shape (layers, 2, heads, tokens, size)
        Keys and values of these.
    """

    def __init__(self, tokens: Sequence[int], kept: Array) -> None:
        self.tokens = tokens
        self.position = 0
        self.kept = kept


class Model:
    """The network, dequantised to float32: some 550 MB.

    Parameters
    ----------
    path : Path
        A GGUF file of the Llama architecture.
    """

    def __init__(self, path: Path) -> None:
        from gguf import GGUFReader  # noqa: PLC0415 - only where it is installed
        from gguf.quants import dequantize  # noqa: PLC0415

        reader = GGUFReader(path)
        fields = {name: field.contents() for name, field in reader.fields.items()}
        weights = {tensor.name: (tensor.data, tensor.tensor_type) for tensor in reader.tensors}
        del reader  # an object for each of the vocabulary's tokens, 200 MB in all

        def weight(*names: str) -> Array:
            # Some rows at a time: it needs several times the memory of what it returns.
            parts = [
                dequantize(data[first : first + _ROWS], kind)
                for data, kind in map(weights.__getitem__, names)
                for first in range(0, len(data), _ROWS)
            ]
            return np.concatenate(parts)

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

    def begin(self, prompt: Sequence[int], n: int) -> Stream:
        """Return a stream of a prompt, with room for `n` tokens of an answer."""
        shape = (len(self._layers), 2, self._n_kv_heads, len(prompt) + n, self._size)
        return Stream(prompt, np.empty(shape, np.float32))

    def step(self, streams: Sequence[Stream], barred: Sequence[int] | None = None) -> list[int]:
        """Return the likeliest next token of each stream, which is then read next.

        Whole prompts and single tokens are read in one step alike; each weight is read once for
        all.

        Parameters
        ----------
        streams : sequence of Stream, not empty
        barred : sequence of int
            Tokens that are never the likeliest. None: controls that are not the end.
        """
        if barred is None:
            barred = self.vocabulary.barred
        scores = self._scores(streams)
        scores[:, barred] = -np.inf
        found: list[int] = scores.argmax(axis=1).tolist()
        for stream, token in zip(streams, found, strict=True):
            stream.position += len(stream.tokens)
            stream.tokens = [token]
        return found

    def generate(self, prompt: Sequence[int], n: int, ignore_end: bool = False) -> Iterator[int]:
        """Yield the likeliest tokens, one by one, at most `n`; an end token is not among them.

        Parameters
        ----------
        prompt : sequence of int
        n : int
        ignore_end : bool
            The end is never the likeliest, so there are `n` tokens.
        """
        stream = self.begin(prompt, n)
        barred = self.vocabulary.controls if ignore_end else None
        for _ in range(n):
            (token,) = self.step([stream], barred)
            if token in self.vocabulary.ends:
                return
            yield token

    def _scores(self, streams: Sequence[Stream]) -> Array:
        """Return the scores of what comes after each stream's tokens, shape (streams, tokens)."""
        ends = np.cumsum([len(stream.tokens) for stream in streams])
        x = self._embedding[np.concatenate([stream.tokens for stream in streams])]
        positions = np.concatenate(
            [np.arange(len(stream.tokens)) + stream.position for stream in streams]
        )
        turns = np.exp(1j * positions[:, None, None] * self._frequencies).astype(np.complex64)
        for number, layer in enumerate(self._layers):
            mixed = self._attention(
                layer, self._normed(x, layer.attention_norm), turns, streams, number
            )
            x = x + mixed @ layer.attention_out.T
            gate, up = np.split(self._normed(x, layer.ffn_norm) @ layer.gate_up.T, 2, axis=1)
            sigmoid = (1 + np.tanh(gate / 2)) / 2
            x = x + (gate * sigmoid * up) @ layer.down.T
        scores: Array = self._normed(x[ends - 1], self._norm) @ self._embedding.T
        return scores

    def _attention(
        self, layer: Layer, x: Array, turns: Any, streams: Sequence[Stream], number: int
    ) -> Array:
        """Return what each stream's tokens take from what came before them, shape of `x`."""
        n_turned = self._n_heads + self._n_kv_heads
        qkv = (x @ layer.qkv.T).reshape(len(x), -1, self._size)
        # In GGUF's weights neighbours are the real and imaginary part of what a position turns.
        turned = (qkv[:, :n_turned].copy().view(np.complex64) * turns).view(np.float32)
        mixed, first = np.empty_like(x), 0
        for stream in streams:
            span = slice(first, first + len(stream.tokens))
            kept, position = stream.kept[number], stream.position
            end = position + len(stream.tokens)
            kept[0, :, position:end] = turned[span, self._n_heads :].transpose(1, 0, 2)
            kept[1, :, position:end] = qkv[span, n_turned:].transpose(1, 0, 2)
            mixed[span] = self._mixed(turned[span, : self._n_heads], kept[:, :, :end])
            first = span.stop
        return mixed

    def _mixed(self, queries: Array, kept: Array) -> Array:
        """Return the values that the last tokens of a stream attend to, shape (n, width)."""
        n, end = len(queries), kept.shape[2]
        keys, values = kept[:, :, None]
        grouped = queries.reshape(n, self._n_kv_heads, -1, self._size).transpose(1, 2, 0, 3)
        scores = grouped @ keys.swapaxes(-1, -2) / np.float32(self._size**0.5)
        if n > 1:
            is_later = np.arange(end) > np.arange(end - n, end)[:, None]
            scores[..., is_later] = -np.inf
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        mixed: Array = (weights @ values).transpose(2, 0, 1, 3).reshape(n, -1)
        return mixed

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
