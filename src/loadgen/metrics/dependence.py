# SPDX-License-Identifier: Apache-2.0
"""How much a percentile loses because samples are not independent.

A queue makes neighbours alike, so n samples say less of a percentile than n independent ones. What
counts is how long it remembers on which side of the percentile a sample was, I_i = 1(x_i <= q):

    inflation = (sum over all lags k of cov(I_i, I_(i+k))) / var(I)      n_eff = n / inflation

The sum is the *long-run variance*. Block sums of a series have the same one, so rows are counted in
at most 65,536 blocks, in one pass. Lags are summed while neighbouring pairs of autocovariances are
positive, each pair at most as large as the one before it: Geyer's initial monotone sequence. Noise
of single samples hides dependence that is weak and lasts long, and ends that sum too early; so it
is made of coarser blocks as well, down to 512, and such a sum is taken where it is larger by more
than two of its standard errors sqrt((4 M + 2) / n_blocks), M lags (to look at several is ours). It
errs to the safe side: for independent samples by some 3 %.

It is for runs that are over, and taken for steady: what drifts counts as dependence here, and is
measured otherwise by ``steady_state.py``. ``docs/statistics.md`` has all measures in one table.

Not here: which percentile, and what the interval is (`Distribution`, ``intervals.py``).

References
----------
C. J. Geyer, Practical Markov chain Monte Carlo, Statistical Science 7, 1992, section 3.3.
N. Madras and A. D. Sokal, The pivot algorithm, Journal of Statistical Physics 50, 1988, appendix C
(the standard error).
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadgen.metrics.columns import CHUNK_ROWS, Columns

__all__ = [
    "FEW",
    "IndicatorSums",
    "block_counts",
    "indicator_sums",
    "long_run_variance",
    "variance_inflation",
]

FEW: Final = 20
"""With fewer rows on one side of a value, nothing is said of the dependence there."""

_MOST_BLOCKS: Final = 1 << 16
"""So many block sums give the long-run variance to a per cent; more take only time."""
_LEAST_BLOCKS: Final = 512
_COARSER: Final = 4

Float64Array = NDArray[np.float64]
Int64Array = NDArray[np.int64]


def block_counts(columns: Columns, limit_ns: int, block_rows: int) -> tuple[Int64Array, Int64Array]:
    """Count, in each block of rows, those that count, and those of them that are not above a limit.

    Parameters
    ----------
    columns : Columns
        In order of issue.
    limit_ns : int, ns
    block_rows : int
        Rows of a block; the last one may have fewer.

    Returns
    -------
    below, counted : int64 array, shape (n_blocks,)
    """
    end, start, status = columns
    n_blocks = -(-len(end) // block_rows)
    below, counted = np.zeros((2, n_blocks), dtype=np.int64)
    step = max(1, CHUNK_ROWS // block_rows)  # blocks at once
    for first in range(0, n_blocks, step):
        blocks = slice(first, first + step)
        rows = slice(first * block_rows, (first + step) * block_rows)
        is_below = end[rows] - start[rows] <= limit_ns
        counts = np.ones_like(is_below) if status is None else status[rows] == 0
        starts = np.arange(0, len(is_below), block_rows)
        below[blocks] = np.add.reduceat(is_below & counts, starts, dtype=np.int64)
        counted[blocks] = np.add.reduceat(counts, starts, dtype=np.int64)
    return below, counted


class IndicatorSums(NamedTuple):
    """How far each block of rows is from having its share of values below a limit.

    Parameters
    ----------
    sums : float64 array, shape (n_blocks,)
        Block sums of I - mean(I), I = 1(value <= limit), over the rows that count.
    independent : float
        Variance that their total would have if rows were independent: n share (1 - share).
    """

    sums: Float64Array
    independent: float


def indicator_sums(columns: Columns, limit_ns: int, block_rows: int) -> IndicatorSums | None:
    """Return the block sums of an indicator; None where fewer than `FEW` rows are on one side.

    Parameters
    ----------
    columns, limit_ns, block_rows : Columns, int, int
        As for `block_counts`.
    """
    below, counted = block_counts(columns, limit_ns, block_rows)
    n, n_below = int(counted.sum()), int(below.sum())
    if min(n_below, n - n_below) < FEW:
        return None
    share = n_below / n
    return IndicatorSums(below - share * counted, n * share * (1.0 - share))


def variance_inflation(columns: Columns, limit_ns: int) -> float | None:
    """Return how many times larger dependence makes the variance of a share of rows.

    Parameters
    ----------
    columns : Columns
        In order of issue.
    limit_ns : int, ns
        The share is that of the values that are not above it.

    Returns
    -------
    float or None
        At least 1: samples that hold each other in balance get no credit for it. None where fewer
        than `FEW` rows are on one side.

    Examples
    --------
    >>> values = np.repeat(np.random.default_rng(1).exponential(1e6, 1000).astype(np.int64), 8)
    >>> columns = Columns(values, np.zeros_like(values), None)
    >>> round(variance_inflation(columns, 700_000))  # neighbours are alike, eight at a time
    8
    """
    found = indicator_sums(columns, limit_ns, max(1, -(-len(columns.end) // _MOST_BLOCKS)))
    if found is None:
        return None
    return max(1.0, len(found.sums) * long_run_variance(found.sums) / found.independent)


def long_run_variance(series: Float64Array) -> float:
    """Return the sum of a series' autocovariances over all lags, by Geyer's initial sequence.

    Parameters
    ----------
    series : float64 array, shape (n,)
        Evenly spaced; at least one value.

    Returns
    -------
    float
        Of one value of the series; that of a sum of m values is m times as large. At least 0.
    """
    found, width = _initial_sequence(series)[0], 1
    while len(series) >= _COARSER * _LEAST_BLOCKS:
        whole = len(series) // _COARSER * _COARSER
        series, width = series[:whole].reshape(-1, _COARSER).sum(axis=1), width * _COARSER
        total, lags = _initial_sequence(series)
        standard_error = math.sqrt((4 * lags + 2) / len(series))
        if total / width > found * (1.0 + 2.0 * standard_error):
            found = total / width
    return max(found, 0.0)


def _initial_sequence(series: Float64Array) -> tuple[float, int]:
    """Return gamma_0 + 2 (gamma_1 + ... + gamma_M), up to a pair that is not positive, and M."""
    n = len(series)
    size = 1 << (2 * n - 1).bit_length()  # so long that the ends do not meet
    spectrum = np.fft.rfft(series - series.mean(), size)
    covariance = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, size)[: n + n % 2] / n
    pairs = covariance.reshape(-1, 2).sum(axis=1)
    ended = np.flatnonzero(pairs <= 0.0)
    n_pairs = int(ended[0]) if len(ended) else len(pairs)
    kept = np.minimum.accumulate(pairs[:n_pairs])
    return float(2.0 * kept.sum() - covariance[0]), max(2 * n_pairs - 1, 0)
