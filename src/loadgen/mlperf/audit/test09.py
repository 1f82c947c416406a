# SPDX-License-Identifier: Apache-2.0
"""TEST09: answers in performance mode are as long as they should be.

Catches a system that shortens its answers when it is timed. The official script counts the bytes of
answers; here, where tokens are counted by the run, the count has to be that of the bytes as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

import numpy as np

from loadgen.mlperf.audit.base import Audit, Case, Files, every_sample
from loadgen.mlperf.audit.evidence import Evidence
from loadgen.mlperf.audit.knobs import Knobs
from loadgen.mlperf.audit.outcome import Finding
from loadgen.mlperf.audit.test07 import all_there
from loadgen.mlperf.audit.tokens import tokens_of
from loadgen.mlperf.logs.read import AccuracyEntry
from loadgen.mlperf.rules import Benchmark, Round

__all__ = ["OutputLength"]

_TOLERANCE: Final = 0.10


class OutputLength(Audit):
    """TEST09."""

    test = "TEST09"
    title = "answers in performance mode have the length that they should have"
    files: ClassVar[Files] = {"verify_output_len.txt": ("accuracy",)}

    def _knobs(self, benchmark: Benchmark, round_: Round) -> Knobs:
        return every_sample(benchmark, self.test, round_)

    def examine(self, case: Case) -> Iterator[Finding]:
        """Compare the mean length with the benchmark's limits, or with the accuracy run."""
        answers = list(case.audit.answers())
        yield all_there(case, answers)
        dtype = case.rules.token_dtype
        lengths = _lengths(answers, dtype)
        if not answers or lengths is None:
            if answers:
                yield Finding("accuracy", False, f"answers are no {dtype} tokens")
            return
        counted = [
            (each, length)
            for each, length in zip(answers, lengths, strict=True)
            if each.token_count is not None and each.token_count != length
        ]
        if counted:
            first, length = counted[0]
            text = f"{len(counted)} answers have another length than was counted, sample"
            text = f"{text} {first.qsl_idx}: {length} beside {first.token_count}"
            yield Finding("accuracy", False, text)
        limits = _limits(case)
        if limits is None:
            text = "neither limits in the benchmark nor an accuracy run to compare with"
            yield Finding("accuracy", False, text)
            return
        low, high = limits
        mean = float(np.mean(lengths))
        case.figures |= {
            "Mean output tokens": mean,
            "Min threshold": low,
            "Max threshold": high,
            "Shortest": min(lengths),
            "Longest": max(lengths),
        }
        text = f"an answer has {mean:.5g} tokens on average; allowed: {low:.5g} to {high:.5g}"
        yield Finding("accuracy", low <= mean <= high, text)


def _limits(case: Case) -> tuple[float, float] | None:
    """Return the lowest and the highest mean that pass: the benchmark's, or the accuracy run's."""
    rules = case.rules
    if rules.low is not None and rules.high is not None:
        return rules.low, rules.high
    reference = _accuracy_lengths(case.accuracy, rules.token_dtype)
    if not reference:
        return None
    mean, tolerance = float(np.mean(reference)), rules.tolerance or _TOLERANCE
    return mean * (1 - tolerance), mean * (1 + tolerance)


def _accuracy_lengths(run: Evidence | None, dtype: str) -> list[int] | None:
    return None if run is None else _lengths(list(run.answers()), dtype)


def _lengths(answers: list[AccuracyEntry], dtype: str) -> list[int] | None:
    """Return each answer's length in tokens; None where one is not made of tokens."""
    tokens = [tokens_of(each.data, dtype) for each in answers]
    lengths = [len(each) for each in tokens if each is not None]
    return lengths if len(lengths) == len(answers) else None
