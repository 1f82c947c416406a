# SPDX-License-Identifier: Apache-2.0
"""Lists that a log shows by extremes, mean and percentiles: whether any list has them.

A percentile p of n ascending values is value number ``trunc(n * p)``, from 0 (MLPerf LoadGen 6.0,
results.cc). So a log names some values of a list by their places, and bounds all between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.logs.case import Case
from loadgen.mlperf.logs.spread import SHOWN

__all__ = ["Shown", "check_spreads", "latency", "query_latency", "tpot", "ttft"]


@dataclass(frozen=True)
class Shown:
    """What a log shows of a list of n values, ns.

    Parameters
    ----------
    case : Case
    extreme, percentile : str
        Patterns of the keys.
    n : int
        At least 1.
    """

    case: Case
    extreme: str
    percentile: str
    n: int

    @property
    def min(self) -> int:
        """The least value."""
        return self.case.integer(self.extreme.format("min"))

    @property
    def max(self) -> int:
        """The largest value."""
        return self.case.integer(self.extreme.format("max"))

    @property
    def mean(self) -> int:
        """The mean, cut to a whole number."""
        return self.case.integer(self.extreme.format("mean"))

    def at(self, label: str) -> int:
        """Return a percentile by its label in the log."""
        return self.case.integer(self.percentile.format(label))

    def of(self, fraction: float) -> int | None:
        """Return a percentile by its fraction; None where the log does not show it."""
        label = next((label for label, each in SHOWN.items() if each == fraction), None)
        return None if label is None else self.at(label)

    def places(self) -> list[tuple[int, int, str]]:
        """Return place, value and key of each value that is shown, by their places."""
        shown = [(0, self.min, self.extreme.format("min"))]
        for label, fraction in SHOWN.items():
            place = min(int(self.n * fraction), self.n - 1)
            shown.append((place, self.at(label), self.percentile.format(label)))
        return [*shown, (self.n - 1, self.max, self.extreme.format("max"))]

    def above(self, limit: int) -> tuple[int, int]:
        """Return how many values at least and at most are above a limit."""
        places = self.places()
        low = max((self.n - place for place, value, _ in places if value > limit), default=0)
        high = min((self.n - 1 - place for place, value, _ in places if value <= limit), default=-1)
        return low, self.n if high < 0 else high

    def around(self, place: int) -> tuple[int, int]:
        """Return between which values the one at a place lies."""
        places = self.places()
        low = max(value for each, value, _ in places if each <= place)
        return low, min(value for each, value, _ in places if each >= place)

    def check(self) -> Iterator[Finding]:
        """Yield values that no list has."""
        places = self.places()
        for (place, value, key), (after, more, later) in pairwise(places):
            if more < value or (place == after and more != value):
                words = f"{value}, of {key}" if place == after else f"at least {value}, of {key}"
                yield self.case.finding("figures.spread", more, words, key=later)
        pairs = list(pairwise(places))
        least = self.max + sum((after - place) * value for (place, value, _), (after, *_) in pairs)
        most = self.min + sum((after - place) * more for (place, *_), (after, more, _) in pairs)
        if not least < self.n * (self.mean + 1) or not self.n * self.mean <= most:
            words = f"{least // self.n} to {most // self.n}, by the percentiles"
            key = self.extreme.format("mean")
            yield self.case.finding("figures.mean", self.mean, words, key=key)

    def check_below(self, other: Shown) -> Iterator[Finding]:
        """Yield values that are above those of a list that is nowhere smaller."""
        mine, theirs = self.places(), other.places()
        mine.append((0, self.mean, self.extreme.format("mean")))
        theirs.append((0, other.mean, other.extreme.format("mean")))
        for (_, value, key), (_, bound, name) in zip(mine, theirs, strict=True):
            if value > bound:
                words = f"at most {bound}, of {name}"
                yield self.case.finding("figures.order", value, words, key=key)


def latency(case: Case) -> Shown:
    """Return the latencies of samples."""
    keys = "result_{}_latency_ns", "result_{}_percentile_latency_ns"
    return Shown(case, *keys, max(case.n_samples, 1))


def query_latency(case: Case) -> Shown:
    """Return the latencies of queries: in MultiStream a list of its own."""
    if case.scenario != "MultiStream":
        return latency(case)
    keys = "result_{}_query_latency_ns", "result_{}_percentile_per_query_latency_ns"
    return Shown(case, *keys, max(case.n_queries, 1))


def ttft(case: Case) -> Shown:
    """Return the times to the first token."""
    keys = "result_first_token_{}_latency_ns", "result_first_token_{}_percentile_latency_ns"
    return Shown(case, *keys, max(case.n_samples, 1))


def tpot(case: Case) -> Shown:
    """Return the times per output token."""
    keys = "result_time_to_output_token_{}", "result_time_per_output_token_{}_percentile_ns"
    return Shown(case, *keys, max(case.n_samples, 1))


def check_spreads(case: Case) -> Iterator[Finding]:
    """Yield figures of latency that no run can have."""
    samples = latency(case)
    yield from samples.check()
    if case.scenario == "MultiStream":
        yield from query_latency(case).check()
        yield from samples.check_below(query_latency(case))
    if case.tokens and case.scenario != "Offline":
        yield from ttft(case).check()
        yield from tpot(case).check()
        yield from ttft(case).check_below(samples)
