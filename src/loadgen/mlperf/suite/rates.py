# SPDX-License-Identifier: Apache-2.0
"""Rates that nobody has given: how much a system takes offline, and how much as a server.

Not for keeping them (``state.py``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from loadgen.config.scenarios import Server
from loadgen.config.settings import settings_from
from loadgen.errors import LoadGenError
from loadgen.metrics.latency import percentile_fraction
from loadgen.mlperf.rules.settings import settings_for
from loadgen.mlperf.rules.tables import ScenarioName
from loadgen.mlperf.suite.asking import Asked
from loadgen.mlperf.suite.measuring import Bench
from loadgen.mlperf.suite.state import SEARCH
from loadgen.search import find_peak
from loadgen.search.probe import enough_queries

__all__ = ["offline_rate", "server_rate"]

_PROBE_S: Final = 2.0
_SMOKE_PROBE_S: Final = 0.5
_MOST_PROBES: Final = 6
_FASTER: Final = 2.0
"""A probe that was so many times faster than it was taken for was too short to be believed."""

_ROOM: Final = 1.2
"""A run that expects too little is over too early; what runs reach differs by that much."""
_START_SHARE: Final = 0.3
"""Of the Offline rate, where the search for the Server rate begins; and what is taken for it where
nothing is searched for: batches of a server are smaller."""
_KEPT_SHARE: Final = 0.9
"""Of the rate that was found: the run by the rules is longer than those of the search."""
_SEARCH_RUN_S: Final = 30.0
_LONGEST_PROBE_S: Final = 60.0
_SEARCH_PROBES: Final = 10
_PRECISION: Final = 0.1
_CONFIDENCE: Final = 0.95


def offline_rate(bench: Bench, asked: Asked, name: str, guess: float) -> tuple[float, str]:
    """Return what an Offline run is to expect, by short ones, and how it came.

    Parameters
    ----------
    bench : Bench
    asked : Asked
    name : str
        The benchmark's.
    guess : float, samples/s
        How many it is likely to answer; one that is far too low costs a probe more.

    Raises
    ------
    LoadGenError
        Nothing was answered.
    """
    seconds = _SMOKE_PROBE_S if asked.smoke else _PROBE_S
    for _ in range(_MOST_PROBES):
        scenario, settings = settings_for(
            asked.rules, name, "Offline",
            mode="performance", expected_qps=guess, duration_s=seconds,
        )  # fmt: skip
        result = bench.run(scenario, settings_from(settings, {"min_queries": 1}))
        if result.metric is None or result.metric.value <= 0:
            raise LoadGenError(f"{name}: a short Offline run has no rate: {result.reasons}")
        before, guess = guess, float(result.metric.value)
        if guess <= _FASTER * before:
            break
    return _ROOM * guess, f"{_ROOM:g} of what a short run reached"


def server_rate(
    bench: Bench, asked: Asked, name: str, scenario: ScenarioName, *, offline: float, folder: Path
) -> tuple[float, str]:
    """Return a rate of Server or Interactive that is likely to keep the limits, and how it came.

    Parameters
    ----------
    bench, asked, name
        As for `offline_rate`.
    scenario : str
    offline : float, samples/s
        The rate that `offline_rate` returned.
    folder : Path
        The scenario's; keeps the search, so that one that was cut off goes on.

    Raises
    ------
    LoadGenError
        No rate keeps the limits.
    """
    start = _START_SHARE * offline
    server, settings = settings_for(
        asked.rules, name, scenario, mode="performance", target_qps=start,
        duration_s=min(_SEARCH_RUN_S, asked.duration_s or _SEARCH_RUN_S),
    )  # fmt: skip
    assert isinstance(server, Server)  # so is Interactive
    allowed = 1 - percentile_fraction(server.target_percentile)
    longest_s = enough_queries(allowed, (1 - _CONFIDENCE) / _SEARCH_PROBES) / start
    if asked.smoke or longest_s > _LONGEST_PROBE_S:
        return start, f"{_START_SHARE:g} of the Offline rate, not searched for"
    found = find_peak(
        bench.sut, bench.dataset, server, settings,
        precision=_PRECISION, confidence=_CONFIDENCE, max_probes=_SEARCH_PROBES,
        state=folder / f"{SEARCH}.{start:.6g}.json",  # another start is another search
        progress=bench.progress, clock=bench.clock,
    )  # fmt: skip
    if found.peak is None:
        raise LoadGenError(
            f"{name}: no {scenario} rate was found that keeps the limits: {found.reason};"
            " give one if there is one"
        )
    return _KEPT_SHARE * found.peak, f"{_KEPT_SHARE:g} of the highest that short runs kept"
