# SPDX-License-Identifier: Apache-2.0
"""A result's main figures as plain values, for who reads them without `loadgen`.

Not for the figures themselves: nothing is computed here.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from loadgen.config.scenarios import Offline
from loadgen.metrics import SHOWN_PERCENTILES
from loadgen.metrics.arrivals import ArrivalsTest
from loadgen.metrics.steady_state import SteadyState

if TYPE_CHECKING:
    from loadgen.metrics.latency import Distribution
    from loadgen.result.result import Result

__all__ = [
    "CONFIDENCE",
    "are_estimates",
    "certainty",
    "durations",
    "health_figures",
    "main_figures",
]

CONFIDENCE: Final = 0.95
"""Of intervals that are shown where nobody asked for another."""


def main_figures(result: Result) -> dict[str, Any]:
    """Return what `result.json` shows of a run.

    Parameters
    ----------
    result : Result
    """
    return {
        "valid": result.valid,
        "reasons": list(result.reasons),
        "metric": None if result.metric is None else dataclasses.asdict(result.metric),
        "health": health_figures(result),
        "latency_ns": durations(result.latency),
        "ttft_ns": durations(result.ttft),
        "tpot_ns": durations(result.tpot),
        "itl_ns": durations(result.itl),
        "goodput": None if result.goodput is None else dataclasses.asdict(result.goodput),
    }


def health_figures(result: Result) -> dict[str, Any]:
    """Return the verdict on the generator, with its figures and causes.

    Parameters
    ----------
    result : Result
    """
    health = result.health
    return {
        "verdict": health.verdict,
        "figures": dict(health.figures),
        "causes": list(health.causes),
    }


def are_estimates(result: Result) -> bool:
    """Return whether percentiles of the latency are estimates, which have intervals.

    Not without answers, nor in Offline, where all samples wait from the start.

    Parameters
    ----------
    result : Result
    """
    return bool(result.latency) and not isinstance(result.scenario, Offline)


def certainty(result: Result) -> dict[str, Any]:
    """Return how sure the figures are: intervals of the latency, and what the run says of itself.

    Parameters
    ----------
    result : Result
    """
    intervals = {}
    for percentile in SHOWN_PERCENTILES if are_estimates(result) else ():
        low_ns, high_ns = result.latency.interval(percentile, confidence=CONFIDENCE)
        intervals[f"p{percentile:g}"] = {
            "low_ns": low_ns,
            "high_ns": high_ns,
            "effective_size": result.latency.effective_size(percentile),
            "more_samples": result.latency.more_for(percentile, confidence=CONFIDENCE),
        }
    checks = ("arrivals", "steady_state", "littles_law", "queueing")
    return {
        "confidence": CONFIDENCE,
        "latency": intervals,
        **{name: _check(getattr(result, name)) for name in checks},
    }


def _check(found: Any) -> dict[str, Any] | None:
    """Return a check's fields and its words; its distributions as `durations`."""
    if found is None:
        return None
    fields = {each.name: getattr(found, each.name) for each in dataclasses.fields(found)}
    if isinstance(found, SteadyState):
        fields |= {name: durations(fields[name]) for name in ("latency", "whole")}
    if isinstance(found, ArrivalsTest):
        fields["checks"] = [
            {**dataclasses.asdict(each), "passed": each.passed} for each in found.checks
        ]
    return {**fields, "words": found.words}


def durations(values: Distribution | None) -> dict[str, int] | None:
    """Return mean, extremes and percentiles; None where there are no values.

    Parameters
    ----------
    values : Distribution or None
    """
    if not values:
        return None
    found = zip(SHOWN_PERCENTILES, values.percentiles(SHOWN_PERCENTILES), strict=True)
    percentiles = {f"p{percentile:g}": ns for percentile, ns in found}
    return {"mean": values.mean, "min": values.min, "max": values.max, **percentiles}
