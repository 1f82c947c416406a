# SPDX-License-Identifier: Apache-2.0
"""TEST06: tokens are what they are said to be.

The token that was streamed first begins the answer; the answer ends with one end token at most; as
many tokens are counted as there are. Catches a system that sends something else first, to be fast,
or pads its answers, to be counted for more. The official script takes an empty first token for a
right one, and never looks at the count; here both fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from loadgen.mlperf.audit.base import Audit, Case, logging_knobs
from loadgen.mlperf.audit.knobs import Knobs
from loadgen.mlperf.audit.outcome import AuditOutcome, Finding
from loadgen.mlperf.audit.tokens import tokens_of
from loadgen.mlperf.logs.read import AccuracyEntry
from loadgen.mlperf.rules import Benchmark, Round
from loadgen.mlperf.rules.benchmark import Audit as AuditRules

__all__ = ["Tokens"]

_N_SAMPLES: Final = 100
_CHECKS: Final = {
    "First token check pass": "the first token that was streamed begins the answer",
    "EOS check pass": "an answer ends with at most one end token",
    "Sample length check pass": "as many tokens are counted as there are, and there is one",
}


class Tokens(Audit):
    """TEST06."""

    test = "TEST06"
    title = "first tokens, ends and counts of tokens are what they are said to be"

    def _knobs(self, benchmark: Benchmark, round_: Round) -> Knobs:
        rules = benchmark.audits.get(self.test, AuditRules())
        return {
            **logging_knobs(rules, round_, _N_SAMPLES),
            "min_query_count": rules.n_samples or _N_SAMPLES,
            "min_duration": 0,
            "sample_concatenate_permutation": 0,
        }

    def examine(self, case: Case) -> Iterator[Finding]:
        """Look at each logged answer."""
        answers = list(case.audit.answers())
        case.figures["answers logged"] = len(answers)
        if not answers:
            yield Finding("accuracy", False, "the audit logged no answer")
        skipped = {
            "First token check pass": "Offline streams nothing"
            if case.scenario == "Offline"
            else "",
            "EOS check pass": "" if case.rules.end_token is not None else "no end token is known",
        }
        for name, meaning in _CHECKS.items():
            if why := skipped.get(name, ""):
                case.figures[name] = "Skipped"
                yield Finding("accuracy", None, f"{meaning}: not looked at; {why}")
                continue
            faults = [
                (each, fault) for each in answers if (fault := _fault(name, each, case.rules))
            ]
            case.figures[name] = str(bool(answers) and not faults)
            if faults:
                first, fault = faults[0]
                text = f"not in {len(faults)} of {len(answers)}, sample {first.qsl_idx}: {fault}"
                yield Finding("accuracy", False, f"{meaning}: {text}")
            elif answers:
                yield Finding("accuracy", True, meaning)

    def lines(self, outcome: AuditOutcome, name: str) -> list[str]:
        """Return the lines that a submission checker looks for, and why."""
        checks = [f"{check}: {outcome.figures.get(check, False)}" for check in _CHECKS]
        end = {"passed": "complete"}.get(outcome.verdict, outcome.verdict)
        return [*checks, f"TEST06 verification {end}", *map(str, outcome.findings)]


def _fault(check: str, answer: AccuracyEntry, rules: AuditRules) -> str:
    """Return what is wrong with an answer; empty: nothing."""
    tokens = tokens_of(answer.data, rules.token_dtype)
    if tokens is None:
        return f"{len(answer.data)} bytes are no {rules.token_dtype} tokens"
    if check == "Sample length check pass":
        is_right = answer.token_count == len(tokens) > 0
        return "" if is_right else f"{answer.token_count} are counted, {len(tokens)} are there"
    if check == "EOS check pass":
        n_ends = _ends(tokens.tolist(), rules.end_token)
        return f"{n_ends} end tokens" if n_ends > 1 else ""
    return _first_token_fault(answer, tokens, rules)


def _first_token_fault(
    answer: AccuracyEntry, tokens: npt.NDArray[np.integer], rules: AuditRules
) -> str:
    first = tokens_of(answer.token_data or b"", rules.token_dtype)
    if first is None or len(first) == 0:
        return "no first token was given with first_token(ids, outputs)"
    if np.array_equal(first, tokens[: len(first)]):
        return ""
    return f"streamed {first[:4].tolist()}, answered {tokens[: min(4, len(first))].tolist()}"


def _ends(tokens: list[int], end_token: int | None) -> int:
    """Return how many end tokens an answer ends with."""
    place = len(tokens)
    while place and tokens[place - 1] == end_token:
        place -= 1
    return len(tokens) - place
