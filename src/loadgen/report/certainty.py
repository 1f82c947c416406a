# SPDX-License-Identifier: Apache-2.0
"""The part of a summary that says how sure its figures are.

Not for the statistics: those are `metrics`' and `result.statistics`'.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from loadgen.config.scenarios import MultiStream
from loadgen.report import units
from loadgen.result.figures import CONFIDENCE, are_estimates
from loadgen.result.observation import reported_percentile
from loadgen.values import per_cent

if TYPE_CHECKING:
    from loadgen.result import Result

__all__ = ["certainty_lines", "interval_in_words"]

_SHOWN = (99.0, 99.9)  # besides the reported percentile
_LEVEL = per_cent(CONFIDENCE)
_ALIKE = 0.95  # of the count: below it neighbours are said to depend on each other


def certainty_lines(result: Result) -> Iterator[tuple[str, str]]:
    """Yield labels and words: intervals, then checks; nothing without answers.

    Parameters
    ----------
    result : Result
    """
    if not are_estimates(result):
        return
    for percentile in sorted({reported_percentile(result.scenario), *_SHOWN}):
        yield f"p{percentile:g}", interval_in_words(result, percentile)
    checks = (result.arrivals, result.steady_state, result.littles_law, result.queueing)
    lines = [each.words for each in checks if each]
    yield from zip(("checks", *[""] * len(lines)), lines, strict=False)


def interval_in_words(result: Result, percentile: float) -> str:
    """Return the interval of a percentile of the latency, or what it takes to have one.

    Parameters
    ----------
    result : Result
        One of which `are_estimates`.
    percentile : float in [0, 100]
    """
    latency = result.latency
    unit = "queries" if isinstance(result.scenario, MultiStream) else "samples"
    low, high = latency.interval(percentile, confidence=CONFIDENCE)
    more = latency.more_for(percentile, confidence=CONFIDENCE)
    if more is None:
        return f"no {_LEVEL} interval: no number of samples bounds it"
    if low is None or high is None:
        return f"no {_LEVEL} interval: {more:,} more {unit} give one"
    said = f"{units.time(low)} to {units.time(high)} with a confidence of {_LEVEL}"
    size = latency.effective_size(percentile)
    if size >= _ALIKE * len(latency):
        return said
    return f"{said}; {len(latency):,} {unit} are worth {size:,.0f} independent ones"
