# SPDX-License-Identifier: Apache-2.0
"""Whether a run is VALID, each part computed again; early stopping by `loadgen.metrics`.

References
----------
MLPerf LoadGen 6.0, results.cc: PerfConstraintsMet, MinDurationMet, MinQueriesMet, EarlyStopping.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from loadgen.metrics.early_stopping import (
    CONFIDENCE,
    estimate_rank_from_top,
    least_queries,
    overlatency_probability,
)
from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.logs.case import Case
from loadgen.mlperf.checker.logs.figures import lasted
from loadgen.mlperf.checker.logs.spreads import Shown, latency, query_latency, tpot, ttft

__all__ = ["check_limits", "check_stopping", "check_valid"]

_MS: Final = 1_000_000
_P99: Final = 0.99
_SUCCESS: Final = " * Run successful."
_TOO_FEW: Final = (
    "  * Not enough queries processed for 99.0th percentile"
    "  early stopping estimate (would need to process at  least {} total queries)."
)
_ESTIMATE: Final = re.compile(r"percentile estimate: (\d{1,19})")


def check_valid(case: Case) -> Iterator[Finding]:
    """Yield a result that is not VALID, or whose parts are not what the figures come to."""
    validity = case.text("result_validity")
    # An audit that asks for a few samples cannot satisfy early stopping.
    if validity != "VALID" and "min_query_count" not in case.expected.knobs:
        yield case.finding("run.valid", validity, "VALID", key="result_validity")
    parts = ["result_min_duration_met", "result_min_queries_met", "early_stopping_met"]
    if case.scenario == "Server":
        parts.insert(0, "result_perf_constraints_met")
    met = all(case.flag(key) for key in parts)
    if met != (validity == "VALID") and not (met and case.detail.errors):
        words = f"{'VALID' if met else 'INVALID'}, by its parts"
        yield case.finding("run.parts", validity, words, key="result_validity")
    enough = case.n_queries >= case.integer("effective_min_query_count")
    enough = enough and case.n_samples >= case.integer("effective_min_sample_count")
    yield from _part(case, "result_min_queries_met", enough, enough)
    low, high = lasted(case)
    least = case.integer("effective_min_duration_ms") * _MS
    yield from _part(case, "result_min_duration_met", low >= least, high >= least)


def _part(case: Case, key: str, surely: bool, perhaps: bool) -> Iterator[Finding]:
    """Yield a part that is met although it cannot be, or not met although it has to be."""
    met = case.flag(key)
    if met and not perhaps:
        yield case.finding("run.parts", True, "false, by counts and durations", key=key)
    if not met and surely:
        yield case.finding("run.parts", False, "true, by counts and durations", key=key)


def check_limits(case: Case) -> Iterator[Finding]:
    """Yield a Server run whose percentiles do not say what its verdict says."""
    if case.scenario != "Server":
        return
    kept = True
    for shown, limit in _limited(case):
        value = shown.of(case.percentile)
        if value is None:
            return
        kept = kept and value <= limit
    yield from _part(case, "result_perf_constraints_met", kept, kept)


def _limited(case: Case) -> list[tuple[Shown, int]]:
    if not case.tokens:
        return [(latency(case), case.integer("effective_target_latency_ns"))]
    return [
        (ttft(case), case.integer("requested_server_ttft_latency")),
        (tpot(case), case.integer("requested_server_tpot_latency")),
    ]


def check_stopping(case: Case) -> Iterator[Finding]:
    """Yield early stopping that is not what the counts and latencies come to."""
    yield from {"Offline": _never, "Server": _under_limits}.get(case.scenario, _estimates)(case)


def _never(case: Case) -> Iterator[Finding]:
    """Offline: a run of one query has nothing to stop."""
    yield from _part(case, "early_stopping_met", True, True)
    for key in _texts(case):
        yield from _said(case, key, "")


def _said(case: Case, key: str, text: str) -> Iterator[Finding]:
    if case.text(key) != text:
        yield case.finding("stopping.text", case.text(key), repr(text), key=key)


def _texts(case: Case) -> tuple[str, ...]:
    if case.tokens:
        return ("early_stopping_ttft_result", "early_stopping_tpot_result")
    return ("early_stopping_result",)


def _under_limits(case: Case) -> Iterator[Finding]:
    """Server: enough queries for those that were over the limit."""
    n, surely, perhaps = case.n_queries, True, True
    for shown, limit in _limited(case):
        fewest, most = shown.above(limit)
        if not case.tokens:
            fewest = most = case.integer("result_overlatency_query_count")
        perhaps = perhaps and _enough(n, min(fewest, n), case.percentile)
        surely = surely and _enough(n, min(most, n), case.percentile)
    met = case.flag("early_stopping_met")
    if (met and not perhaps) or (not met and surely):
        words = f"{str(perhaps).lower()}, by how many queries were over the limit"
        yield case.finding("stopping.met", met, words, key="early_stopping_met")
    for key in _texts(case) if met else ():
        yield from _said(case, key, _SUCCESS)


def _enough(n: int, over: int, p: float) -> bool:
    """Return whether n queries are as many as those over the limit need: ``hmin(over) + over``."""
    return overlatency_probability(n - over, over, p) < 1.0 - CONFIDENCE


def _estimates(case: Case) -> Iterator[Finding]:
    """SingleStream and MultiStream: the latency at a rank from the top is the score."""
    n, p = case.n_queries, case.percentile
    rank, least = estimate_rank_from_top(n, p), least_queries(p)
    met = case.flag("early_stopping_met")
    if met != (rank is not None):
        words = f"{str(rank is not None).lower()}, of {n} queries with at least {least}"
        yield case.finding("stopping.met", met, words, key="early_stopping_met")
    if rank is None:
        return
    places = {p: n - rank}
    keys = ["early_stopping_latency_ms"]
    rest = ""
    if case.scenario == "SingleStream":
        keys.insert(0, "early_stopping_latency_ss")
        rank_99 = estimate_rank_from_top(n, _P99)
        places |= {} if rank_99 is None else {_P99: n - rank_99}
        rest = "" if rank_99 is not None else _TOO_FEW.format(least_queries(_P99))
    start = f" * Processed at least {least} queries ({n}).  * Would discard {rank - 1} highest "
    written = [case.integer(key) for key, _ in zip(keys, places, strict=False)]
    for key, shown in zip(_texts(case), _listed(case), strict=True):
        # Of the times per output token the log has the estimates in this text alone.
        own = "tpot" in key and case.scenario == "SingleStream"
        said = [int(each) for each in _ESTIMATE.findall(case.text(key))] if own else written
        text = start + "latency queries."
        for (fraction, place), value in zip(places.items(), said, strict=False):
            text += f"  * Early stopping {100 * fraction:.1f}th percentile estimate: {value}"
            low, high = shown.around(place)
            if not low <= value <= high:
                words = f"{low} to {high}, by the percentiles around it"
                yield case.finding("stopping.estimate", f"estimate {value}", words, key=key)
        yield from _said(case, key, text + rest)


def _listed(case: Case) -> tuple[Shown, ...]:
    """Return the list that each text is about."""
    if case.tokens and case.scenario == "SingleStream":
        return ttft(case), tpot(case)
    return (query_latency(case),) * len(_texts(case))
