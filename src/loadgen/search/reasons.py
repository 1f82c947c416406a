# SPDX-License-Identifier: Apache-2.0
"""Why a search ended, what would take it further, and what to know before its figure is used.

Pure: words from probes. Not for which load is probed (``narrowing.py``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from loadgen.config.scenarios import Server
from loadgen.metrics.latency import percentile_fraction
from loadgen.report import units
from loadgen.search.loads import Loaded, limits_ns
from loadgen.search.narrowing import Bracket, Range, bracket
from loadgen.search.probe import Probe
from loadgen.search.watch import LEAST_LIMITS
from loadgen.values import count_in_words

if TYPE_CHECKING:
    from loadgen.config.settings import Settings
    from loadgen.result import Result

__all__ = ["reason", "warnings"]

_KNOBS: Final = {"max_queries": "max_queries", "max_duration": "max_duration_s"}
"""Of each end of a run, the setting that it comes by; any other comes by the minima."""

_ROOM: Final = 4
"""Samples in a queue are alike: so many times those that pass at least are likely to do."""


def reason(
    where: Range, probes: Sequence[Probe], scenario: Loaded, settings: Settings, max_probes: int
) -> str:
    """Return why a search ended, and what to change where it found less than was asked for.

    Parameters
    ----------
    where : Range
    probes : sequence of Probe
        All of the search; at least one.
    scenario : Server or Concurrent
    settings : Settings
        As they were given.
    max_probes : int
    """
    ends = passed, failed = bracket(probes)
    if passed is not None and failed is None and passed >= where.high:
        return (
            f"high = {units.load(where.high)} passes: this is the end of the search, not of the"
            " system; raise high"
        )
    if where.next_load(probes) is not None:
        return f"max_probes = {max_probes} {'is' if max_probes == 1 else 'are'} used up"
    if where.is_narrow(ends):
        if where.whole and passed is not None and failed == passed + 1:
            return "there is no whole number between the ends of the bracket"
        return f"the bracket is within {where.precision:.3g} of its lower end"
    return _lacking(where, probes, scenario, settings)


def _lacking(where: Range, probes: Sequence[Probe], scenario: Loaded, settings: Settings) -> str:
    """Return why no bracket that is narrow enough was found, and what to change."""
    if short := where.too_short(probes):
        return (
            f"it takes {where.enough:,} samples to pass, and {units.load(short.load)} had"
            f" {short.n:,}. {_more(short, where.enough, settings)}"
        )
    undecided = [probe for probe in probes if probe.outcome == "undecided"]
    if undecided:
        loads = count_in_words(len(undecided), "load")
        return f"{loads} could not be decided. {_longer(undecided, scenario, settings)}"
    return f"nothing passes, down to low = {units.load(where.low)}"


def _more(short: Probe, enough: int, settings: Settings) -> str:
    """Return what to change so that a probe has enough samples to pass."""
    if settings.sample_order == "unique" and short.end not in _KNOBS:
        return "Take more samples, or another sample_order than 'unique'"
    times = _ROOM * enough / max(short.n, 1)
    if short.end == "max_duration":
        assert settings.max_duration_s is not None  # it ended the probe
        return f"Raise max_duration_s to about {settings.max_duration_s * times:,.3g}"
    knob = _KNOBS.get(short.end, "min_queries")
    return f"Raise {knob} to about {math.ceil(short.n_queries * times):,}"


def _longer(undecided: Sequence[Probe], scenario: Loaded, settings: Settings) -> str:
    """Return what to change so that probes are longer, by what ended them."""
    ends = {probe.end for probe in undecided}
    knobs = [knob for end, knob in _KNOBS.items() if end in ends]
    advice = f"Raise {' and '.join(knobs or ['min_duration_s or min_queries'])}"
    if settings.sample_order == "unique" and not knobs:
        advice = "Take more samples, or another sample_order than 'unique'"
    limit_s = max(limits_ns(scenario).values()) / 1e9
    if min(_issued_s(probe, scenario) for probe in undecided) < LEAST_LIMITS * limit_s:
        advice += (
            f", so that a run lasts well over {LEAST_LIMITS} times the limit, which is"
            f" {LEAST_LIMITS * limit_s:,.4g} s: a shorter one ends before the queue shows"
        )
    return advice


def _issued_s(probe: Probe, scenario: Loaded) -> float:
    """Return for how long a probe issued."""
    if isinstance(scenario, Server):
        return probe.n_queries / probe.load
    return probe.seconds


def warnings(
    scenario: Loaded, probes: Sequence[Probe], ends: Bracket, result: Result | None
) -> Iterator[str]:
    """Yield what to know before the figure is used.

    Parameters
    ----------
    scenario : Server or Concurrent
    probes : sequence of Probe
    ends : tuple of float or None
        Their bracket.
    result : Result or None
        Of the whole run.
    """
    allowed = 1.0 - percentile_fraction(scenario.target_percentile)
    if result is not None and result.health.verdict != "good":
        yield (
            f"the generator was {result.health.verdict} at the peak, so it may be the limit itself:"
            f" {'; '.join(result.health.causes)}"
        )
    for probe in probes:
        if probe.load != ends[1] or probe.outcome != "fails":
            continue
        load = units.load(probe.load)
        if probe.over <= allowed * probe.n:
            yield (
                f"{load} kept the limits and failed all the same: {probe.why}. Chance may have done"
                " that at another load, which the confidence does not cover"
            )
        if probe.health == "bad":
            yield (
                f"the generator was bad at {load}, which failed: the limit may be the generator's,"
                " not the system's"
            )
