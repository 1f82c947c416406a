# SPDX-License-Identifier: Apache-2.0
"""Time to first token, time per further token, and token rates; MLPerf's formulas. Gaps; ours.

    TTFT = first_token - scheduled
    TPOT = (latency - TTFT) / (n_tokens - 1), truncated: per token *after* the first
    ITL = arrival - the arrival before it, of one sample; what came together is one arrival

Samples that have no such figure do not count: without a first token there is neither, with fewer
than two tokens there is no TPOT. (LoadGen divides by -1 there.)

Not here: which scenario reports which figure. Works on absolute instants and on those of a saved
run alike: what never came is 0 or less there, and -1 here, where 0 is the start of the run.

References
----------
MLPerf LoadGen 6.0, results.cc: each function names the key that it stands behind.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadgen.metrics.columns import CHUNK_ROWS, Columns
from loadgen.metrics.throughput import rate

__all__ = [
    "TokenCounts",
    "itl_columns",
    "token_counts",
    "tokens_per_second",
    "tokens_per_second_without_overhead",
    "tpot_columns",
    "ttft_columns",
]


def ttft_columns(
    scheduled: NDArray[np.int64],
    first_token: NDArray[np.int64],
    status: NDArray[np.uint8],
    *,
    never: int = 0,
) -> Columns:
    """Return the columns whose difference is the time to the first token.

    Parameters
    ----------
    scheduled, first_token : int64 array, shape (n,), ns
        Due times and first tokens; not above `never` where none came.
    status : uint8 array, shape (n,)
        0 where the sample was completed.
    never : {0, -1}
        Of absolute instants, and of those since a run's start.
    """
    worst = np.empty(len(status), dtype=np.uint8)
    for first in range(0, len(status), CHUNK_ROWS):
        rows = slice(first, first + CHUNK_ROWS)
        worst[rows] = (status[rows] != 0) | (first_token[rows] <= never)
    return Columns(first_token, scheduled, worst)


def tpot_columns(
    first_token: NDArray[np.int64],
    completed: NDArray[np.int64],
    n_tokens: NDArray[np.uint32],
    status: NDArray[np.uint8],
    *,
    never: int = 0,
) -> Columns:
    """Return columns whose difference is the time per output token after the first.

    ``latency - TTFT`` is ``completed - first_token``, so due times are not needed.

    Parameters
    ----------
    first_token, completed : int64 array, shape (n,), ns
        First tokens, not above `never` where none came, and completions.
    n_tokens : uint32 array, shape (n,)
        Tokens of each answer.
    status : uint8 array, shape (n,)
        0 where the sample was completed.
    never : {0, -1}
        As in `ttft_columns`.
    """
    values = np.zeros(len(status), dtype=np.int64)
    worst = np.empty(len(status), dtype=np.uint8)
    for first in range(0, len(status), CHUNK_ROWS):
        rows = slice(first, first + CHUNK_ROWS)
        tokens = n_tokens[rows].astype(np.int64)
        counts = (status[rows] == 0) & (first_token[rows] > never) & (tokens > 1)
        worst[rows] = ~counts
        further = np.where(counts, tokens - 1, 1)
        spent = np.where(counts, completed[rows] - first_token[rows], 0)
        # NumPy divides towards minus infinity, LoadGen towards zero.
        values[rows] = np.sign(spent) * (np.abs(spent) // further)
    zero = np.broadcast_to(np.int64(0), values.shape)
    return Columns(values, zero, worst)


def itl_columns(
    row: NDArray[np.int64], at_ns: NDArray[np.int64], status: NDArray[np.uint8]
) -> Columns:
    """Return columns whose difference is the time between two tokens of a sample.

    Parameters
    ----------
    row : int64 array, shape (n,)
        Which sample each arrival is of: a position in `status`. Ascending.
    at_ns : int64 array, shape (n,), ns
        When; ascending within a row.
    status : uint8 array, shape (n_rows,)
        0 where the sample was completed.

    Examples
    --------
    >>> row, at_ns = np.array([0, 0, 0, 1]), np.array([10, 13, 20, 15])
    >>> end, start, status = itl_columns(row, at_ns, np.zeros(2, np.uint8))
    >>> (end - start)[status == 0].tolist()
    [3, 7]
    """
    worst = np.empty(max(len(row) - 1, 0), dtype=np.uint8)
    for first in range(0, len(worst), CHUNK_ROWS):
        rows = slice(first, min(first + CHUNK_ROWS, len(worst)))
        before, after = row[rows], row[rows.start + 1 : rows.stop + 1]
        worst[rows] = (before != after) | (status[after] != 0)
    return Columns(at_ns[1:], at_ns[:-1], worst)


class TokenCounts(NamedTuple):
    """Tokens of all completed samples, and how many of these have exactly one, and so no TPOT."""

    total: int
    of_one: int


def token_counts(n_tokens: NDArray[np.uint32], status: NDArray[np.uint8]) -> TokenCounts:
    """Count the tokens of all completed samples.

    Parameters
    ----------
    n_tokens : uint32 array, shape (n,)
        Tokens of each answer.
    status : uint8 array, shape (n,)
        0 where the sample was completed.
    """
    total = of_one = 0
    for first in range(0, len(status), CHUNK_ROWS):
        rows = slice(first, first + CHUNK_ROWS)
        done = status[rows] == 0
        total += int(n_tokens[rows].sum(where=done, dtype=np.int64))
        of_one += int(np.count_nonzero((n_tokens[rows] == 1) & done))
    return TokenCounts(total, of_one)


def tokens_per_second(n_tokens: int, duration_ns: int) -> float:
    """Return tokens a second.

    Parameters
    ----------
    n_tokens : int
        T, from `token_counts`.
    duration_ns : int, ns
        Offline: the largest latency (result_tokens_per_second). Server: when the last issued query
        was done (result_completed_tokens_per_second). SingleStream with overhead: when the last
        query was issued (result_token_throughput_with_loadgen_overhead).
    """
    return rate(n_tokens, duration_ns)


def tokens_per_second_without_overhead(
    n_tokens: int, mean_latency_ns: int, n_completed: int
) -> float:
    """Return SingleStream's ``T / (mean latency * n)``.

    Parameters
    ----------
    n_tokens : int
        T, from `token_counts`.
    mean_latency_ns : int, ns
        Truncated, as `Distribution.mean` is.
    n_completed : int
        Completed samples.
    """
    return n_tokens / (max(mean_latency_ns, 1) / 1e9 * max(n_completed, 1))
