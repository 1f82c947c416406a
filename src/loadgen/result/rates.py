# SPDX-License-Identifier: Apache-2.0
"""How sure the rate of a run is: n answers in a time T.

With the answers counted in bins of equal width, var(n) is the number of bins times the long-run
variance of a count (``metrics/dependence.py``), but at least 1, since the end of a run cuts off
part of an answer; and ln(rate) is taken for normal. Answers that come in a few bursts say nothing
of that variance: what is measured is one duration, once.

Not for comparing two rates: that is ``comparison/rate.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from loadgen.metrics.columns import CHUNK_ROWS
from loadgen.metrics.dependence import FEW, long_run_variance
from loadgen.metrics.throughput import latest_done_ns
from loadgen.result.data import OK
from loadgen.result.latencies import judged_rows, judged_series
from loadgen.values import count_in_words

if TYPE_CHECKING:
    from loadgen.result.result import Result

__all__ = [
    "BIN_ANSWERS",
    "answer_counts",
    "answers_in_bins",
    "answers_of",
    "no_bounds",
    "rate_bounds",
    "rate_interval",
]

BIN_ANSWERS: Final = 8
"""So many answers a bin: with fewer, a regular beat of answers looks like noise."""

_LEAST_BINS: Final = 64
_MOST_BINS: Final = 1 << 16

Float64Array = NDArray[np.float64]


def rate_interval(run: Result, confidence: float) -> tuple[float, float] | None:
    """Return a confidence interval of the headline; None where `no_bounds` says why.

    Parameters
    ----------
    run : Result
    confidence : float in (0, 1)

    Returns
    -------
    tuple of two floats, samples/s, or None
    """
    if run.metric is None or no_bounds(run, "this run") is not None:
        return None
    (low,), (high,) = rate_bounds(run.metric.value, answer_counts(run), [confidence])
    return low, high


def no_bounds(run: Result, name: str) -> str | None:
    """Return why a run's headline has no interval as a rate; None where it has one.

    Parameters
    ----------
    run : Result
    name : str
        What the run is called in the answer.
    """
    if run.metric is None or run.metric.unit == "ns":
        return f"the headline of {name} is no rate"
    if run.settings.recording == "histogram":
        return f"{name} kept no rows, which tell how sure a rate is"
    if run.n_completed < 2 * FEW:
        return f"{name} has {count_in_words(run.n_completed, 'sample')} and needs {2 * FEW}"
    bursts = np.count_nonzero(answer_counts(run))
    if bursts < FEW:
        came = "at once" if bursts == 1 else f"in {bursts} bursts"
        return f"all answers of {name} came {came}: one observation of its rate"
    return None


def rate_bounds(
    value: float, counts: Float64Array, confidences: Sequence[float]
) -> tuple[list[float], list[float]]:
    """Return the lower and upper bounds of a rate, one for each confidence.

    Parameters
    ----------
    value : float, samples/s
    counts : float64 array, shape (n_bins,)
        Its answers, as `answer_counts` has them.
    confidences : sequence of float in (0, 1)
    """
    from scipy import special  # noqa: PLC0415 - as in metrics/intervals.py

    z = [float(special.ndtri((1.0 + each) / 2.0)) for each in confidences]
    sigma = math.sqrt(max(len(counts) * long_run_variance(counts), 1.0)) / counts.sum()
    lows = [value * math.exp(-each * sigma) for each in z]
    return lows, [value * math.exp(each * sigma) for each in z]


def answer_counts(run: Result) -> Float64Array:
    """Count the answers of a run in bins from its start to its end."""
    n_bins = min(max(run.n_completed // BIN_ANSWERS, _LEAST_BINS), _MOST_BINS)
    done = answers_of(run)
    return answers_in_bins(*done, max(1, -(-latest_done_ns(*done) // n_bins)))


def answers_of(run: Result) -> tuple[NDArray[np.int64], NDArray[np.uint8], int]:
    """Return when samples were answered, their status, and when the series began."""
    data, rows = run.data, judged_rows(run.data)
    start_ns = data.run_start_ns + judged_series(data)[0].start_ns
    return data.columns["completed"][rows], data.columns["status"][rows], start_ns


def answers_in_bins(
    completed: NDArray[np.int64], status: NDArray[np.uint8], start_ns: int, width_ns: int
) -> Float64Array:
    """Count the answers in bins from the start to the last one."""
    n_bins = latest_done_ns(completed, status, start_ns) // width_ns + 1
    counts = np.zeros(n_bins)
    for first in range(0, len(status), CHUNK_ROWS):
        rows = slice(first, first + CHUNK_ROWS)
        at = completed[rows][status[rows] == OK] - start_ns
        counts += np.bincount(at // width_ns, minlength=n_bins)
    return counts
