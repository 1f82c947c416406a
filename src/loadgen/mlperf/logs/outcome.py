# SPDX-License-Identifier: Apache-2.0
"""The result entries of MLPerf's detail log: keys and values in their order.

Not for the figures (`figures`), nor for the lines that the entries become (`detail`).
"""

from __future__ import annotations

from collections.abc import Iterator

from loadgen.mlperf.logs import events
from loadgen.mlperf.logs.account import Account
from loadgen.mlperf.logs.figures import Figures, TokenFigures, figures_of, lacks_figures
from loadgen.mlperf.logs.numbers import one_line
from loadgen.mlperf.logs.spread import Spread
from loadgen.mlperf.settings import TestScenario

__all__ = ["result_entries"]

Entry = tuple[str, object]

_KEYS = {
    "Early Stopping Result": "early_stopping_result",
    "TTFT Early Stopping Result": "early_stopping_ttft_result",
    "TPOT Early Stopping Result": "early_stopping_tpot_result",
}


def result_entries(account: Account) -> Iterator[Entry]:
    """Yield key and value of each result entry but for ``num_errors``.

    None in an accuracy run. Where such a run failed, or there is no performance series although
    there was to be one, only that the result is invalid.

    Parameters
    ----------
    account : Account
    """
    figures = figures_of(account)
    if figures is not None:
        scenario = account.requested.scenario
        yield from _verdict(scenario, figures)
        yield "result_query_count", figures.n_queries
        if scenario is TestScenario.Server:
            yield "result_overlatency_query_count", figures.n_overlatency
        yield from _of_scenario(scenario, figures)
        yield from _extremes("result", figures.latency, "latency_ns")
        yield from _percentiles("result", figures.latency, "percentile_latency_ns")
        if figures.tokens is not None:
            yield from _tokens(scenario, figures, figures.tokens)
        if figures.inferred_tokens_per_second is not None:
            what = "inferred_completed" if scenario is TestScenario.Server else "inferred"
            yield f"result_{what}_tokens_per_second", figures.inferred_tokens_per_second
    elif lacks_figures(account) or events.fails_accuracy(account):
        yield "result_validity", "INVALID"


def _verdict(scenario: TestScenario, figures: Figures) -> Iterator[Entry]:
    validity = figures.validity
    yield "result_validity", "VALID" if validity.valid else "INVALID"
    if scenario is TestScenario.Server:
        yield "result_perf_constraints_met", validity.perf_constraints_met
    yield "result_min_duration_met", validity.min_duration_met
    yield "result_min_queries_met", validity.min_queries_met
    yield "early_stopping_met", validity.early_stopping_met
    if not validity.valid:
        yield "result_invalid_reason", _reason(figures)
    for title, text in figures.stopping.texts.items():
        yield _KEYS[title], one_line(text)


def _reason(figures: Figures) -> str:
    """Return MLPerf's reasons, then ours; hers about too few queries is without its second line."""
    validity = figures.validity
    texts = list(validity.recommendations)
    too_few = ""
    if not validity.min_queries_met:
        too_few = texts.pop().splitlines()[0]
    official = "".join(f"{one_line(text)} " for text in texts) + too_few
    return " ".join(filter(None, [official, "; ".join(validity.problems)]))


def _of_scenario(scenario: TestScenario, figures: Figures) -> Iterator[Entry]:
    if scenario is TestScenario.SingleStream:
        yield "result_qps_with_loadgen_overhead", figures.qps_with_overhead
        yield "result_qps_without_loadgen_overhead", figures.qps_without_overhead
        yield "early_stopping_latency_ss", figures.stopping.latency_ns
        yield "early_stopping_latency_ms", figures.stopping.latency_99_ns
    elif scenario is TestScenario.MultiStream:
        yield from _extremes("result", figures.query_latency, "query_latency_ns")
        per_query = "percentile_per_query_latency_ns"
        yield from _percentiles("result", figures.query_latency, per_query)
        yield "early_stopping_latency_ms", figures.stopping.latency_ns
    elif scenario is TestScenario.Server:
        yield "result_scheduled_samples_per_sec", figures.scheduled_per_second
        yield "result_completed_samples_per_sec", figures.completed_per_second
    else:
        yield "result_samples_per_second", figures.samples_per_second


def _tokens(scenario: TestScenario, figures: Figures, tokens: TokenFigures) -> Iterator[Entry]:
    if scenario is TestScenario.Offline:
        yield "result_tokens_per_second", tokens.per_second
        return
    yield from _extremes("result_first_token", tokens.ttft, "latency_ns")
    yield from _percentiles("result_first_token", tokens.ttft, "percentile_latency_ns")
    yield "result_token_throughput_with_loadgen_overhead", tokens.per_second_with_overhead
    # LoadGen divides by nanoseconds here.
    yield "result_token_throughput", tokens.per_second_without_overhead / 1e9
    per_token = "result_time_per_output_token"
    yield from _percentiles(per_token, tokens.tpot, "percentile_ns")
    yield "result_time_to_output_token_min", tokens.tpot.min
    yield "result_time_to_output_token_max", tokens.tpot.max
    yield "result_time_to_output_token_mean", tokens.tpot.mean
    yield "result_completed_tokens_per_second", tokens.per_second


def _extremes(start: str, spread: Spread, what: str) -> Iterator[Entry]:
    yield f"{start}_min_{what}", spread.min
    yield f"{start}_max_{what}", spread.max
    yield f"{start}_mean_{what}", spread.mean


def _percentiles(start: str, spread: Spread, what: str) -> Iterator[Entry]:
    for label, value in spread.percentiles.items():
        yield f"{start}_{label}_{what}", value
