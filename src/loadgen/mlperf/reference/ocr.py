# SPDX-License-Identifier: Apache-2.0
"""OCR: what stands in a line of print? PP-OCRv4's recogniser.

Needs the extra `onnx`, Pillow, and rapidocr-onnxruntime for its weights; nothing of that package is
imported.

References
----------
Graves et al.: Connectionist temporal classification. ICML 2006: an answer is the likeliest symbol
of each column, each run of equal ones once, without the blank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from loadgen.errors import LoadGenError
from loadgen.metrics.edits import error_rate
from loadgen.mlperf.reference.base import Reference, known_variant
from loadgen.mlperf.reference.lines import lines
from loadgen.result.encoding import Kind
from loadgen.sut import FunctionSUT, SystemUnderTest

__all__ = ["OCR"]

_SEED: Final = 20_261_104
_N_LINES: Final = 400
_MAX_BATCH_SIZE: Final = 8


class OCR(Reference):
    """A sample is the image of a line, an answer its text."""

    variants: ClassVar = ("onnx",)
    answer_kind: ClassVar[Kind] = "json"

    def __init__(self) -> None:
        from loadgen.mlperf.reference import onnx  # noqa: F401, PLC0415 - to say at once

        self._images, self._texts = lines(_SEED, _N_LINES)

    @property
    def dataset(self) -> npt.NDArray[np.uint8]:
        """The images, uint8 of shape (400, 48, 400), black on white."""
        return self._images

    def sut(self, variant: str) -> SystemUnderTest:
        """Return the recogniser in ONNX Runtime, with one thread, for up to eight lines at once."""
        from loadgen.mlperf.reference.onnx import session  # noqa: PLC0415 - a large library

        known_variant(self, variant)
        sut = FunctionSUT(_Recogniser(session(self.benchmark)), max_batch_size=_MAX_BATCH_SIZE)
        sut.name = f"ocr-{variant}"
        return sut

    def score(self, outputs: Sequence[Any], indices: npt.NDArray[Any]) -> Mapping[str, float]:
        """Return "cer", the rate of character errors, and "line-accuracy", in per cent."""
        texts = [self._texts[index] for index in indices]
        for place, output in enumerate(outputs):
            if not isinstance(output, str):
                raise LoadGenError(f"answer {place} needs to be a text; it is {output!r:.60}")
        n_right = sum(map(str.__eq__, outputs, texts))
        return {
            "cer": 100 * error_rate(outputs, texts),
            "line-accuracy": 100 * n_right / len(texts),
        }


class _Recogniser:
    """Reads lines: the model, and the characters that its outputs stand for."""

    def __init__(self, session: Any) -> None:
        self._session = session
        characters = session.get_modelmeta().custom_metadata_map["character"].splitlines()
        self._symbols = np.array(["", *characters, " "])  # of the blank first

    def __call__(self, images: npt.NDArray[np.uint8]) -> list[str]:
        """Return the text of each image."""
        grey = images.astype(np.float32)[:, None] / 127.5 - 1
        (scores,) = self._session.run(None, {"x": grey.repeat(3, axis=1)})
        best = scores.argmax(axis=2)
        best[:, 1:][best[:, 1:] == best[:, :-1]] = 0
        return ["".join(self._symbols[row]).strip() for row in best]
