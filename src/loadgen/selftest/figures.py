# SPDX-License-Identifier: Apache-2.0
"""What a self-test found: plain frozen records. Not for how it was measured (``machine``)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

ISSUE_DELAY_LIMIT_NS: Final = 10_000
"""Below this the generator's part is less than 5 % of any latency of 200 us and more."""


@dataclass(frozen=True)
class RateTried:
    """The issue delay at one rate.

    Parameters
    ----------
    rate_qps : int, queries/s
        Mean rate; the arrivals were a Poisson process.
    p99_ns : int, ns
        99th percentile of the issue delay; the median of the tries.
    """

    rate_qps: int
    p99_ns: int

    @property
    def held(self) -> bool:
        """Whether the delay stayed below the limit."""
        return self.p99_ns < ISSUE_DELAY_LIMIT_NS


@dataclass(frozen=True)
class Selftest:
    """What this machine can do as a load generator.

    Parameters
    ----------
    measured_at : str
        ISO 8601, UTC.
    quick : bool
        Whether fewer and shorter tries were made.
    clock_read_ns : float, ns
        What a read of the clock costs from Python, the call included; the core pays less.
    clock_resolution_ns : float, ns
        Of the clock, as the system says.
    clock_step_ns : int, ns
        The smallest difference that two reads from Python had.
    interrupted_share : float
        Of the time, in which a thread that only looks at the clock is stopped, at least for
        `ISSUE_DELAY_LIMIT_NS`: by other work, the kernel, or the host of a virtual machine.
    longest_interruption_ns : int, ns
        The longest of these stops, in all tries.
    sleep_error_p50_ns, sleep_error_p99_ns : int, ns
        How late queries are issued where the thread sleeps until they are due.
    plan_cost_ns : float, ns
        What a query of the plan takes to draw.
    do_nothing_samples_per_s : mapping of str to mapping of str to float, samples/s
        Kind of system ("function", "push", "pull", "native"), then scenario, to the rate at which
        a system that does nothing is given samples.
    rates_tried : tuple of RateTried
        From the lowest on.
    """

    measured_at: str
    quick: bool
    clock_read_ns: float
    clock_resolution_ns: float
    clock_step_ns: int
    interrupted_share: float
    longest_interruption_ns: int
    sleep_error_p50_ns: int
    sleep_error_p99_ns: int
    plan_cost_ns: float
    do_nothing_samples_per_s: Mapping[str, Mapping[str, float]]
    rates_tried: tuple[RateTried, ...]

    @property
    def plan_ceiling_qps(self) -> float:
        """Queries/s that drawing the plan alone would leave time for."""
        return 1e9 / self.plan_cost_ns

    @property
    def held_qps(self) -> int | None:
        """The highest tried rate with a 99th percentile below the limit; None if there is none."""
        return max((each.rate_qps for each in self.rates_tried if each.held), default=None)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            **dataclasses.asdict(self),
            "plan_ceiling_qps": self.plan_ceiling_qps,
            "issue_delay_limit_ns": ISSUE_DELAY_LIMIT_NS,
            "held_qps": self.held_qps,
        }

    def kept(self) -> dict[str, Any]:
        """Return what later results of this machine have of it."""
        return {
            "measured_at": self.measured_at,
            "clock_read_ns": self.clock_read_ns,
            "interrupted_share": self.interrupted_share,
            "sleep_error_p99_ns": self.sleep_error_p99_ns,
            "plan_cost_ns": self.plan_cost_ns,
            "push_server_samples_per_s": self.do_nothing_samples_per_s["push"]["server"],
            "held_qps": self.held_qps,
        }
