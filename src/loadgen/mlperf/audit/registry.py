# SPDX-License-Identifier: Apache-2.0
"""Which audits there are, and which a benchmark has."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from loadgen.errors import Problem, SettingsError
from loadgen.mlperf.audit.base import Audit
from loadgen.mlperf.audit.test01 import AnswersInPerformanceMode
from loadgen.mlperf.audit.test04 import NoCaching
from loadgen.mlperf.audit.test05 import OtherSeeds
from loadgen.mlperf.audit.test06 import Tokens
from loadgen.mlperf.audit.test07 import QualityInPerformanceMode
from loadgen.mlperf.audit.test08 import StreamingRecommender
from loadgen.mlperf.audit.test09 import OutputLength
from loadgen.mlperf.rules import Benchmark
from loadgen.values import name_hint

__all__ = ["AUDITS", "audit_of", "audits_of"]

AUDITS: Final[Mapping[str, Audit]] = MappingProxyType(
    {
        each.test: each
        for each in (
            AnswersInPerformanceMode(),
            NoCaching(),
            OtherSeeds(),
            Tokens(),
            QualityInPerformanceMode(),
            StreamingRecommender(),
            OutputLength(),
        )
    }
)
_ANY_BENCHMARK: Final = ("TEST05",)  # needs nothing of it, and no round asks for it


def audits_of(benchmark: Benchmark) -> tuple[str, ...]:
    """Return the audits that a benchmark's rules ask for."""
    return tuple(name for name in AUDITS if name in benchmark.audits)


def audit_of(test: str, benchmark: Benchmark) -> Audit:
    """Return an audit of a benchmark.

    Raises
    ------
    SettingsError
        There is no such audit, or the benchmark has others.
    """
    if test not in AUDITS:
        allowed = f"one of {', '.join(AUDITS)}{name_hint(test, AUDITS)}"
        raise SettingsError([Problem("test", test, allowed)])
    if test not in benchmark.audits and test not in _ANY_BENCHMARK:
        theirs = ", ".join((*audits_of(benchmark), *_ANY_BENCHMARK))
        raise SettingsError([Problem("test", test, f"an audit of {benchmark.name}: {theirs}")])
    return AUDITS[test]
