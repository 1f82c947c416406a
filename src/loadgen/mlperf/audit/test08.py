# SPDX-License-Identifier: Apache-2.0
"""TEST08: a recommender predicts in performance mode as in accuracy mode.

Samples of a stream are not found by their index, but by time step and query, which answers begin
with. An answer is float32: time step, query, n predictions; in accuracy mode n labels, n weights
and n follow. Of a benchmark whose program knows what came true of each sample (`labels`) an answer
is one prediction, and samples are found by their index. Compared is normalized entropy, sample by
sample.

References
----------
He et al., "Practical Lessons from Predicting Clicks on Ads at Facebook", ADKDD 2014: normalized
entropy is the mean log loss divided by the entropy of the mean label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from loadgen.errors import LoadGenError
from loadgen.mlperf.audit.base import Audit, Case, Decode, Labels, logging_knobs
from loadgen.mlperf.audit.evidence import Evidence
from loadgen.mlperf.audit.knobs import Knobs
from loadgen.mlperf.audit.outcome import Finding
from loadgen.mlperf.logs.read import AccuracyEntry
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
    title = "a recommender's predictions are those of accuracy mode"
    needs_accuracy_run = True

    def _knobs(self, benchmark: Benchmark, round_: Round) -> Knobs:
        rules = benchmark.audits.get(self.test, AuditRules())
        return logging_knobs(rules, round_, _SAMPLING_TARGET)

    def examine(self, case: Case) -> Iterator[Finding]:
        """Compare the normalized entropy of each logged sample."""
        assert case.accuracy is not None  # it is needed
        tolerance = case.rules.tolerance or _TOLERANCE
        read = _of_stream if case.labels is None else partial(_of_sample, case.decode, case.labels)
        logged = list(case.audit.answers())
        known = _known(case.accuracy, read)
        unmatched: list[AccuracyEntry] = []
        wrong: list[str] = []
        n_compared = 0
        for entry in logged:
            answer = read(entry)
            reference = None if answer is None else known.get(answer.key)
            if answer is None or reference is None:
                unmatched.append(entry)
                continue
            n_compared += bool(reference.weights.sum() > 0)
            if difference := reference.difference(answer.predictions, tolerance):
                wrong.append(f"{answer.name}: {difference}")
        case.figures |= {
            "num_matched": len(logged) - len(unmatched),
            "num_unmatched": len(unmatched),
            "num_ne_mismatch": len(wrong),
            "tolerance": tolerance,
        }
        if not logged:
            yield Finding("accuracy", False, "the audit logged no answer")
            return
        text = f"{len(unmatched)} of {len(logged)} answers are of no sample of the accuracy run"
        where = f", sample {unmatched[0].qsl_idx} first" if unmatched else ""
        yield Finding("accuracy", not unmatched, text + where)
        if n_compared == 0 and not unmatched:
            yield Finding("accuracy", False, "no sample has a weight, so nothing is compared")
        text = f"{len(wrong)} normalized entropies differ by more than {tolerance:.1%}"
        yield Finding("accuracy", not wrong, text + (f", first {wrong[0]}" if wrong else ""))


class _Answer(NamedTuple):
    """An answer, and which sample it is of; labels and weights only in accuracy mode."""

    key: tuple[int, ...]
    name: str
    predictions: Floats
    labels: Floats
    weights: Floats

    def difference(self, predictions: Floats, tolerance: float) -> str:
        """Return how those of performance mode differ; empty: not more than they may."""
        n = len(self.labels)
        if len(predictions) != n:
            return f"{len(predictions)} numbers for {n} candidates"
        found = normalized_entropy(predictions, self.labels, self.weights)
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


def _known(
    run: Evidence, read: Callable[[AccuracyEntry], _Answer | None]
) -> dict[tuple[int, ...], _Answer]:
    found: dict[tuple[int, ...], _Answer] = {}
    for entry in run.answers():
        answer = read(entry)
        if answer is not None and len(answer.labels):
            found.setdefault(answer.key, answer)
    return found


def _of_stream(entry: AccuracyEntry) -> _Answer | None:
    """Return an answer that begins with time step and query; None: it is none."""
    whole = len(entry.data) - len(entry.data) % 4
    data = np.frombuffer(entry.data[:whole], "<f4").astype(np.float64)
    if len(data) < _HEAD + 1 or not np.isfinite(data[[0, 1, -1]]).all():
        return None
    step, query, n = (int(data[place]) for place in (0, 1, -1))
    name, none = f"time step {step}, query {query}", np.empty(0)
    if n > 0 and len(data) == _HEAD + 3 * n + 1:
        return _Answer((step, query), name, *data[_HEAD:-1].reshape(3, n))
    return _Answer((step, query), name, data[_HEAD:], none, none)


def _of_sample(decode: Decode, labels: Labels, entry: AccuracyEntry) -> _Answer | None:
    """Return an answer that is a prediction, with what came true; None: it is none."""
    try:
        predictions = np.atleast_1d(np.asarray(decode(entry.data), np.float64))
        label = np.asarray(labels(np.array([entry.qsl_idx])), np.float64)
    except (LoadGenError, ValueError, TypeError, IndexError):
        return None
    name = f"sample {entry.qsl_idx}"
    return _Answer((entry.qsl_idx,), name, predictions, label, np.ones(len(label)))
