# SPDX-License-Identifier: Apache-2.0
"""TEST04: the same sample, asked again and again, is answered no faster than others.

Catches a system that remembers answers. The official script allows 20 % to all SingleStream and
MultiStream runs: it compares queries a second with a limit in ns; here that is put right.

Where the performance run asks for each of few samples many times, a cache serves that run as well,
and nothing is faster than it. So there are two further runs, one right after the other: each sample
once, and one sample as often. Both medians are compared, and that of the performance run with them:
a system may remember samples only where others come between, as they do in the performance run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

from loadgen.mlperf.audit.base import Audit, Case, Files
from loadgen.mlperf.audit.evidence import Evidence
from loadgen.mlperf.audit.knobs import PERFORMANCE_ONLY, Knobs
from loadgen.mlperf.audit.outcome import Finding, Speed
from loadgen.mlperf.audit.planned import n_asked
from loadgen.mlperf.audit.speed import MEDIAN, TOLERANCE
from loadgen.mlperf.rules import Benchmark, Round
from loadgen.mlperf.rules.tables import ScenarioName

__all__ = ["NoCaching"]

_INDEX: Final = 3
_ONCE, _ONE = "each_once", "one_as_often"
_THREE_ERRORS: Final = 3 / math.log(2)
"""Three standard errors of the median of n exponential times are 3 / (ln 2 sqrt(n)) of it."""


class NoCaching(Audit):
    """TEST04."""

    test = "TEST04"
    title = "a sample that is asked again is not answered faster"
    files: ClassVar[Files] = {"verify_performance.txt": ("performance",)}
    allowed = "not faster"

    def _knobs(self, benchmark: Benchmark, round_: Round) -> Knobs:
        rules = benchmark.audits.get(self.test)
        fewer = {} if rules is None or not rules.n_samples else {"min_query_count": rules.n_samples}
        return {**_one_sample(benchmark), **fewer}

    def companions(
        self, benchmark: Benchmark, round_: Round, scenario: ScenarioName
    ) -> Mapping[str, Knobs]:
        """Return the keys of the runs that ask for each sample once, and for one as often."""
        if scenario == "Offline":  # whose latencies count from the start of the run
            return {}
        per_query = round_.scenarios[scenario].samples_per_query
        n_queries = -(-benchmark.dataset.performance_samples // per_query)
        both = {"mode": PERFORMANCE_ONLY, "min_query_count": n_queries, "min_duration": 0}
        each_once = {"performance_issue_unique": 1, "performance_issue_same": 0}
        return {_ONCE: both | each_once, _ONE: both | _one_sample(benchmark)}

    def examine(self, case: Case) -> Iterator[Finding]:
        """Say whether a cache may have served the performance run as well."""
        n_samples = case.performance.get("effective_performance_sample_count") or 0
        is_needed = (
            self.companions(case.benchmark, case.round, case.scenario) and not case.companions
        )
        if is_needed and n_asked(case.performance) > n_samples:
            text = "for each sample more than once, so a cache may have served it as well"
            yield Finding("performance", None, f"the performance run asked {text}")

    def beside(self, case: Case) -> Iterator[Speed]:
        """Compare medians of the run that asks for each sample once."""
        once = case.companions.get(_ONCE)
        if once is None:
            return
        runs = {f"one sample {n_asked(once)} times": case.companions.get(_ONE)}
        if case.scenario in ("SingleStream", "MultiStream"):  # whose queries never wait for another
            runs["the performance run"] = case.performance
        for name, run in runs.items():
            yield _median_beside(case, name, run, once)


def _one_sample(benchmark: Benchmark) -> dict[str, int]:
    return {
        "performance_issue_unique": 0,
        "performance_issue_same": 1,
        "performance_issue_same_index": min(_INDEX, benchmark.dataset.n_samples - 1),
    }


def _median_beside(case: Case, name: str, run: Evidence | None, once: Evidence) -> Speed:
    mine, theirs = (None if each is None else each.get(MEDIAN) for each in (run, once))
    n_once = n_asked(once)
    if not (mine and theirs and n_once):
        return Speed(name, None, 0.0, 0.0, f"no {MEDIAN} of {name}, or of each sample once")
    tolerance = max(TOLERANCE, _THREE_ERRORS / math.sqrt(n_once))
    case.figures |= {f"median, {name}, ns": mine, "median, each sample once, ns": theirs}
    text = f"median latency {mine} ns of {name}, {theirs} ns where each of {n_once} came once"
    limit = f"allowed: at most {tolerance:.0%} faster"
    return Speed(name, theirs / mine, 0.0, 1 + tolerance, f"{text}; {limit}")
