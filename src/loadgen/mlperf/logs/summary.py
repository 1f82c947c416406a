# SPDX-License-Identifier: Apache-2.0
"""MLPerf's summary: ``mlperf_log_summary.txt``, line by line as LoadGen 6.0 writes it.

Not for the figures (`figures`), nor for reading a summary again (`read`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from loadgen.mlperf.logs import events
from loadgen.mlperf.logs.account import Account
from loadgen.mlperf.logs.figures import Figures, TokenFigures, figures_of, lacks_figures
from loadgen.mlperf.logs.numbers import fixed, one_line, plain
from loadgen.mlperf.logs.parameters import effective_values
from loadgen.mlperf.logs.spread import Spread
from loadgen.mlperf.settings import TestScenario

__all__ = ["summary_text"]

_RULE: Final = "=" * 48
_STREAMS: Final = (TestScenario.SingleStream, TestScenario.MultiStream)
_YES: Final = {True: "Yes", False: "NO"}

_CONCATENATED: Final = (
    "WARNING: sample_concatenate_permutation was set to true. ",
    "Generated samples per query might be different as the one in the setting.",
    "Check the generated_samples_per_query line in the detailed log for the real",
    "samples_per_query value",
)


def summary_text(account: Account) -> str:
    """Return the whole summary.

    It has no body in accuracy mode. Where nothing was measured, or an accuracy run failed, the body
    says INVALID and why.

    Parameters
    ----------
    account : Account
    """
    figures = figures_of(account)
    lines: list[str] = []
    if figures is not None:
        lines += _head(account)
        lines += _headline(account, figures)
        lines += _verdict(account, figures)
        lines += ["", *_titled("Additional Stats"), *_stats(account, figures)]
        lines += ["", *_titled("Test Parameters Used"), *_parameters(account)]
    elif lacks_figures(account) or events.fails_accuracy(account):
        lines += _head(account)
        lines += _failed(account)
    warnings, errors = events.tallies(account)
    lines += ["", _tally(warnings, "warnings", "1 warning", "warnings")]
    lines += ["", _tally(errors, "errors", "1 ERROR", "ERRORS")]
    return "".join(f"{line}\n" for line in lines)


def _titled(title: str) -> list[str]:
    return [_RULE, title, _RULE]


def _head(account: Account) -> Iterator[str]:
    name = account.sut_name if account.summary_sut_name is None else account.summary_sut_name
    yield from _titled("MLPerf Results Summary")
    yield f"SUT name : {one_line(name)}"
    yield f"Scenario : {account.requested.scenario.name}"
    yield f"Mode     : {account.requested.mode.name}"


def _headline(account: Account, figures: Figures) -> Iterator[str]:
    scenario, tokens = account.requested.scenario, figures.tokens
    inferred = figures.inferred_tokens_per_second
    if scenario in _STREAMS:
        percentile = f"{100 * account.requested.percentile_fraction:.1f}th"
        yield f"{percentile} percentile latency (ns) : {figures.query_latency.target}"
        if tokens is not None:
            yield f"{percentile} first token percentile latency (ns) : {tokens.ttft.target}"
    elif scenario is TestScenario.Server:
        yield f"Completed samples per second    : {fixed(figures.completed_per_second)}"
        if tokens is not None:
            yield f"Completed tokens per second: {fixed(tokens.per_second)}"
        if inferred is not None:
            yield f"Completed tokens per second (inferred): {fixed(inferred)}"
    else:
        yield f"Samples per second: {plain(figures.samples_per_second)}"
        if tokens is not None:
            yield f"Tokens per second: {plain(tokens.per_second)}"
        if inferred is not None:
            yield f"Tokens per second (inferred): {plain(inferred)}"


def _verdict(account: Account, figures: Figures) -> Iterator[str]:
    validity, scenario = figures.validity, account.requested.scenario
    yield f"Result is : {'VALID' if validity.valid else 'INVALID'}"
    if scenario is TestScenario.Server:
        yield f"  Performance constraints satisfied : {_YES[validity.perf_constraints_met]}"
    yield f"  Min duration satisfied : {_YES[validity.min_duration_met]}"
    yield f"  Min queries satisfied : {_YES[validity.min_queries_met]}"
    yield f"  Early stopping satisfied: {_YES[validity.early_stopping_met]}"
    if not validity.valid:
        yield "Recommendations:"
        for text in validity.recommendations:
            yield f" * {text}"
        for problem in validity.problems:
            yield f" * {one_line(problem)}"
    if scenario is not TestScenario.Offline:
        for title, text in figures.stopping.texts.items():
            yield f"{title}:"
            yield text


def _stats(account: Account, figures: Figures) -> Iterator[str]:
    scenario = account.requested.scenario
    if scenario is TestScenario.SingleStream:
        yield f"QPS w/ loadgen overhead         : {fixed(figures.qps_with_overhead)}"
        yield f"QPS w/o loadgen overhead        : {fixed(figures.qps_without_overhead)}"
        yield ""
    elif scenario is TestScenario.Server:
        yield f"Scheduled samples per second : {fixed(figures.scheduled_per_second)}"
    elif scenario is TestScenario.MultiStream:
        yield "Per-query latency:  "
    latency = figures.query_latency
    yield f"Min latency (ns)                : {latency.min}"
    yield f"Max latency (ns)                : {latency.max}"
    yield f"Mean latency (ns)               : {latency.mean}"
    yield from _percentiles(latency, "percentile latency (ns)   ")
    if figures.tokens is not None:
        yield ""
        yield from _token_stats(scenario, figures.tokens)


def _token_stats(scenario: TestScenario, tokens: TokenFigures) -> Iterator[str]:
    if scenario is TestScenario.SingleStream:
        yield f"TPS w/ loadgen overhead         : {fixed(tokens.per_second_with_overhead)}"
        yield f"TPS w/o loadgen overhead        : {fixed(tokens.per_second_without_overhead)}"
    elif scenario is TestScenario.Server:
        yield f"Completed tokens per second                 : {fixed(tokens.per_second)}"
    elif scenario is TestScenario.Offline:
        return
    ttft, tpot = tokens.ttft, tokens.tpot
    yield f"Min First Token latency (ns)                : {ttft.min}"
    yield f"Max First Token latency (ns)                : {ttft.max}"
    yield f"Mean First Token latency (ns)               : {ttft.mean}"
    yield from _percentiles(ttft, "percentile first token latency (ns)   ")
    yield ""
    yield f"Min Time per Output Token (ns)                : {tpot.min}"
    yield f"Max Time per Output Token (ns)                : {tpot.max}"
    yield f"Mean Time per Output Token (ns)               : {tpot.mean}"
    yield from _percentiles(tpot, "percentile time to output token (ns)   ")


def _percentiles(spread: Spread, what: str) -> Iterator[str]:
    for label, value in spread.percentiles.items():
        yield f"{label} {what}: {value}"


def _parameters(account: Account) -> Iterator[str]:
    requested = account.requested
    values = effective_values(account, reported=True) or {}
    yield f"samples_per_query : {values['samples_per_query']}"
    yield f"target_qps : {plain(values['target_qps'])}"
    if requested.use_token_latencies:
        yield f"ttft_latency (ns): {requested.ttft_latency}"
        yield f"tpot_latency (ns): {requested.tpot_latency}"
    else:
        yield f"target_latency (ns): {values['target_latency_ns']}"
    yield f"max_async_queries : {values['max_async_queries']}"
    yield f"min_duration (ms): {values['min_duration_ms']}"
    yield f"max_duration (ms): {values['max_duration_ms']}"
    for name in ("min_query_count", "max_query_count", "qsl_rng_seed", "sample_index_rng_seed"):
        yield f"{name} : {values[name]}"
    for name in ("schedule_rng_seed", "accuracy_log_rng_seed", "accuracy_log_probability"):
        yield f"{name} : {plain(values[name])}"
    for name in ("accuracy_log_sampling_target", "print_timestamps", "performance_issue_unique"):
        yield f"{name} : {plain(values[name])}"
    for name in ("performance_issue_same", "performance_issue_same_index"):
        yield f"{name} : {plain(values[name])}"
    for name in ("performance_sample_count", "accuracy_sample_count"):
        yield f"{name} : {values[name]}"
    if requested.sample_concatenate_permutation:
        yield from _CONCATENATED


def _failed(account: Account) -> Iterator[str]:
    yield "Result is : INVALID"
    yield "Recommendations:"
    errors = [note.text for note in account.notes + account.later_notes if note.kind == "error"]
    for text in (*errors, *events.problems_of(account)):
        yield f" * {one_line(text)}"


def _tally(count: int, none: str, one: str, many: str) -> str:
    if count == 0:
        return f"No {none} encountered during test."
    return f"{one if count == 1 else f'{count} {many}'} encountered. See detailed log."
