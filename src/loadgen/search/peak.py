# SPDX-License-Identifier: Apache-2.0
"""`find_peak`: the highest load at which a system keeps its limits.

Bisection by probes that end when their outcome is certain, then one whole run. Not for a probe
(``probe.py``), nor for which one is next (``narrowing.py``).
"""

from __future__ import annotations

import numbers
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from loadgen.config.scenarios import Concurrent, Server
from loadgen.dataset import as_dataset
from loadgen.errors import Problem, SettingsError
from loadgen.report import units
from loadgen.run.task import Task
from loadgen.search.arguments import checked, search_range
from loadgen.search.found import PeakResult
from loadgen.search.narrowing import Range, bracket
from loadgen.search.probe import Probe, Prober
from loadgen.search.reasons import reason, warnings
from loadgen.search.state import StateFile
from loadgen.sut import SystemUnderTest, as_sut

if TYPE_CHECKING:
    from loadgen._core import VirtualClock
    from loadgen.config.settings import Settings
    from loadgen.result import Result

__all__ = ["find_peak"]

_CONFIRMATIONS: Final = 3
"""So many whole runs, each below the last, before it is said that none confirms the peak."""


def find_peak(
    sut: SystemUnderTest | Callable[[Any], Any],
    dataset: object,
    scenario: Server | Concurrent,
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
        `state` cannot be read, or was changed.
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
    plain = checked(
        scenario,
        low=low,
        high=high,
        precision=precision,
        confidence=confidence,
        max_probes=max_probes,
        state=state,
        on_probe=on_probe,
    )
    del plain["state"], plain["on_probe"]  # the others say which search it is
    max_probes, error = plain["max_probes"], (1.0 - plain["confidence"]) / plain["max_probes"]
    source = dataset if isinstance(dataset, numbers.Integral) else as_dataset(dataset)
    task = Task.check(source, scenario, settings, fields)
    if task.settings.mode != "performance":
        raise SettingsError([Problem("mode", task.settings.mode, "'performance'")])
    system = as_sut(sut)
    prober = Prober(system, source, scenario, task.settings, error, progress=progress, clock=clock)
    where = search_range(scenario, plain["low"], plain["high"], plain["precision"], prober.enough)
    asked_for = {
        "sut": system.name,
        "dataset": f"{task.dataset.name}, {task.total}",
        "scenario": scenario.to_dict(),
        "settings": task.settings.to_dict(),
        **plain,
        "low": where.low,
        "high": where.high,
    }
    file = StateFile(state, asked_for)
    probes = file.begin(where, max_probes)
    while len(probes) < max_probes and (load := where.next_load(probes)) is not None:
        probes.append(prober.probe(len(probes) + 1, load))
        file.write(probes)
        if on_probe:
            on_probe(probes[-1])
    ends = bracket(probes)
    peak, result, refused = _confirmed(ends[0], where, prober)
    return PeakResult(
        scenario=scenario,
        peak=peak,
        bracket=ends,
        narrow=where.is_narrow(ends),
        confidence=plain["confidence"],
        probes=tuple(probes),
        result=result,
        reason=reason(where, probes, scenario, task.settings, max_probes),
        warnings=(*refused, *warnings(scenario, probes, ends, result)),
        sut_name=system.name,
        precision=where.precision,
    )


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
        refused.append(
            f"a whole run at {units.load(load)} is not valid: {'; '.join(result.reasons)}"
        )
        load = where.below(load)
    return passed, first, refused
