# SPDX-License-Identifier: Apache-2.0
"""MLPerf's early stopping as its logs report it: met or not, its texts, its estimates.

The mathematics is `loadgen.metrics.early_stopping`; here is which list it looks at, and the words.

References
----------
MLPerf LoadGen 6.0, results.cc, EarlyStopping.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from loadgen.metrics import Columns, Distribution
from loadgen.metrics.early_stopping import estimate_rank_from_top, least_queries, queries_needed
from loadgen.mlperf.settings import TestScenario, TestSettings
from loadgen.result import Result

__all__ = ["Stopping", "stopping_of"]


@dataclass(frozen=True)
class Stopping:
    """What early stopping came to.

    Parameters
    ----------
    met : bool
    texts : dict of str to str
        Headline in the summary to text: one without tokens, two with them.
    latency_ns : int, ns
        SingleStream and MultiStream: the estimate at the target percentile; 0 where there is none.
    latency_99_ns : int, ns
        SingleStream: the estimate at the 99th percentile; 0 where there is none.
    """

    met: bool
    texts: dict[str, str]
    latency_ns: int = 0
    latency_99_ns: int = 0


class _Finding(NamedTuple):
    met: bool
    text: str
    latency_ns: int = 0
    latency_99_ns: int = 0


def stopping_of(requested: TestSettings, result: Result) -> Stopping:
    """Return what early stopping came to for the performance series of a run.

    With tokens, the times per output token are looked at first, and those to the first token only
    if these will do; MultiStream takes the latencies of its queries both times.
    """
    is_multi = requested.scenario is TestScenario.MultiStream
    if not requested.use_token_latencies:
        limit: int = requested.server_target_latency_ns
        found = _finding(requested, result.latency, limit)
        texts = {"Early Stopping Result": found.text}
        return Stopping(found.met, texts, found.latency_ns, found.latency_99_ns)
    tpot = result.latency if is_multi else _some(result.tpot)
    ttft = result.latency if is_multi else _some(result.ttft)
    found = per_token = _finding(requested, tpot, requested.tpot_latency)
    first = _Finding(False, "")
    if per_token.met:
        found = first = _finding(requested, ttft, requested.ttft_latency)
    texts = {
        "TTFT Early Stopping Result": first.text,
        "TPOT Early Stopping Result": per_token.text,
    }
    return Stopping(found.met, texts, found.latency_ns, found.latency_99_ns)


def _some(values: Distribution | None) -> Distribution:
    empty = np.empty(0, np.int64)
    return values or Distribution(Columns(empty, empty, None))


def _finding(requested: TestSettings, values: Distribution, limit_ns: int) -> _Finding:
    fraction = requested.percentile_fraction
    if requested.scenario is TestScenario.Offline:
        return _Finding(True, "")
    if requested.scenario is TestScenario.Server:
        return _under_limit(values, fraction, limit_ns)
    return _estimates(values, fraction, also_99=requested.scenario is TestScenario.SingleStream)


def _under_limit(values: Distribution, fraction: float, limit_ns: int) -> _Finding:
    n = values.count
    needed = queries_needed(values.count_above(limit_ns), fraction)
    if needed is not None and n >= needed:
        return _Finding(True, " * Run successful.")
    lines = [" * Run unsuccessful.", f" * Processed {n} queries."]
    if needed is not None:
        lines += [
            f" * Would need to run at least {needed - n} more queries,",
            " with the run being successful if every additional",
            " query were under latency.",
        ]
    return _Finding(False, "\n".join(lines))


def _estimates(values: Distribution, fraction: float, *, also_99: bool) -> _Finding:
    n, least = values.count, least_queries(fraction)
    rank = estimate_rank_from_top(n, fraction)
    if rank is None:
        lines = [f" * Only processed {n} queries."]
        if least is not None:
            lines.append(f" * Need to process at least {least} queries for early stopping.")
        return _Finding(False, "\n".join(lines))
    (latency_ns,) = values.elements([n - rank])
    lines = [
        f" * Processed at least {least} queries ({n}).",
        f" * Would discard {rank - 1} highest latency queries.",
        f" * Early stopping {100 * fraction:.1f}th percentile estimate: {latency_ns}",
    ]
    latency_99_ns = 0
    if also_99:
        rank_99 = estimate_rank_from_top(n, 0.99)
        if rank_99 is None:
            lines += [
                " * Not enough queries processed for 99.0th percentile",
                " early stopping estimate (would need to process at",
                f" least {least_queries(0.99)} total queries).",
            ]
        else:
            (latency_99_ns,) = values.elements([n - rank_99])
            lines.append(f" * Early stopping 99.0th percentile estimate: {latency_99_ns}")
    return _Finding(True, "\n".join(lines), latency_ns, latency_99_ns)
