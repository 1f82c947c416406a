# SPDX-License-Identifier: Apache-2.0
"""Whether the system's figure is valid, and which it is: MLPerf's rules, and a few of our own.

A performance run is valid when it lasted long enough, issued enough queries, met the scenario's
latency limits and had enough queries for its percentile to be believed (early stopping). Our own
rules come on top: every sample is answered, no rule of the interface is broken, no more samples
fail than allowed, and the run was not given up. An accuracy run needs only these.

Not here: the words (``reasons.py``), the formulas (``metrics``), and whether the generator was good
enough to believe the figure (``health``).

References
----------
MLPerf LoadGen 6.0, results.cc: PerfConstraintsMet, MinDurationMet, MinQueriesMet, EarlyStopping.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from loadgen.config.scenarios import Concurrent, MultiStream, Offline, Server, SingleStream
from loadgen.metrics.early_stopping import (
    EarlyStopping,
    estimate_rank_from_top,
    least_queries,
    queries_needed,
)
from loadgen.metrics.latency import Distribution, percentile_fraction
from loadgen.metrics.throughput import Metric, completed_per_second, offline_per_second, rate
from loadgen.metrics.tokens import tokens_per_second
from loadgen.verdict import reasons
from loadgen.verdict.ends import GIVEN_UP
from loadgen.verdict.observed import Observed, duration_ns, limits
from loadgen.verdict.overload import overload

__all__ = ["Observed", "Verdict", "estimate", "headline", "integrity", "judge", "token_rate"]

Streams = SingleStream | MultiStream


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a run's figure is valid.

    Parameters
    ----------
    valid : bool
        No reason against it.
    reasons : tuple of str
        Each with the figure, the limit, and what to change.
    early_stopping : EarlyStopping or None
        None in an accuracy run.
    min_duration_met, min_queries_met, perf_constraints_met : bool
        MLPerf's other three conditions; True in an accuracy run.
    overload : str or None
        How much slower than its load a system was; a reason only where a limit is not kept.
    """

    valid: bool
    reasons: tuple[str, ...]
    early_stopping: EarlyStopping | None
    min_duration_met: bool
    min_queries_met: bool
    perf_constraints_met: bool
    overload: str | None = None


def judge(seen: Observed) -> Verdict:
    """Return the verdict on a run.

    Parameters
    ----------
    seen : Observed
        What it did.
    """
    given_up = _given_up(seen)
    spoiled = [*integrity(seen)]
    if seen.is_accuracy:
        found = reasons.in_words(spoiled, given_up=given_up)
        return Verdict(not found, tuple(found), None, True, True, True)
    constraints = list(_constraints(seen))
    lasted_ns = duration_ns(seen)
    long_enough = lasted_ns >= seen.effective.min_duration_ns
    enough = (
        seen.n_queries >= seen.effective.min_queries
        and seen.n_samples >= seen.effective.min_samples
    )
    stopping, doubts = _early_stopping(seen)
    lacking = []
    # Of an Offline run without an answer it is not known how long it would have lasted.
    if not long_enough and (seen.latency or not isinstance(seen.scenario, Offline)):
        lacking.append(reasons.too_short(seen, lasted_ns))
    if not enough:
        lacking.append(reasons.too_few(seen))
    found = reasons.in_words(spoiled + lacking * given_up, given_up=given_up)
    found += constraints
    slower = overload(seen)
    if constraints and slower is not None:
        found.append(f"{slower}: the queue grew, so lower target_qps below what it answered")
    # Where no sample at all has token times, the limits have said so.
    if seen.n_without_tokens and seen.ttft and _limits_tokens(seen):
        found.append(str(reasons.without_tokens(seen)))
    if not given_up:
        found += map(str, lacking)
        if not constraints:  # more queries would not help where the limit itself is not kept
            found += doubts
    kept = not constraints
    return Verdict(not found, tuple(found), stopping, long_enough, enough, kept, slower)


def integrity(seen: Observed) -> Iterator[reasons.Reason]:
    """Yield why a run is invalid whatever its figures are, in every mode and scenario.

    Parameters
    ----------
    seen : Observed
        What it did.
    """
    if _given_up(seen):
        yield reasons.given_up(seen)
    if seen.run_missing:
        yield reasons.missing(seen)
    if any(seen.violations.values()):
        yield reasons.violated(seen)
    if seen.run_failed > seen.settings.max_failed_share * seen.run_samples:
        yield reasons.failed(seen)
    if not seen.latency:
        yield reasons.nothing_completed(seen)


def _given_up(seen: Observed) -> bool:
    return seen.aborted_reason is not None or seen.end in GIVEN_UP


def headline(seen: Observed) -> Metric | None:
    """Return the figure that LoadGen prints first for the scenario.

    SingleStream, MultiStream: the latency at the target percentile. Server:
    ``(n - 1) / final_done``. Offline: ``n / max_latency``. Concurrent (ours): n divided by when
    the last answer came. n counts completed samples.

    Parameters
    ----------
    seen : Observed
        What the run did.

    Returns
    -------
    Metric or None
        None in an accuracy run and where nothing was completed.
    """
    scenario, latency = seen.scenario, seen.latency
    if seen.is_accuracy or not latency:
        return None
    if isinstance(scenario, Streams):
        name = f"{reasons.ordinal(scenario.target_percentile)} percentile latency"
        if isinstance(scenario, MultiStream):
            name = name.replace("latency", "query latency")
        return Metric(name, latency.percentile(scenario.target_percentile), "ns")
    if isinstance(scenario, Offline):
        per_second = offline_per_second(latency.count, latency.max)
        return Metric("Samples per second", per_second, "samples/s")
    done = seen.done_ns
    per_second = (
        completed_per_second(latency.count, done)
        if isinstance(scenario, Server)
        else rate(latency.count, done)
    )
    return Metric("Completed samples per second", per_second, "samples/s")


def token_rate(seen: Observed, n_tokens: int | None) -> Metric | None:
    """Return the tokens a second, which LoadGen prints beside the headline.

    Recorded, T tokens: Offline ``T / max_latency``, Server and Concurrent ``T / done``,
    SingleStream and MultiStream ``T / final_issued``. Inferred from k tokens a sample: Offline and
    Server, k times the headline.

    Parameters
    ----------
    seen : Observed
        What the run did.
    n_tokens : int or None
        T; None where tokens were not recorded.

    Returns
    -------
    Metric or None
        None in an accuracy run, and where there is nothing to make it from.
    """
    inferred = seen.settings.inferred_tokens_per_sample
    if seen.is_accuracy or not seen.latency:
        return None
    if n_tokens is not None:
        spans = {"offline": seen.latency.max, "server": seen.done_ns, "concurrent": seen.done_ns}
        span_ns = spans.get(seen.scenario.name, seen.last_issued_ns)
        return Metric("Tokens per second", tokens_per_second(n_tokens, span_ns), "tokens/s")
    figure = headline(seen)
    if inferred is None or figure is None or not isinstance(seen.scenario, (Offline, Server)):
        return None
    return Metric("Tokens per second (inferred)", inferred * figure.value, "tokens/s")


def estimate(figures: Distribution, percentile: float) -> EarlyStopping:
    """Return MLPerf's early-stopping estimate of a latency percentile.

    Parameters
    ----------
    figures : Distribution
        Latencies.
    percentile : float in [0, 100]
        Of which percentile.
    """
    fraction = percentile_fraction(percentile)
    rank = estimate_rank_from_top(figures.count, fraction)
    if rank is not None:
        return EarlyStopping(True, figures.elements([figures.count - rank])[0], 0)
    least = least_queries(fraction)
    return EarlyStopping(False, None, None if least is None else least - figures.count)


def _constraints(seen: Observed) -> Iterator[str]:
    """Yield the limits that are not kept."""
    scenario = seen.scenario
    if not isinstance(scenario, (Server, Concurrent)) or not seen.latency:
        return
    for limit in limits(seen):
        if not limit.figures:
            yield reasons.no_tokens(seen, limit.knob)
        elif limit.figures.percentile(scenario.target_percentile) > limit.limit_ns:
            yield reasons.too_slow(seen, limit)


def _limits_tokens(seen: Observed) -> bool:
    return any(limit.knob in ("target_ttft_ms", "target_tpot_ms") for limit in limits(seen))


def _early_stopping(seen: Observed) -> tuple[EarlyStopping, list[str]]:
    """Return whether there were enough queries, and the reasons where there were not."""
    scenario = seen.scenario
    if not seen.latency:
        return EarlyStopping(False, None, None), []
    if isinstance(scenario, Streams):
        return _estimates(seen, scenario.target_percentile)
    if isinstance(scenario, (Server, Concurrent)):
        return _overlatency(seen, scenario.target_percentile)
    return EarlyStopping(True, None, 0), []


def _estimates(seen: Observed, percentile: float) -> tuple[EarlyStopping, list[str]]:
    """Judge SingleStream and MultiStream: whether there is an estimate.

    With tokens, MLPerf's is that of the times to the first token, if those per further token have
    one as well; MultiStream takes the latencies of its queries all the same.
    """
    judged: list[Distribution | None] = [seen.latency]
    if seen.settings.tokens and isinstance(seen.scenario, SingleStream):
        judged = [seen.tpot, seen.ttft]
    found = EarlyStopping(True, None, 0)
    for figures in judged:
        if not figures:
            return EarlyStopping(False, None, None), [reasons.no_tokens(seen, "tokens")]
        found = estimate(figures, percentile)
        if not found.met:
            return found, [reasons.no_estimate(seen, figures.count, percentile, found)]
    return found, []


def _overlatency(seen: Observed, percentile: float) -> tuple[EarlyStopping, list[str]]:
    """Judge scenarios with limits: whether so few over the limit show that it is kept."""
    fraction = percentile_fraction(percentile)
    for limit in limits(seen):
        if not limit.figures:
            return EarlyStopping(False, None, None), []  # a reason already: nothing was recorded
        over = limit.figures.count_above(limit.limit_ns)
        needed = queries_needed(over, fraction)
        if needed is None or limit.figures.count < needed:
            more = None if needed is None else needed - limit.figures.count
            found = EarlyStopping(False, None, more)
            return found, [reasons.not_shown(seen, limit, over, more)]
    return EarlyStopping(True, None, 0), []
