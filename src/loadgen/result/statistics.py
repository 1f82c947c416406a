# SPDX-License-Identifier: Apache-2.0
"""What a run says of itself: generator health, arrivals, steady state, Little's law, queueing.

From `RunData` to the arrays that ``metrics`` judges. Each is None where it does not apply: no rows
(``recording="histogram"``), an accuracy run, another scenario. Where it applies and the run says
too little, its verdict is "cannot tell", and its words say what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from loadgen.config.arrivals import Constant, Gamma, Poisson, Replay, Varying
from loadgen.config.scenarios import Concurrent, Offline, Server
from loadgen.health import DelayFigures, Health
from loadgen.metrics.arrivals import (
    TOLERANCE_NS,
    ArrivalsTest,
    check_planned,
    check_renewal,
)
from loadgen.metrics.columns import Columns
from loadgen.metrics.latency import Distribution
from loadgen.metrics.little import LittlesLaw, littles_law
from loadgen.metrics.queueing import SingleServer, single_server
from loadgen.metrics.steady_state import SteadyState, steady_state
from loadgen.result import latencies, observation
from loadgen.result.data import MISSING, OK, RunData
from loadgen.result.facts import RunFacts
from loadgen.result.latencies import answers, judged_rows, judged_series, service_time
from loadgen.values import ns_from_s

__all__ = ["RunStatistics"]

LATE_GAP: Final = 0.25
"""Of a mean gap: queries that are later are not those of the planned process any more."""

_ISSUED_LATE: Final = "The plan was right, and queries were issued late"
_SEE_HEALTH: Final = f"{_ISSUED_LATE}: see health"
_SYSTEM_BLOCKED: Final = (
    f"{_ISSUED_LATE}, since the system's issue() had not returned: return at once, or use workers"
)

Int64Array = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


class RunStatistics(RunFacts):
    """What a run says of itself, of its performance series. Computed when it is asked for."""

    @cached_property
    def latency(self) -> Distribution:
        """Completed - scheduled."""
        return Distribution(lambda: latencies.latency(self._data), name="latency")

    @cached_property
    def issue_delay(self) -> Distribution:
        """Issued - scheduled, of everything that was issued; always 0 where nothing is due."""
        return Distribution(lambda: latencies.issue_delay(self._data), name="issue delay")

    @cached_property
    def own_delay(self) -> DelayFigures:
        """The issue delay that the generator itself caused."""
        return self._data.own_delay.within(self.issue_delay)

    @cached_property
    def blocked_delay(self) -> DelayFigures:
        """The issue delay because the system's previous `issue` had not returned."""
        return self._data.blocked_delay.within(self.issue_delay)

    @cached_property
    def health(self) -> Health:
        """The verdict on the generator: "good", "suspect" or "bad", figures and causes."""
        return observation.health(self._data, self.latency, self.own_delay, self.blocked_delay)

    @cached_property
    def arrivals(self) -> ArrivalsTest | None:
        """Whether queries were issued as the arrival process says; None where nothing was due.

        Nor of conversations: when their turns are due is up to the answers.
        """
        scenario = self._data.scenario
        if not isinstance(scenario, Server) or scenario.conversations or not _has_rows(self._data):
            return None
        found = _arrivals(self._data, scenario, "issued")
        if found.verdict == "not as planned":
            planned = _arrivals(self._data, scenario, "scheduled")
            found = found if planned.failed else replace(found, cause=self._why_late())
        return found

    def _why_late(self) -> str:
        """Return what is to be done first: the system is blamed where the generator was good."""
        own_ns, blocked_ns = self._data.own_delay.p99_ns or 0, self._data.blocked_delay.p99_ns or 0
        blames_system = self.health.verdict == "good" and blocked_ns > own_ns
        return _SYSTEM_BLOCKED if blames_system else _SEE_HEALTH

    @cached_property
    def steady_state(self) -> SteadyState | None:
        """Which part of the run is steady, by its latencies.

        None in Offline, where all samples wait from the start, and where the rate is planned to
        change (Steps, Ramp).
        """
        scenario = self._data.scenario
        varies = isinstance(scenario, Server) and isinstance(scenario.arrivals, Varying)
        if varies or isinstance(scenario, Offline) or not _has_rows(self._data):
            return None
        return steady_state(answers(self._data))

    @cached_property
    def littles_law(self) -> LittlesLaw | None:
        """What was in flight, beside rate times mean time; None in Offline."""
        scenario = self._data.scenario
        if isinstance(scenario, Offline) or not _has_rows(self._data):
            return None
        places = scenario.concurrency if isinstance(scenario, Concurrent) else 1
        times = service_time(self._data)
        assert isinstance(times, Columns)  # it has rows
        ended, issued, worst = times
        known = None if worst is None or worst.max(initial=OK) != MISSING else worst != MISSING
        return littles_law(
            issued, ended, known, concurrency=None if isinstance(scenario, Server) else places
        )

    @cached_property
    def queueing(self) -> SingleServer | None:
        """The mean latency beside that of one server (M/G/1); None where it is no such queue.

        It needs Poisson arrivals, answers in the order of issue, none that failed or is missing,
        and a generator that was not bad: its delays would be taken for the system's service times.
        To tell, it needs a thousand samples, and a load of at most 95 %.
        """
        scenario, data = self._data.scenario, self._data
        if not isinstance(scenario, Server) or not isinstance(scenario.arrivals, Poisson):
            return None
        if scenario.conversations or not _has_rows(data):
            return None
        rows = judged_rows(data)
        if data.columns["status"][rows].max() != OK or self.health.verdict == "bad":
            return None
        return single_server(data.columns["scheduled"][rows], data.columns["completed"][rows])


def _has_rows(data: RunData) -> bool:
    series = judged_series(data)
    performance = bool(series) and series[0].phase == "performance"
    rows = judged_rows(data)
    return performance and data.tally is None and rows.stop > rows.start


def _arrivals(data: RunData, scenario: Server, column: str) -> ArrivalsTest:
    """Test one of the columns of instants against the planned process."""
    at, arrivals = data.columns[column][judged_rows(data)], scenario.arrivals
    # How late the generator was is health's business, while it leaves something to be tested.
    own_ns = min(data.own_delay.p99_ns or 0, int(LATE_GAP * 1e9 / scenario.target_qps))
    given: dict[str, Any] = {
        "tolerance_ns": max(TOLERANCE_NS, own_ns),
        "process": arrivals.name,
    }
    if isinstance(arrivals, Replay):
        due_s = np.asarray(arrivals.timestamps_s[: len(at)], np.float64) / arrivals.speed
        return check_planned(at, (due_s * 1e9).astype(np.int64), **given)
    if isinstance(arrivals, Constant):
        due_ns = np.arange(len(at)) * (1e9 / scenario.target_qps)
        return check_planned(at, due_ns.astype(np.int64), **given)
    if isinstance(arrivals, Gamma):
        given["shape"] = arrivals.burstiness
    if isinstance(arrivals, Varying):
        start_ns = data.run_start_ns + judged_series(data)[0].start_ns
        first_s = float(at[0] - start_ns) / 1e9  # a pause may come before the first query
        given["expected"] = _expected(arrivals, scenario.target_qps, first_s)
    return check_renewal(at, scenario.target_qps, **given)


def _expected(
    arrivals: Varying, target_qps: float, first_s: float
) -> Callable[[FloatArray], FloatArray]:
    """Return how many arrivals are expected by a time since `first_s`: the integral of the rate."""
    pieces = [piece for piece in arrivals.pieces if ns_from_s(piece.duration_s) > 0]
    lasts = np.array([*(piece.duration_s for piece in pieces), np.inf])
    start = np.array([*(piece.start for piece in pieces), pieces[-1].stop])
    slope = np.array([*((piece.stop - piece.start) / piece.duration_s for piece in pieces), 0.0])
    begins = np.concatenate([[0.0], np.cumsum(lasts[:-1])])
    each = lasts[:-1] * (start[:-1] + slope[:-1] * lasts[:-1] / 2)
    before = np.concatenate([[0.0], np.cumsum(each)])

    def expected(seconds: FloatArray) -> FloatArray:
        seconds = seconds + max(first_s, 0.0)
        piece = np.searchsorted(begins, seconds, side="right") - 1
        within = seconds - begins[piece]
        count: FloatArray = before[piece] + within * (start[piece] + slope[piece] * within / 2)
        return count * target_qps

    return expected
