# SPDX-License-Identifier: Apache-2.0
"""Goodput: how many samples a second were answered within all limits at once.

A percentile says of each limit by itself how many samples are within it; this says it of them
together, and failed samples and those that were never answered are not good.

Not here: which limits a scenario judges (``verdict``).

References
----------
Y. Zhong et al., DistServe: Disaggregating Prefill and Decoding for Goodput-optimized Large Language
Model Serving, OSDI 2024. There it is the highest rate at which a target share is good; here, as in
vLLM's ``--goodput``, the rate of good samples in one run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from loadgen.metrics.columns import CHUNK_ROWS
from loadgen.metrics.tokens import tpot_columns

__all__ = ["Goodput", "Limits", "count_good"]


@dataclass(frozen=True)
class Goodput:
    """How much of a run was within all limits.

    Parameters
    ----------
    n_good : int
        Completed samples within all limits at once.
    share : float in [0, 1]
        Of all samples that were issued.
    rate : float, samples/s
        Of the good ones: that of the completed samples times their share of these.
    limits : mapping of str to float, ms
        By the scenario's knobs.
    """

    n_good: int
    share: float
    rate: float
    limits: Mapping[str, float]

    @classmethod
    def of(
        cls,
        n_good: int,
        n_completed: int,
        n_issued: int,
        completed_per_s: float,
        limits_ms: Mapping[str, float],
    ) -> Self:
        """Return the goodput of so many good samples.

        Parameters
        ----------
        n_good, n_completed, n_issued : int
        completed_per_s : float, samples/s
            The scenario's rate of completed samples, so that the two can be compared.
        limits_ms : mapping of str to float, ms

        Examples
        --------
        >>> Goodput.of(450, 480, 500, 240.0, {"target_ttft_ms": 200.0})
        Goodput(n_good=450, share=0.9, rate=225.0, limits={'target_ttft_ms': 200.0})
        """
        rate = completed_per_s * n_good / n_completed if n_completed else 0.0
        return cls(n_good, n_good / n_issued if n_issued else 0.0, rate, limits_ms)


class Limits(NamedTuple):
    """Limits of a sample's times; None where there is none.

    Parameters
    ----------
    latency_ns : int or None, ns
        Of completed - scheduled.
    ttft_ns, tpot_ns : int or None, ns
        Of the time to the first token and of that per further one.
    """

    latency_ns: int | None = None
    ttft_ns: int | None = None
    tpot_ns: int | None = None


def count_good(
    scheduled: NDArray[np.int64],
    completed: NDArray[np.int64],
    status: NDArray[np.uint8],
    first_token: NDArray[np.int64] | None = None,
    n_tokens: NDArray[np.uint32] | None = None,
    *,
    limits: Limits,
    never: int = 0,
) -> int:
    """Return how many samples were completed within all limits; a value that equals one is.

    A sample with one token has no TPOT, so none that is above the limit. Where there is a limit on
    tokens, a sample without a first token or with a count of 0 is not good: it shows no time.

    Parameters
    ----------
    scheduled, completed : int64 array, shape (n,), ns
        Due times and completions.
    status : uint8 array, shape (n,)
        0 where the sample was completed.
    first_token : int64 array, shape (n,), ns, or None
        First tokens, not above `never` where none came; None: none is recorded.
    n_tokens : uint32 array, shape (n,), or None
        Tokens of each answer.
    limits : Limits
    never : {0, -1}
        As in `ttft_columns`.

    Examples
    --------
    >>> due, done, ok = np.array([0, 0, 0]), np.array([5, 10, 11]), np.zeros(3, np.uint8)
    >>> count_good(due, done, ok, limits=Limits(latency_ns=10))
    2
    """
    limits_tokens = limits.ttft_ns is not None or limits.tpot_ns is not None
    if limits_tokens and (first_token is None or n_tokens is None):
        return 0
    found = 0
    for first in range(0, len(status), CHUNK_ROWS):
        rows = slice(first, first + CHUNK_ROWS)
        good = status[rows] == 0
        if limits.latency_ns is not None:
            good &= completed[rows] - scheduled[rows] <= limits.latency_ns
        if first_token is not None and n_tokens is not None and limits_tokens:
            good &= (first_token[rows] > never) & (n_tokens[rows] > 0)
            if limits.ttft_ns is not None:
                good &= first_token[rows] - scheduled[rows] <= limits.ttft_ns
            if limits.tpot_ns is not None:
                tpot, _, none = tpot_columns(
                    first_token[rows], completed[rows], n_tokens[rows], status[rows], never=never
                )
                good &= (none != 0) | (tpot <= limits.tpot_ns)
        found += int(np.count_nonzero(good))
    return found
