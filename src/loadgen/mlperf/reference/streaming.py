# SPDX-License-Identifier: Apache-2.0
"""A language model as a system that streams: several answers are under way, one token each a step.

Not for the model (``smollm2.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from loadgen.mlperf.reference.threads import one_thread
from loadgen.sut.base import Delivery
from loadgen.sut.workers import WorkerSUT

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.config.scenarios import Scenario
    from loadgen.mlperf.reference.smollm2 import Model, Stream
    from loadgen.sut.handle import Run

__all__ = ["MAX_BATCH_SIZE", "StreamingSUT"]

MAX_BATCH_SIZE: Final = 8
"""How many answers are under way at once."""


class _Answer:
    """An answer under way."""

    def __init__(self, stream: Stream, max_tokens: int) -> None:
        self.stream = stream
        self.max_tokens = max_tokens
        self.tokens: list[int] = []

    @property
    def output(self) -> npt.NDArray[np.int32]:
        """Its tokens, as a run takes them."""
        return np.array(self.tokens, "<i4")


class StreamingSUT(WorkerSUT):
    """Answers samples in a thread of its own; a new one joins at the next step.

    Parameters
    ----------
    model : Model
    name : str
    """

    def __init__(self, model: Model, name: str) -> None:
        super().__init__(1, MAX_BATCH_SIZE, 0, ())
        self.name = name
        self._model = model
        self._ends = model.vocabulary.ends
        self._step = one_thread(model.step)

    def answer(self, sample: Mapping[str, Any]) -> list[int]:
        """Return the tokens of one answer, without a run."""
        return self._answered(sample).tokens

    def issue(self, batch: Batch) -> None:
        """Answer samples one after another, whole."""
        batch.complete([self._answered(sample).output for sample in batch.samples])

    def _delivery(self, scenario: Scenario) -> Delivery:
        return Delivery("pull")

    def _work(self, run: Run, ready: Future[None]) -> None:
        ready.set_result(None)
        under_way: dict[int, _Answer] = {}
        while True:
            room = self._max_batch_size - len(under_way)
            batch = run._take(room, 0, 0 if under_way else None) if room else None
            if batch is None and not under_way:
                return
            try:
                if batch is not None:
                    begun = [self._begun(sample) for sample in batch.samples]
                    under_way.update(zip(batch.ids.tolist(), begun, strict=True))
                    batch = None  # from here on its samples are none of their own
                if under_way:
                    self._step_all(run, under_way)
            except BaseException as error:  # on this thread nothing else would ever see it
                run._sut_raised(error, batch)
                if batch is None:
                    return

    def _begun(self, sample: Mapping[str, Any]) -> _Answer:
        vocabulary, n = self._model.vocabulary, sample["max_tokens"]
        if "messages" in sample:
            messages = [(each["role"], each["content"]) for each in sample["messages"]]
            prompt = vocabulary.encode_chat(messages)
        else:
            prompt = vocabulary.encode(sample["prompt"])
        return _Answer(self._model.begin(prompt, n), n)

    def _answered(self, sample: Mapping[str, Any]) -> _Answer:
        answer = self._begun(sample)
        while not self._advance([answer])[0]:
            pass
        return answer

    def _advance(self, answers: Sequence[_Answer]) -> list[bool]:
        """Add a token to each answer; return which of them are whole."""
        found = self._step([answer.stream for answer in answers])
        for answer, token in zip(answers, found, strict=True):
            answer.tokens.append(token)
        return [
            token in self._ends or len(answer.tokens) == answer.max_tokens
            for answer, token in zip(answers, found, strict=True)
        ]

    def _step_all(self, run: Run, under_way: dict[int, _Answer]) -> None:
        """Add a token to each answer, say so, and take out those that are whole."""
        is_whole = self._advance([*under_way.values()])
        first = [number for number, answer in under_way.items() if len(answer.tokens) == 1]
        if first:
            run.first_token(first, [under_way[number].output for number in first])
        if later := [*under_way.keys() - first]:
            run.token(later)
        whole = [number for number, is_it in zip(under_way, is_whole, strict=True) if is_it]
        if whole:
            run.complete(whole, [under_way.pop(number).output for number in whole])
