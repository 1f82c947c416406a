# SPDX-License-Identifier: Apache-2.0
"""Runs that several files of tests start in the same way."""

import os
import signal
from typing import Any

import loadgen as lg
from loadgen.testing import FixedSUT, VirtualClock


def quick_run(sut: Any, scenario: lg.Scenario, dataset: Any = 20, **fields: Any) -> lg.Result:
    """A run on the real clock, over in some ms."""
    return lg.run(sut, dataset, scenario, **{"min_duration_s": 0, "min_queries": 100, **fields})


def press_ctrl_c() -> None:
    """Send SIGINT to this process, as a terminal would."""
    os.kill(os.getpid(), signal.SIGINT)


def servers(n: int) -> FixedSUT:
    """A system of `n` servers that take 10 ms each: no more than 100 * n answers a second."""
    return FixedSUT(latency_ns=10_000_000, servers=n)


def find(sut: Any, scenario: Any = None, **fields: Any) -> lg.search.PeakResult:
    """Search in simulated time, where nothing is said with 15 ms at the 99th percentile."""
    fields = {"min_duration_s": 1, "clock": VirtualClock(), "progress": False} | fields
    return lg.find_peak(sut, 100, scenario or lg.Concurrent(1, target_latency_ms=15), **fields)
