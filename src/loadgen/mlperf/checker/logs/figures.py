# SPDX-License-Identifier: Apache-2.0
"""Counts, rates and durations of a performance run: whether they fit each other, and can be.

Each scenario's score is computed again from what is beside it. Doubles have six digits in a log:
what is compared may differ by as much as that.

References
----------
MLPerf LoadGen 6.0, results.cc; ``loadgen.metrics.throughput``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.logs.case import MOST_ISSUED, Case, Lacking, near
from loadgen.mlperf.checker.logs.plan import last_due
from loadgen.mlperf.checker.logs.spreads import latency, query_latency, tpot
from loadgen.mlperf.checker.logs.times import span_ms

__all__ = ["check_counts", "check_inferred", "check_rates", "check_span", "check_tokens", "lasted"]

_NS: Final = 1e9
_NS_PER_MS: Final = 1e6
_CUT_MS: Final = 2.0
"""Both ends of a span are cut to ms."""
_WIDE: Final = 1.2e-5
"""What rounding two numbers to six digits can do to their product."""


def check_counts(case: Case) -> Iterator[Finding]:
    """Yield counts of queries that do not fit what was planned and what is asked for."""
    n, planned = case.integer("result_query_count"), case.integer("generated_query_count")
    key = "result_query_count"
    if case.scenario in ("Server", "Offline"):
        if n != planned and not case.detail.errors:
            yield case.finding("figures.count", n, f"{planned}, as many as planned", key=key)
    elif n > planned:
        yield case.finding("figures.count", n, f"at most {planned}, those planned", key=key)
    if not 0 < n <= MOST_ISSUED:
        yield case.finding("figures.count", n, f"1 to {MOST_ISSUED}, as a run can have", key=key)


def lasted(case: Case) -> tuple[float, float]:
    """Return bounds of what the minimum duration is compared with, ns, by the rest of the log.

    SingleStream and MultiStream: when the last query was issued; Server: when it was due; Offline:
    the largest latency.

    Raises
    ------
    Lacking
        The log does not say.
    """
    n = case.n_queries
    if case.scenario == "Offline":
        return float(latency(case).max), float(latency(case).max)
    if n < 2:  # noqa: PLR2004 - a single query has no rate, and came at once
        return 0.0, 0.0
    if case.scenario == "MultiStream":
        span_ns, queries = span_ms(case) * _NS_PER_MS, query_latency(case)
        cut = _CUT_MS * _NS_PER_MS
        return span_ns - queries.max - cut, span_ns - queries.min + cut
    if case.scenario == "Server" and (due := last_due(case)) is not None:
        return due - n, due + n
    name = "scheduled_samples_per_sec" if case.scenario == "Server" else "qps_with_loadgen_overhead"
    rate = case.number(f"result_{name}")
    if rate <= 0:
        raise Lacking
    at_ns = (n - 1) / rate * _NS
    return at_ns * (1 - _WIDE), at_ns * (1 + _WIDE)


def check_rates(case: Case) -> Iterator[Finding]:
    """Yield scores and rates that are not those of the latencies and counts beside them."""
    yield from {
        "SingleStream": _single_stream,
        "MultiStream": _multi_stream,
        "Server": _server,
        "Offline": _offline,
    }[case.scenario](case)


def _rate(case: Case, name: str, low: float, high: float) -> Iterator[Finding]:
    """Yield a rate that does not lie between two bounds."""
    written = case.number(name)
    if not low * (1 - _WIDE) <= written <= high * (1 + _WIDE):
        words = f"{low:g}" if near(low, high) else f"{low:g} to {high:g}"
        yield case.finding("figures.rate", written, f"{words}, by counts and latencies", key=name)


def _single_stream(case: Case) -> Iterator[Finding]:
    n, samples = case.n_queries, latency(case)
    exact = _NS / samples.mean if samples.mean else 0.0
    yield from _rate(case, "result_qps_without_loadgen_overhead", exact, exact)
    # Queries come one after the other: the last one no earlier than all others took.
    others = n * samples.mean - samples.max
    fastest = (n - 1) / others * _NS if others > 0 else math.inf
    yield from _rate(case, "result_qps_with_loadgen_overhead", 0.0, fastest)


def _multi_stream(case: Case) -> Iterator[Finding]:
    queries, took_ns = query_latency(case), (span_ms(case) + _CUT_MS) * _NS_PER_MS
    if case.n_queries * queries.mean > took_ns:
        found = f"{case.n_queries} queries of {queries.mean} ns in {took_ns:.0f} ns"
        words = "queries one after the other: no more than the run took"
        yield case.finding("figures.duration", found, words, line=_line(case))


def _server(case: Case) -> Iterator[Finding]:
    n, samples = case.n_queries, latency(case)
    low, high = lasted(case)
    slow, fast = high + samples.max, low + samples.min
    least = (n - 1) / slow * _NS if slow > 0 else 0.0
    most = (n - 1) / fast * _NS if fast > 0 else math.inf
    yield from _rate(case, "result_completed_samples_per_sec", least, most)
    limit = case.integer("effective_target_latency_ns")
    fewest, many = samples.above(limit)
    over = case.integer("result_overlatency_query_count")
    if not fewest <= over <= many:
        words = f"{fewest} to {many}, by the percentiles"
        key = "result_overlatency_query_count"
        yield case.finding("figures.overlatency", over, words, key=key)


def _offline(case: Case) -> Iterator[Finding]:
    largest = latency(case).max
    exact = case.n_samples / largest * _NS if largest else 0.0
    yield from _rate(case, "result_samples_per_second", exact, exact)


def check_span(case: Case) -> Iterator[Finding]:
    """Yield a time between the first query and the last answer that the figures do not allow."""
    took_ns, queries = span_ms(case) * _NS_PER_MS, query_latency(case)
    low, high = lasted(case)
    if case.scenario == "MultiStream":
        return  # `lasted` is by the span itself
    if case.scenario == "Offline":
        low, high = low - queries.max, high - queries.max
    cut = _CUT_MS * _NS_PER_MS
    if not low + queries.min - cut <= took_ns <= high + queries.max + cut:
        found = f"power_begin to power_end takes {took_ns / _NS_PER_MS:.0f} ms"
        least, most = (low + queries.min) / _NS_PER_MS, (high + queries.max) / _NS_PER_MS
        words = f"{least:.0f} to {most:.0f} ms, from the first query to the last answer"
        yield case.finding("figures.duration", found, words, line=_line(case))


def _line(case: Case) -> int:
    ends = case.detail.all("power_end")
    return ends[0].line if ends else 0


def check_tokens(case: Case) -> Iterator[Finding]:
    """Yield rates of tokens that stand for other numbers of tokens than the one beside them."""
    if not case.tokens or case.scenario == "Offline":
        return  # an Offline log has one rate of tokens, and nothing to compare it with
    samples = latency(case)
    per_ns = case.number("result_token_throughput")
    total = per_ns * samples.mean * case.n_samples
    low, high = lasted(case)
    key = "result_token_throughput_with_loadgen_overhead"
    if case.scenario != "Server" and high > 0:
        yield from _rate(case, key, total / high * _NS, total / max(low, 1.0) * _NS)
    elif high > 0:  # no query is issued before it is due, or after the last answer
        yield from _rate(case, key, total / (high + samples.max) * _NS, total / max(low, 1) * _NS)
    done = "result_completed_tokens_per_second"
    if case.scenario == "Server" and case.n_queries > 1:
        per_query = total / (case.n_queries - 1)
        completed = case.number("result_completed_samples_per_sec") * per_query
        yield from _rate(case, done, completed * (1 - _WIDE), completed * (1 + _WIDE))
    elif high > 0:
        most = total / max(low + samples.min, 1.0) * _NS
        yield from _rate(case, done, total / (high + samples.max) * _NS, most)
    yield from _gaps(case, total)


def _gaps(case: Case, total: float) -> Iterator[Finding]:
    """Compare all time after first tokens with that of all further tokens."""
    gaps, n = tpot(case), case.n_samples
    after_ns = n * (latency(case).mean - case.integer("result_first_token_mean_latency_ns"))
    further = total - n
    low = (further * (1 - _WIDE) - _WIDE * n) * gaps.min - n
    high = (further * (1 + _WIDE) + _WIDE * n) * (gaps.max + 1) + n
    if not low <= after_ns <= high:
        found = f"{total:.6g} tokens in {after_ns} ns after the first ones"
        words = f"{gaps.min} to {gaps.max} ns for each"
        yield case.finding("figures.tokens", found, words, key="result_token_throughput")


def check_inferred(case: Case) -> Iterator[Finding]:
    """Yield a rate of inferred tokens that is no whole multiple of the rate of samples."""
    names = {
        "Server": ("result_inferred_completed_tokens_per_second", "completed_samples_per_sec"),
        "Offline": ("result_inferred_tokens_per_second", "samples_per_second"),
    }
    key, per = names.get(case.scenario, ("", ""))
    if key not in case.values:
        return
    tokens, samples = case.number(key), case.number(f"result_{per}")
    factor = round(tokens / samples) if samples > 0 else 0
    if not near(tokens, factor * samples, 2):
        words = f"a whole number times {samples:g}"
        yield case.finding("figures.rate", tokens, words, key=key)
