# SPDX-License-Identifier: Apache-2.0
"""Rates, by MLPerf's formulas, and the value object of a run's headline figure.

Not here: which formula a scenario uses (``verdict``), and tokens (``tokens.py``).

References
----------
MLPerf LoadGen 6.0, results.cc: each function names the key that it stands behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from loadgen.metrics.columns import CHUNK_ROWS

__all__ = [
    "Metric",
    "completed_per_second",
    "final_done_ns",
    "latest_done_ns",
    "offline_per_second",
    "qps_with_overhead",
    "qps_without_overhead",
    "scheduled_per_second",
]

_MISSING: Final = 2


@dataclass(frozen=True)
class Metric:
    """A figure with its name and unit.

    Parameters
    ----------
    name : str
        What is measured.
    value : int or float
        The figure; times are integers.
    unit : str
        "ns" or "samples/s".
    """

    name: str
    value: float
    unit: str

    def __str__(self) -> str:
        figure = f"{self.value:,}" if isinstance(self.value, int) else f"{self.value:,.6g}"
        return f"{self.name}: {figure} {self.unit}"


def rate(count: float, duration_ns: int) -> float:
    """Return ``count / (duration_ns / 1e9)``; a duration below a clock tick counts as 1 ns.

    Parameters
    ----------
    count : float
        How many.
    duration_ns : int, ns
        In how long.
    """
    return count / (max(duration_ns, 1) / 1e9)


def completed_per_second(n_completed: int, final_done_ns: int) -> float:
    """Return Server's ``(n - 1) / final_done`` (result_completed_samples_per_sec).

    Parameters
    ----------
    n_completed : int
        Completed samples.
    final_done_ns : int, ns
        When the last issued query was done, since the series' start; LoadGen does not take the
        latest completion.

    Examples
    --------
    >>> completed_per_second(1001, 2_000_000_000)
    500.0
    """
    return rate(max(n_completed - 1, 0), final_done_ns)


def scheduled_per_second(n_issued: int, final_scheduled_ns: int) -> float:
    """Return Server's ``(n - 1) / final_scheduled`` (result_scheduled_samples_per_sec).

    Parameters
    ----------
    n_issued : int
        Issued samples; for one there is no rate, and the answer is 0.
    final_scheduled_ns : int, ns
        When the last issued query was due, since the series' start.
    """
    return rate(max(n_issued - 1, 0), final_scheduled_ns)


def offline_per_second(n_completed: int, max_latency_ns: int) -> float:
    """Return Offline's ``n / max_latency`` (result_samples_per_second).

    Parameters
    ----------
    n_completed : int
        Completed samples.
    max_latency_ns : int, ns
        Largest latency of a sample.
    """
    return rate(n_completed, max_latency_ns)


def qps_with_overhead(n_issued: int, final_issued_ns: int) -> float:
    """Return SingleStream's ``(n - 1) / final_issued`` (result_qps_with_loadgen_overhead).

    Parameters
    ----------
    n_issued : int
        Issued queries.
    final_issued_ns : int, ns
        When the last query was issued, since the series' start.
    """
    return rate(max(n_issued - 1, 0), final_issued_ns)


def qps_without_overhead(mean_latency_ns: int) -> float:
    """Return SingleStream's ``1 / mean latency`` (result_qps_without_loadgen_overhead).

    Parameters
    ----------
    mean_latency_ns : int, ns
        Truncated, as `Distribution.mean` is.
    """
    return rate(1, mean_latency_ns)


def latest_done_ns(completed: NDArray[np.int64], status: NDArray[np.uint8], start_ns: int) -> int:
    """Return when the last answer came, since the series' start; 0 when none came.

    Parameters
    ----------
    completed : int64 array, shape (n,), ns
        Instants of the answers; any clock.
    status : uint8 array, shape (n,)
        2 where none came.
    start_ns : int, ns
        The series' start, on the same clock.
    """
    latest = start_ns
    for first in range(0, len(status), CHUNK_ROWS):
        rows = slice(first, first + CHUNK_ROWS)
        answered = status[rows] != _MISSING
        latest = int(np.max(completed[rows], initial=latest, where=answered))
    return latest - start_ns


def final_done_ns(completed: NDArray[np.int64], status: NDArray[np.uint8], start_ns: int) -> int:
    """Return LoadGen's ``final_done``: when the last *issued* sample was answered.

    Where it was not, it is when the last answer came, and the run is invalid anyhow.

    Parameters
    ----------
    completed, status, start_ns : int64 array, uint8 array, int
        As for `latest_done_ns`; rows in issue order.
    """
    if len(status) and status[-1] != _MISSING:
        return int(completed[-1]) - start_ns
    return latest_done_ns(completed, status, start_ns)
