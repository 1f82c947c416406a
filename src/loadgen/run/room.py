# SPDX-License-Identifier: Apache-2.0
"""Whether the machine has the memory for a run's rows, before anything starts.

Not for the answers that a run keeps: nobody knows their sizes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadgen import environment
from loadgen.config.scenarios import Offline, Scenario, Server
from loadgen.errors import Problem, SettingsError

if TYPE_CHECKING:
    from loadgen.config.settings import Settings
    from loadgen.traffic.effective import Effective

__all__ = ["bytes_per_row", "check_room", "expected_rows"]

_GB = 10**9
_NS_PER_S = 10**9


def bytes_per_row(scenario: Scenario, settings: Settings) -> int:
    """Return what a sample's row takes in the core's columns.

    Index 4, status 1, completed 8; issued 8 but in Offline, scheduled 8 in Server; with tokens 12.
    """
    instants = 3 if isinstance(scenario, Server) else 1 if isinstance(scenario, Offline) else 2
    return 4 + 1 + 8 * instants + (12 if settings.tokens else 0)


def expected_rows(settings: Settings, sizes: Effective) -> int:
    """Return how many samples a run has at least."""
    rows = 0
    if settings.mode != "accuracy":
        queries = sizes.min_queries
        if sizes.target_qps is not None:  # Offline's duration is 0
            queries = max(queries, int(sizes.target_qps * sizes.target_duration_ns / _NS_PER_S))
        if sizes.max_queries is not None:
            queries = min(queries, sizes.max_queries)
        rows += queries * sizes.samples_per_query
    if settings.mode != "performance":
        rows += sizes.accuracy_sample_count
    return rows


def check_room(scenario: Scenario, settings: Settings, sizes: Effective) -> None:
    """Refuse a run whose rows do not fit into the memory that is free.

    Raises
    ------
    SettingsError
        With the sum, and what there is to do about it.
    """
    free = environment.available_memory()
    if free is None or settings.recording == "histogram":
        return
    rows, each = expected_rows(settings, sizes), bytes_per_row(scenario, settings)
    if rows * each <= free:
        return
    offline = isinstance(scenario, Offline)
    way_out = "" if offline else "; or recording='histogram', which keeps no rows"
    allowed = (
        f"less: at least {rows:,} samples of {each} bytes are {rows * each / _GB:,.1f} GB, and "
        f"{free / _GB:,.1f} GB are free{way_out}"
    )
    raise SettingsError([_cause(scenario, settings, sizes, allowed)])


def _cause(scenario: Scenario, settings: Settings, sizes: Effective, allowed: str) -> Problem:
    """Return the problem, under the field that makes the run so long."""
    if isinstance(scenario, Offline):
        for name in ("n_samples", "expected_qps"):
            if (value := getattr(scenario, name)) is not None:
                return Problem(name, value, allowed)
    few = sizes.min_queries * sizes.samples_per_query
    if settings.mode != "accuracy" and few < expected_rows(settings, sizes) // 2:
        return Problem("min_duration_s", settings.min_duration_s, allowed)
    return Problem("min_queries", settings.min_queries, allowed)
