# SPDX-License-Identifier: Apache-2.0
"""The measurements: each one asks this machine one thing, once, by whole runs where it can.

Not for how often each is asked, nor for what is made of the answers: that is the package itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal

from loadgen import _core
from loadgen.config.arrivals import Constant
from loadgen.config.scenarios import Offline, Scenario, Server, SingleStream
from loadgen.run import run
from loadgen.run.session import Session
from loadgen.selftest.figures import ISSUE_DELAY_LIMIT_NS
from loadgen.sut import NativeSUT, SystemUnderTest

if TYPE_CHECKING:
    from loadgen.result import Result

Kind = Literal["function", "push", "pull", "native"]
KINDS: Final[tuple[Kind, ...]] = ("function", "push", "pull", "native")

_DATASET: Final = 1_024
_FLOODED_QPS: Final = 1e8  # no machine issues so fast: everything is due at once
_SLEEPING_QPS: Final = 1_000
_MANY: Final = 100_000
_LONGEST_S: Final = 0.1
_LOOKS: Final = 10  # a clock with steps of milliseconds shows one only now and then


class _Push(SystemUnderTest):
    """Answers at once, on the issuing thread."""

    def issue(self, batch: _core.Batch) -> None:
        batch.complete()


_DO_NOTHING: Final[dict[str, Any]] = {
    "function": lambda samples: None,
    "push": _Push(),
    "native": NativeSUT(_core.DO_NOTHING),
}


class Machine:
    """The machine that we are on, by the real clock; tests have one of their own.

    Parameters
    ----------
    clock : callable
        Returns an instant in ns.
    """

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._clock = clock

    def clock_read_ns(self) -> float:
        """Return what a read of the clock takes from Python, the call included."""
        instants = self._instants()
        return (instants[-1] - instants[0]) / (len(instants) - 1)

    def clock_step_ns(self) -> int:
        """Return the smallest difference, besides 0, of two reads in a row; 0 if it stands."""
        for _ in range(_LOOKS):
            steps = [step for a, b in pairwise(self._instants()) if (step := b - a)]
            if steps:
                return min(steps)
        return 0

    def _instants(self) -> list[int]:
        clock = self._clock
        return [clock() for _ in range(_MANY)]

    def clock_resolution_ns(self) -> float:
        """Return the clock's resolution, as the system says."""
        return time.get_clock_info("monotonic").resolution * 1e9

    def interruptions(self, seconds: float) -> tuple[float, int]:
        """Return how a thread is stopped that only looks at the clock.

        Returns
        -------
        share : float
            Of the time, in stops of `ISSUE_DELAY_LIMIT_NS` and more.
        longest : int, ns
            The longest stop; 0 where there was none.
        """
        clock = self._clock
        start = last = clock()
        end = start + int(seconds * 1e9)
        stops = []
        while last < end:
            now = clock()
            if now - last >= ISSUE_DELAY_LIMIT_NS:
                stops.append(now - last)
            last = now
        return sum(stops) / (last - start), max(stops, default=0)

    def sleep_errors_ns(self, seconds: float) -> tuple[int, int]:
        """Return how late queries are issued when the thread sleeps: p50 and p99."""
        scenario = Server(target_qps=_SLEEPING_QPS, arrivals=Constant())
        result = _run("push", scenario, min_duration_s=seconds, pacing="sleep")
        p50, p99 = result.issue_delay.percentiles([50, 99])
        return p50, p99

    def plan_cost_ns(self) -> float:
        """Return what a query of Server takes to draw."""
        settings = _core.PlanSettings(
            scenario="server", target_qps=_FLOODED_QPS, min_query_count=_MANY
        )
        (loaded,) = _core.loadable_sets(
            count=_DATASET,
            total=_DATASET,
            performance_sample_count=_DATASET,
            padding=0,
            qsl_seed=0,
        )
        return _core.TrafficPlan(settings, loaded).cost_ns(_MANY)

    def do_nothing_samples_per_s(self, kind: Kind, scenario: str) -> float:
        """Return at which rate a system that does nothing is given samples, one a call or take.

        Parameters
        ----------
        kind : {"function", "push", "pull", "native"}
        scenario : {"single_stream", "server", "offline"}
            Of Server all queries are due at once. Offline's one query is given in one call, but
            one sample at a time to pull.
        """
        series = _run(kind, _FLOODS[scenario], max_duration_s=_LONGEST_S, min_queries=_MANY).series
        return series[-1].n_rows * 1e9 / max(series[-1].end_ns, 1)

    def issue_delay_p99_ns(self, rate_qps: int, seconds: float) -> int:
        """Return the 99th percentile of the issue delay at a rate, by a push system."""
        result = _run("push", Server(target_qps=rate_qps), min_duration_s=seconds)
        return result.issue_delay.percentile(99)


_FLOODS: Final[dict[str, Scenario]] = {
    "single_stream": SingleStream(),
    "server": Server(target_qps=_FLOODED_QPS),
    "offline": Offline(n_samples=_MANY),
}
SCENARIOS: Final = tuple(_FLOODS)


def _run(kind: Kind, scenario: Scenario, **fields: Any) -> Result:
    fields = {"min_duration_s": 0, "progress": False} | fields
    if kind != "pull":
        return run(_DO_NOTHING[kind], _DATASET, scenario, **fields)
    with Session(_DATASET, scenario, **fields) as session:
        for batch in session.batches(max_size=1):
            batch.complete()
    result: Result = session.result
    return result
