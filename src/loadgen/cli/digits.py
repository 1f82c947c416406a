# SPDX-License-Identifier: Apache-2.0
"""The demo's system under test: a neural network that reads handwritten digits.

scikit-learn ships the images (1,797 of 8 x 8 pixels), so nothing is downloaded; a multi-layer
perceptron with 64 hidden units is trained in a moment on three quarters of them, and the others are
the dataset. It is measured through scikit-learn's own ``predict``, checks and all, since that is
the call that an application makes; its matrix products are kept on one thread, so that the
generator has a processor to itself.

Not for what is measured of it (``demo.py``).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from loadgen.cli.ending import WrongUse
from loadgen.sut import FunctionSUT

_HELD_OUT: Final = 0.25
_HIDDEN_UNITS: Final = 64
_WHITE: Final = 16.0
"""Pixels are 0 to 16."""
_BATCH: Final = 256


@dataclass(frozen=True)
class Digits:
    """A trained model and the images that it has not seen.

    Parameters
    ----------
    sut : FunctionSUT
        Images to digits.
    images : float64 array, shape (n, 64)
    labels : int64 array, shape (n,)
    n_trained : int
        Images that it was trained on.
    training_s : float, s
    """

    sut: FunctionSUT
    images: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64]
    n_trained: int
    training_s: float


@contextmanager
def digits() -> Iterator[Digits]:
    """Train the model; as long as it is entered, scikit-learn computes on one thread.

    Raises
    ------
    WrongUse
        scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits  # noqa: PLC0415 - the extra `demo` brings these
        from sklearn.model_selection import train_test_split  # noqa: PLC0415
        from sklearn.neural_network import MLPClassifier  # noqa: PLC0415
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # noqa: PLC0415
    except ImportError as error:
        raise WrongUse(
            f"the demo needs scikit-learn, which the extra `demo` brings: pip install"
            f" 'loadgen[demo]' ({error})"
        ) from None
    images, labels = load_digits(return_X_y=True)
    seen, held_out, seen_labels, held_out_labels = train_test_split(
        images / _WHITE, labels, test_size=_HELD_OUT, random_state=0, stratify=labels
    )
    with threadpool_limits(limits=1):
        start_s = time.perf_counter()
        model = MLPClassifier(
            (_HIDDEN_UNITS,), learning_rate_init=0.01, tol=1e-3, n_iter_no_change=5, random_state=0
        ).fit(seen, seen_labels)
        training_s = time.perf_counter() - start_s
        yield Digits(_sut(model), held_out, held_out_labels, len(seen), training_s)


def _sut(model: Any) -> FunctionSUT:
    sut = FunctionSUT(model.predict, max_batch_size=_BATCH)
    sut.name = f"digits MLP {_HIDDEN_UNITS}"
    return sut
