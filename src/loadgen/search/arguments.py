# SPDX-License-Identifier: Apache-2.0
"""What `find_peak` and `sweep` may be given: checks, each problem named. Nothing is started here.

Not for scenarios, settings and datasets: those are checked as for every run.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from typing import Any, Final

from loadgen.config.arrivals import Constant, Gamma, Poisson
from loadgen.config.scenarios import SLOWEST_QPS, Concurrent, Server
from loadgen.errors import Problem, SettingsError
from loadgen.metrics.intervals import confidence_check
from loadgen.search.loads import Loaded, limits_ns, load_knob
from loadgen.search.narrowing import Range
from loadgen.values import MAX_COUNT, Check, Refused, integer, number, optional

__all__ = ["callback", "checked", "file_path", "search_range"]

_FASTEST_QPS: Final = 1e9
_FAR: Final = 1_000
"""Unless told, a search does not go farther from where it begins than by this factor."""


def file_path(value: object) -> str | os.PathLike[str]:
    """Check for a path."""
    if isinstance(value, (str, os.PathLike)):
        name = os.fspath(value)
        if isinstance(name, str) and name and "\0" not in name:
            return value
    raise Refused("a path")


def callback(value: object) -> Any:
    """Check for something that can be called."""
    if not callable(value):
        raise Refused("a function")
    return value


def _wrong_scenario(scenario: object) -> Iterator[Problem]:
    """Yield why a scenario cannot be searched."""
    if not isinstance(scenario, (Server, Concurrent)):
        yield Problem("scenario", scenario, "an lg.Server or an lg.Concurrent")
        return
    if not limits_ns(scenario):
        knobs = "target_latency_ms"
        if isinstance(scenario, Server):
            knobs += ", target_ttft_ms or target_tpot_ms"
        yield Problem("target_latency_ms", None, f"a limit: {knobs}")
    if not 0.0 < scenario.target_percentile < 100.0:  # noqa: PLR2004 - percent
        allowed = "a percentile above 0 and below 100: no number of queries shows that"
        yield Problem("target_percentile", scenario.target_percentile, allowed)
    if isinstance(scenario, Server) and not isinstance(
        scenario.arrivals, (Poisson, Constant, Gamma)
    ):
        allowed = "arrivals at one rate: Poisson, Constant or Gamma"
        yield Problem("arrivals", scenario.arrivals.name, allowed)


def checked(scenario: object, **given: object) -> dict[str, Any]:
    """Return arguments of `find_peak` as plain Python values.

    Parameters
    ----------
    scenario : object
        Loads are whole where it is a Concurrent.
    **given
        Some of ``low``, ``high``, ``precision``, ``confidence``, ``max_probes``, ``state``,
        ``on_probe``.

    Raises
    ------
    SettingsError
        Names each that is wrong, and why the scenario cannot be searched.
    """
    is_whole = isinstance(scenario, Concurrent)
    load: Check = integer(1, MAX_COUNT) if is_whole else number(SLOWEST_QPS, _FASTEST_QPS)
    checks: dict[str, Check] = {
        "low": optional(load),
        "high": optional(load),
        "precision": number(above=0, high=1),
        "confidence": confidence_check,  # type: ignore[dict-item]  # it takes anything
        "max_probes": integer(1, 1_000),
        "state": optional(file_path),
        "on_probe": optional(callback),
    }
    plain: dict[str, Any] = {}
    problems = [*_wrong_scenario(scenario)]
    for field, value in given.items():
        try:
            plain[field] = checks[field](value)
        except Refused as refusal:
            problems.append(Problem(field, value, str(refusal)))
        except SettingsError as error:
            problems += error.problems
    low, high = plain.get("low"), plain.get("high")
    if low is not None and high is not None and low > high:
        problems.append(Problem("low", low, f"at most high, which is {high}"))
    if problems:
        raise SettingsError(problems)
    return plain


def search_range(
    scenario: Loaded, low: float | None, high: float | None, precision: float, enough: int
) -> Range:
    """Return where the search goes; it begins at the scenario's load, or as near as it may.

    Parameters
    ----------
    scenario : Server or Concurrent
    low, high, precision
        As for `find_peak`, checked.
    enough : int
        As for `Range`.
    """
    whole = isinstance(scenario, Concurrent)
    slowest, fastest = (1, MAX_COUNT) if whole else (SLOWEST_QPS, _FASTEST_QPS)
    start: float = getattr(scenario, load_knob(scenario))
    start = min(max(start, low or slowest), high or fastest)
    if low is None:
        low = max(start / _FAR, slowest)
    if high is None:
        high = min(start * _FAR, fastest)
    return Range(start, math.ceil(low) if whole else low, high, precision, whole, enough)
