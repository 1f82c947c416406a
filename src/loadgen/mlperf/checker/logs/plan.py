# SPDX-License-Identifier: Apache-2.0
"""What was planned, derived again from the seeds: loaded sets, counts, the Poisson schedule.

The draws are the core's, which are LoadGen's bit for bit.

References
----------
MLPerf LoadGen 6.0, loadgen.cc: GenerateLoadableSets, GenerateQueries.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from loadgen import _core
from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.logs.case import Case, Lacking, near
from loadgen.mlperf.checker.logs.effective import rates
from loadgen.mlperf.checker.logs.evidence import LOADED
from loadgen.mlperf.checker.logs.schedule import Schedule, schedule

__all__ = [
    "MOST_QUERIES",
    "Sets",
    "check_plan",
    "check_scheduled_rate",
    "last_due",
    "loaded_sets",
    "scheduled",
]

_MS: Final = 1_000_000
MOST_QUERIES: Final = 1 << 27
"""More are not drawn again: 220,000 a second for ten minutes."""


@dataclass(frozen=True, eq=False)
class Sets:
    """Loadable sets.

    Parameters
    ----------
    sets : tuple of LoadedSet
    texts : tuple of str
        Each as LoadGen writes it.
    sizes : tuple of (int, int)
        Of each how many samples it has, with padding and without.
    """

    sets: tuple[_core.LoadedSet, ...]
    texts: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]


def loaded_sets(case: Case) -> Sets:
    """Return the sets that the seed gives, if the log has as many samples as these would.

    Raises
    ------
    Lacking
        It has not: `check_plan` says so.
    """
    at_once = case.integer("effective_performance_sample_count")
    total = case.integer("qsl_reported_total_count")
    asked = case.integer("effective_accuracy_sample_count")
    padding = case.integer("effective_samples_per_query") - 1
    padding = padding if case.scenario == "MultiStream" else 0
    count = min(asked if case.expected.is_accuracy else at_once, total)
    if not (at_once > 0 and 0 < count < 1 << 32 and 0 <= padding < 1 << 32):
        raise Lacking
    n_sets = -(-count // at_once)
    texts = _texts(case)
    n_wanted, seed = count + n_sets * padding, case.integer("effective_qsl_rng_seed")
    # Without room for a digit and a comma each they are not there, and need not be drawn.
    if sum(map(len, texts)) < 2 * n_wanted:
        raise Lacking
    made = _sets(count, total, at_once, padding, seed)
    if made.texts != texts and _n_loaded(texts) != n_wanted:
        raise Lacking
    return made


def _texts(case: Case) -> tuple[str, ...]:
    return tuple(value for value in case.values_of(LOADED) if isinstance(value, str))


def _n_loaded(texts: tuple[str, ...]) -> int:
    return sum(text.count(",") + 1 for text in texts)


@functools.lru_cache(maxsize=8)
def _sets(count: int, total: int, at_once: int, padding: int, seed: int) -> Sets:
    sets = _core.loadable_sets(
        count=count,
        total=total,
        performance_sample_count=at_once,
        padding=padding,
        qsl_seed=seed,
    )
    samples = [each.samples.tolist() for each in sets]
    texts = tuple(f"[{','.join(map(str, each))}]" for each in samples)
    sizes = tuple((len(each), its.end) for each, its in zip(samples, sets, strict=True))
    return Sets(tuple(sets), texts, sizes)


def check_plan(case: Case) -> Iterator[Finding]:
    """Yield what was not loaded or planned as the seeds and the settings say."""
    numbers = case.detail.columns.line
    try:
        made = loaded_sets(case)
    except Lacking:
        texts = _texts(case)
        found = f"{len(texts)} loaded sets with {_n_loaded(texts):,} samples"
        yield case.finding("plan.loaded", found, "the samples that the settings ask for")
        return
    places = case.detail.places(LOADED)
    for place, said, text in zip(places, case.values_of(LOADED), made.texts, strict=False):
        if said != text:
            words = f"the order of the seed, {text[:40]}..."
            found = f"{LOADED} is {said[:40]}..."
            yield case.finding("plan.loaded", found, words, line=numbers[place])
    names = ("query_count", "samples_per_query", "query_duration")
    columns = [case.integers(f"generated_{name}") for name in names]
    lines = [numbers[place] for place in case.detail.places("generated_query_count")]
    if not all(len(column) == len(made.sets) for column in columns):
        return
    right = set()  # nearly all series of an accuracy run are alike
    series = zip(made.sizes, lines, *columns, strict=True)
    for (loaded, end), line, count, per_query, duration in series:
        alike = (loaded, end, count, per_query, duration)
        if alike in right:
            continue
        right.add(alike)
        for wrong in _Series(case, loaded, end, count, duration, line).check(per_query):
            right.discard(alike)
            yield wrong


@dataclass(frozen=True)
class _Series:
    """One series: the length of its loaded set, without padding, and what the log says of it."""

    case: Case
    loaded: int
    end: int
    count: int
    duration_ns: int
    line: int

    def check(self, per_query: int) -> Iterator[Finding]:
        """Yield what is not as planned."""
        wanted = self._per_query()
        if per_query != wanted:
            found = f"generated_samples_per_query is {per_query}"
            yield self.case.finding("plan.size", found, str(wanted), line=self.line + 1)
        low, high = rates(self.case)
        if low <= 0:
            yield from self._unplanned()
        elif self.case.scenario == "Server":
            yield from self._server(low, high)
        else:
            yield from self._constant(low, high)

    @property
    def _whole(self) -> bool:
        return self.case.flag("effective_sample_concatenate_permutation")

    def _per_query(self) -> int:
        case, scenario = self.case, self.case.scenario
        if scenario != "Offline":
            return case.integer("effective_samples_per_query")
        if case.expected.is_accuracy:
            return self.end
        n_samples = case.integer("effective_samples_per_query")
        return _rounded_up(n_samples, self.loaded) if self._whole else n_samples

    def _least(self) -> tuple[int, int]:
        """Return the fewest queries, and how long planning goes on, ns."""
        case = self.case
        if case.expected.is_accuracy or case.flag("effective_performance_issue_unique"):
            return self.loaded // max(self._per_query(), 1), 0
        lasts = case.integer("effective_target_duration_ms") * _MS
        least = case.integer("effective_min_query_count")
        return least, lasts if case.scenario == "Server" else 2 * lasts

    def _rounded(self, count: int) -> int:
        whole = self._whole and not self.case.expected.is_accuracy
        return _rounded_up(count, self.loaded) if whole else count

    def _constant(self, low: float, high: float) -> Iterator[Finding]:
        """SingleStream, MultiStream and Offline: a query a period."""
        least, lasts = self._least()
        longest, shortest = int(1.0 / low * 1e9), int(1.0 / high * 1e9)
        fewest = max(least, -(-lasts // max(longest, 1)) + 1 if lasts else 1)
        most = max(least, -(-lasts // max(shortest, 1)) + 1 if lasts else 1)
        if self.case.scenario == "Offline":
            fewest = most = 1
        else:
            fewest, most = self._rounded(fewest), self._rounded(most)
        yield from self._counted(fewest, most)
        if not self.count * shortest <= self.duration_ns <= self.count * (longest + 1):
            words = f"{self.count} times the period, about {self.count * longest}"
            yield self._lasting(words)

    def _server(self, low: float, high: float) -> Iterator[Finding]:
        """Compare with the Poisson schedule of the seed."""
        least, lasts = self._least()
        if self.count < least:
            yield from self._counted(least, MOST_QUERIES)
        if self.count > MOST_QUERIES:
            words = f"at most {MOST_QUERIES:,}, which are drawn again"
            found = f"{self.count:,} queries"
            yield self.case.finding("plan.count", found, words, line=self.line, severity="warning")
        if not least <= self.count <= MOST_QUERIES:
            return
        drawn = schedule(self.case.integer("effective_schedule_rng_seed"), self.count + 2)
        fewest = max(least, drawn.count(lasts, low) if lasts else 1)
        most = max(least, drawn.count(lasts + self.count, high) if lasts else 1)
        yield from self._counted(self._rounded(fewest), self._rounded(most))
        shortest = drawn.due(self.count, high) - self.count - 1
        longest = drawn.due(self.count, low) + 1
        if not shortest <= self.duration_ns <= longest:
            words = f"{shortest:.0f} to {longest:.0f}, by the schedule's seed and the rate"
            yield self._lasting(words)

    def _unplanned(self) -> Iterator[Finding]:
        """Nothing was expected: a run is planned while it goes on, as many queries as it issued."""
        case, count = self.case, 1
        if case.expected.is_accuracy:
            count, _ = self._least()
        elif case.scenario != "Offline":
            count = case.n_queries
        yield from self._counted(count, count)

    def _counted(self, fewest: int, most: int) -> Iterator[Finding]:
        if not fewest <= self.count <= most:
            words = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            found = f"generated_query_count is {self.count}"
            expected = f"{words}, by seeds and settings"
            yield self.case.finding("plan.count", found, expected, line=self.line)

    def _lasting(self, words: str) -> Finding:
        found = f"generated_query_duration is {self.duration_ns}"
        return self.case.finding("plan.duration", found, words, line=self.line + 2)


def _rounded_up(count: int, whole: int) -> int:
    return -(-count // whole) * whole


def scheduled(case: Case) -> tuple[Schedule, float] | None:
    """Return a Server run's schedule and its rate, by when planning ended.

    None for a run that is too long to be drawn again.
    """
    count = case.integer("generated_query_count")
    if not 0 < count <= MOST_QUERIES:
        return None
    drawn = schedule(case.integer("effective_schedule_rng_seed"), count + 2)
    rate = drawn.rate(count, case.integer("generated_query_duration"))
    return (drawn, rate) if rate > 0 else None


def last_due(case: Case) -> float | None:
    """Return when the last issued query of a Server run was due, ns; None where it is not known."""
    known = scheduled(case)
    if known is None or case.n_queries > case.integer("generated_query_count"):
        return None
    drawn, rate = known
    last = case.n_queries - 1
    return drawn.due(last, rate) if last >= drawn.first else None


def check_scheduled_rate(case: Case) -> Iterator[Finding]:
    """Yield a scheduled rate that is not the schedule's."""
    if case.scenario != "Server" or case.n_queries < 2:  # noqa: PLR2004 - one query has no rate
        return
    last_ns = last_due(case)
    if last_ns is None:
        return
    written = case.number("result_scheduled_samples_per_sec")
    wanted = (case.n_queries - 1) / last_ns * 1e9 if last_ns > 0 else 0.0
    if not near(written, wanted, 2):
        key = "result_scheduled_samples_per_sec"
        yield case.finding("plan.rate", written, f"{wanted:g}, by the schedule's seed", key=key)
