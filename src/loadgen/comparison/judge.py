# SPDX-License-Identifier: Apache-2.0
"""From bounds of a figure in two runs to the interval of their ratio, and what it shows.

With figures a and b, bounds (l_a, u_a) and (l_b, u_b), and r the correlation of their errors, the
interval of b - a has the ends

    L = b - a - sqrt((b - l_b)^2 + (u_a - a)^2 - 2 r (b - l_b) (u_a - a))
    U = b - a + sqrt((u_b - b)^2 + (a - l_a)^2 - 2 r (u_b - b) (a - l_a))

(MOVER, the method of variance estimates recovery.) It needs no variance of a percentile, for which
one would have to know the density there, and keeps the asymmetry of a tail. The interval of b / a
is that of ln b - ln a. r is 0 unless both runs had the same traffic.

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

from loadgen.comparison.outcome import Difference, Ends, Verdict
from loadgen.comparison.quantity import Bounds, Quantity

__all__ = ["judge", "mover"]


def mover(a: Bounds, b: Bounds, level: int, r: float, scale: Callable[[float], float]) -> Ends:
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
    middle = of_b - of_a
    return (
        middle - _together(max(of_b - low_b, 0.0), max(high_a - of_a, 0.0), r),
        middle + _together(max(high_b - of_b, 0.0), max(of_a - low_a, 0.0), r),
    )


def _together(x: float, y: float, r: float) -> float:
    if math.isinf(x) or math.isinf(y):
        return math.inf
    return math.sqrt(max(x * x + y * y - 2.0 * r * x * y, 0.0))


def _log(value: float) -> float:
    return math.log(value) if value > 0.0 else -math.inf


def judge(
    quantities: Sequence[Quantity], error: float, margin: float, *, paired: bool
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
    """
    confidences = [1.0 - error / j for j in range(1, len(quantities) + 1)]
    intervals, figures = [], []
    for quantity in quantities:
        a, b = quantity.bounds(confidences)
        r = quantity.correlation() if paired else 0.0
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
            interval=interval,
            ratio=math.exp(_log(b.value) - _log(a.value)),
            ratio_interval=_exp(levels[0]),
            correlation=r if paired else None,
            verdict=_verdict(levels[0], margin, is_clear, quantity.less_is_better),
            clear_alone=_excludes_zero(levels[0]),
        )
        for quantity, (a, b, r, interval), levels, is_clear in zip(
            quantities, figures, intervals, clear, strict=True
        )
    )


def _excludes_zero(ends: Ends) -> bool:
    return ends[0] > 0.0 or ends[1] < 0.0


def _exp(ends: Ends) -> Ends:
    return math.exp(ends[0]), math.exp(ends[1])


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


def _verdict(ends: Ends, margin: float, is_clear: bool, less_is_better: bool) -> Verdict:
    slack = math.log1p(margin)
    if -slack <= ends[0] and ends[1] <= slack:
        return "same"
    if not is_clear:
        return "cannot tell"
    return "faster" if (ends[1] < 0.0) == less_is_better else "slower"
