# SPDX-License-Identifier: Apache-2.0
"""Results that are inferred from those of another scenario: their folders are copies of its.

References
----------
MLPerf inference rules: edge systems may infer MultiStream from SingleStream, and Offline from
either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from loadgen.mlperf.checker.claim import Claim
from loadgen.mlperf.checker.context import Context
from loadgen.mlperf.checker.layout import Place
from loadgen.mlperf.checker.runs import DETAIL, Run
from loadgen.mlperf.rules.tables import ScenarioName

__all__ = ["Inferred", "infer", "source_of"]

_LARGEST: Final = 1 << 26
_NS_PER_S: Final = 1e9
_NS_PER_MS: Final = 1e6


class Inferred(NamedTuple):
    """The score of a result that is inferred; None where its source does not say enough."""

    score: float | None
    unit: str


def _tail_of_eight(source: Run, samples: int) -> float | None:
    """Return ``8 * p99(SingleStream)`` in ms: as long as eight of the slow ones take."""
    p99 = _above_zero(source.get("result_99.00_percentile_latency_ns"))
    return None if p99 is None else samples * p99 / _NS_PER_MS


def _rate(source: Run, samples: int) -> float | None:
    """Return samples a second: ``1000 / mean ms``, or ``8000 / mean ms`` of MultiStream."""
    mean = _above_zero(source.get("result_mean_latency_ns"))
    return None if mean is None else samples * _NS_PER_S / mean


_WAYS: Final[Mapping[tuple[str, str], Callable[[Run, int], float | None]]] = {
    ("SingleStream", "MultiStream"): _tail_of_eight,
    ("SingleStream", "Offline"): _rate,
    ("MultiStream", "Offline"): _rate,
}


def _above_zero(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and value > 0 else None  # type: ignore[arg-type, operator]


def source_of(
    context: Context, place: Place, scenario: ScenarioName, done: Mapping[ScenarioName, Place]
) -> ScenarioName | None:
    """Return the scenario whose logs a result is a copy of; None for logs of its own.

    Parameters
    ----------
    context, place
    scenario : str
        The one that the folder says.
    done : mapping of str to Place
        Other results of the same system and benchmark.
    """
    path = f"{place.performance}/{DETAIL}"
    size = context.tree.files.get(path)
    for source, other in done.items():
        theirs = f"{other.performance}/{DETAIL}"
        if (source, scenario) in _WAYS and size and size == context.tree.files.get(theirs):
            copies = [context.tree.read(each, _LARGEST) for each in (path, theirs)]
            if copies[0] == copies[1]:
                return source
    return None


def infer(context: Context, claim: Claim, source: Run) -> Inferred:
    """Return the score of a result that is inferred.

    Parameters
    ----------
    context : Context
    claim : Claim
    source : Run
        The performance run that it has a copy of.
    """
    folder, scenarios = claim.place.folder, context.rules.round.scenarios
    said = f"inferred from {claim.run}"
    if claim.kind not in ("edge", "both"):
        found = f"{said}, for systems of {claim.kind}"
        context.findings.add(folder, "inferred.system", found, "a run of its own")
    if claim.benchmark.unit == "tokens":
        found = f"{said}, of a benchmark whose tokens are counted"
        context.findings.add(folder, "inferred.system", found, "a run of its own")
        return Inferred(None, "")
    count, fewest = _above_zero(source.get("result_query_count")) or 0, 1
    if claim.scenario == "MultiStream":
        fewest = scenarios["MultiStream"].min_queries
    if count < fewest:
        found = f"{count:,.0f} queries of {claim.run}"
        context.findings.add(folder, "inferred.count", found, f"at least {fewest:,}")
    # Of SingleStream's one sample a query the rate is made; all else is of MultiStream's eight.
    is_single = (claim.run, claim.scenario) == ("SingleStream", "Offline")
    samples = 1 if is_single else scenarios["MultiStream"].samples_per_query
    way = _WAYS[claim.run, claim.scenario]
    return Inferred(way(source, samples), scenarios[claim.scenario].score.unit)
