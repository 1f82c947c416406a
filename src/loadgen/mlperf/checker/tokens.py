# SPDX-License-Identifier: Apache-2.0
"""How long the answers of a performance run are, beside those of the accuracy run.

An Offline log has one rate of tokens, and nothing in it says how many an answer had. What the
accuracy run says of its answers bounds that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from loadgen.mlperf.checker.claim import Claim
from loadgen.mlperf.checker.context import Context
from loadgen.mlperf.checker.runs import Run
from loadgen.mlperf.rules.metric import between

__all__ = ["check_tokens"]

_TOLERANCE: Final = 0.10
"""As TEST09 and the benchmarks' own limits of answers' lengths allow."""
_TOKENS: Final = ("tokens_per_sample", "tokens-per-sample")
_CHARACTERS: Final = "characters"


def check_tokens(context: Context, claim: Claim, run: Run, values: Mapping[str, float]) -> None:
    """Check the tokens of an answer that a score stands for.

    Parameters
    ----------
    context, claim
    run : Run
        The performance run.
    values : mapping of str to float
        What ``accuracy.txt`` says, by the metrics' names.
    """
    found, (low, high) = _of_answer(run), _allowed(claim, values)
    if claim.benchmark.unit == "tokens" and found is not None and not low <= found <= high:
        words = between(low, high, "{:.6g}".format)
        said = f"{found:.6g} tokens an answer"
        expected = f"{words}, as the answers of the accuracy run"
        context.findings.add(run.log, "same.tokens", said, expected)


def _of_answer(run: Run) -> float | None:
    """Return the mean tokens of an answer by the rates; None where the log does not say them."""
    names = {
        "Offline": ("result_tokens_per_second", "result_samples_per_second"),
        "Server": ("result_completed_tokens_per_second", "result_completed_samples_per_sec"),
        # Tokens a ns of the time that an answer takes.
        "SingleStream": ("result_token_throughput", "result_mean_latency_ns"),
    }.get(str(run.get("effective_scenario")), ("", ""))
    tokens, other = (run.get(name) for name in names)
    if not all(type(each) in (int, float) and each > 0 for each in (tokens, other)):
        return None
    is_throughput = names[0] == "result_token_throughput"
    return float(tokens * other if is_throughput else tokens / other)


def _allowed(claim: Claim, values: Mapping[str, float]) -> tuple[float, float]:
    """Return the least and the most tokens that an answer has on average."""
    audit = claim.benchmark.audits.get("TEST09")
    if audit is not None and audit.low is not None and audit.high is not None:
        return audit.low, audit.high
    for metric in claim.benchmark.metrics:
        value = values.get(metric.name)
        if value is not None and metric.name in _TOKENS:
            return value * (1 - _TOLERANCE), value * (1 + _TOLERANCE)
        if value is not None and metric.unit == _CHARACTERS:  # a token has at least one
            return 0.0, value / claim.benchmark.dataset.asked(claim.scenario)
    return 0.0, float("inf")
