# SPDX-License-Identifier: Apache-2.0
"""Whether queries were really issued as the arrival process says, judged by the gaps between them.

`check_renewal` is for random gaps: Poisson, gamma, and a Poisson process whose rate changes. Four
questions are asked, whose false alarms together stay below `FALSE_ALARMS` and `EXACT`:

- *gaps*: is their distribution the planned one (Kolmogorov-Smirnov, all parameters known)?
- *lag_1*: does a gap depend on the one before it (correlation of F(gap), of variance 1/n)?
- *dispersion_m*: how irregular are m gaps together, beside the planned irregularity, which is 1:
  the index of dispersion for intervals (Cox and Lewis), m = 10, 100, ...
- *total*: did all gaps together take as long as they should; *total_exact*: or so exactly that
  they were rescaled, which random gaps show once in a thousand runs.

`check_planned` is for instants that are known beforehand, as those of a constant rate or a replay.

A limit is chance's quantile and a margin: deviations below 1 % change no figure that one sees, and
an issue that is late by up to `tolerance_ns` is not judged. Not here: where a process comes from
(the scenario), and how late the issue was (health). SciPy is imported for gamma gaps only.

References
----------
D. R. Cox and P. A. W. Lewis, The Statistical Analysis of Series of Events, 1966, chapters 4 and 6.
M. A. Stephens, EDF statistics for goodness of fit and some comparisons, JASA 69, 1974.
E. B. Wilson and M. M. Hilferty, The distribution of chi-square, PNAS 17, 1931.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from loadgen.errors import SettingsError
from loadgen.metrics.gaps import Check, dispersion, distribution, lag, total
from loadgen.values import count_in_words, integer, ns_in_words, number, problem_of

__all__ = ["TOLERANCE_NS", "ArrivalsTest", "Check", "check_planned", "check_renewal"]

TOLERANCE_NS: Final = 20_000
"""What an issue may be late by, unnoticed: a call, a wake-up, a lock."""

FALSE_ALARMS: Final = 0.003
"""Of all questions but the exactness together, divided evenly (Bonferroni)."""

MIN_GAPS: Final = 50
"""Fewer show nothing; where they are burstier than exponential ones, more are needed."""
MIN_BLOCKS: Final = 30
"""So many of m gaps each are needed to say something of them."""
MIN_SPREAD: Final = 10
"""A block should be as even as the sum of ten exponential gaps: nearly normal."""

LATE_GAPS: Final = 0.025
"""Of known gaps: 1 % of late queries spoil twice as many."""
PLANNED_DISPERSION: Final = 0.1
"""A tenth of the irregularity of Poisson arrivals, where there should be none."""
PLANNED_TOTAL: Final = 1e-4
"""Two clocks differ by less."""

_BLOCK: Final = 1 << 16
_BLOCKS: Final = 16
"""Gaps are looked at one by one in at most so many blocks of 65,536 (gamma: 16,384), spread over
the run; dispersion and total are of all."""

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ArrivalsTest:
    """What the gaps between queries say of the process that they should follow.

    Parameters
    ----------
    verdict : {"as planned", "not as planned", "cannot tell"}
    process : str
        The planned process.
    n_gaps : int
        Gaps of the run.
    tolerance_ns : int, ns
        A query that is late by less was not counted as late.
    checks : tuple of Check
        "gaps", "lag_1", "dispersion_10", ..., "total", "total_exact"; without those that so few
        gaps, or ones so short beside the tolerance, say nothing of.
    cause : str
        Why it is not as planned, in words, from who knows.
    """

    verdict: Literal["as planned", "not as planned", "cannot tell"]
    process: str
    n_gaps: int
    tolerance_ns: int
    checks: tuple[Check, ...] = ()
    cause: str = ""

    @property
    def failed(self) -> tuple[Check, ...]:
        """The questions whose answer is not as planned."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def words(self) -> str:
        """The verdict in a sentence or two."""
        if self.verdict == "cannot tell":
            return f"arrivals: cannot tell from {count_in_words(self.n_gaps, 'gap')}; run longer"
        if self.verdict == "as planned":
            tolerance = ns_in_words(self.tolerance_ns)
            return (
                f"arrivals as planned ({self.process}, {self.n_gaps:,} gaps; late by less than"
                f" {tolerance} does not count)"
            )
        why = "; ".join(check.words for check in self.failed)
        advice = "The figures are those of other traffic: repair what issues the queries"
        return f"arrivals not as planned ({self.process}): {why}. {self.cause or advice}"


def check_renewal(
    instants_ns: Int64Array,
    rate_qps: float,
    *,
    shape: float = 1.0,
    expected: Callable[[FloatArray], FloatArray] | None = None,
    start_ns: int | None = None,
    tolerance_ns: int = TOLERANCE_NS,
    process: str = "poisson",
) -> ArrivalsTest:
    """Test instants against independent gaps of a known distribution.

    Parameters
    ----------
    instants_ns : int64 array, shape (n,), ns
        When queries were issued, by any clock; sorted here where they are not.
    rate_qps : float, queries/s
        Planned mean rate.
    shape : float
        Of gamma gaps; 1: exponential ones.
    expected : callable, optional
        From seconds since the start to how many arrivals are expected by then, for a rate that
        changes; its inverse makes a process of rate 1 (time change). None: ``rate_qps`` times them.
    start_ns : int or None, ns
        When the process began, where the time to the first query is a gap, too. None: at the first.
    tolerance_ns : int, ns
        What a query may be late by.
    process : str
        Its name, for the words.

    Raises
    ------
    SettingsError
        Rate, shape or tolerance cannot be used.

    Examples
    --------
    >>> even = np.arange(0, 10**11, 10**7)
    >>> [check.name for check in check_renewal(even, 100).failed]
    ['gaps', 'dispersion_10', 'dispersion_100', 'total_exact']
    """
    _refuse(rate_qps=rate_qps, shape=shape, tolerance_ns=tolerance_ns)
    at = _ascending(instants_ns)
    if start_ns is not None:
        at = np.concatenate([np.array([start_ns], np.int64), at])
    n = len(at) - 1
    if n * min(shape, 1.0) < MIN_GAPS:
        return ArrivalsTest("cannot tell", process, max(n, 0), tolerance_ns)

    def arrivals(instants: Int64Array, add_ns: int = 0) -> FloatArray:
        seconds = (instants - at[0] + add_ns) / 1e9
        return seconds * rate_qps if expected is None else expected(np.maximum(seconds, 0.0))

    block = _BLOCK if shape == 1 else _BLOCK // 4  # the gamma distribution takes its time
    gaps, low, high = _gaps(at, arrivals, tolerance_ns, block)
    late = float(np.mean((high - gaps) ** 2))  # of the tolerance, in squared mean gaps
    scales = [
        m
        for m in (10**power for power in range(1, 12))
        if m * shape >= MIN_SPREAD and n // m >= MIN_BLOCKS and shape * late / m < 1 / 2
    ]
    error = FALSE_ALARMS / (3 + len(scales))
    checks = [distribution(low, high, shape, error), lag(gaps, shape, late, error)]
    checks += [dispersion(arrivals(at[::m][: n // m + 1]), m, shape, late, error) for m in scales]
    whole = float(np.diff(arrivals(at[[0, -1]]))[0])
    checks += total(whole, n, shape, late, error)
    return _verdict(process, n, tolerance_ns, checks)


def check_planned(
    instants_ns: Int64Array,
    planned_ns: Int64Array,
    *,
    tolerance_ns: int = TOLERANCE_NS,
    process: str = "replay",
) -> ArrivalsTest:
    """Test instants against those that were planned, one by one.

    Parameters
    ----------
    instants_ns : int64 array, shape (n,), ns
        When queries were issued; sorted here where they are not.
    planned_ns : int64 array, ns
        When they were due, ascending, by a clock that may have started elsewhere. The first n.
    tolerance_ns : int, ns
        By how much a gap may differ.
    process : str
        Its name, for the words.

    Notes
    -----
    *gaps* is the share of those that differ by more than the tolerance; *dispersion_m* the mean
    square of what m gaps together differ by, over m squared mean gaps: 0 as planned, 1 as irregular
    as Poisson; *total* compares the least late of the first and of the last hundred queries.

    Raises
    ------
    SettingsError
        The tolerance cannot be used.
    """
    _refuse(tolerance_ns=tolerance_ns)
    n = min(len(instants_ns), len(planned_ns)) - 1
    if n < MIN_GAPS:
        return ArrivalsTest("cannot tell", process, max(n, 0), tolerance_ns)
    at, due = _ascending(instants_ns)[: n + 1], planned_ns[: n + 1]
    off = 0
    for first in range(0, n, _BLOCK):
        rows = slice(first, first + _BLOCK + 1)
        off += int(np.count_nonzero(np.abs(np.diff(at[rows] - due[rows])) > tolerance_ns))
    checks = [Check("gaps", off / n, None, LATE_GAPS)]
    span = int(due[-1] - due[0])
    if span > 0:
        late = (tolerance_ns * n / span) ** 2
        for m in (10**power for power in range(1, 12)):
            if n // m >= MIN_BLOCKS and late / m < 1 / 2:
                moved = np.diff(at[::m] - due[::m]) / (span / n)
                most = PLANNED_DISPERSION + late / m
                checks.append(Check(f"dispersion_{m}", float(np.mean(moved**2)) / m, None, most))
        few = min(100, n // 10)
        moved_ns = int((at[-few:] - due[-few:]).min() - (at[:few] - due[:few]).min())
        most = PLANNED_TOTAL + tolerance_ns / span
        checks.append(Check("total", 1 + moved_ns / span, 1 - most, 1 + most))
    return _verdict(process, n, tolerance_ns, checks)


def _refuse(**fields: float) -> None:
    rules = {"tolerance_ns": integer(0), "shape": number(above=0), "rate_qps": number(above=0)}
    problems = [problem_of(name, value, rules[name]) for name, value in fields.items()]
    if any(problems):
        raise SettingsError(problem for problem in problems if problem)


def _ascending(instants_ns: Int64Array) -> Int64Array:
    """Return instants in ascending order; themselves where they are."""
    for first in range(0, len(instants_ns), _BLOCK):
        part = instants_ns[first : first + _BLOCK + 1]
        if (part[1:] < part[:-1]).any():
            return np.sort(instants_ns)
    return instants_ns


def _gaps(
    at: Int64Array, arrivals: Callable[..., FloatArray], tolerance_ns: int, block: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return gaps in units of the planned mean, and the least and most that they may have been."""
    n = len(at) - 1
    if n <= block * _BLOCKS:
        firsts, size = [0], n
    else:
        firsts, size = [(n - block) * part // (_BLOCKS - 1) for part in range(_BLOCKS)], block
    parts = []
    for first in firsts:
        start, end = at[first : first + size], at[first + 1 : first + size + 1]
        before = arrivals(start)
        parts.append([arrivals(end, add) - before for add in (0, -tolerance_ns, tolerance_ns)])
    gaps, low, high = (np.concatenate(part) for part in zip(*parts, strict=True))
    return gaps, np.maximum(low, 0.0), high


def _verdict(process: str, n: int, tolerance_ns: int, checks: list[Check]) -> ArrivalsTest:
    found = ArrivalsTest("as planned", process, n, tolerance_ns, tuple(checks))
    return replace(found, verdict="not as planned") if found.failed else found
