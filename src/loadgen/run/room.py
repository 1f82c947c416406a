# SPDX-License-Identifier: Apache-2.0
"""Whether the machine has the memory for a run's rows, before anything starts.

Not for the bytes of the answers that a run keeps: nobody knows how many they are.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from loadgen import environment
from loadgen.config.arrivals import Replay
from loadgen.config.scenarios import Offline, Scenario, Server
from loadgen.errors import Problem, SettingsError
from loadgen.traffic.validate import validate

if TYPE_CHECKING:
    from loadgen.config.settings import Settings
    from loadgen.traffic.effective import Effective

__all__ = ["Expected", "bytes_per_row", "check_room", "expected"]

_GB = 10**9
_NS_PER_S = 10**9


class Expected(NamedTuple):
    """How many samples a run has at least, and the field that makes them so many."""

    rows: int
    field: str
    value: object


def bytes_per_row(scenario: Scenario, settings: Settings, *, keeps_outputs: bool = True) -> int:
    """Return what a sample's row takes in the core's columns.

    Index 4, status 1, completed 8; issued 8 but in Offline, scheduled 8 in Server; with tokens 20,
    and where their instants are kept 16 for each, of which there is at least one. In accuracy mode
    an answer that is kept has 14 to find it by, and 16 before its bytes.
    """
    instants = 3 if isinstance(scenario, Server) else 1 if isinstance(scenario, Offline) else 2
    kept = 14 + 16 if settings.mode == "accuracy" and keeps_outputs else 0
    tokens = (20 if settings.tokens else 0) + (16 if settings.token_times == "exact" else 0)
    return 4 + 1 + 8 * instants + tokens + kept


def expected(scenario: Scenario, settings: Settings, sizes: Effective, total: int) -> Expected:
    """Return how many samples a run has at least, from a system that is given them in time.

    Parameters
    ----------
    scenario, settings, sizes : Scenario, Settings, Effective
    total : int
        Samples of the dataset.
    """
    found = Expected(0, "", None)
    if settings.mode != "accuracy":
        found = _performance(scenario, settings, sizes, min(sizes.performance_sample_count, total))
    if settings.mode == "performance":
        return found
    count = min(sizes.accuracy_sample_count, total)
    if count > found.rows:
        found = Expected(found.rows, "accuracy_sample_count", count)
    return found._replace(rows=found.rows + count)


def _performance(scenario: Scenario, settings: Settings, sizes: Effective, loaded: int) -> Expected:
    """Of the performance series; `loaded` is how many samples its loaded set has."""
    if isinstance(scenario, Offline):
        return _offline(scenario, sizes, loaded)
    found = Expected(sizes.min_queries, "min_queries", settings.min_queries)
    if isinstance(scenario, Server):
        found = _server(scenario, settings, sizes, found)
    elif sizes.max_duration_ns is not None:
        found = found._replace(rows=min(found.rows, 1))  # a slow system may get no further
    if sizes.max_queries is not None:
        found = found._replace(rows=min(found.rows, sizes.max_queries))
    rows = found.rows * sizes.samples_per_query
    if settings.sample_order == "unique" and loaded < rows:
        return Expected(loaded, "performance_sample_count", loaded)
    return found._replace(rows=rows)


def _offline(scenario: Offline, sizes: Effective, loaded: int) -> Expected:
    for name in ("n_samples", "expected_qps"):
        if (value := getattr(scenario, name)) is not None:
            return Expected(sizes.samples_per_query, name, value)
    return Expected(sizes.samples_per_query, "performance_sample_count", loaded)


def _server(scenario: Server, settings: Settings, sizes: Effective, few: Expected) -> Expected:
    """Of a schedule that nothing slows down; `few` is the minimum of queries."""
    longest_s = settings.max_duration_s
    # Later turns come by the answers; a limit of the duration may come before them.
    each = 1.0 if longest_s is not None or not sizes.turns else sum(sizes.turns) / len(sizes.turns)
    if isinstance(scenario.arrivals, Replay):
        due_s = scenario.arrivals.due_s
        rows = len(due_s) if longest_s is None else bisect_right(due_s, longest_s)
        rows = int(rows * each)
        return Expected(rows, "timestamps_s", rows)
    in_time = int(_arrived(scenario, sizes.target_duration_ns / _NS_PER_S) * each)
    if in_time > few.rows:
        few = Expected(in_time, "min_duration_s", settings.min_duration_s)
    if longest_s is None:
        return few
    return few._replace(rows=min(few.rows, _arrived(scenario, longest_s)))


def _arrived(scenario: Server, duration_s: float) -> int:
    return int(scenario.target_qps * scenario.arrivals.seconds_at_target(duration_s))


def check_room(
    scenario: Scenario,
    settings: Settings,
    sizes: Effective,
    total: int,
    *,
    keeps_outputs: bool = True,
) -> None:
    """Refuse a run whose rows do not fit into the memory that is free.

    Raises
    ------
    SettingsError
        With the sum, and what there is to do about it.
    """
    free = environment.available_memory()
    if free is None or settings.recording == "histogram":
        return
    rows, field, value = expected(scenario, settings, sizes, total)
    each = bytes_per_row(scenario, settings, keeps_outputs=keeps_outputs)
    if rows * each <= free:
        return
    allowed = (
        f"less: at least {rows:,} samples of {each} bytes are {rows * each / _GB:,.1f} GB, and "
        f"{free / _GB:,.1f} GB are free"
    )
    if _may_be_counted(scenario, settings):
        allowed += "; or recording='histogram', which keeps no rows"
    raise SettingsError([Problem(field, value, allowed)])


def _may_be_counted(scenario: Scenario, settings: Settings) -> bool:
    """Whether the run would be accepted without rows."""
    try:
        validate(scenario, settings, {"recording": "histogram"})
    except SettingsError:
        return False
    return True
