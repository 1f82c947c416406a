# SPDX-License-Identifier: Apache-2.0
"""TEST05: the system is as fast under seeds that it cannot know.

Catches a system that knows the round's seeds, which are published, and so which sample comes next
and when. MLPerf dropped this audit in v5.0, when its seeds for it were published too; here they are
drawn anew for each audit. It proves that the figures do not rest on the known seeds. It does not
find a system that reads the plan out of the process which measures it: for that, measure it in
another process (`loadgen.mlperf.network`).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import ClassVar

from loadgen.config.settings import Seeds
from loadgen.mlperf.audit.base import Audit, Case, Files
from loadgen.mlperf.audit.knobs import Knobs
from loadgen.mlperf.audit.outcome import Finding
from loadgen.mlperf.rules import Benchmark, Round

__all__ = ["OtherSeeds", "unknown_seeds"]

_SEEDS = ("qsl", "sample_index", "schedule")


class OtherSeeds(Audit):
    """TEST05."""

    test = "TEST05"
    title = "as fast under seeds that nobody could know"
    files: ClassVar[Files] = {"verify_performance.txt": ("performance",)}
    other_seeds = True
    allowed = "not slower"

    def _knobs(self, benchmark: Benchmark, round_: Round) -> Knobs:
        return {}

    def examine(self, case: Case) -> Iterator[Finding]:
        """See that the seeds are others."""
        names = [f"requested_{name}_rng_seed" for name in _SEEDS]
        known = [name for name in names if case.audit.get(name) == case.performance.get(name)]
        text = f"{', '.join(known)} are the performance run's" if known else "all seeds are others"
        yield Finding("settings", not known, text)


def unknown_seeds(accuracy_log: int) -> Seeds:
    """Return seeds from the operating system's random numbers."""
    drawn = {name: secrets.randbits(64) for name in _SEEDS}
    return Seeds(**drawn, accuracy_log=accuracy_log)
