# SPDX-License-Identifier: Apache-2.0
"""One probe: a run at one load, which ends as soon as it is certain whether the limits are kept.

Not for which load that is (``narrowing.py``), nor for the certainty (``evidence.py``).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self, get_args

from loadgen.config.settings import Settings, settings_from
from loadgen.metrics.latency import percentile_fraction
from loadgen.report import units
from loadgen.run import watched_run
from loadgen.search.evidence import LEAST_EFFECTIVE, LimitEvidence, Outcome, fewest_that_pass
from loadgen.search.loads import Loaded, at_load, limits_ns
from loadgen.search.watch import Rule, Watcher
from loadgen.terminal import wrapped
from loadgen.values import NARROW, TEXT_WIDTH, Check, Refused, choice, integer, number, problem_of
from loadgen.verdict import integrity, observed

if TYPE_CHECKING:
    from loadgen._core import VirtualClock
    from loadgen.result import Result
    from loadgen.sut import SystemUnderTest

__all__ = ["Probe", "Prober", "enough_queries"]

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
    end : str
        Why issuing ended, as in `Series`; "stopped" where the outcome was certain.
    why : str
        What made it certain, or why it is not.
    reached_ns : mapping of str to int, ns
        By the knobs that set the limits, what the samples that were answered reached of each, at
        the percentile of the scenario; without those that nothing was answered for.
    """

    load: float
    outcome: Outcome
    n_queries: int
    seconds: float
    over: int
    n: int
    health: str
    end: str
    why: str
    reached_ns: Mapping[str, int] = field(default_factory=dict, hash=False)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Self:
        """Return what `to_dict` was called on.

        Raises
        ------
        KeyError, TypeError, ValueError
            It is another table: names the field and what is allowed.
        """
        for name, check in _CHECKS.items():
            if problem := problem_of(name, table[name], check):
                raise ValueError(str(problem))
        found = cls(**{name: table[name] for name in _CHECKS})
        if not found.over <= found.n <= found.n_queries:
            counts = f"over = {found.over}, n = {found.n}, n_queries = {found.n_queries}"
            raise ValueError(f"{counts}: none may be more than the next")
        return found

    def __str__(self) -> str:
        return self.in_words()

    def in_words(self, width: int = TEXT_WIDTH) -> str:
        """Return the probe in lines of at most `width` columns."""
        taken = units.time(self.seconds * 1e9)
        if self.health != "good":
            taken += f", generator {self.health}"
        first = f"{units.load(self.load):>9}  {self.outcome:<9}  "
        rest = " " * (len(first) if width >= NARROW else 4)
        return wrapped(f"{self.why}; {taken}", first, rest, width)


def _text(value: object) -> str:
    """Check for a text."""
    if not isinstance(value, str):
        raise Refused("a text")
    return value


def _times(value: object) -> object:
    """Check for times by name."""
    allowed = "a table of names and whole ns"
    if not isinstance(value, Mapping):
        raise Refused(allowed)
    if any(problem_of(str(name), ns, integer(0)) for name, ns in value.items()):
        raise Refused(allowed)
    return value


_CHECKS: Final[Mapping[str, Check]] = {
    "load": number(above=0),
    "outcome": choice(*get_args(Outcome)),
    "n_queries": integer(0),
    "seconds": number(low=0),
    "over": integer(0),
    "n": integer(0),
    "health": choice("good", "suspect", "bad"),
    "end": _text,
    "why": _text,
    "reached_ns": _times,
}
"""What each field of a probe may be."""


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

    Attributes
    ----------
    enough : int
        Samples that a load needs to pass at least.
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
        # Imports SciPy now, too, and not beside a measurement.
        self.enough = fewest_that_pass(allowed, self._rule.limit_error)

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
        found = watcher.found
        if watcher.outcome == "undecided":
            found = self._rule.weigh(result.data.columns)
        outcome, worst = self._rule.worst(found)
        against = [str(reason) for reason in integrity(result.observed)]
        (series,) = result.series
        if series.end == "too_many_outstanding":
            most = getattr(self._scenario, "max_outstanding", None)
            against.append(f"more than max_outstanding = {most} samples were outstanding")
        return Probe(
            load=load,
            outcome="fails" if against else outcome,
            n_queries=result.n_issued,
            seconds=series.end_ns / 1e9,
            over=worst.over,
            n=worst.n,
            health=result.health.verdict,
            end=series.end,
            why=against[0] if against else self._why(worst, outcome),
            reached_ns={
                limit.knob: limit.figures.percentile(self._scenario.target_percentile)
                for limit in observed.limits(result.observed)
                if limit.figures
            },
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

    def _why(self, worst: LimitEvidence, outcome: Outcome) -> str:
        share = units.share(worst.over / max(worst.n, 1))
        allowed = units.share(self._rule.allowed)
        words = f"{share} of {worst.n:,} over the limit ({allowed} allowed)"
        if outcome != "undecided":
            return words
        return f"{_lacking(worst, self.enough, self._rule.limit_error)}: {words}"


def _lacking(worst: LimitEvidence, enough: int, error: float) -> str:
    """Return what an undecided probe lacks."""
    if worst.n < enough:
        return f"too few samples, needs {enough:,} or more"
    if worst.worth < enough:
        return (
            f"too few independent samples, {worst.n:,} are worth {math.floor(worst.worth):,} and it"
            f" needs {enough:,} or more"
        )
    if worst.log_fail >= -math.log(error):
        return "all over the limit in one burst, needs a longer run"
    return (
        f"too close to what is allowed for samples worth {math.floor(worst.worth):,} independent"
        " ones"
    )
