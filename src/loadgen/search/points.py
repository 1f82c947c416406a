# SPDX-License-Identifier: Apache-2.0
"""The curve of latency over load, from several results, and where its knee is.

Pure. Not for running (``sweeping.py``).

References
----------
V. Satopaa, J. Albrecht, D. Irwin and B. Raghavan, Finding a "Kneedle" in a Haystack: Detecting Knee
Points in System Behavior, ICDCS workshops 2011.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from loadgen.config.scenarios import Concurrent, Server
from loadgen.errors import Problem, SettingsError
from loadgen.search.loads import load_knob

if TYPE_CHECKING:
    from loadgen.result import Result

__all__ = ["Point", "curve", "knee", "load_of"]

_FEWEST_POINTS: Final = 4
"""Of three points the middle one is a knee whenever it lies below the line."""

_LEAST_BEND: Final = 0.1
"""A straight line has 0; noise bends one by less than this."""


class Point(NamedTuple):
    """One result on the curve.

    Parameters
    ----------
    load : float
        Queries/s that were offered, or samples outstanding.
    throughput : float or None, samples/s
        Completed.
    p50_ns, p90_ns, p99_ns : int or None, ns
        Latency; None where nothing was completed.
    valid : bool
        The verdict on the system.
    health : {"good", "suspect", "bad"}
        That on the generator.
    """

    load: float
    throughput: float | None
    p50_ns: int | None
    p90_ns: int | None
    p99_ns: int | None
    valid: bool
    health: str


def curve(results: Iterable[Result]) -> tuple[Point, ...]:
    """Return the points of results, in ascending order of the load.

    Parameters
    ----------
    results : iterable of Result
        All of Server, or all of Concurrent.

    Raises
    ------
    SettingsError
        They are not.
    """
    results = list(results)
    kinds = {type(result.scenario) for result in results}
    for result in results:
        if len(kinds) > 1 or not isinstance(result.scenario, (Server, Concurrent)):
            allowed = "results of Server alone, or of Concurrent alone"
            raise SettingsError([Problem("results", result.scenario.name, allowed)])
    return tuple(sorted(map(_point, results), key=lambda point: point.load))


def load_of(result: Result) -> float:
    """Return the load of a result of Server or Concurrent: queries/s, or samples outstanding."""
    scenario = result.scenario
    assert isinstance(scenario, (Server, Concurrent))
    load: float = getattr(scenario, load_knob(scenario))
    return load


def _point(result: Result) -> Point:
    times = result.latency.percentiles((50, 90, 99)) if result.latency else [None] * 3
    throughput = None if result.metric is None else result.metric.value
    p50, p90, p99 = times
    return Point(load_of(result), throughput, p50, p90, p99, result.valid, result.health.verdict)


def knee(points: Sequence[Point]) -> Point | None:
    """Return the point behind which latency rises faster than load; None: there is none.

    Kneedle's difference, for a curve that rises and bends upwards: with load x and 99th percentile
    y, each scaled to [0, 1], the knee is where ``x - y`` is largest, and it is one from 0.1 on.
    Kneedle's spline and its threshold, a mean step of x, need more points than a sweep has.

    Parameters
    ----------
    points : sequence of Point
        As `curve` returns them; one without a latency is left out. Fewer than 4 have no knee.
    """
    known = [(point.load, point.p99_ns, point) for point in points if point.p99_ns is not None]
    if len(known) < _FEWEST_POINTS:
        return None
    loads, times = [load for load, _, _ in known], [time for _, time, _ in known]
    width, height = loads[-1] - loads[0], max(times) - min(times)
    if width <= 0 or height <= 0:
        return None
    above = [
        (load - loads[0]) / width - (time - min(times)) / height
        for load, time in zip(loads, times, strict=True)
    ]
    best = max(range(len(above)), key=above.__getitem__)
    bends = (
        above[best] >= _LEAST_BEND and best < len(above) - 1
    )  # at the end nothing rises any more
    return known[best][2] if bends else None
