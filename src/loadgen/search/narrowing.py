# SPDX-License-Identifier: Apache-2.0
"""Which load is probed next: doubled or halved until it is bracketed, then bisection.

Pure: a function of the probes so far, so a search that was interrupted goes on where it was. It
trusts that a load above one that fails would fail. A load that could not be decided on is not come
nearer to; what lies between it and the ends of the bracket is still narrowed.

References
----------
J. L. Bentley and A. C. Yao, An Almost Optimal Algorithm for Unbounded Searching, Information
Processing Letters 5, 1976 (doubling, then bisection).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loadgen.search.probe import Probe

__all__ = ["Bracket", "Range", "bracket"]

Bracket = tuple[float | None, float | None]


def bracket(probes: Sequence[Probe]) -> Bracket:
    """Return the highest load that passed and the lowest that failed; None where there is none."""
    passed = [probe.load for probe in probes if probe.outcome == "passes"]
    failed = [probe.load for probe in probes if probe.outcome == "fails"]
    return max(passed, default=None), min(failed, default=None)


@dataclass(frozen=True, slots=True)
class Range:
    """Where a search goes.

    Parameters
    ----------
    start, low, high : float
        The load that it begins with, and those that it does not leave.
    precision : float
        It ends when the ends of the bracket differ by no more than this share of the lower one.
    whole : bool
        Loads are whole numbers.
    enough : int
        Samples that a load needs to pass at least; see `fewest_that_pass`.
    """

    start: float
    low: float
    high: float
    precision: float
    whole: bool
    enough: int

    def next_load(self, probes: Sequence[Probe]) -> float | None:
        """Return the load to probe next; None: there is nothing left to find.

        Parameters
        ----------
        probes : sequence of Probe
            So far, in any order.
        """
        if not probes:
            return self.start
        passed, failed = bracket(probes)
        loads = [probe.load for probe in probes]
        if passed is None:
            if self.too_short(probes):
                return None
            return self._beyond(min(loads), 0.5)
        if failed is None:
            return self._beyond(max(loads), 2.0)
        between = [load for load in loads if passed < load < failed]
        gaps = [(passed, failed)]
        if between:
            gaps = [(passed, min(between)), (max(between), failed)]
        return self._middle(*max(gaps, key=lambda gap: gap[1] / gap[0]))

    def too_short(self, probes: Sequence[Probe]) -> Probe | None:
        """Return the lowest probe where nothing passed and it had too few samples to pass.

        A lower rate has fewer samples in the same time, so it would not pass either. A lower
        concurrency may have more of them, where the system is better off with it.
        """
        lowest = min(probes, key=lambda probe: probe.load, default=None)
        if lowest is None or lowest.outcome != "undecided" or lowest.n >= self.enough:
            return None
        return None if self.whole and lowest.over else lowest

    def is_narrow(self, ends: Bracket) -> bool:
        """Return whether a bracket is as narrow as was asked, or no whole number is between."""
        passed, failed = ends
        return passed is not None and failed is not None and self._middle(passed, failed) is None

    def below(self, load: float) -> float | None:
        """Return the next load below one that was not confirmed; None: there is none."""
        found = load / (1.0 + self.precision)
        found = min(math.floor(found), load - 1) if self.whole else found
        return found if found >= self.low else None

    def _beyond(self, load: float, factor: float) -> float | None:
        found = min(max(load * factor, self.low), self.high)
        found = math.floor(found) if self.whole else found
        return None if found == load else found

    def _middle(self, low: float, high: float) -> float | None:
        if high <= low * (1.0 + self.precision):
            return None
        middle = math.sqrt(low * high)
        if self.whole:
            middle = min(max(round(middle), low + 1), high - 1)
        return middle if low < middle < high else None
