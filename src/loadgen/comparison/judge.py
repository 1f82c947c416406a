# SPDX-License-Identifier: Apache-2.0
"""From bounds of a figure in two runs to the interval of their ratio, and what it shows.

With figures a and b, bounds (l_a, u_a) and (l_b, u_b), and r the correlation of their errors, the
interval of b - a has the ends

    L = b - a - sqrt((1 - |r|) ((b - l_b)^2 + (u_a - a)^2) + |r| down^2)
    U = b - a + sqrt((1 - |r|) ((u_b - b)^2 + (a - l_a)^2) + |r| up^2)

MOVER, the method of variance estimates recovery: it needs no variance of a percentile, for which
one would have to know the density there, and keeps the asymmetry of a tail. `down` and `up` are how
far the part of the errors that both share can move the difference. With r < 0 the two errors go
against each other, and add up:

    down = (b - l_b) + (u_a - a)        up = (u_b - b) + (a - l_a)

which is Zou's formula. With r > 0 they go the same way, both low or both high:

    down = max((b - l_b) - (a - l_a), (u_a - a) - (u_b - b), 0)         up: with a and b exchanged

Where bounds are symmetric that is his formula, too. Where they are not, his takes the lower side of
one for the upper side of the other, and finds a run other than itself (this is ours). The interval
of b / a is that of ln b - ln a. r is 0 unless both runs had the same traffic.

*Different* is corrected for the number of figures by Holm's method: with errors e / m, e / (m - 1),
..., from the clearest figure to the first that is not clear enough. *Same* needs no correction: it
is said of both runs only where it holds for all figures.

References
----------
G. Y. Zou and A. Donner, Construction of confidence limits about effect measures, Statistics in
Medicine 27, 2008. G. Y. Zou, Toward using confidence intervals to compare correlations,
Psychological Methods 12, 2007 (with r). S. Holm, A simple sequentially rejective multiple test
procedure, Scandinavian Journal of Statistics 6, 1979. D. J. Schuirmann, A comparison of the two
one-sided tests procedure, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987 (*same*).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from loadgen.comparison.difference import Difference, Ends, Verdict
from loadgen.comparison.quantity import Bounds, Quantity

__all__ = ["judge", "mover"]

_Ends = tuple[float, float]
"""Of an interval that is still computed with: an open end is infinite."""


def mover(a: Bounds, b: Bounds, level: int, r: float, scale: Callable[[float], float]) -> _Ends:
    """Return the interval of scale(b) - scale(a).

    Parameters
    ----------
    a, b : Bounds
    level : int
        Which of their bounds.
    r : float in [-1, 1]
        Correlation of their errors.
    scale : callable
        An increasing function.
    """
    of_a, of_b = scale(a.value), scale(b.value)
    low_a, high_a = scale(a.lows[level]), scale(a.highs[level])
    low_b, high_b = scale(b.lows[level]), scale(b.highs[level])
    below_a, above_a = max(of_a - low_a, 0.0), max(high_a - of_a, 0.0)
    below_b, above_b = max(of_b - low_b, 0.0), max(high_b - of_b, 0.0)
    middle = of_b - of_a
    return (
        middle - _together(below_b, above_a, below_b - below_a, above_a - above_b, r),
        middle + _together(above_b, below_a, below_a - below_b, above_b - above_a, r),
    )


def _together(x: float, y: float, both_low: float, both_high: float, r: float) -> float:
    """Return how far the difference may go to one side.

    By x and y where the errors do not know of each other; where they are shared, by what both being
    low, or both being high, makes of it.
    """
    if math.isinf(x) or math.isinf(y):
        return math.inf
    shared = x + y if r < 0.0 else max(both_low, both_high, 0.0)
    return math.sqrt((1.0 - abs(r)) * (x * x + y * y) + abs(r) * shared * shared)


def _log(value: float) -> float:
    return math.log(value) if value > 0.0 else -math.inf


def judge(
    quantities: Sequence[Quantity],
    error: float,
    margin: float,
    *,
    paired: bool,
    identical: bool = False,
) -> tuple[Difference, ...]:
    """Return how each figure differs.

    Parameters
    ----------
    quantities : sequence of Quantity
    error : float in (0, 1)
        1 - confidence.
    margin : float in [0, 1)
    paired : bool
        Both runs had the same traffic.
    identical : bool
        They are one run: their errors are the same ones.
    """
    confidences = [1.0 - error / j for j in range(1, len(quantities) + 1)]
    intervals, figures = [], []
    for quantity in quantities:
        a, b = quantity.bounds(confidences)
        r = 1.0 if identical else quantity.correlation() if paired else 0.0
        intervals.append([mover(a, b, j, r, _log) for j in range(len(confidences))])
        figures.append((a, b, r, mover(a, b, 0, r, float)))
    clear = _holm([sum(_excludes_zero(each) for each in levels) for levels in intervals])
    return tuple(
        Difference(
            metric=quantity.metric,
            percentile=quantity.percentile,
            unit=quantity.unit,
            a=a.value,
            b=b.value,
            interval=_closed(interval, float),
            ratio=math.exp(_log(b.value) - _log(a.value)),
            ratio_interval=_closed(levels[0], math.exp),
            correlation=r if paired else None,
            verdict=_verdict(levels[0], margin, is_clear, quantity.less_is_better),
            clear_alone=_excludes_zero(levels[0]),
        )
        for quantity, (a, b, r, interval), levels, is_clear in zip(
            quantities, figures, intervals, clear, strict=True
        )
    )


def _excludes_zero(ends: _Ends) -> bool:
    return ends[0] > 0.0 or ends[1] < 0.0


def _closed(ends: _Ends, scale: Callable[[float], float]) -> Ends:
    """Return ends on another scale; None where one is open."""
    low, high = (scale(end) if math.isfinite(end) else None for end in ends)
    return low, high


def _holm(steps: Sequence[int]) -> list[bool]:
    """Return which figures differ, by Holm's method.

    Parameters
    ----------
    steps : sequence of int
        Of each figure, up to which j its interval of error e / j excludes no difference.
    """
    found = [False] * len(steps)
    order = sorted(range(len(steps)), key=lambda k: -steps[k])
    for left, k in zip(range(len(steps), 0, -1), order, strict=True):
        if steps[k] < left:
            break
        found[k] = True
    return found


def _verdict(ends: _Ends, margin: float, is_clear: bool, less_is_better: bool) -> Verdict:
    slack = math.log1p(margin)
    if -slack <= ends[0] and ends[1] <= slack:
        return "same"
    if not is_clear:
        return "cannot tell"
    return "faster" if (ends[1] < 0.0) == less_is_better else "slower"
