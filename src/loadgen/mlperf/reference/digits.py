# SPDX-License-Identifier: Apache-2.0
"""Handwritten digits: a small neural network that reads images of 8 x 8 pixels.

scikit-learn ships 1,797 images; a multi-layer perceptron with 64 hidden units is trained in a
moment on three quarters of them, and the others are the dataset. Two systems have its weights:
scikit-learn's own ``predict``, checks and all, since that is the call that an application makes,
and the same arithmetic in NumPy. Matrix products are kept on one thread in both, so that the
generator has a processor to itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from loadgen.metrics.top1 import top1
from loadgen.mlperf.reference.base import Reference, known_variant
from loadgen.mlperf.reference.threads import OneThreadSUT, one_thread
from loadgen.result.encoding import Kind

__all__ = ["Digits"]

_HELD_OUT: Final = 0.25
_HIDDEN_UNITS: Final = 64
_WHITE: Final = 16.0
"""Pixels are 0 to 16."""
_BATCH: Final = 256

Images = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


class Digits(Reference):
    """The program of the benchmark ``digits``.

    Attributes
    ----------
    n_trained : int
        Images that the model is trained on.
    """

    variants: ClassVar[tuple[str, ...]] = ("sklearn", "numpy")
    answer_kind: ClassVar[Kind] = ["<i8", []]

    def __init__(self) -> None:
        from sklearn.datasets import load_digits  # noqa: PLC0415 - the extra `demo` brings these
        from sklearn.model_selection import train_test_split  # noqa: PLC0415

        images, labels = load_digits(return_X_y=True)
        self._seen: Images
        self._seen_labels: Labels
        self._seen, self._images, self._seen_labels, self._labels = train_test_split(
            images / _WHITE, labels, test_size=_HELD_OUT, random_state=0, stratify=labels
        )
        self.n_trained = len(self._seen)

    @property
    def dataset(self) -> Images:
        """The images that the model has not seen, shape (450, 64), 0 to 1."""
        images: Images = self._images
        return images

    def sut(self, variant: str) -> OneThreadSUT:
        """Return a system that reads images; the first one trains the model."""
        if known_variant(self, variant) == "sklearn":
            return OneThreadSUT(self._model.predict, _BATCH, f"digits MLP {_HIDDEN_UNITS}")
        return OneThreadSUT(_by_hand(self._model), _BATCH, f"digits MLP {_HIDDEN_UNITS}, NumPy")

    def score(self, outputs: Sequence[Any], indices: npt.NDArray[Any]) -> Mapping[str, float]:
        """Return the share of images that were read right, in per cent."""
        return {"accuracy": 100 * top1(outputs, self._labels[indices])}

    @cached_property
    def _model(self) -> Any:
        from sklearn.neural_network import MLPClassifier  # noqa: PLC0415 - as above

        model = MLPClassifier(
            (_HIDDEN_UNITS,),
            learning_rate_init=0.01,
            tol=1e-3,
            n_iter_no_change=5,
            random_state=0,
        )
        return one_thread(model.fit)(self._seen, self._seen_labels)


def _by_hand(model: Any) -> Callable[[Images], Labels]:
    """Return the model's arithmetic: one layer of rectified units, and the largest output."""
    (hidden, output), (hidden_bias, output_bias) = model.coefs_, model.intercepts_
    classes: Labels = model.classes_

    def predict(images: Images) -> Labels:
        units = np.maximum(images @ hidden + hidden_bias, 0)
        best: Labels = classes[np.argmax(units @ output + output_bias, axis=1)]
        return best

    return predict
