# SPDX-License-Identifier: Apache-2.0
"""What a simulated system knows of a run: when each sample reached it, and when it answered.

Its own stamps, taken from the run's clock, so that whatever a result says can be compared with
them. Not for figures: percentiles are `loadgen.metrics`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Truth", "TruthLog"]

Int64Array = npt.NDArray[np.int64]
Uint64Array = npt.NDArray[np.uint64]
_Stamped = tuple[Uint64Array, int]


@dataclass(frozen=True, eq=False)
class Truth:
    """The instants of a run, one entry a sample in the order of issue, warm-up included.

    Parameters
    ----------
    ids : uint64 array, shape (n,)
        Ascending.
    issued_ns : int64 array, shape (n,), ns
        When the system got the sample, on the run's clock: `time.monotonic_ns` or the virtual
        clock's `now_ns`. Under pull, when it took the sample.
    answered_ns : int64 array, shape (n,), ns
        When it first answered the sample; -1 where it never did.

    Examples
    --------
    >>> import loadgen as lg
    >>> from loadgen.testing import FixedSUT
    >>> sut = FixedSUT(latency_ns=100_000)
    >>> result = lg.run(sut, 8, lg.SingleStream(), min_duration_s=0, min_queries=20)
    >>> truth = sut.truth.last(result.n_issued)
    >>> bool((truth.service_time_ns >= 100_000).all())
    True
    >>> bool((result.samples["latency_ns"] >= truth.service_time_ns).all())
    True
    """

    ids: Uint64Array
    issued_ns: Int64Array
    answered_ns: Int64Array

    def __len__(self) -> int:
        """Return how many samples reached the system."""
        return len(self.ids)

    @property
    def service_time_ns(self) -> Int64Array:
        """Answered - issued; -1 where no answer was given."""
        answered = self.answered_ns
        return np.where(answered < 0, np.int64(-1), answered - self.issued_ns)

    @property
    def n_unanswered(self) -> int:
        """How many samples the system did not answer."""
        return int(np.count_nonzero(self.answered_ns < 0))

    def last(self, n: int) -> Truth:
        """Return the last `n` entries: those of a result's rows, since warm-up comes first."""
        rows = slice(len(self) - n, None)
        return Truth(self.ids[rows], self.issued_ns[rows], self.answered_ns[rows])


class TruthLog:
    """Takes stamps while a run goes on. One list append each; arrays are made afterwards.

    Thread safety: everything, from any thread.
    """

    def __init__(self) -> None:
        self._issued: list[_Stamped] = []
        self._answered: list[_Stamped] = []

    def issued(self, ids: Uint64Array, time_ns: int) -> None:
        """Note that samples came."""
        self._issued.append((ids, time_ns))

    def answered(self, ids: Uint64Array, time_ns: int) -> None:
        """Note that samples were answered; the first time counts."""
        self._answered.append((ids, time_ns))

    def truth(self) -> Truth:
        """Return what was noted until now."""
        ids, issued_ns = _columns(self._issued)
        order = np.argsort(ids, kind="stable")
        ids, issued_ns = ids[order], issued_ns[order]
        answered_ns = np.full(len(ids), -1, np.int64)
        answers, instants = _columns(self._answered)
        by_time = np.argsort(instants, kind="stable")
        # unique() gives each id's first occurrence, which in this order is its first answer.
        known, first = np.unique(answers[by_time], return_index=True)
        answered_ns[np.searchsorted(ids, known)] = instants[by_time][first]
        return Truth(ids, issued_ns, answered_ns)


def _columns(entries: list[_Stamped]) -> tuple[Uint64Array, Int64Array]:
    entries = entries[:]  # other threads may append
    sizes = [len(ids) for ids, _ in entries]
    ids = np.concatenate([np.empty(0, np.uint64), *(ids for ids, _ in entries)])
    stamps = np.array([time_ns for _, time_ns in entries], np.int64)
    return ids, np.repeat(stamps, np.array(sizes, np.int64))
