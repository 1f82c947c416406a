# SPDX-License-Identifier: Apache-2.0
"""One probe: a run at one load, which ends as soon as it is certain whether the limits are kept.

Not for which load that is (``narrowing.py``), nor for the certainty (``evidence.py``).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self, get_args

from loadgen.config.scenarios import Concurrent, Server
from loadgen.config.settings import Settings, settings_from
from loadgen.metrics.latency import percentile_fraction
from loadgen.run import watched_run
from loadgen.search.evidence import LEAST_EFFECTIVE, Evidence, Outcome, log_ratios
from loadgen.search.watch import Rule, Watcher
from loadgen.values import count_in_words
from loadgen.verdict import integrity, observed

if TYPE_CHECKING:
    from loadgen._core import VirtualClock
    from loadgen.result import Result
    from loadgen.sut import SystemUnderTest

__all__ = ["Loaded", "Probe", "Prober", "at_load", "enough_queries", "limits_ns", "load_knob"]

Loaded = Server | Concurrent

_ROOM: Final = 4.0
"""A probe may need so many times the samples that it takes when they are independent."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What a probe found.

    Parameters
    ----------
    load : float
        Queries/s, or samples outstanding.
    outcome : {"passes", "fails", "undecided"}
        Whether the limits are kept.
    n_queries : int
        Issued.
    seconds : float, s
        On the run's clock, until the last answer.
    over, n : int
        Samples over the limit, or over the worst of several, of those that were judged.
    health : {"good", "suspect", "bad"}
        Of the generator.
    why : str
        What made it certain, or why it is not.
    """

    load: float
    outcome: Outcome
    n_queries: int
    seconds: float
    over: int
    n: int
    health: str
    why: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Self:
        """Return what `to_dict` was called on.

        Raises
        ------
        KeyError, TypeError, ValueError
            It is another table.
        """
        found = cls(**{field.name: table[field.name] for field in dataclasses.fields(cls)})
        if found.outcome not in get_args(Outcome) or not 0.0 < found.load < math.inf:
            raise ValueError(f"no probe: {found.outcome!r} at {found.load!r}")
        return found

    def __str__(self) -> str:
        queries = count_in_words(self.n_queries, "query", "queries")
        taken = f"{queries} in {self.seconds:.3g} s, generator {self.health}"
        return f"{self.load:>12,.6g}  {self.outcome:<9}  {self.why}; {taken}"


def load_knob(scenario: Loaded) -> str:
    """Return the knob that says how much load a scenario is."""
    return "target_qps" if isinstance(scenario, Server) else "concurrency"


def at_load(scenario: Loaded, load: float) -> Loaded:
    """Return the scenario with another load."""
    if isinstance(scenario, Server):
        return dataclasses.replace(scenario, target_qps=load)
    return dataclasses.replace(scenario, concurrency=round(load))


def limits_ns(scenario: Loaded) -> dict[str, int]:
    """Return the limits that the verdict judges, by what they are about, as in `Rule`."""
    by_knob = observed.limits_ns(scenario)
    knobs = {kind: f"target_{kind}_ms" for kind in ("latency", "ttft", "tpot")}
    return {kind: by_knob[knob] for kind, knob in knobs.items() if knob in by_knob}


def enough_queries(allowed: float, error: float) -> int:
    """Return how many queries tell a clear case.

    With none of n independent samples over the limit, the likelihood ratio for it is about
    ``exp(n q) / (n q)``, which is 1 / error at ``n q`` of about ``ln(1 / error)`` and its logarithm
    more.

    Parameters
    ----------
    allowed, error : float in (0, 1)
        As in `Rule`.
    """
    needed = -math.log(error)
    clear = (needed + math.log1p(needed)) / allowed
    return math.ceil(_ROOM * max(clear, LEAST_EFFECTIVE))


class Prober:
    """Runs probes of one search.

    Parameters
    ----------
    sut, dataset
        As for `loadgen.run`.
    scenario : Server or Concurrent
        With any load.
    settings : Settings
    error : float in (0, 1)
        Probability of a wrong outcome, of each probe.
    progress, clock
        As for `loadgen.run`.
    """

    def __init__(
        self,
        sut: SystemUnderTest,
        dataset: object,
        scenario: Loaded,
        settings: Settings,
        error: float,
        *,
        progress: bool | None = None,
        clock: VirtualClock | None = None,
    ) -> None:
        allowed = 1.0 - percentile_fraction(scenario.target_percentile)
        self._sut, self._dataset, self._scenario = sut, dataset, scenario
        self._rule = Rule(limits_ns(scenario), allowed, error)
        self._progress, self._clock = progress, clock
        wanted = max(settings.min_queries, enough_queries(allowed, error))
        if settings.max_queries is not None:
            wanted = min(wanted, settings.max_queries)
        self._settings = settings_from(settings, {"min_queries": wanted})
        log_ratios(1.0, 0.0, allowed)  # imports SciPy now, and not beside a measurement

    def confirm(self, load: float) -> Result:
        """Return the result of a whole run, as the settings have it."""
        return self._run(load, {}, None)

    def probe(self, number: int, load: float) -> Probe:
        """Return what a probe found.

        Parameters
        ----------
        number : int
            From 1 on; each has arrivals of its own.
        load : float
        """
        settings = self._settings
        seeds = settings.seeds.model_dump()
        seeds["schedule"] = (seeds["schedule"] + number) % 2**32  # more bits do not count
        watcher = Watcher(self._rule, self._clock)
        # Rows of several issuing threads cannot be read before they are put in order.
        watch = watcher if settings.issue_threads == 1 else None
        # Failed samples are over the limit here; the whole run has the last word on how many may.
        fields = {"recording": "rows", "seeds": seeds, "max_failed_share": 1}
        result = self._run(load, fields, watch)
        outcome, found = watcher.outcome, watcher.found
        if outcome == "undecided":
            found = self._rule.weigh(result.data.columns)
            outcome = self._rule.outcome(found)
        against = [str(reason) for reason in integrity(result._observed)]
        (series,) = result.series
        if series.end == "too_many_outstanding":
            most = getattr(self._scenario, "max_outstanding", None)
            against.append(f"more than max_outstanding = {most} samples were outstanding")
        worst = max(found, key=lambda each: each.over)
        return Probe(
            load=load,
            outcome="fails" if against else outcome,
            n_queries=result.n_issued,
            seconds=series.end_ns / 1e9,
            over=worst.over,
            n=worst.n,
            health=result.health.verdict,
            why=against[0] if against else self._why(worst, outcome),
        )

    def _run(self, load: float, fields: Mapping[str, Any], watch: Watcher | None) -> Result:
        return watched_run(
            self._sut,
            self._dataset,
            at_load(self._scenario, load),
            self._settings,
            fields,
            progress=self._progress,
            clock=self._clock,
            watch=watch,
        )

    def _why(self, worst: Evidence, outcome: Outcome) -> str:
        share = worst.over / max(worst.n, 1)
        words = f"{share:.3%} of {worst.n:,} over the limit, {self._rule.allowed:.3%} allowed"
        if outcome != "undecided":
            return words
        return f"{words}, where {round(worst.design_effect):,} neighbours count as one"
