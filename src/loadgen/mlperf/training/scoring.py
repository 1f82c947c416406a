# SPDX-License-Identifier: Apache-2.0
"""One time of several runs: the olympic mean. Not for whether they converged too fast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

__all__ = ["LEAST_RUNS", "olympic_mean"]

LEAST_RUNS: Final = 3
"""Of these the mean is one run."""


def olympic_mean(values: Sequence[float | None]) -> float | None:
    """Return the mean without the smallest and the largest value.

    Parameters
    ----------
    values : sequence of float or None
        One a run; None: it did not converge, which is slower than any that did.

    Returns
    -------
    float or None
        None: there is none, since two runs did not converge, or there are fewer than three.

    References
    ----------
    MLPerf Training rules, "Results": one run that did not converge may be the one that is dropped.

    Examples
    --------
    >>> olympic_mean([4.0, 1.0, 2.0, 9.0]), olympic_mean([4.0, 1.0, 2.0, None])
    (3.0, 3.0)
    """
    finished = sorted(value for value in values if value is not None)
    if len(values) < LEAST_RUNS or len(values) - len(finished) > 1:
        return None
    kept = finished[1 : len(values) - 1]
    return sum(kept) / len(kept)
