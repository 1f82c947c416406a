# SPDX-License-Identifier: Apache-2.0
"""TEST04: the same sample, asked again and again, is answered no faster than others.

Catches a system that remembers answers. The official script allows 20 % to all SingleStream and
MultiStream runs (it compares queries a second with a limit in ns), and never compares the limits of
Server runs (parentheses in its pattern); both are put right in ``speed.py``.

Where the performance run asks for each sample many times, a cache serves that run as well, and
nothing is faster than it. So a second run asks for each sample once, and medians are compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar, Final

from loadgen.mlperf.audit.base import Audit, Case, Files
from loadgen.mlperf.audit.evidence import Evidence
from loadgen.mlperf.audit.knobs import PERFORMANCE_ONLY, Knobs
from loadgen.mlperf.audit.outcome import Finding
from loadgen.mlperf.audit.speed import TOLERANCE, compared
from loadgen.mlperf.rules import Benchmark, Round

__all__ = ["NoCaching"]

_INDEX: Final = 3
_MEDIAN: Final = "result_50.00_percentile_latency_ns"
_THREE_ERRORS: Final = 3 / math.log(2)
"""Three standard errors of the median of n exponential times are 3 / (ln 2 sqrt(n)) of it."""


class NoCaching(Audit):
    """TEST04."""

    test = "TEST04"
    title = "a sample that is asked again is not answered faster"
    files: ClassVar[Files] = {"verify_performance.txt": ("performance",)}

    def _knobs(self, benchmark: Benchmark, round_: Round) -> Knobs:
        rules = benchmark.audits.get(self.test)
        fewer = {} if rules is None or not rules.n_samples else {"min_query_count": rules.n_samples}
        return {
            "performance_issue_unique": 0,
            "performance_issue_same": 1,
            "performance_issue_same_index": min(_INDEX, benchmark.dataset.n_samples - 1),
            **fewer,
        }

    def companion_knobs(self, benchmark: Benchmark) -> Knobs:
        """Return the keys of a run that asks for each sample once."""
        return {
            "mode": PERFORMANCE_ONLY,
            "performance_issue_unique": 1,
            "performance_issue_same": 0,
            "min_query_count": benchmark.dataset.performance_samples,
            "min_duration": 0,
        }

    def examine(self, case: Case) -> Iterator[Finding]:
        """Compare the speed with the performance run's, and with each sample asked once."""
        yield from compared(case, "not faster")
        if case.scenario != "Offline":  # whose latencies count from the start of the run
            yield from _beside_each_once(case)


def _beside_each_once(case: Case) -> Iterator[Finding]:
    once = case.companion
    if once is None:
        n_asked, n_samples = _asked(case.performance)
        if n_samples and n_asked > n_samples:
            text = "for each sample more than once, so a cache may have served it as well"
            yield Finding("performance", None, f"the performance run asked {text}")
        return
    mine, theirs = case.audit.get(_MEDIAN), once.get(_MEDIAN)
    n_once, _ = _asked(once)
    if not (mine and theirs and n_once):
        yield Finding("performance", False, f"no {_MEDIAN} of the run that asks each sample once")
        return
    tolerance = max(TOLERANCE, _THREE_ERRORS / math.sqrt(n_once))
    case.figures |= {"median, one sample, ns": mine, "median, each sample once, ns": theirs}
    text = f"median latency {mine} ns of one sample, {theirs} ns where each of {n_once} came once"
    passed = theirs / mine <= 1 + tolerance
    yield Finding("performance", passed, f"{text}; allowed: at most {tolerance:.0%} faster")


def _asked(run: Evidence) -> tuple[int, int]:
    """Return how many samples a run asked for, and how many different ones it drew from."""
    n_queries = run.get("result_query_count") or 0
    per_query = run.get("effective_samples_per_query") or 1
    return n_queries * per_query, run.get("effective_performance_sample_count") or 0
