# SPDX-License-Identifier: Apache-2.0
"""TEST08: a streaming recommender predicts in performance mode as in accuracy mode.

Its samples are not found by their index, but by time step and query, which its answers begin with.
An answer is float32: time step, query, n predictions; in accuracy mode n labels, n weights and n
follow. Compared is normalized entropy, sample by sample.

References
----------
He et al., "Practical Lessons from Predicting Clicks on Ads at Facebook", ADKDD 2014: normalized
entropy is the mean log loss divided by the entropy of the mean label.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from loadgen.mlperf.audit.base import Audit, Case, logging_knobs
from loadgen.mlperf.audit.evidence import Evidence
from loadgen.mlperf.audit.knobs import Knobs
from loadgen.mlperf.audit.outcome import Finding
from loadgen.mlperf.rules import Benchmark, Round
from loadgen.mlperf.rules.benchmark import Audit as AuditRules

__all__ = ["StreamingRecommender", "normalized_entropy"]

_SAMPLING_TARGET: Final = 4096
_TOLERANCE: Final = 0.001
_LEAST: Final = 1e-7  # predictions and labels are kept so far from 0 and 1
_HEAD: Final = 2

Floats = npt.NDArray[np.float64]


class StreamingRecommender(Audit):
    """TEST08."""

    test = "TEST08"
    title = "a streaming recommender's predictions are those of accuracy mode"
    needs_accuracy_run = True

    def _knobs(self, benchmark: Benchmark, round_: Round) -> Knobs:
        rules = benchmark.audits.get(self.test, AuditRules())
        return logging_knobs(rules, round_, _SAMPLING_TARGET)

    def examine(self, case: Case) -> Iterator[Finding]:
        """Compare the normalized entropy of each logged sample."""
        assert case.accuracy is not None  # it is needed
        tolerance = case.rules.tolerance or _TOLERANCE
        known = _known(case.accuracy)
        n_logged = 0
        unmatched: list[int] = []
        wrong: list[str] = []
        for entry in case.audit.answers():
            n_logged += 1
            data = _floats(entry.data)
            key = _key(data)
            reference = None if key is None else known.get(key)
            if key is None or reference is None:
                unmatched.append(entry.qsl_idx)
            elif difference := reference.difference(data, tolerance):
                wrong.append(f"time step {key[0]}, query {key[1]}: {difference}")
        case.figures |= {
            "num_matched": n_logged - len(unmatched),
            "num_unmatched": len(unmatched),
            "num_ne_mismatch": len(wrong),
            "tolerance": tolerance,
        }
        if n_logged == 0:
            yield Finding("accuracy", False, "the audit logged no answer")
            return
        text = f"{len(unmatched)} of {n_logged} answers are of no sample of the accuracy run"
        where = f", sample {unmatched[0]} first" if unmatched else ""
        yield Finding("accuracy", not unmatched, text + where)
        text = f"{len(wrong)} normalized entropies differ by more than {tolerance:.1%}"
        yield Finding("accuracy", not wrong, text + (f", first {wrong[0]}" if wrong else ""))


class _Reference(NamedTuple):
    """What the accuracy run says of one sample."""

    predictions: Floats
    labels: Floats
    weights: Floats

    def difference(self, data: Floats, tolerance: float) -> str:
        """Return how an answer of performance mode differs; empty: not more than it may."""
        n = len(self.labels)
        if len(data) not in (_HEAD + n, _HEAD + 3 * n + 1):
            return f"{len(data) - _HEAD} numbers for {n} candidates"
        found = normalized_entropy(data[_HEAD : _HEAD + n], self.labels, self.weights)
        wanted = normalized_entropy(self.predictions, self.labels, self.weights)
        if abs(found - wanted) <= tolerance * abs(wanted):  # not so where one is no number
            return ""
        return f"{found:.6g} beside {wanted:.6g}"


def normalized_entropy(predictions: Floats, labels: Floats, weights: Floats) -> float:
    """Return the weighted mean log loss over the entropy of the weighted mean label.

    Parameters
    ----------
    predictions, labels : float64 array, shape (n,), in [0, 1]
    weights : float64 array, shape (n,)

    Returns
    -------
    float
        0 where all weights are 0. NaN where a prediction is no number.

    Examples
    --------
    >>> half = np.array([0.5, 0.5])
    >>> round(normalized_entropy(half, np.array([0.0, 1.0]), np.ones(2)), 6)
    1.0
    """
    total = float(weights.sum())
    if total == 0:
        return 0.0
    predicted, label = (np.clip(each, _LEAST, 1 - _LEAST) for each in (predictions, labels))
    losses = label * np.log(predicted) + (1 - label) * np.log(1 - predicted)
    share = float(np.clip(np.sum(weights * label) / total, _LEAST, 1 - _LEAST))
    entropy = -share * np.log(share) - (1 - share) * np.log(1 - share)
    return float(-np.sum(weights * losses) / (entropy * total))


def _known(run: Evidence) -> dict[tuple[int, int], _Reference]:
    found: dict[tuple[int, int], _Reference] = {}
    for entry in run.answers():
        data = _floats(entry.data)
        key = _key(data)
        n = -1 if key is None else int(data[-1])
        if key is not None and n >= 0 and len(data) == _HEAD + 3 * n + 1:
            parts = data[_HEAD:-1].reshape(3, n)
            found.setdefault(key, _Reference(*parts))
    return found


def _floats(data: bytes) -> Floats:
    whole = len(data) - len(data) % 4
    return np.frombuffer(data[:whole], "<f4").astype(np.float64)


def _key(data: Floats) -> tuple[int, int] | None:
    if len(data) < _HEAD + 1 or not np.isfinite(data[[0, 1, -1]]).all():
        return None
    return int(data[0]), int(data[1])
