# SPDX-License-Identifier: Apache-2.0
"""Watches a run while it goes on, and stops the issue when its outcome is certain.

What an early look may count are the samples that were due so long ago that all is known of them:
answered, or over the limit already. To count answers as they come would count the fast ones first.
By the run's clock: an event of a virtual one, else a thread that reads the columns.

Not for the judgement (``evidence.py``), nor for starting runs (``probe.py``).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from loadgen.metrics.tokens import tpot_columns
from loadgen.search.evidence import LEAST_SAMPLES, LimitEvidence, Outcome, weigh

if TYPE_CHECKING:
    from loadgen._core import Engine, VirtualClock

__all__ = ["LEAST_LIMITS", "Rule", "Watcher", "times_of"]

Columns = Mapping[str, npt.NDArray[Any]]

_LOOK_EVERY_S: Final = 0.1
_LOOK_AT_MORE: Final = 1.15
"""So many times the samples of the last look: all looks together cost as much as a few of it."""

LEAST_LIMITS: Final = 20
"""An early look needs samples of so many limits' time: a queue that began empty has to fill."""

NEVER: Final = np.iinfo(np.int64).max


class Rule(NamedTuple):
    """What a probe has to keep.

    Parameters
    ----------
    limits_ns : mapping of str to int, ns
        By "latency", "ttft" or "tpot".
    allowed : float in (0, 1)
        Share of the samples that may be over each limit.
    error : float in (0, 1)
        Probability of a wrong outcome.
    """

    limits_ns: Mapping[str, int]
    allowed: float
    error: float

    def weigh(self, columns: Columns) -> list[LimitEvidence]:
        """Return what rows say of each limit."""
        return [
            weigh(times_of(kind, columns), limit, self.allowed)
            for kind, limit in self.limits_ns.items()
        ]

    def outcome(self, found: list[LimitEvidence]) -> Outcome:
        """Return what is certain of all limits together: each has its share of the error."""
        return self.worst(found)[0]

    def worst(self, found: list[LimitEvidence]) -> tuple[Outcome, LimitEvidence]:
        """Return the outcome, and of the limits that decide it the one that most are over."""
        judged = [(each.outcome(self.limit_error), each) for each in found]
        outcomes = {outcome for outcome, _ in judged}
        outcome: Outcome = "fails" if "fails" in outcomes else "undecided"
        if outcomes == {"passes"}:
            outcome = "passes"
        return outcome, max(
            (each for of_limit, each in judged if of_limit == outcome), key=lambda each: each.over
        )

    @property
    def limit_error(self) -> float:
        """The part of the error that each limit has."""
        return self.error / len(self.limits_ns)


def times_of(kind: str, columns: Columns) -> npt.NDArray[np.int64]:
    """Return what a limit is about, of each sample; `NEVER` where it failed or has no answer.

    Parameters
    ----------
    kind : {"latency", "ttft", "tpot"}
    columns : mapping of str to array, shape (n,)
        As `RunData` has them.

    Returns
    -------
    int64 array, shape (n,), ns
        Shorter for "tpot", which samples with one token do not have.
    """
    done, failed = columns["completed"] > 0, columns["status"] != 0
    times: npt.NDArray[np.int64]
    if kind == "latency":
        latency = columns["completed"] - columns["scheduled"]
        times = np.where(done & ~failed, latency, NEVER)
    elif kind == "ttft":
        first = columns["first_token"]
        times = np.where((first > 0) & ~(done & failed), first - columns["scheduled"], NEVER)
    else:
        names = ("first_token", "completed", "n_tokens", "status")
        end, start, none = tpot_columns(*(columns[name] for name in names))
        one_token = done & ~failed & (columns["n_tokens"] == 1)
        times = np.where(none == 0, end - start, NEVER)[~one_token]
    return times


class Watcher:
    """Looks at a run until its outcome is certain. For one run; give it to it as its `watch`.

    Parameters
    ----------
    rule : Rule
    clock : VirtualClock or None
        The run's.

    Attributes
    ----------
    outcome : {"passes", "fails", "undecided"}
        What was certain at the last look.
    found : list of LimitEvidence
        What that look found of each limit.
    """

    def __init__(self, rule: Rule, clock: VirtualClock | None) -> None:
        self.outcome: Outcome = "undecided"
        self.found: list[LimitEvidence] = []
        self._rule, self._clock = rule, clock
        self._next = LEAST_SAMPLES
        self._over = threading.Event()
        self._error: BaseException | None = None

    @contextmanager
    def __call__(self, engine: Engine) -> Iterator[None]:
        """Watch as long as this is entered."""
        if self._clock is not None:
            self._tick(engine, self._clock)
            yield
            return
        thread = threading.Thread(
            target=self._work, args=(engine,), name="loadgen-watch", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()
        if self._error is not None:
            raise self._error

    def _work(self, engine: Engine) -> None:
        try:
            while not self._over.wait(_LOOK_EVERY_S) and self.outcome == "undecided":
                self._look(engine, time.monotonic_ns())
        except BaseException as error:  # on a thread of our own nobody else would see it
            self._error = error
            engine.stop_issue()

    def _tick(self, engine: Engine, clock: VirtualClock) -> None:
        self._look(engine, clock.now_ns)
        if self.outcome == "undecided":
            clock.call_at(
                clock.now_ns + int(_LOOK_EVERY_S * 1e9), lambda: self._tick(engine, clock)
            )

    def _look(self, engine: Engine, now_ns: int) -> None:
        if self.outcome != "undecided" or engine.progress()[0] < self._next:
            return
        columns = engine.columns()
        n = self._n_known(columns, now_ns)  # once: answers come meanwhile
        columns = {name: column[:n] for name, column in columns.items()}
        if n < self._next or not self._lasts(columns):
            return
        self._next = int(n * _LOOK_AT_MORE) + 1
        self.found = self._rule.weigh(columns)
        self.outcome = self._rule.outcome(self.found)
        if self.outcome != "undecided":
            engine.stop_issue()

    def _n_known(self, columns: Columns, now_ns: int) -> int:
        """Return how many samples, from the first on, all is known of that the limits ask."""
        known = columns["completed"] > 0
        limits = self._rule.limits_ns
        if "tpot" not in limits:
            known |= now_ns - columns["scheduled"] > max(limits.values())
        return len(known) if known.all() else int(np.argmin(known))

    def _lasts(self, columns: Columns) -> bool:
        """Return whether the samples came over a time that is long for the system."""
        done = columns["completed"] > 0
        fastest = (columns["completed"] - columns["scheduled"])[done].min(initial=NEVER)
        unit = max(*self._rule.limits_ns.values(), 0 if fastest == NEVER else int(fastest))
        lasted = columns["scheduled"][-1] - columns["scheduled"][0]
        return bool(lasted >= LEAST_LIMITS * unit)
