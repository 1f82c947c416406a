# SPDX-License-Identifier: Apache-2.0
"""Why runs at several loads are invalid, in short: marks of their curve, and one line a cause.

Not for all that is to say of one run: those are its reasons (``verdict``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from loadgen.config.scenarios import Concurrent, Server
from loadgen.metrics.early_stopping import queries_needed
from loadgen.metrics.latency import percentile_fraction
from loadgen.verdict import integrity, reasons
from loadgen.verdict.ends import ENDED_BY
from loadgen.verdict.observed import duration_ns, limits

if TYPE_CHECKING:
    from loadgen.result import Result

__all__ = ["Cause", "Mark", "causes", "mark", "same_loads"]

Mark = Literal["valid", "too short", "over a limit", "invalid"]
"""What a run at a load came to; "invalid" where it is for something else than the other two."""

_LIMITED: Final = {
    "target_latency_ms": "latency",
    "target_ttft_ms": "time to first token",
    "target_tpot_ms": "time per output token",
}


class Cause(NamedTuple):
    """What is against one run or several.

    Parameters
    ----------
    mark : str
        Which of the marks it gives.
    words : str
        The cause, and what to change; "{needed}" stands for the queries.
    needed : int
        Queries that a run takes at least; 0 where that is not what it lacks.
    """

    mark: Mark
    words: str
    needed: int = 0

    def __str__(self) -> str:
        return self.words.replace("{needed}", str(self.needed))


def mark(result: Result) -> Mark:
    """Return what a run at a load came to.

    Parameters
    ----------
    result : Result
        Of Server or Concurrent.
    """
    if result.valid:
        return "valid"
    found = {cause.mark for cause in _of(result)}
    order: tuple[Mark, ...] = ("invalid", "over a limit", "too short")
    return next((each for each in order if each in found), "invalid")


def causes(results: Iterable[tuple[float, Result]]) -> list[tuple[list[float], Cause]]:
    """Return what is against runs, each cause once: with the loads, and the most queries needed.

    Parameters
    ----------
    results : iterable of (float, Result)
        Loads, and their results.
    """
    found: dict[tuple[Mark, str], tuple[list[float], Cause]] = {}
    for load, result in results:
        for cause in () if result.valid else _of(result):
            loads, before = found.get(cause[:2], ([], cause))
            most = max(cause, before, key=lambda each: each.needed)
            found[cause[:2]] = ([*loads, load], most)
    return list(found.values())


def same_loads(said: Iterable[tuple[float, Sequence[str]]]) -> dict[tuple[float, ...], list[str]]:
    """Return sentences by the loads that they are said of, each once.

    Parameters
    ----------
    said : iterable of (float, sequence of str)
        Loads, and what is said of each.

    Examples
    --------
    >>> same_loads([(50, ["a", "b"]), (200, ["a"])])
    {(50, 200): ['a'], (50,): ['b']}
    """
    loads: dict[str, list[float]] = {}
    for load, sentences in said:
        for each in dict.fromkeys(sentences):
            loads.setdefault(each, []).append(load)
    found: dict[tuple[float, ...], list[str]] = {}
    for each, of in loads.items():
        found.setdefault(tuple(of), []).append(each)
    return found


def _of(result: Result) -> Iterator[Cause]:
    """Yield the causes of an invalid run; at least one."""
    some = [*_faults(result), *_over(result)]
    if not any(cause.mark == "invalid" for cause in some):
        some += _short(result)
    yield from some or [Cause("invalid", reason) for reason in result.reasons]


def _faults(result: Result) -> Iterator[Cause]:
    """Yield what is against a run whatever its latencies are."""
    seen = result.observed
    for reason in integrity(seen):
        yield Cause("invalid", str(reason))
    without = str(reasons.without_tokens(seen)) if seen.n_without_tokens else ""
    if without in result.reasons:
        yield Cause("invalid", without)
    for limit in limits(seen):
        if seen.latency and not limit.figures:
            yield Cause("invalid", reasons.no_tokens(seen, limit.knob))


def _over(result: Result) -> Iterator[Cause]:
    scenario, seen = result.scenario, result.observed
    assert isinstance(scenario, (Server, Concurrent))  # no others have loads
    for limit in limits(seen):
        if limit.figures and limit.figures.percentile(scenario.target_percentile) > limit.limit_ns:
            figure = f"p{scenario.target_percentile:.10g} {_LIMITED[limit.knob]}"
            yield Cause(
                "over a limit", f"{figure} above {limit.knob} = {getattr(scenario, limit.knob):g}"
            )


def _short(result: Result) -> Iterator[Cause]:
    """Yield which minima a run has not reached."""
    seen, verdict = result.observed, result.verdict
    if not verdict.min_duration_met:
        advice = reasons.too_short(seen, duration_ns(seen)).advice
        least = f"min_duration_s = {seen.effective.min_duration_ns / 1e9:g}"
        yield Cause("too short", f"lasted less than {least}: {advice}")
    if not verdict.min_queries_met:
        advice = reasons.too_few(seen).advice
        least = f"min_queries = {seen.effective.min_queries}"
        yield Cause("too short", f"fewer queries than {least}: {advice}")
    stopping = verdict.early_stopping
    if not verdict.perf_constraints_met or stopping is None or not stopping.more_queries:
        return
    words = "too few queries: set min_queries to {needed} or more"
    if seen.end in ENDED_BY:
        words += f", and raise {ENDED_BY[seen.end]}"
    elif seen.settings.sample_order == "unique":
        words = (
            "too few queries: {needed} are needed; take more samples, or another sample_order than"
            " 'unique'"
        )
    yield Cause("too short", words, _needed(result))


def _needed(result: Result) -> int:
    """Return how many queries show that each limit is kept, if no more are above it."""
    scenario, seen = result.scenario, result.observed
    assert isinstance(scenario, (Server, Concurrent))
    fraction = percentile_fraction(scenario.target_percentile)
    counts = [limit.figures.count_above(limit.limit_ns) for limit in limits(seen) if limit.figures]
    return max((queries_needed(over, fraction) or 0 for over in counts), default=0)
