# SPDX-License-Identifier: Apache-2.0
"""What this machine can do as a load generator: ``loadgen selftest``.

``machine`` measures, ``figures`` has what was found, ``text`` says it in words; here is how often
what is measured. Not for measuring systems, nor for where the figures are kept
(``loadgen.selftest_file``).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from loadgen.selftest.figures import RateTried, Selftest
from loadgen.selftest.machine import KINDS, SCENARIOS, Machine
from loadgen.selftest.text import in_words

__all__ = ["FULL", "QUICK", "Effort", "Machine", "RateTried", "Selftest", "in_words", "measure"]

_T = TypeVar("_T", int, float)


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Parameters
    ----------
    tries : int
        Of each measurement; the median counts.
    rates_qps : tuple of int, queries/s
        Where the issue delay is measured, from the lowest on.
    sleeping_s : float, s
        How long a try of sleeping takes, and one of looking at the clock.
    try_s : float, s
        How long a try at a rate takes, at least.
    queries : int
        So many queries in a try, at least.
    """

    tries: int
    rates_qps: tuple[int, ...]
    sleeping_s: float
    try_s: float
    queries: int

    def seconds_at(self, rate_qps: int) -> float:
        """Return how long a try at a rate takes."""
        return max(self.try_s, self.queries / rate_qps)


FULL: Final = Effort(
    tries=3,
    rates_qps=(
        100, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000,
    ),
    sleeping_s=0.3,
    try_s=0.1,
    queries=100,
)  # fmt: skip
QUICK: Final = Effort(
    tries=1, rates_qps=(1_000, 10_000, 100_000), sleeping_s=0.1, try_s=0.1, queries=100
)


def measure(effort: Effort = FULL, machine: Machine | None = None) -> Selftest:
    """Find out what this machine can do; takes about ten seconds, or two with `QUICK`.

    Parameters
    ----------
    effort : Effort
        `FULL` or `QUICK`.
    machine : Machine, optional
        None: this one.
    """
    asked = Machine() if machine is None else machine

    def median(measurement: Callable[..., _T], *arguments: Any) -> _T:
        return statistics.median_high(measurement(*arguments) for _ in range(effort.tries))

    stops = [asked.interruptions(effort.sleeping_s) for _ in range(effort.tries)]
    sleeps = [asked.sleep_errors_ns(effort.sleeping_s) for _ in range(effort.tries)]
    return Selftest(
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        quick=effort is not FULL,
        clock_read_ns=median(asked.clock_read_ns),
        clock_resolution_ns=asked.clock_resolution_ns(),
        clock_step_ns=asked.clock_step_ns(),
        interrupted_share=statistics.median_high(share for share, _ in stops),
        longest_interruption_ns=max(longest for _, longest in stops),
        sleep_error_p50_ns=statistics.median_high(p50 for p50, _ in sleeps),
        sleep_error_p99_ns=statistics.median_high(p99 for _, p99 in sleeps),
        plan_cost_ns=median(asked.plan_cost_ns),
        do_nothing_samples_per_s={
            kind: {name: median(asked.do_nothing_samples_per_s, kind, name) for name in SCENARIOS}
            for kind in KINDS
        },
        rates_tried=tuple(
            RateTried(rate, median(asked.issue_delay_p99_ns, rate, effort.seconds_at(rate)))
            for rate in effort.rates_qps
        ),
    )
