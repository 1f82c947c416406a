# SPDX-License-Identifier: Apache-2.0
"""What settings come to for one scenario and one dataset: sizes, minima, durations. Pure.

The rules are MLPerf's (effective settings of its LoadGen 6.0) wherever a scenario says what it
expects; where it expects nothing (``None``), the plan goes on until the stop rules are met.

Not here: whether the settings make sense (``validate.py``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from loadgen.config.scenarios import MultiStream, Offline, Scenario, Server, SingleStream
from loadgen.config.settings import Settings
from loadgen.values import ns_from_s

__all__ = ["Effective", "effective"]

OFFLINE_SLACK: Final = 1.1
"""Offline plans this factor more than the minimum duration needs (LoadGen's rule)."""


@dataclass(frozen=True, slots=True)
class Effective:
    """What a run's settings come to, for one scenario and one dataset.

    Parameters
    ----------
    samples_per_query : int
        Offline: samples of its one query.
    min_queries, min_samples : int
        Fewer issued make the run invalid.
    max_queries : int or None
        So many issued queries end the run.
    target_duration_ns : int
        The run goes on so long; 0 in Offline, whose one query always ends naturally.
    min_duration_ns : int
        A shorter run is invalid.
    max_duration_ns : int or None
        A query issued later than this is the last.
    target_qps : float or None, queries/s (Offline: samples/s)
        The rate that sizes the plan; None where nothing is expected.
    performance_sample_count : int
        Samples loaded at once; may be more than there are.
    accuracy_sample_count : int
        Samples of an accuracy run; may be more than there are.
    whole_sets : bool
        As many queries as whole permutations would have, though the order is another.
    turns : tuple of int
        Of each conversation of the loaded samples, in the dataset's order; none: queries are on
        their own.
    """

    samples_per_query: int
    min_queries: int
    min_samples: int
    max_queries: int | None
    target_duration_ns: int
    min_duration_ns: int
    max_duration_ns: int | None
    target_qps: float | None
    performance_sample_count: int
    accuracy_sample_count: int
    whole_sets: bool = False
    turns: tuple[int, ...] = ()


def effective(
    scenario: Scenario,
    settings: Settings,
    total: int,
    performance: int,
    *,
    rate: float | None = None,
    whole_sets: bool = False,
    turns: tuple[int, ...] = (),
) -> Effective:
    """Return what the settings come to.

    Parameters
    ----------
    scenario : Scenario
        What traffic is.
    settings : Settings
        With the keywords of the call.
    total : int
        Samples of the dataset.
    performance : int
        How many of them are loaded at once, as the dataset says.
    rate : float or None
        The rate that sizes the plan, where it was computed from other units than ours; None: the
        scenario's.
    whole_sets, turns : bool, tuple of int
        See `Effective`.
    """
    performance_count = settings.performance_sample_count or performance
    rate = _target_qps(scenario) if rate is None else rate
    whole = whole_sets or settings.sample_order == "permutation"
    samples_per_query, min_queries = _sizes(scenario, settings, rate, performance, whole)
    if isinstance(scenario, Offline):
        samples_per_query = _offline_samples(scenario, settings, min(performance_count, total))
    one_pass = _is_one_pass(scenario)
    min_duration_ns = 0 if one_pass else ns_from_s(settings.min_duration_s)
    longest = settings.max_duration_s
    return Effective(
        samples_per_query=samples_per_query,
        min_queries=min_queries,
        min_samples=min_queries * samples_per_query,
        max_queries=settings.max_queries,
        target_duration_ns=0 if isinstance(scenario, Offline) else min_duration_ns,
        min_duration_ns=min_duration_ns,
        max_duration_ns=None if longest is None else ns_from_s(longest),
        target_qps=rate,
        performance_sample_count=performance_count,
        accuracy_sample_count=settings.accuracy_sample_count or total,
        whole_sets=whole_sets,
        turns=turns,
    )


def _is_one_pass(scenario: Scenario) -> bool:
    """Return whether this is Offline with neither knob: one pass, no minimum duration."""
    return (
        isinstance(scenario, Offline)
        and scenario.expected_qps is None
        and scenario.n_samples is None
    )


def _target_qps(scenario: Scenario) -> float | None:
    """Return the rate that sizes the plan; LoadGen's expressions in double."""
    if isinstance(scenario, Server):
        return scenario.target_qps
    if isinstance(scenario, Offline):
        return scenario.expected_qps
    if isinstance(scenario, (SingleStream, MultiStream)):
        expected_ms = scenario.expected_latency_ms
        return None if expected_ms is None else 1e9 / _decimal_ns(expected_ms)
    return None


def _decimal_ns(milliseconds: float) -> float:
    """Return ns, fractions included, of the decimal that the number is written as.

    ``ms * 1e6`` would make 3333332.9999999995 of 3.333333, and with it a period 1 ns shorter.
    """
    return float(Decimal(repr(milliseconds)).scaleb(6))


def _sizes(
    scenario: Scenario, settings: Settings, rate: float | None, performance: int, whole: bool
) -> tuple[int, int]:
    """Return samples per query and the minimum of queries; Offline's samples come separately."""
    if isinstance(scenario, Offline):
        return 1, 1
    if isinstance(scenario, MultiStream):
        return scenario.samples_per_query, settings.min_queries
    wanted = settings.min_queries
    if isinstance(scenario, SingleStream) and whole and rate is not None:
        # LoadGen's rule: twice the expected queries, up to whole permutations of what the dataset
        # (not the settings) loads at once; one more where it is whole already.
        wanted = max(wanted, math.trunc((2.0 * settings.min_duration_s) * rate))
        wanted += performance - wanted % performance
    return 1, wanted


def _offline_samples(scenario: Offline, settings: Settings, loaded: int) -> int:
    """Return the samples of Offline's one query."""
    if settings.sample_order == "unique":
        return loaded
    if scenario.n_samples is not None:
        return scenario.n_samples
    if scenario.expected_qps is None:
        return loaded
    expected = (OFFLINE_SLACK * settings.min_duration_s) * scenario.expected_qps
    return max(settings.min_queries, math.trunc(expected))
