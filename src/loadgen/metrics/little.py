# SPDX-License-Identifier: Apache-2.0
"""Little's law as a check of a run: what was in flight, beside rate times mean time.

Over the middle eight tenths of the time in which queries were issued, from a to b, of length T:

    in flight   L = integral of N(t) from a to b, / T        N(t): issued and not ended
    rate        X = ended from a to b, / T
    time        W = mean of ended - issued, of those

L and X W differ only by what is in flight at the ends, (ages at b - ages at a) / T: little, unless
the queue grows, or instants are wrong. Where a fixed number C is to be in flight (closed loop),

    C = X (W + Z)

has the turnaround Z: how long a place stands empty from an end to the next issue.

Not here: which rows a run has, and what C is (the result).

References
----------
J. D. C. Little, Little's law as viewed on its 50th anniversary, Operations Research 59, 2011.
P. J. Denning and J. P. Buzen, The operational analysis of queueing network models, 1978.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from loadgen.metrics.columns import CHUNK_ROWS
from loadgen.values import NOTICEABLE, count_in_words, ns_in_words, per_cent

__all__ = ["LittlesLaw", "littles_law"]

MIN_ENDED: Final = 100
APART: Final = 0.05
"""What L and X W may differ by, as a share; instants are exact, so it is far more than rounding."""
GROWS: Final = 1.5
"""The last quarter's L over the first one's, with the quarters between ascending as well."""
_QUARTERS: Final = 4

Int64Array = NDArray[np.int64]
Verdict = Literal["holds", "queue grows", "places empty", "wrong instants", "cannot tell"]


@dataclass(frozen=True)
class LittlesLaw:
    """What was in flight in the middle of a run, and what it should have been.

    Parameters
    ----------
    verdict : {"holds", "queue grows", "places empty", "wrong instants", "cannot tell"}
    in_flight : float
        Mean number, counted from the instants (L).
    rate_qps : float, queries/s
        At which they ended (X).
    time_s : float, s
        From issued to ended, mean (W).
    concurrency : int or None
        How many should be in flight all the time; None in an open loop.
    n_backwards : int
        Rows that ended before they were issued.
    quarters : tuple of float
        L in each quarter of the window.
    n_ended : int
        Rows that ended in the window.
    """

    verdict: Verdict
    in_flight: float
    rate_qps: float
    time_s: float
    concurrency: int | None
    n_backwards: int
    quarters: tuple[float, ...]
    n_ended: int

    @property
    def expected(self) -> float:
        """Rate times mean time (X W)."""
        return self.rate_qps * self.time_s

    @property
    def turnaround_s(self) -> float | None:
        """How long a place stood empty between two queries (Z), s; None in an open loop."""
        if self.concurrency is None or self.rate_qps == 0:
            return None
        return self.concurrency / self.rate_qps * (self.empty_share or 0.0)

    @property
    def empty_share(self) -> float | None:
        """Share of the places that stood empty; None in an open loop."""
        if self.concurrency is None:
            return None
        return max(1 - self.in_flight / self.concurrency, 0.0)

    @property
    def words(self) -> str:
        """The verdict in a sentence or two."""
        law = f"{self.in_flight:.4g} in flight, {self.expected:.4g} by rate times time"
        if self.verdict == "cannot tell":
            return (
                f"Little's law: cannot tell from {count_in_words(self.n_ended, 'query', 'queries')}"
                " that ended while others were issued; run longer"
            )
        if self.verdict == "wrong instants":
            ended = f"{count_in_words(self.n_backwards, 'query', 'queries')} ended before issue; "
            return (
                f"Little's law does not hold ({law}): {ended if self.n_backwards else ''}"
                "instants are wrong, so do not use the figures"
            )
        if self.verdict == "queue grows":
            first, *_, last = self.quarters
            return (
                f"Little's law: the queue grows ({first:.4g} in flight at first, {last:.4g} at the"
                " end). The system does not keep up: lower the rate"
            )
        if not self.turnaround_s or not self.empty_share:
            return f"Little's law holds ({law})"
        places = "time the one place" if self.concurrency == 1 else f"{self.concurrency:,} places"
        empty = (
            f"{per_cent(self.empty_share, 1)} of the {places} stood empty,"
            f" {ns_in_words(self.turnaround_s * 1e9)} from an answer to the next query"
        )
        if self.verdict == "places empty":
            return f"{empty}: the generator limits the rate; give it a processor, or use workers"
        return f"Little's law holds ({law}); {empty}"


def littles_law(
    issued_ns: Int64Array,
    ended_ns: Int64Array,
    ended: NDArray[np.bool_] | None = None,
    *,
    concurrency: int | None = None,
) -> LittlesLaw:
    """Compare what was in flight with rate times mean time.

    Parameters
    ----------
    issued_ns, ended_ns : int64 array, shape (n,), ns
        When each query was issued, and answered or given up.
    ended : bool array, shape (n,), or None
        False where it never was; None: all were.
    concurrency : int or None
        How many are to be in flight all the time.

    Examples
    --------
    >>> issued = np.arange(0, 10**10, 10**7)
    >>> law = littles_law(issued, issued + 25 * 10**6)
    >>> law.verdict, round(law.in_flight, 2), round(law.rate_qps), round(law.time_s, 3)
    ('holds', 2.5, 100, 0.025)
    """
    if not len(issued_ns):
        return LittlesLaw("cannot tell", 0.0, 0.0, 0.0, concurrency, 0, (), 0)
    first, last = int(issued_ns.min()), int(issued_ns.max())
    edges = [first + (last - first) * (1 + 2 * part) // 10 for part in range(_QUARTERS + 1)]
    n, time_ns, backwards, areas = 0, 0, 0, [0] * _QUARTERS
    for begin in range(0, len(issued_ns), CHUNK_ROWS):
        rows = slice(begin, begin + CHUNK_ROWS)
        issue, end = issued_ns[rows], ended_ns[rows]
        if ended is not None:
            end = np.where(ended[rows], end, last + 1)  # after the window
        within = (end > edges[0]) & (end <= edges[-1])
        n += int(np.count_nonzero(within))
        time_ns += int((end - issue)[within].sum())
        backwards += int(np.count_nonzero(end < issue))
        left = [int((np.maximum(end, edge) - np.maximum(issue, edge)).sum()) for edge in edges]
        areas = [
            area + now - later for area, (now, later) in zip(areas, pairwise(left), strict=True)
        ]
    length_s = max(edges[-1] - edges[0], 1) / 1e9
    quarters = tuple(area / 1e9 / (length_s / _QUARTERS) for area in areas)
    in_flight, time_s = sum(areas) / 1e9 / length_s, time_ns / max(n, 1) / 1e9
    law = (in_flight, n / length_s, time_s, concurrency, backwards, quarters, n)
    return LittlesLaw(_verdict(LittlesLaw("holds", *law)), *law)


def _verdict(law: LittlesLaw) -> Verdict:
    too_many = law.concurrency is not None and law.in_flight > law.concurrency * (1 + 1e-6)
    if law.n_backwards or (too_many and law.n_ended >= MIN_ENDED):
        return "wrong instants"
    if law.n_ended < MIN_ENDED:
        return "cannot tell"
    ascending = all(np.diff(law.quarters) > 0) and law.quarters[-1] > GROWS * law.quarters[0]
    if ascending and law.in_flight - law.expected > APART * law.in_flight:
        return "queue grows"
    return "places empty" if (law.empty_share or 0.0) > NOTICEABLE else "holds"
