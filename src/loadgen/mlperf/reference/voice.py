# SPDX-License-Identifier: Apache-2.0
"""Voice: when is there speech in a stream? Silero VAD, chunk by chunk, with a state it carries on.

Needs the extra `onnx`, and silero-vad for its weights; nothing of that package is imported.

References
----------
Silero Team: Silero VAD, github.com/snakers4/silero-vad: 64 samples of the chunk before stand ahead
of each chunk, and 0.5 is the threshold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from loadgen.metrics.binary import detection
from loadgen.mlperf.reference.base import Reference, answers_as_array, known_variant
from loadgen.mlperf.reference.speech import CHUNK, N_CHUNKS, RATE, streams
from loadgen.result.encoding import Kind
from loadgen.sut import FunctionSUT, SystemUnderTest

__all__ = ["Voice"]

_SEED: Final = 20_261_103
_N_STREAMS: Final = 64
_MAX_BATCH_SIZE: Final = 8
_CONTEXT: Final = 64
_STATE: Final = 128
_THRESHOLD: Final = 0.5


class Voice(Reference):
    """A sample is a stream of 4 s, an answer its 125 chunks: a byte each, 1 where there is speech.

    The streams of a batch are stepped together; each has a state of its own.
    """

    variants: ClassVar = ("onnx",)
    answer_kind: ClassVar[Kind] = ["|u1", [-1]]

    def __init__(self) -> None:
        from loadgen.mlperf.reference import onnx  # noqa: F401, PLC0415 - to say at once

        self._sound, self._is_speech = streams(_SEED, _N_STREAMS)

    @property
    def dataset(self) -> npt.NDArray[np.int16]:
        """The streams, int16 of shape (64, 64000), at 16 kHz."""
        return self._sound

    def sut(self, variant: str) -> SystemUnderTest:
        """Return the detector in ONNX Runtime, with one thread, for up to eight streams at once."""
        from loadgen.mlperf.reference.onnx import session  # noqa: PLC0415 - a large library

        known_variant(self, variant)
        sut = FunctionSUT(_Detector(session(self.benchmark)), max_batch_size=_MAX_BATCH_SIZE)
        sut.name = f"voice-{variant}"
        return sut

    def score(self, outputs: Sequence[Any], indices: npt.NDArray[Any]) -> Mapping[str, float]:
        """Return "f1", "precision" and "recall" of all chunks together, in per cent."""
        answers = answers_as_array(outputs, (N_CHUNKS,))
        found = detection(answers.ravel(), self._is_speech[indices].ravel())
        return {name: 100 * value for name, value in found._asdict().items()}


class _Detector:
    """Answers streams: holds the model, and no state from one call to the next."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def __call__(self, sound: npt.NDArray[np.int16]) -> npt.NDArray[np.uint8]:
        """Return for each chunk whether it is speech, shape (n, N_CHUNKS)."""
        n = len(sound)
        # Each chunk behind the end of the one before.
        heard = np.pad(sound.astype(np.float32) / 32768, ((0, 0), (_CONTEXT, 0)))
        state = np.zeros((2, n, _STATE), dtype=np.float32)
        rate = np.array(RATE, dtype=np.int64)
        answers = np.empty((n, N_CHUNKS), dtype=np.uint8)
        for number in range(N_CHUNKS):
            chunk = heard[:, number * CHUNK :][:, : _CONTEXT + CHUNK]
            inputs = {"input": chunk, "state": state, "sr": rate}
            probability, state = self._session.run(None, inputs)
            answers[:, number] = probability[:, 0] > _THRESHOLD
        return answers
