# SPDX-License-Identifier: Apache-2.0
"""MLPerf's figures of a test, all that its logs report, from the columns of the run.

The formulas are `loadgen.metrics`; here is which of them stand in a log, over which list, and
MLPerf's four conditions. Lists hold what was completed: samples that failed or were never answered
are left out (LoadGen would wait for them for ever), and so are those without a first token or with
one token where the list is about tokens (LoadGen's own figure of these is garbage). An empty list
has zeros. Not for how figures are written (`summary`, `detail`), nor for early stopping
(`stopping`).

References
----------
MLPerf LoadGen 6.0, results.cc.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadgen.metrics import Columns, Distribution, throughput
from loadgen.metrics import tokens as token_metrics
from loadgen.mlperf.logs import events
from loadgen.mlperf.logs.account import Account
from loadgen.mlperf.logs.spread import Spread
from loadgen.mlperf.logs.stopping import Stopping, stopping_of
from loadgen.mlperf.logs.validity import Validity, validity_of
from loadgen.mlperf.settings import TestMode, TestScenario, TestSettings
from loadgen.result import Result, Series

__all__ = ["Figures", "TokenFigures", "figures_of", "lacks_figures"]


@dataclass(frozen=True)
class TokenFigures:
    """Figures of tokens.

    Parameters
    ----------
    ttft, tpot : Spread
        Of the times to the first token, and per further token.
    per_second : float
        Offline: by the largest latency. Elsewhere: by when the last issued query was done.
    per_second_with_overhead, per_second_without_overhead : float
        By when the last query was issued; by the mean latency.
    """

    ttft: Spread
    tpot: Spread
    per_second: float
    per_second_with_overhead: float
    per_second_without_overhead: float


@dataclass(frozen=True)
class Figures:
    """Everything that the logs report of a performance series.

    Parameters
    ----------
    validity : Validity
    stopping : Stopping
    n_queries : int
        Issued.
    n_overlatency : int
        Samples above the Server's limit.
    latency : Spread
        Of samples.
    query_latency : Spread
        Of queries in MultiStream; the same as `latency` elsewhere.
    qps_with_overhead, qps_without_overhead : float
        SingleStream's.
    scheduled_per_second, completed_per_second : float
        Server's.
    samples_per_second : float
        Offline's.
    inferred_tokens_per_second : float or None
        Offline's and Server's, where tokens are inferred.
    tokens : TokenFigures or None
        None where tokens are not recorded.
    """

    validity: Validity
    stopping: Stopping
    n_queries: int
    n_overlatency: int
    latency: Spread
    query_latency: Spread
    qps_with_overhead: float
    qps_without_overhead: float
    scheduled_per_second: float
    completed_per_second: float
    samples_per_second: float
    inferred_tokens_per_second: float | None
    tokens: TokenFigures | None


def figures_of(account: Account) -> Figures | None:
    """Return the figures of a test; None where it has no performance series (`lacks_figures`)."""
    result = account.result
    series = _performance(result)
    if result is None or series is None:
        return None
    requested, fraction = account.requested, account.requested.percentile_fraction
    samples = _sample_latency(result, series)
    latency, query_latency = Spread.of(samples, fraction), Spread.of(result.latency, fraction)
    done_ns = _final_done_ns(result, series)
    stopping = stopping_of(requested, result)
    tokens = None
    if requested.use_token_latencies:
        tokens = _token_figures(account, series, samples, done_ns)
    completed = throughput.completed_per_second(samples.count, done_ns)
    offline = throughput.offline_per_second(samples.count, latency.max)
    return Figures(
        validity=validity_of(
            requested,
            result.effective,
            series,
            latency=latency,
            tokens=None if tokens is None else (tokens.ttft, tokens.tpot),
            early_stopping_met=stopping.met,
            problems=events.problems_of(account),
        ),
        stopping=stopping,
        n_queries=series.n_queries,
        n_overlatency=samples.count_above(requested.server_target_latency_ns),
        latency=latency,
        query_latency=query_latency,
        qps_with_overhead=throughput.qps_with_overhead(series.n_queries, series.last_issued_ns),
        qps_without_overhead=throughput.qps_without_overhead(latency.mean),
        scheduled_per_second=throughput.scheduled_per_second(
            series.n_rows, series.last_scheduled_ns
        ),
        completed_per_second=completed,
        samples_per_second=offline,
        inferred_tokens_per_second=_inferred(requested, offline, completed),
        tokens=tokens,
    )


def lacks_figures(account: Account) -> bool:
    """Return whether there is no performance series although there was to be one.

    LoadGen's logs have no results where it is to look for the peak of another scenario than
    Server, and so have ours.
    """
    mode, scenario = account.requested.mode, account.requested.scenario
    if mode is TestMode.AccuracyOnly or _performance(account.result) is not None:
        return False
    return mode is not TestMode.FindPeakPerformance or scenario is TestScenario.Server


def _performance(result: Result | None) -> Series | None:
    found = [each for each in result.series if each.phase == "performance"] if result else []
    return found[0] if found else None


def _sample_latency(result: Result, series: Series) -> Distribution:
    """Return the latencies of samples, also where the run's own are those of queries."""
    names = ("completed", "scheduled", "status")
    return Distribution(Columns(*(result.data.columns[name][series.rows] for name in names)))


def _final_done_ns(result: Result, series: Series) -> int:
    """Return when the last issued query was done, since the series' start."""
    columns, rows = result.data.columns, series.rows
    completed, status = columns["completed"][rows], columns["status"][rows]
    start_ns = result.data.run_start_ns + series.start_ns
    last = series.n_rows // max(series.n_queries, 1)
    done_ns = throughput.latest_done_ns(completed[-last:], status[-last:], start_ns)
    return done_ns or throughput.latest_done_ns(completed, status, start_ns)


def _token_figures(
    account: Account, series: Series, samples: Distribution, done_ns: int
) -> TokenFigures:
    requested, result = account.requested, account.result
    assert result is not None  # it has the series
    columns, rows = result.data.columns, series.rows
    total = 0
    if "n_tokens" in columns:
        total, _ = token_metrics.token_counts(columns["n_tokens"][rows], columns["status"][rows])
        # LoadGen takes a count of 1 for an error, and records 0 instead.
        total -= events.token_gaps(account, series).one_token
    is_offline = requested.scenario is TestScenario.Offline
    span_ns = samples.max if is_offline and samples else done_ns
    mean_ns = samples.mean if samples else 0
    fraction = requested.percentile_fraction
    empty = Distribution(Columns(np.empty(0, np.int64), np.empty(0, np.int64), None))
    return TokenFigures(
        ttft=Spread.of(result.ttft or empty, fraction),
        tpot=Spread.of(result.tpot or empty, fraction),
        per_second=token_metrics.tokens_per_second(total, span_ns),
        per_second_with_overhead=token_metrics.tokens_per_second(total, series.last_issued_ns),
        per_second_without_overhead=token_metrics.tokens_per_second_without_overhead(
            total, mean_ns, samples.count
        ),
    )


def _inferred(requested: TestSettings, offline: float, completed: float) -> float | None:
    if not requested.infer_token_latencies:
        return None
    per_sample: int = requested.token_latency_scaling_factor
    rates = {TestScenario.Offline: offline, TestScenario.Server: completed}
    rate = rates.get(requested.scenario)
    return None if rate is None else per_sample * rate
