# SPDX-License-Identifier: Apache-2.0
"""The part of a summary that says how sure its figures are.

Not for the statistics: those are `metrics`' and `result.statistics`'.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from loadgen.report import units
from loadgen.result.figures import CONFIDENCE, are_estimates
from loadgen.result.observation import reported_percentile

if TYPE_CHECKING:
    from loadgen.metrics.latency import Distribution
    from loadgen.result import Result

__all__ = ["certainty"]

_TAIL = 99.9
_TOO_FEW = ("too few", "too short")
_ALIKE = 0.95  # of the count: below it neighbours are said to depend on each other


def certainty(result: Result) -> Iterator[tuple[str, str]]:
    """Yield labels and words: intervals, then checks; nothing without answers.

    Parameters
    ----------
    result : Result
    """
    if not are_estimates(result):
        return
    for percentile in dict.fromkeys((reported_percentile(result.scenario), _TAIL)):
        yield f"p{percentile:g}", _interval(result.latency, percentile)
    checks = {
        "the arrivals": result.arrivals,
        "a steady state": result.steady_state,
        "what was in flight": result.littles_law,
        "queueing": result.queueing,
    }
    lines = [each.words for each in checks.values() if each and each.verdict not in _TOO_FEW]
    few = [name for name, each in checks.items() if each and each.verdict in _TOO_FEW]
    if few:
        lines.append(f"too few queries to tell of {' or '.join(few)}; run longer")
    yield from zip(("checks", *[""] * len(lines)), lines, strict=False)


def _interval(latency: Distribution, percentile: float) -> str:
    low, high = latency.interval(percentile, confidence=CONFIDENCE)
    more = latency.more_for(percentile, confidence=CONFIDENCE)
    if more is None:
        return f"no {CONFIDENCE:.0%} interval: no number of samples bounds it"
    if low is None or high is None:
        return f"no {CONFIDENCE:.0%} interval: {more:,} more samples give one"
    said = f"{units.time(low)} to {units.time(high)} with a confidence of {CONFIDENCE:.0%}"
    size = latency.effective_size(percentile)
    if size >= _ALIKE * len(latency):
        return said
    return f"{said}; {len(latency):,} samples are worth {size:,.0f} independent ones"
