# SPDX-License-Identifier: Apache-2.0
"""`find_peak`: the highest load at which a system keeps its limits.

Bisection by probes that end when their outcome is certain, then one whole run. Not for a probe
(``probe.py``), nor for which one is next (``narrowing.py``).
"""

from __future__ import annotations

import math
import numbers
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from loadgen.config.arrivals import Constant, Gamma, Poisson
from loadgen.config.scenarios import SLOWEST_QPS, Concurrent, Scenario, Server
from loadgen.dataset import as_dataset
from loadgen.errors import Problem, SettingsError
from loadgen.metrics.intervals import confidence_check
from loadgen.metrics.latency import percentile_fraction
from loadgen.run.task import Task
from loadgen.search.found import PeakResult
from loadgen.search.narrowing import Bracket, Range, bracket
from loadgen.search.probe import Loaded, Probe, Prober, limits_ns, load_knob
from loadgen.search.state import StateFile
from loadgen.sut import SystemUnderTest, as_sut
from loadgen.values import MAX_COUNT, Check, integer, number, optional, problem_of

if TYPE_CHECKING:
    from loadgen._core import VirtualClock
    from loadgen.config.settings import Settings
    from loadgen.result import Result

__all__ = ["find_peak"]

_FASTEST_QPS: Final = 1e9
_FAR: Final = 1_000
"""Unless told, a search does not go farther from where it begins than by this factor."""

_CONFIRMATIONS: Final = 3
"""So many whole runs, each below the last, before it is said that none confirms the peak."""


def find_peak(
    sut: SystemUnderTest | Callable[[Any], Any],
    dataset: object,
    scenario: Scenario,
    settings: Settings | None = None,
    *,
    low: float | None = None,
    high: float | None = None,
    precision: float = 0.02,
    confidence: float = 0.95,
    max_probes: int = 24,
    state: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
    clock: VirtualClock | None = None,
    on_probe: Callable[[Probe], object] | None = None,
    **fields: Any,
) -> PeakResult:
    """Find the highest Server rate, or concurrency, that meets the limits.

    The load is doubled or halved until one passes and one fails, then bisected. A probe is a run
    that ends as soon as it is certain whether it passes; the last one is repeated as a whole run.

    Parameters
    ----------
    sut, dataset
        As for `run`. The system is started and stopped for each probe.
    scenario : Server or Concurrent
        Its limits, and by `target_qps` or `concurrency` the load where the search begins.
    settings : Settings, optional
        Of the whole run; a probe that is not certain before ends with them, too. Both have at least
        as many queries as tell a clear case: at the 99th percentile some 3,300.
    low, high : float, optional
        Loads that are not left. None: a thousandth and a thousand times that of the scenario.
    precision : float in (0, 1]
        The search ends when its bracket is no wider than this share of its lower end.
    confidence : float in (0, 1)
        With which the bracket holds the true capacity. What may be wrong is split evenly over
        `max_probes`.
    max_probes : int
        The search ends after so many.
    state : path, optional
        A JSON file that keeps the probes: where it is there already, the search goes on from it.
    progress, clock
        As for `run`.
    on_probe : callable, optional
        Gets each `Probe` when it is over.
    **fields
        Fields of `Settings`, which win over `settings`.

    Returns
    -------
    PeakResult

    Raises
    ------
    SettingsError
        Names every wrong argument; nothing was started. Or `state` is of another search.
    ResultError
        `state` cannot be read.
    SUTError, Interrupted, DatasetError
        As from `run`; the probes before are in `state`.

    Notes
    -----
    It trusts that a load above one that fails would fail. The true capacity is the load at which
    the share of samples over the limit is what the percentile allows, in the long run; formulas and
    sources are in ``docs/statistics.md``.

    Examples
    --------
    >>> import loadgen as lg
    >>> from loadgen.testing import FixedSUT, VirtualClock
    >>> sut = FixedSUT(latency_ns=10_000_000, servers=4)
    >>> four = lg.Concurrent(1, target_latency_ms=15)
    >>> found = lg.find_peak(sut, 8, four, clock=VirtualClock(), progress=False)
    >>> found.peak, found.bracket, found.confirmed
    (4, (4, 5), True)
    """
    problems = [
        *_wrong_scenario(scenario),
        *_wrong_numbers(scenario, low, high, precision, max_probes),
    ]
    if problems or not isinstance(scenario, Server | Concurrent):
        raise SettingsError(problems)
    error = (1.0 - confidence_check(confidence)) / max_probes
    where = _range(scenario, low, high, precision)
    source = dataset if isinstance(dataset, numbers.Integral) else as_dataset(dataset)
    task = Task.check(source, scenario, settings, fields)
    if task.settings.mode != "performance":
        raise SettingsError([Problem("mode", task.settings.mode, "'performance'")])
    system = as_sut(sut)
    prober = Prober(system, source, scenario, task.settings, error, progress=progress, clock=clock)
    asked_for = {
        "sut": system.name,
        "dataset": f"{task.dataset.name}, {task.total}",
        "scenario": scenario.to_dict(),
        "settings": task.settings.to_dict(),
        "low": where.low,
        "high": where.high,
        "precision": precision,
        "confidence": confidence,
        "max_probes": max_probes,
    }
    file = StateFile(state, asked_for)
    probes = file.read()
    file.write(probes)  # where that cannot be, it is told before anything runs
    while len(probes) < max_probes and (next_load := where.next_load(probes)) is not None:
        probes.append(prober.probe(len(probes) + 1, next_load))
        file.write(probes)
        if on_probe:
            on_probe(probes[-1])
    ends = bracket(probes)
    peak, result, refused = _confirmed(ends[0], where, prober)
    return PeakResult(
        scenario=scenario,
        peak=peak,
        bracket=ends,
        confidence=confidence,
        probes=tuple(probes),
        result=result,
        reason=_reason(where, probes, max_probes),
        warnings=(*refused, *_warnings(scenario, probes, ends, result)),
    )


def _wrong_scenario(scenario: object) -> list[Problem]:
    if not isinstance(scenario, (Server, Concurrent)):
        return [Problem("scenario", scenario, "an lg.Server or an lg.Concurrent")]
    problems = []
    if not limits_ns(scenario):
        knobs = "target_latency_ms"
        if isinstance(scenario, Server):
            knobs += ", target_ttft_ms or target_tpot_ms"
        problems.append(Problem("target_latency_ms", None, f"a limit: {knobs}"))
    if not 0.0 < scenario.target_percentile < 100.0:  # noqa: PLR2004 - percent
        allowed = "a percentile above 0 and below 100: no number of queries shows that"
        problems.append(Problem("target_percentile", scenario.target_percentile, allowed))
    if isinstance(scenario, Server) and not isinstance(
        scenario.arrivals, (Poisson, Constant, Gamma)
    ):
        allowed = "arrivals at one rate: Poisson, Constant or Gamma"
        problems.append(Problem("arrivals", scenario.arrivals.name, allowed))
    return problems


def _wrong_numbers(
    scenario: object, low: object, high: object, precision: object, max_probes: object
) -> list[Problem]:
    is_whole = isinstance(scenario, Concurrent)
    load: Check = integer(1, MAX_COUNT) if is_whole else number(SLOWEST_QPS, _FASTEST_QPS)
    checks: tuple[tuple[str, object, Check], ...] = (
        ("low", low, optional(load)),
        ("high", high, optional(load)),
        ("precision", precision, number(above=0, high=1)),
        ("max_probes", max_probes, integer(1, 1_000)),
    )
    found = [problem for each in checks if (problem := problem_of(*each))]
    if not found and low is not None and high is not None and low > high:  # type: ignore[operator]  # numbers now
        found.append(Problem("low", low, f"at most high, which is {high}"))
    return found


def _range(scenario: Loaded, low: float | None, high: float | None, precision: float) -> Range:
    """Return where the search goes; it begins at the scenario's load, or as near as it may."""
    whole = isinstance(scenario, Concurrent)
    slowest, fastest = (1, MAX_COUNT) if whole else (SLOWEST_QPS, _FASTEST_QPS)
    start: float = getattr(scenario, load_knob(scenario))
    start = min(max(start, low or slowest), high or fastest)
    if low is None:
        low = max(start / _FAR, slowest)
    if high is None:
        high = min(start * _FAR, fastest)
    return Range(start, math.ceil(low) if whole else low, high, precision, whole)


def _confirmed(
    passed: float | None, where: Range, prober: Prober
) -> tuple[float | None, Result | None, list[str]]:
    """Return the highest load that a whole run confirms, its result, and what was refused before.

    Where none of some is confirmed, it is the first one's result.
    """
    refused: list[str] = []
    first: Result | None = None
    load = passed
    while load is not None and len(refused) < _CONFIRMATIONS:
        result = prober.confirm(load)
        if result.valid:
            return load, result, refused
        first = first or result
        refused.append(f"a whole run at {load:,.10g} is not valid: {'; '.join(result.reasons)}")
        load = where.below(load)
    return passed, first, refused


def _reason(where: Range, probes: Sequence[Probe], max_probes: int) -> str:
    passed, failed = bracket(probes)
    if passed is not None and failed is None and passed >= where.high:
        return (
            f"high = {where.high:,.10g} passes: this is the end of the search, not of the system;"
            " raise high"
        )
    if where.next_load(probes) is not None:
        return f"max_probes = {max_probes} are used up"
    if any(probe.outcome == "undecided" for probe in probes):
        return "the rest cannot be told with so many queries; raise min_duration_s or min_queries"
    if passed is None:
        return f"nothing passes, down to low = {where.low:,.10g}"
    return f"the bracket is within {where.precision:.3g} of its lower end"


def _warnings(
    scenario: Loaded, probes: Sequence[Probe], ends: Bracket, result: Result | None
) -> Iterator[str]:
    allowed = 1.0 - percentile_fraction(scenario.target_percentile)
    if result is not None and result.health.verdict != "good":
        yield (
            f"the generator was {result.health.verdict} at the peak, so it may be the limit itself:"
            f" {'; '.join(result.health.causes)}"
        )
    for probe in probes:
        if probe.load != ends[1] or probe.outcome != "fails":
            continue
        if probe.over <= allowed * probe.n:
            yield (
                f"{probe.load:,.10g} kept the limits and failed all the same: {probe.why}. Chance"
                " may have done that at another load, which the confidence does not cover"
            )
        if probe.health == "bad":
            yield (
                f"the generator was bad at {probe.load:,.10g}, which failed: the limit may be the"
                " generator's, not the system's"
            )
