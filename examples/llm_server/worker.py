# SPDX-License-Identifier: Apache-2.0
"""The thread that has the model, and the line of requests before it."""

from __future__ import annotations

import asyncio
import codecs
import queue
import threading
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loadgen.mlperf.reference.smollm2 import Model

__all__ = ["Job", "Worker"]


class Job:
    """A request to the model, made in the event loop that reads its answer.

    Parameters
    ----------
    prompt : list of int
    max_tokens : int
    ignore_eos : bool
        Whether it goes on to `max_tokens` whatever the model thinks of it.

    Attributes
    ----------
    n_tokens : int
        How many tokens of the answer have come; an end token is none.
    """

    def __init__(self, prompt: list[int], max_tokens: int, ignore_eos: bool) -> None:
        self.prompt = prompt
        self.max_tokens = max_tokens
        self.ignore_eos = ignore_eos
        self.n_tokens = 0
        self._loop = asyncio.get_running_loop()
        self._pieces: asyncio.Queue[tuple[int, str] | Exception | None] = asyncio.Queue()
        self._is_given_up = threading.Event()

    async def pieces(self) -> AsyncIterator[str]:
        """Yield the texts that tokens complete; one may need several, none is part of two."""
        while (piece := await self._pieces.get()) is not None:
            if isinstance(piece, Exception):
                raise piece
            n_tokens, text = piece
            self.n_tokens += n_tokens
            if text:
                yield text

    def give_up(self) -> None:
        """Say that nobody waits for the answer."""
        self._is_given_up.set()

    # What the model's thread calls.

    @property
    def is_given_up(self) -> bool:
        """Whether nobody waits for the answer."""
        return self._is_given_up.is_set()

    def put(self, piece: tuple[int, str] | Exception | None) -> None:
        """Hand over tokens and text, an error, or the end."""
        self._loop.call_soon_threadsafe(self._pieces.put_nowait, piece)


class Worker:
    """The model's thread: one request after the other.

    Parameters
    ----------
    model : Model
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="model", daemon=True).start()

    def submit(self, job: Job) -> None:
        """Have a request answered after those that came before it."""
        self._jobs.put(job)

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                if not job.is_given_up:
                    self._answer(job)
                job.put(None)
            except Exception as error:  # who asked is told; the next one gets an answer
                job.put(error)

    def _answer(self, job: Job) -> None:
        # Bytes that are no whole character yet wait in the decoder for those of the next token.
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        for token in self.model.generate(job.prompt, job.max_tokens, job.ignore_eos):
            if job.is_given_up:
                return
            job.put((1, decoder.decode(self.model.vocabulary.bytes_of(token))))
        job.put((0, decoder.decode(b"", final=True)))
