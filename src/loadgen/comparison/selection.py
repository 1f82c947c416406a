# SPDX-License-Identifier: Apache-2.0
"""Which figures of two runs are compared, and why others are not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from loadgen.comparison.quantity import PercentileOf, Quantity
from loadgen.comparison.rate import RateOf
from loadgen.config.scenarios import Offline
from loadgen.result import Result

__all__ = ["METRICS", "quantities"]

METRICS: Final = ("latency", "service_time", "ttft", "tpot", "rate")


def quantities(
    a: Result,
    b: Result,
    metrics: Iterable[str] | None,
    percentiles: Iterable[float],
    confidence: float,
    *,
    headline: bool,
) -> tuple[list[Quantity], dict[str, str]]:
    """Return what can be compared; and what cannot, by its name, and why.

    Parameters
    ----------
    a, b : Result
    metrics : iterable of str, optional
        Of `METRICS`. None: those that both runs have, without those that nobody asks for.
    percentiles : iterable of float in [0, 100]
    confidence : float in (0, 1)
        At which there are to be bounds.
    headline : bool
        Add the percentile that the scenario reports.
    """
    shown = {float(each) for each in percentiles}
    if headline and (target := getattr(a.scenario, "target_percentile", None)) is not None:
        shown.add(target)
    kept: list[Quantity] = []
    left_out: dict[str, str] = {}
    for metric in _usual(a, b) if metrics is None else dict.fromkeys(metrics):
        found = list(_of_metric(metric, a, b, sorted(shown)))
        if not found:
            left_out[metric] = "not both runs have it"
        for quantity in found:
            if why := quantity.lacking(confidence):
                left_out[quantity.name] = why
            else:
                kept.append(quantity)
    return kept, left_out


def _of_metric(metric: str, a: Result, b: Result, shown: Iterable[float]) -> Iterator[Quantity]:
    if metric == "rate":
        yield RateOf(a, b)
    elif (of_a := getattr(a, metric)) and (of_b := getattr(b, metric)):
        yield from (PercentileOf(metric, each, of_a, of_b) for each in shown)


def _usual(a: Result, b: Result) -> Iterator[str]:
    """Yield the metrics that both runs have. Offline's times count from one instant: no latency."""
    times = ("tpot",) if isinstance(a.scenario, Offline) else ("latency", "ttft", "tpot")
    yield from (name for name in times if getattr(a, name) and getattr(b, name))
    if all(run.metric is not None and run.metric.unit == RateOf.unit for run in (a, b)):
        yield "rate"
