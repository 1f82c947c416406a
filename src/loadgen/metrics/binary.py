# SPDX-License-Identifier: Apache-2.0
"""How good answers to yes-or-no questions are: ROC AUC, normalised entropy, precision, recall, F1.

Not for what the answers of a benchmark are (`loadgen.mlperf.reference`).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from loadgen.errors import LoadGenError

__all__ = ["Detection", "detection", "normalized_entropy", "roc_auc"]

_LEAST = 1e-15
"""What a probability of 0 counts as, which would otherwise cost infinitely much when wrong."""


class Detection(NamedTuple):
    """How well yeses were found; each in [0, 1]."""

    precision: float
    recall: float
    f1: float


def roc_auc(scores: npt.ArrayLike, truth: npt.ArrayLike) -> float:
    """Return the area under the receiver operating characteristic.

    It is the probability that a random yes has a higher score than a random no, ties counted half:
    ``(R - n1 (n1 + 1) / 2) / (n1 n0)`` with R the sum of the ranks of the yeses, of equals the mean
    rank.

    Parameters
    ----------
    scores : array, shape (n,)
        Higher: rather yes. Finite.
    truth : array of bool or 0 and 1, shape (n,)
        With a yes and a no at least.

    Raises
    ------
    LoadGenError
        They are of other shapes, are not finite, or all are alike.

    References
    ----------
    Hanley, McNeil: The meaning and use of the area under a ROC curve. Radiology 143 (1982).

    Examples
    --------
    >>> roc_auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    0.75
    """
    values, is_yes = _checked("roc_auc", scores, truth)
    n_yes = _both_kinds("roc_auc", is_yes)
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2
    above = float(mean_rank[place][is_yes].sum()) - n_yes * (n_yes + 1) / 2
    return above / (n_yes * (len(is_yes) - n_yes))


def normalized_entropy(probabilities: npt.ArrayLike, truth: npt.ArrayLike) -> float:
    """Return the log loss, over that of always answering with the share of yeses.

    ``-mean(y log p + (1 - y) log(1 - p)) / -(q log q + (1 - q) log(1 - q))``, q the mean of y.
    Lower is better; 1 is what knowing nothing but q reaches.

    Parameters
    ----------
    probabilities : array, shape (n,)
        Of yes, in [0, 1]; 0 and 1 count as 1e-15 and one less that.
    truth : array of bool or 0 and 1, shape (n,)
        With a yes and a no at least.

    Raises
    ------
    LoadGenError
        They are of other shapes, or are no probabilities, or all of the truth is alike.

    References
    ----------
    He et al.: Practical lessons from predicting clicks on ads at Facebook. ADKDD 2014.

    Examples
    --------
    >>> round(normalized_entropy([0.25, 0.25, 0.25, 0.25], [0, 1, 0, 0]), 12)
    1.0
    """
    values, is_yes = _checked("normalized_entropy", probabilities, truth)
    share = _both_kinds("normalized_entropy", is_yes) / len(is_yes)
    if values.min() < 0 or values.max() > 1:
        raise LoadGenError(
            "normalized_entropy needs probabilities, in [0, 1]; they go from "
            f"{values.min():g} to {values.max():g}"
        )
    p = np.clip(values, _LEAST, 1 - _LEAST)
    loss = -float(np.mean(np.where(is_yes, np.log(p), np.log1p(-p))))
    return loss / -(share * math.log(share) + (1 - share) * math.log1p(-share))


def detection(answers: npt.ArrayLike, truth: npt.ArrayLike) -> Detection:
    """Return how well yeses were found.

    precision ``TP / (TP + FP)``, recall ``TP / (TP + FN)``, F1 ``2 TP / (2 TP + FP + FN)``; the
    precision of no yes at all is 0.

    Parameters
    ----------
    answers, truth : array of bool or 0 and 1, shape (n,)
        The truth has a yes at least.

    Raises
    ------
    LoadGenError
        They are of other shapes, or there is nothing to find.

    References
    ----------
    van Rijsbergen: Information retrieval. 2nd edition, 1979.

    Examples
    --------
    >>> detection([1, 1, 0, 0], [1, 0, 1, 0])
    Detection(precision=0.5, recall=0.5, f1=0.5)
    """
    values, is_yes = _checked("detection", answers, truth)
    said = values != 0
    right, n_said, n_yes = (int(np.count_nonzero(each)) for each in (said & is_yes, said, is_yes))
    if n_yes == 0:
        raise LoadGenError(f"detection needs a yes in the truth; all {len(is_yes)} are no")
    return Detection(right / n_said if n_said else 0.0, right / n_yes, 2 * right / (n_said + n_yes))


def _checked(
    name: str, values: npt.ArrayLike, truth: npt.ArrayLike
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Return both as arrays of one length, which are finite, and 0 or 1."""
    given, wanted = np.asarray(values, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if given.ndim != 1 or given.shape != wanted.shape or not len(given):
        raise LoadGenError(
            f"{name} needs a number for each entry of the truth, and one at least; the numbers have"
            f" shape {given.shape}, the truth {wanted.shape}"
        )
    if not np.isfinite(given).all():
        where = int(np.argmin(np.isfinite(given)))
        raise LoadGenError(f"{name} needs finite numbers; at {where} there is {given[where]}")
    if not np.isin(wanted, (0, 1)).all():
        raise LoadGenError(f"{name} needs a truth of 0 and 1; it has {wanted.max():g}")
    return given, wanted != 0


def _both_kinds(name: str, is_yes: npt.NDArray[np.bool_]) -> int:
    """Return how many yeses there are; raise where these are none or all."""
    n_yes = int(np.count_nonzero(is_yes))
    if n_yes in (0, len(is_yes)):
        all_are = "yes" if n_yes else "no"
        raise LoadGenError(f"{name} needs both in the truth; all {len(is_yes)} are {all_are}")
    return n_yes
