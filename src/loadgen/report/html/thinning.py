# SPDX-License-Identifier: Apache-2.0
"""From millions of rows to as many points as a picture has columns, so that extremes stay.

Arrays in, arrays out. A picture is at most `COLUMNS` points wide. Of all values that fall into one
of these columns its smallest and its largest are drawn, and every figure of a column is exact: no
value is left out of it. A tail curve is drawn through elements of the ascending list, the last of
which is the maximum.

Not for drawing (``drawing.py``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadgen.metrics.columns import CHUNK_ROWS, Columns
from loadgen.metrics.histogram import Histogram
from loadgen.metrics.latency import Distribution, percentile_rank

__all__ = [
    "COLUMNS",
    "STEP",
    "Buckets",
    "Spread",
    "Strokes",
    "Tail",
    "buckets",
    "counted",
    "counts_over_time",
    "spread",
    "tail",
    "tail_ranks",
]

COLUMNS: Final = 360
"""Of a picture over time: one for two of its pixels."""

STEP: Final = 6
"""Columns of a step: of what needs many values to a point, and of what a table shows."""

_TAIL_POINTS: Final = 240
_MOST_BUCKETS: Final = 60
_LEAST_RATIO: Final = 1.02
"""Of a bucket's ends: values closer than this look alike."""

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]


class Strokes(NamedTuple):
    """The smallest and the largest value of each column of a picture that has any.

    Parameters
    ----------
    at_s : float64 array, s
        Where each column begins.
    low, high : int64 arrays
        In the unit of the values.
    """

    at_s: FloatArray
    low: Int64Array
    high: Int64Array


class Spread(NamedTuple):
    """Values by steps of a table; steps without any are left out.

    Parameters
    ----------
    at_s : float64 array, s
        Where each step begins.
    n_values, low, p50, p99, high : int64 arrays
        Of its values, in the unit of the values.
    """

    at_s: FloatArray
    n_values: Int64Array
    low: Int64Array
    p50: Int64Array
    p99: Int64Array
    high: Int64Array


class Buckets(NamedTuple):
    """How many values are in each of some ranges, ascending.

    Parameters
    ----------
    edges : int64 array, shape (n + 1,), ns
        Range k is from edge k to before edge k + 1.
    counts : int64 array, shape (n,)
    """

    edges: Int64Array
    counts: Int64Array


class Tail(NamedTuple):
    """The ascending list of values, towards its end in ever smaller steps.

    Parameters
    ----------
    beyond : float64 array
        Which share of all is not below the value: 1 at the smallest, 1 / n at the largest.
    value : int64 array
    """

    beyond: FloatArray
    value: Int64Array


def spread(at_ns: Int64Array, values: Int64Array, width_ns: int) -> tuple[Strokes, Spread]:
    """Return values by columns of equal width, and by steps of `STEP` columns.

    Parameters
    ----------
    at_ns : int64 array, shape (n,), ns
        Where each value belongs; not negative. n is at least 1.
    values : int64 array, shape (n,)
    width_ns : int, ns
        Of a column; at least 1.

    Examples
    --------
    >>> strokes, steps = spread(np.array([0, 5, 25]), np.array([7, 9, 1]), 10)
    >>> strokes.low.tolist(), strokes.high.tolist(), steps.high.tolist(), steps.n_values.tolist()
    ([7, 1], [9, 1], [9], [3])
    """
    column = (at_ns // width_ns).astype(np.uint16)
    if (column[1:] < column[:-1]).any():
        order = np.argsort(column, kind="stable")
        column, values = column[order], values[order]
    first = np.append(0, np.flatnonzero(column[1:] != column[:-1]) + 1)
    which = column[first].astype(np.int64)
    low, high = np.minimum.reduceat(values, first), np.maximum.reduceat(values, first)
    rows = []
    for step in np.unique(which // STEP):
        inside = np.flatnonzero(which // STEP == step)
        end = first[inside[-1] + 1] if inside[-1] + 1 < len(first) else len(values)
        part = values[first[inside[0]] : end]
        ranks = [percentile_rank(p, len(part)) for p in (50, 99)]
        middle, far = np.partition(part, ranks)[ranks]
        rows.append([step, len(part), low[inside].min(), middle, far, high[inside].max()])
    found = np.array(rows, np.int64)
    strokes = Strokes(which * width_ns / 1e9, low, high)
    return strokes, Spread(found[:, 0] * (STEP * width_ns) / 1e9, *found.T[1:])


def counts_over_time(
    at_ns: Int64Array,
    origin_ns: int,
    width_ns: int,
    n_columns: int,
    where: Callable[[slice], NDArray[np.bool_]] | None = None,
) -> Int64Array:
    """Return how many instants fall into each of some columns of equal width.

    Parameters
    ----------
    at_ns : int64 array, ns
    origin_ns : int, ns
        Where the first column begins; no instant that counts is before it.
    width_ns : int, ns
    n_columns : int
        Later instants count in the last one.
    where : callable, optional
        From rows to which of them count; None: all.
    """
    found = np.zeros(n_columns, np.int64)
    for first in range(0, len(at_ns), CHUNK_ROWS):
        rows = slice(first, first + CHUNK_ROWS)
        at = at_ns[rows] if where is None else at_ns[rows][where(rows)]
        column = np.minimum((at - origin_ns) // width_ns, n_columns - 1)
        found += np.bincount(column, minlength=n_columns)
    return found


def buckets(values: Int64Array | Histogram) -> Buckets:
    """Count values in ranges whose ends have one ratio to each other.

    Parameters
    ----------
    values : int64 array, shape (n,), or Histogram
        At least one. Of a histogram, all that one of its buckets holds goes where its middle is.
    """
    if isinstance(values, Histogram):
        middle, weights = (values.smallest + values.largest) // 2, values.counts
        middle = np.clip(middle, values.min, values.max)
        low, high = values.min, values.max
    else:
        middle, weights, low, high = values, None, int(values.min()), int(values.max())
    low, top = max(low, 1), max(high, 1) + 1
    wanted = math.log(top / low) / math.log(_LEAST_RATIO)
    n = max(1, min(_MOST_BUCKETS, int(wanted), top - low))
    edges = np.unique(np.round(low * (top / low) ** (np.arange(n + 1) / n)).astype(np.int64))
    edges[-1] = top
    counts = np.zeros(len(edges) - 1, np.int64)
    for first in range(0, len(middle), CHUNK_ROWS):
        rows = slice(first, first + CHUNK_ROWS)
        place = np.searchsorted(edges, middle[rows], side="right") - 1
        part = None if weights is None else weights[rows]
        found = np.bincount(np.clip(place, 0, len(counts) - 1), part, len(counts))
        counts += found.astype(np.int64)
    return Buckets(edges, counts)


def tail(values: Distribution) -> Tail:
    """Return the curve of percentiles; its last point is the maximum.

    Parameters
    ----------
    values : Distribution
        Of at least one value.
    """
    n, ranks = len(values), tail_ranks(len(values))
    return Tail(1.0 - np.array(ranks) / n, np.array(values.elements(ranks), np.int64))


def tail_ranks(n: int) -> list[int]:
    """Return which elements of an ascending list of n the curve goes through, from 0.

    Examples
    --------
    >>> tail_ranks(1), tail_ranks(10)
    ([0], [0, 2, 4, 5, 6, 7, 8, 9])
    """
    beyond = np.logspace(0.0, -math.log10(n), min(_TAIL_POINTS, n))
    ranks = np.floor(n * (1.0 - beyond)).astype(np.int64)
    found: list[int] = np.unique(np.append(ranks, n - 1)).tolist()
    return found


def counted(columns: Columns) -> tuple[Int64Array, Int64Array]:
    """Return ends and starts of the rows that count.

    Parameters
    ----------
    columns : Columns
    """
    end, start, status = columns
    if status is None or not status.any():
        return end, start
    rows = np.flatnonzero(status == 0)
    return end[rows], start[rows]
