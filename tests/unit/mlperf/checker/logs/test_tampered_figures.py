# SPDX-License-Identifier: Apache-2.0
"""Figures that no run can have, verdicts that they do not come to: refused.

What stands in both logs is mostly changed in both, as someone would who knows of both.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from good_logs import Logs
from tampering import Edit, Table, both, does, latency, put, rate

P50, QUERY_P50 = (f"result_50.00_percentile_{kind}latency_ns" for kind in ("", "per_query_"))
TTFT99 = "result_first_token_99.00_percentile_latency_ns"
TOKENS = "result_completed_tokens_per_second"


def estimate(factor: float) -> Edit:
    """The score of SingleStream multiplied wherever it stands."""

    def edit(logs: Logs) -> None:
        old = logs.value("early_stopping_latency_ss")
        for kind in ("detail", "summary"):
            logs.replace(kind, str(old), str(int(old * factor)), 9)

    return edit


def all_latencies(factor: float) -> Edit:
    """All latencies of an Offline run multiplied, and its rate divided."""

    def edit(logs: Logs) -> None:
        old = logs.value("result_max_latency_ns")
        for kind in ("detail", "summary"):
            logs.replace(kind, f": {old}", f": {int(old * factor)}", 99)
        rate = float(f"{logs.value('result_samples_per_second') / factor:g}")
        logs.both("result_samples_per_second", "Samples per second", rate)

    return edit


def token_rate(factor: float) -> Edit:
    """The score of a Server's tokens multiplied in all three places."""

    def edit(logs: Logs) -> None:
        old = logs.value(TOKENS)
        logs.set(TOKENS, float(f"{old * factor:g}"))
        logs.replace("summary", f": {old:.2f}", f": {old * factor:.2f}", 2)

    return edit


def invalid(logs: Logs) -> None:
    logs.both("result_validity", "Result is", '"INVALID"', "INVALID\nRecommendations:")
    logs.both("result_min_duration_met", "  Min duration satisfied", False, "NO")
    line = logs.line("early_stopping_met")
    added = line.replace("early_stopping_met", "result_invalid_reason").replace("true", '""', 1)
    logs.replace("detail", line, line + added)


FIGURES: Table = {
    "a percentile above the largest": ("single", "figures.spread", latency("90.00", 10**12)),
    "the largest below a percentile": ("single", "figures.spread", latency("Max", 310_000_000)),
    "the least above the median": ("server", "figures.spread", latency("Min", 10**7)),
    "one latency of two values": ("offline", "figures.mean", latency("Mean", 10**11)),
    "a mean above all": ("server", "figures.mean", latency("Mean", 10**9)),
    "a mean that percentiles forbid": ("server", "figures.mean", latency("Mean", 5_500_000)),
    "a rate without overhead": (
        "single",
        "figures.rate",
        rate("result_qps_without_loadgen_overhead", 1.01),
    ),
    "a rate faster than its latencies": (
        "single",
        "figures.rate",
        rate("result_qps_with_loadgen_overhead", 1.01),
    ),
    "a rate slower than the run": (
        "single",
        "figures.duration",
        rate("result_qps_with_loadgen_overhead", 0.9),
    ),
    "Server's score": ("server", "figures.rate", rate("result_completed_samples_per_sec", 1.01)),
    "Offline's score": (
        "offline",
        "figures.rate",
        both("result_samples_per_second", "Samples per second", 2.25),
    ),
    "the score of tokens": ("server tokens", "figures.rate", token_rate(1.01)),
    "tokens a time of latency": (
        "server tokens",
        "figures.rate",
        put("result_token_throughput", lambda old: old * 1.01),
    ),
    "tokens of SingleStream": (
        "single tokens",
        "figures.rate",
        put("result_token_throughput_with_loadgen_overhead", lambda old: old * 1.01),
    ),
    "no time after first tokens": (
        "single tokens",
        "figures.tokens",
        put("result_first_token_mean_latency_ns", 390_000_000),
    ),
    "first tokens after the answer": (
        "server tokens",
        "figures.order",
        put("result_first_token_max_latency_ns", 10**12),
    ),
    "samples slower than queries": (
        "multi",
        "figures.order",
        does(put(P50, lambda old: old + 10**8), put(QUERY_P50, lambda old: old - 10**8)),
    ),
    "queries at the same time": (
        "multi",
        "figures.duration",
        does(put("generated_query_count", 5000), put("result_query_count", 5000)),
    ),
    "many over the limit": (
        "server",
        "figures.overlatency",
        put("result_overlatency_query_count", 400),
    ),
    "more queries than planned": ("single", "figures.count", put("result_query_count", 10**6)),
    "fewer queries than planned": ("server", "figures.count", put("result_query_count", 1500)),
    "no queries": ("server", "figures.count", put("result_query_count", 0)),
    "twice as fast": ("offline", "figures.duration", all_latencies(0.5)),
}

VERDICTS: Table = {
    "invalid": ("offline", "run.valid", invalid),
    "valid, with a part that is not": ("server", "run.parts", put("result_min_queries_met", False)),
    "invalid, with parts that are": ("server", "run.parts", put("result_validity", '"INVALID"')),
    "too short": ("offline", "run.parts", all_latencies(0.5)),
    "above the limit": ("server", "run.parts", latency("99.00", 16_000_000)),
    "first tokens above the limit": ("server tokens", "run.parts", put(TTFT99, 3 * 10**9)),
    "too few queries": ("multi", "stopping.met", put("result_query_count", 600)),
    "too many over the limit": (
        "server",
        "stopping.met",
        put("result_overlatency_query_count", 20),
    ),
    "in other words": ("server", "stopping.text", put("early_stopping_result", '" * Run fine."')),
    "the score of SingleStream": ("single", "stopping.estimate", estimate(0.95)),
    "the score in one place": (
        "single",
        "stopping.text",
        put("early_stopping_latency_ss", lambda old: old + 1),
    ),
    "the score of MultiStream": (
        "multi",
        "stopping.estimate",
        put("early_stopping_latency_ms", 10**6),
    ),
    "the 99th percentile's estimate": (
        "single",
        "stopping.estimate",
        put("early_stopping_latency_ms", 10**6),
    ),
    "the estimate of further tokens": (
        "single tokens",
        "stopping.estimate",
        put(
            "early_stopping_tpot_result",
            lambda old: json.dumps(re.sub(r"(90.0th percentile estimate: )\d+", r"\g<1>1", old)),
        ),
    ),
    "words about further tokens": (
        "single tokens",
        "stopping.text",
        put("early_stopping_tpot_result", lambda old: json.dumps(f"{old} Good.")),
    ),
    "Offline stops early": ("offline", "stopping.text", put("early_stopping_result", '" * Yes."')),
}


@pytest.mark.parametrize("what", {**FIGURES, **VERDICTS})
def test_it_is_found(what: str, good: Callable[..., Logs], tmp_path: Path) -> None:
    name, rule, edit = {**FIGURES, **VERDICTS}[what]
    logs = good(name)
    edit(logs)
    logs.must_break(rule, tmp_path)
