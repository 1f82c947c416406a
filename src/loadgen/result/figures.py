# SPDX-License-Identifier: Apache-2.0
"""A result's main figures as plain values, for who reads them without `loadgen`.

Not for the figures themselves: nothing is computed here.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from loadgen.metrics import SHOWN_PERCENTILES

if TYPE_CHECKING:
    from loadgen.metrics.latency import Distribution
    from loadgen.result.result import Result

__all__ = ["durations", "main_figures"]


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
        "health": result.health.verdict,
        "latency_ns": durations(result.latency),
        "ttft_ns": durations(result.ttft),
        "tpot_ns": durations(result.tpot),
        "itl_ns": durations(result.itl),
        "goodput": None if result.goodput is None else dataclasses.asdict(result.goodput),
    }


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
