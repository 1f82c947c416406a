# SPDX-License-Identifier: Apache-2.0
"""Whether MLPerf's logs call a run VALID: its four conditions, and what no run of ours may do.

References
----------
MLPerf LoadGen 6.0, results.cc: PerfConstraintsMet, MinDurationMet, MinQueriesMet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from loadgen.mlperf.logs.spread import Spread
from loadgen.mlperf.settings import TestScenario, TestSettings
from loadgen.result import Series
from loadgen.traffic import Effective

__all__ = ["Validity", "validity_of"]

_FASTER: Final = "Reduce target QPS to improve latency."


@dataclass(frozen=True)
class Validity:
    """MLPerf's four conditions, and what makes a run of ours invalid besides.

    Parameters
    ----------
    perf_constraints_met, min_duration_met, min_queries_met, early_stopping_met : bool
    recommendations : tuple of str
        MLPerf's texts for the conditions that are not met, in the order of its logs.
    problems : tuple of str
        Sentences of ours: missing and failed samples, broken rules, a run that was given up.
    """

    perf_constraints_met: bool
    min_duration_met: bool
    min_queries_met: bool
    early_stopping_met: bool
    recommendations: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def valid(self) -> bool:
        """Whether "Result is" VALID."""
        return not self.problems and (
            self.perf_constraints_met
            and self.min_duration_met
            and self.min_queries_met
            and self.early_stopping_met
        )


def validity_of(
    requested: TestSettings,
    sizes: Effective,
    series: Series,
    *,
    latency: Spread,
    tokens: tuple[Spread, Spread] | None,
    early_stopping_met: bool,
    problems: tuple[str, ...],
) -> Validity:
    """Return whether a performance series is valid.

    Parameters
    ----------
    requested : TestSettings
    sizes : Effective
        What they came to.
    series : Series
    latency : Spread
        Of its samples.
    tokens : (Spread, Spread) or None
        Of the times to the first token and per further token.
    early_stopping_met, problems : bool, tuple of str
        As in `Validity`.
    """
    too_slow = _too_slow(requested, latency, tokens)
    lasted_ns, longer = _lasted(requested.scenario, series, latency)
    long_enough = lasted_ns >= sizes.min_duration_ns
    enough = series.n_queries >= sizes.min_queries and series.n_rows >= sizes.min_samples
    recommendations = ["\n * ".join(too_slow)] if too_slow else []
    if not long_enough:
        recommendations.append(longer)
    if not enough:
        recommendations.append(
            "The test exited early, before enough queries were issued.\n"
            "   See the detailed log for why this may have occurred."
        )
    return Validity(
        perf_constraints_met=not too_slow,
        min_duration_met=long_enough,
        min_queries_met=enough,
        early_stopping_met=early_stopping_met,
        recommendations=tuple(recommendations),
        problems=problems,
    )


def _lasted(scenario: TestScenario, series: Series, latency: Spread) -> tuple[int, str]:
    """Return the duration that the minimum is compared with, and how to make it longer."""
    if scenario is TestScenario.Server:
        what = "Increase the target QPS so the loadgen pre-generates more queries."
        return series.last_scheduled_ns, what
    if scenario is TestScenario.Offline:
        what = "Increase expected QPS so the loadgen pre-generates a larger (coalesced) query."
        return latency.max, what
    what = "Decrease the expected latency so the loadgen pre-generates more queries."
    return series.last_issued_ns, what


def _too_slow(
    requested: TestSettings, latency: Spread, tokens: tuple[Spread, Spread] | None
) -> list[str]:
    """Return MLPerf's texts for the limits that are not kept; only Server has limits."""
    if requested.scenario is not TestScenario.Server:
        return []
    if tokens is None:
        return [] if latency.keeps(requested.server_target_latency_ns) else [_FASTER]
    limits = {"TTFT": requested.ttft_latency, "TPOT": requested.tpot_latency}
    return [
        f"{name} constrain not met: {_FASTER}"
        for (name, limit), figures in zip(limits.items(), tokens, strict=True)
        if not figures.keeps(limit)
    ]
