# SPDX-License-Identifier: Apache-2.0
"""The rate of a run: n answers in a time T, and how sure it is.

With the answers counted in bins of equal width, var(n) is the number of bins times the long-run
variance of a count (``metrics/dependence.py``), but at least 1, since the end of a run cuts off
part of an answer; and ln(rate) is taken for normal. Answers that come in a few bursts say nothing
of that variance: what is measured is one duration, once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from loadgen.comparison.quantity import LEAST_PAIRS, MOST_PAIRS, Bounds, Quantity, correlated
from loadgen.metrics.columns import CHUNK_ROWS
from loadgen.metrics.dependence import FEW, long_run_variance
from loadgen.metrics.throughput import latest_done_ns
from loadgen.result import Result
from loadgen.result.data import OK
from loadgen.result.latencies import judged_rows, judged_series
from loadgen.values import count_in_words

__all__ = ["RateOf"]

_LEAST_BINS: Final = 64
_MOST_BINS: Final = 1 << 16
_BIN_ANSWERS: Final = 8
"""So many answers a bin: with fewer, a regular beat of answers looks like noise."""

Float64Array = NDArray[np.float64]


class RateOf(Quantity):
    """The headline of a run, where it is a rate.

    Parameters
    ----------
    a, b : Result
    """

    metric = "rate"
    unit = "samples/s"
    less_is_better = False

    def __init__(self, a: Result, b: Result) -> None:
        self._both = (a, b)

    @cached_property
    def _counts(self) -> tuple[Float64Array, Float64Array]:
        a, b = map(_counts, self._both)
        return a, b

    def lacking(self, confidence: float) -> str | None:
        """Say whether it is no rate, or where answers are too few, not kept, or came at once."""
        found = []
        for number, (name, run) in enumerate(zip("AB", self._both, strict=True)):
            if run.metric is None or run.metric.unit != self.unit:
                found.append(f"the headline of {name} is no rate")
            elif run.settings.recording == "histogram":
                found.append(f"{name} kept no rows, which tell how sure a rate is")
            elif run.n_completed < 2 * FEW:
                has = count_in_words(run.n_completed, "sample")
                found.append(f"{name} has {has} and needs {2 * FEW}")
            elif (bursts := np.count_nonzero(self._counts[number])) < FEW:
                came = "at once" if bursts == 1 else f"in {bursts} bursts"
                found.append(f"all answers of {name} came {came}: one observation of its rate")
        if found and found[-1].endswith("of its rate"):
            found.append("compare several runs of each")
        return "; ".join(found) or None

    def bounds(self, confidences: Sequence[float]) -> tuple[Bounds, Bounds]:
        """Return those of a normal logarithm."""
        from scipy import special  # noqa: PLC0415 - as in metrics/intervals.py

        z = [float(special.ndtri((1.0 + each) / 2.0)) for each in confidences]
        a, b = (
            _bounds(run.metric.value if run.metric else 0.0, counts, z)
            for run, counts in zip(self._both, self._counts, strict=True)
        )
        return a, b

    def correlation(self) -> float:
        """Take that of the answers in the same bins, as far as both runs went."""
        short, long = sorted(latest_done_ns(*_completed(run)) for run in self._both)
        n_pairs = min(MOST_PAIRS, *(run.n_completed // _BIN_ANSWERS for run in self._both))
        if n_pairs < LEAST_PAIRS:
            return 0.0
        width_ns = max(1, -(-short // n_pairs))
        a, b = (_binned(*_completed(run), width_ns) for run in self._both)
        return math.sqrt(short / max(long, 1)) * correlated(a, b, short // width_ns)


def _counts(run: Result) -> Float64Array:
    """Count the answers of a run in bins from its start to its end."""
    n_bins = min(max(run.n_completed // _BIN_ANSWERS, _LEAST_BINS), _MOST_BINS)
    done = _completed(run)
    return _binned(*done, max(1, -(-latest_done_ns(*done) // n_bins)))


def _bounds(value: float, counts: Float64Array, z: Sequence[float]) -> Bounds:
    """Return a rate and its bounds at so many standard errors."""
    sigma = math.sqrt(max(len(counts) * long_run_variance(counts), 1.0)) / counts.sum()
    return Bounds(
        value,
        [value * math.exp(-each * sigma) for each in z],
        [value * math.exp(each * sigma) for each in z],
    )


def _completed(run: Result) -> tuple[NDArray[np.int64], NDArray[np.uint8], int]:
    """Return when samples were answered, their status, and when the series began."""
    data, rows = run.data, judged_rows(run.data)
    start_ns = data.run_start_ns + judged_series(data)[0].start_ns
    return data.columns["completed"][rows], data.columns["status"][rows], start_ns


def _binned(
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
