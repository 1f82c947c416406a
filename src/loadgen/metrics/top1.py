# SPDX-License-Identifier: Apache-2.0
"""The share of right answers: what is equal to its label, or whose largest score is at it.

Not for which answers those are (`loadgen.scoring`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from loadgen.errors import LoadGenError

__all__ = ["top1"]


def top1(outputs: Sequence[Any], labels: npt.ArrayLike) -> float:
    """Return the share of samples whose answer is their label.

    Parameters
    ----------
    outputs : sequence of length n
        A label each, or a vector of scores each, whose largest is the answer (the first of equals;
        none where one is NaN). A vector of length 1 is a label.
    labels : array, shape (n,)

    Raises
    ------
    LoadGenError
        They have other shapes, or are of kinds that are never equal, such as texts and numbers.

    Examples
    --------
    >>> top1([3, 1, 2, 2], [3, 1, 2, 0])
    0.75
    >>> top1([[0.1, 0.9], [0.8, 0.2]], [1, 1])
    0.5
    """
    try:
        answers, truth = _typed(outputs), _typed(labels)
    except ValueError as error:
        raise LoadGenError("top1 needs outputs of one length, and labels of one") from error
    if answers.ndim == 2 and answers.shape[1] == 1:  # noqa: PLR2004 - samples by scores
        answers = answers[:, 0]
    if answers.ndim not in (1, 2) or truth.shape != answers.shape[:1]:
        raise LoadGenError(
            f"top1 needs a label or a vector of scores for each label; the outputs have shape "
            f"{answers.shape}, the labels {truth.shape}"
        )
    _check_kinds(answers, truth)
    if answers.ndim == 1:
        return float(np.mean(answers == truth))
    is_nan = answers.dtype.kind == "f" and np.isnan(answers).any(axis=1)
    is_answer = np.logical_not(is_nan)
    return float(np.mean(is_answer & (answers.argmax(axis=1) == truth)))


def _typed(values: Any) -> npt.NDArray[Any]:
    """Return an array, of a type of its own where one of objects holds only texts or numbers."""
    array = np.asarray(values)
    return np.asarray(array.tolist()) if array.dtype.hasobject else array


def _check_kinds(answers: npt.NDArray[Any], truth: npt.NDArray[Any]) -> None:
    """Refuse what is never equal, whatever the model answers."""
    given, wanted = _kind(answers), _kind(truth)
    is_vector = answers.ndim > 1
    if given == wanted and not answers.dtype.hasobject and (given == "numbers" or not is_vector):
        return
    needed = "numbers for both" if is_vector else "texts, or numbers, for both"
    raise LoadGenError(
        f"top1 needs {needed}; the outputs are {'vectors of ' * is_vector}{given}, the labels "
        f"{wanted}"
    )


def _kind(array: npt.NDArray[Any]) -> str:
    """Return in words what an array holds."""
    if array.dtype.hasobject:
        return "of types " + ", ".join(sorted({type(each).__name__ for each in array.flat}))
    return _KINDS.get(array.dtype.kind, str(array.dtype))


_KINDS = {**dict.fromkeys("biufc", "numbers"), **dict.fromkeys("UT", "texts"), "S": "bytes"}
