# SPDX-License-Identifier: Apache-2.0
"""How good the answers of an accuracy run are: any metric, over every sample of the dataset.

A score over a part of the dataset is no score of the model, so samples without an answer are an
error unless the caller asks for the rest. Not for collecting answers (`loadgen.result.outputs`),
nor for MLPerf's accuracy log (`loadgen.mlperf`).

References
----------
MLPerf Inference, submission checker: "accuracy-target" is a reference score times 0.99 or 0.999;
the upper limits of a figure whose lower limit is 0.9 of a reference are 1.1 of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from loadgen.errors import LoadGenError, Problem, SettingsError, raised
from loadgen.metrics.top1 import top1
from loadgen.result import Result
from loadgen.result.breakdown import dataset_column
from loadgen.result.data import FAILED, RunData
from loadgen.result.outputs import Outputs
from loadgen.values import Refused, boolean, count_in_words, number, optional, problem_of

__all__ = ["Accuracy", "Target", "accuracy", "top1"]

Metric = Callable[[list[Any], Any], float]


class Target(NamedTuple):
    """A share of the reference score, what it comes to, and whether every sample's score met it."""

    share: float
    needed: float
    met: bool


@dataclass(frozen=True)
class Accuracy:
    """A score, and what it was made of.

    Parameters
    ----------
    value : float
        As the metric returned it.
    n_samples : int
        Samples scored.
    n_missing, n_failed : int
        Samples left out: without an answer (or with an empty one), and given up by the system.
    reference : float or None
        The reference model's score.
    targets : tuple of Target
        Empty without a reference.
    name : str
        The metric's.
    """

    value: float
    n_samples: int
    n_missing: int = 0
    n_failed: int = 0
    reference: float | None = None
    targets: tuple[Target, ...] = ()
    name: str = "accuracy"

    @property
    def met(self) -> bool:
        """Whether all targets are met; False where there is none."""
        return bool(self.targets) and all(target.met for target in self.targets)

    def __float__(self) -> float:
        return self.value

    def summary(self) -> str:
        """Return the score and its targets, in a line.

        Examples
        --------
        >>> Accuracy(0.75, 8, reference=0.76, targets=(Target(0.99, 0.7524, False),)).summary()
        'accuracy 0.75 of 8 samples; 99 % of the reference 0.76: needs 0.7524, not met'
        """
        words = f"{self.name} {self.value:.6g} of {count_in_words(self.n_samples, 'sample')}"
        if self.n_failed or self.n_missing:
            words += f" ({self.n_failed:,} failed and {self.n_missing:,} missing left out)"
        for share, needed, met in self.targets:
            words += (
                f"; {100 * share:.6g} % of the reference {self.reference:.6g}: needs "
                f"{needed:.6g}, {'met' if met else 'not met'}"
            )
        return words


def accuracy(
    result: Result,
    metric: Metric,
    *,
    labels: object = None,
    reference: float | None = None,
    target_share: float | tuple[float, ...] = 0.99,
    lower_is_better: bool = False,
    partial: bool = False,
) -> Accuracy:
    """Score the answers of an accuracy run.

    Parameters
    ----------
    result : Result
        Of a run with mode="accuracy" or "submission"; a loaded one too.
    metric : callable
        ``metric(outputs, indices) -> float``: one output a sample, by index, and an int64 array of
        these indices. With `labels`: ``metric(outputs, labels)``. **Answers come first**;
        scikit-learn's functions take the truth first, which matters to those that are not
        symmetric: ``lambda outputs, labels: recall_score(labels, outputs)``.
    labels : sequence, array or str, optional
        The truth, one entry for each sample of the dataset; or the name of a column of it. An
        array stays one; of anything else the metric gets a list.
    reference : float above 0, optional
        The reference model's score, in the metric's unit.
    target_share : float, or tuple of float, in (0, 1]
        What share of `reference` has to be reached: ``value >= reference * share``.
    lower_is_better : bool
        Of an error rate: ``value <= reference * (2 - share)``. (MLPerf scores speech by
        ``100 - WER`` instead, with the share of that, which allows more.)
    partial : bool
        Score what was answered, where that is not everything. No target is met then.

    Returns
    -------
    Accuracy

    Raises
    ------
    SettingsError
        Names every argument that cannot be used.
    LoadGenError
        The result has no answers, some are missing, or the metric raised (its cause) or returned
        something else than a number. NaN is a number that meets no target.

    Examples
    --------
    >>> import loadgen as lg
    >>> result = lg.run(lambda x: x % 3, 9, lg.Offline(), mode="accuracy")
    >>> lg.accuracy(result, lg.scoring.top1, labels=[0, 1, 2] * 3).value
    1.0
    """
    shares = target_share if isinstance(target_share, tuple) else (target_share,)
    _check(
        shares, result=result, metric=metric, reference=reference,
        lower_is_better=lower_is_better, partial=partial,
    )  # fmt: skip
    kept, n_missing, n_failed = _answers(result.data)
    answered = np.flatnonzero(kept.offset).astype(np.int64)
    complete = n_missing + n_failed == 0
    if not len(answered) or not (complete or partial):
        raise LoadGenError(
            f"{n_missing + n_failed:,} of {len(answered) + n_missing + n_failed:,} samples have no "
            f"answer ({n_failed:,} failed, {n_missing:,} missing or answered with nothing), and a "
            "score needs all of them, or some with partial=True"
        )
    truth = answered if labels is None else _labels(result.data, labels, answered)
    value = _scored(metric, [kept[index] for index in answered.tolist()], truth)
    targets = tuple(
        _target(value, reference, share, lower_is_better, complete)
        for share in shares
        if reference is not None
    )
    return Accuracy(value, len(answered), n_missing, n_failed, reference, targets, _name(metric))


def _check(shares: tuple[float, ...], **given: Any) -> None:
    """Raise for every argument that cannot be used."""
    is_result = isinstance(given["result"], Result)
    found = [
        None if is_result else Problem("result", given["result"], "an lg.Result"),
        None if callable(given["metric"]) else Problem("metric", given["metric"], "a callable"),
        problem_of("reference", given["reference"], optional(number(above=0))),
        None if shares else Problem("target_share", shares, "at least one share"),
        *(problem_of("target_share", share, _share) for share in shares),
        *(problem_of(name, given[name], boolean) for name in ("lower_is_better", "partial")),
    ]
    if problems := [problem for problem in found if problem is not None]:
        raise SettingsError(problems)


def _share(value: object) -> float:
    allowed = "a share in (0, 1]"
    try:
        share: float = number(above=0)(value)
    except Refused:
        raise Refused(allowed) from None
    if share > 1:
        raise Refused(f"{allowed}; did you mean {share / 100:g}?")
    return share


def _answers(data: RunData) -> tuple[Outputs, int, int]:
    """Return each sample's first answer in the accuracy series, and how many have none, and why."""
    series = [each for each in data.series if each.phase == "accuracy"]
    if not series:
        raise LoadGenError(
            f"a run with mode={data.settings.mode!r} has no answers to score: run it with "
            "mode='accuracy'"
        )
    if data.outputs is None:
        raise LoadGenError(
            "the answers of this run went to its sinks; keep_outputs=True keeps them to be scored"
        )
    rows = slice(series[0].rows.start, series[-1].rows.stop)
    index, status = data.columns["index"][rows], data.columns["status"][rows]
    kept = data.outputs[rows].first_by_index(index, data.dataset_total)
    n_failed = int(np.count_nonzero(kept.offset[np.unique(index[status == FAILED])] == 0))
    n_asked = min(data.effective.accuracy_sample_count, data.dataset_total)
    return kept, n_asked - kept.n_kept - n_failed, n_failed


def _labels(data: RunData, labels: Any, answered: npt.NDArray[np.int64]) -> Any:
    """Return the labels of the samples that were answered."""
    if isinstance(labels, str):
        return dataset_column(data, labels)[answered]
    if hasattr(labels, "__array__"):  # a table's column too, whose index need not count from 0
        labels = np.atleast_1d(np.asarray(labels))
    is_sequence = hasattr(labels, "__len__") and hasattr(labels, "__getitem__")
    if not is_sequence or isinstance(labels, (bytes, Mapping)):
        allowed = "a sequence or an array with one entry for each sample, or a column's name"
        raise SettingsError([Problem("labels", labels, allowed)])
    if len(labels) != data.dataset_total:
        raise LoadGenError(
            f"labels has {count_in_words(len(labels), 'entry', 'entries')}; it needs one for each "
            f"of the {data.dataset_total:,} samples of the dataset"
        )
    if isinstance(labels, np.ndarray):
        return labels[answered]
    return [labels[index] for index in answered.tolist()]


def _scored(metric: Metric, outputs: list[Any], truth: Any) -> float:
    name = f"metric {_name(metric)}"
    try:
        value = metric(outputs, truth)
    except LoadGenError:
        raise
    except Exception as error:
        raise raised(LoadGenError, name, error) from error
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise LoadGenError(f"{name} returned {value!r}; it needs to return a number") from error


def _target(
    value: float, reference: float, share: float, lower_is_better: bool, complete: bool
) -> Target:
    needed = reference * (2 - share if lower_is_better else share)
    reached = value <= needed if lower_is_better else value >= needed
    return Target(share, needed, complete and math.isfinite(value) and reached)


def _name(metric: Metric) -> str:
    return getattr(metric, "__name__", type(metric).__name__)
