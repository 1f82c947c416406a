# SPDX-License-Identifier: Apache-2.0
"""The core's traffic plan against a second implementation of MLPerf's rules.

The second one is written for clarity: it builds every query first and keeps all orders as lists,
as the official package does. Its random words come from NumPy.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from loadgen import _core

MANY = 1_000_000
ACCURACY_LOG_SEED = 5489


class Engine:
    """Draws as libstdc++ makes them of the Mersenne Twister's words."""

    def __init__(self, seed: int) -> None:
        state = np.random.RandomState(seed % 2**32)
        blocks = (
            state.randint(2**32, size=64, dtype=np.uint64).tolist() for _ in itertools.count()
        )
        self.words: Iterator[int] = itertools.chain.from_iterable(blocks)

    def below(self, end: int) -> int:
        product = next(self.words) * end
        if product % 2**32 < end:
            while product % 2**32 < (2**32 - end) % end:
                product = next(self.words) * end
        return product >> 32

    def u01(self) -> float:
        low, high = next(self.words), next(self.words)
        return min((float(low) + float(high) * 2.0**32) / 2.0**64, math.nextafter(1.0, 0.0))

    def exp_ns(self, rate: float) -> int:
        return math.trunc(-math.log(1.0 - self.u01()) / rate * 1e9)

    def shuffle(self, a: list[int]) -> None:
        i = 1
        if len(a) > 1 and len(a) % 2 == 0:
            j = self.below(2)
            a[1], a[j] = a[j], a[1]
            i = 2
        while i < len(a):
            x = self.below((i + 1) * (i + 2))
            for position, j in ((i, x // (i + 2)), (i + 1, x % (i + 2))):
                a[position], a[j] = a[j], a[position]
            i += 2


@dataclass
class Series:
    """Settings of one series, under the names of `_core.PlanSettings`."""

    scenario: str
    accuracy: bool
    order: str
    same_index: int
    samples_per_query: int
    min_query_count: int
    target_duration_ns: int
    period_ns: int
    target_qps: float
    sample_index_seed: int
    schedule_seed: int
    accuracy_log_seed: int
    accuracy_log_probability: float

    @property
    def once(self) -> bool:
        return self.accuracy or self.order == "unique"


def loaded_set(count: int, total: int, loaded: int, padding: int, seed: int) -> list[list[int]]:
    order = list(range(min(count, total)))
    Engine(seed).shuffle(order)
    sets = [order[i : i + loaded] for i in range(0, len(order), loaded)]
    for samples in sets:
        for i in range(padding):
            samples.append(samples[i])
    return sets


def orders(s: Series, n: int, end: int, queries: int, engine: Engine) -> Iterator[int]:
    """Make the draws that always happen; return the positions that queries start at."""
    stride = s.samples_per_query if s.scenario == "multi_stream" else 1
    accuracy_order, unique_order = list(range(0, end, stride)), list(range(0, end, stride))
    if s.accuracy:
        engine.shuffle(accuracy_order)
    engine.shuffle(unique_order)
    permutation, equal_issue = list(range(n)), []
    for _ in range(0, queries, n):
        engine.shuffle(permutation)
        equal_issue += permutation
    if s.order == "unique":
        return iter(unique_order)
    if s.order == "same":
        return itertools.repeat(s.same_index)
    if s.order == "permutation" and s.scenario not in {"multi_stream", "offline"}:
        return itertools.cycle(equal_issue)
    return iter(accuracy_order) if s.accuracy else iter(lambda: engine.below(end), None)


def offline_samples(s: Series, samples: list[int], per_query: int, engine: Engine) -> list[int]:
    if s.order == "same":
        return [samples[s.same_index]] * per_query
    chosen: list[int] = []
    for _ in range(per_query // len(samples)):
        copy = samples.copy()
        if s.order == "permutation":
            engine.shuffle(copy)
        chosen += copy
    return chosen + samples[: per_query % len(samples)]


def generated(s: Series, samples: list[int], end: int) -> tuple[list[int], list[list[int]], int]:
    """Return due times, samples of each query, and the planned duration."""
    n, offline = len(samples), s.scenario == "offline"
    per_query = end if s.accuracy and offline else s.samples_per_query
    duration = 0 if s.once else s.target_duration_ns * (1 if s.scenario == "server" else 2)
    queries = n // per_query if s.once else s.min_query_count
    engine, schedule = Engine(s.sample_index_seed), Engine(s.schedule_seed)
    starts = orders(s, n, end, queries, engine)
    equal_issue = s.order == "permutation"
    if equal_issue and not s.accuracy:
        per_query += -per_query % n if offline else 0
        queries += 0 if offline else -queries % n
    due: list[int] = []
    chosen: list[list[int]] = []
    at = last = 0
    while last < duration or len(chosen) < queries:
        if offline:
            chosen.append(offline_samples(s, samples, per_query, engine))
        else:
            start = next(starts)
            chosen.append(samples[start : start + per_query])
        due.append(at)
        last = at
        at += schedule.exp_ns(s.target_qps) if s.scenario == "server" else s.period_ns
        if equal_issue and not offline and len(chosen) >= queries and last < duration:
            queries += n
    return due, chosen, at


def kept(s: Series, count: int, accuracy_log: Engine) -> list[int]:
    offset = Engine(s.accuracy_log_seed).u01()
    values = (accuracy_log.u01() + offset for _ in range(count))
    chosen = [(v if v < 1.0 else v - 1.0) <= s.accuracy_log_probability for v in values]
    return [int(s.accuracy or choice) for choice in chosen]


seeds = st.integers(0, 2**64 - 1)


@st.composite
def series(draw: st.DrawFn) -> tuple[Series, int]:
    """Return settings and the size of the loaded set."""
    size = draw(st.integers(1, 40))
    scenario = draw(st.sampled_from(["single_stream", "multi_stream", "server", "offline"]))
    order = draw(st.sampled_from(["random", "unique", "same", "permutation"]))
    per_query = draw(st.integers(1, 90 if scenario == "offline" else 12))
    if scenario == "offline" and order == "unique":
        per_query = size
    if scenario in {"single_stream", "server"}:
        per_query = 1
    found = Series(
        scenario=scenario,
        accuracy=draw(st.booleans()),
        order=order,
        same_index=draw(st.integers(0, size - 1)),
        samples_per_query=per_query,
        min_query_count=1 if scenario == "offline" else draw(st.integers(1, 150)),
        target_duration_ns=0 if scenario == "offline" else draw(st.integers(0, 100_000)),
        period_ns=draw(st.integers(1_000, 1_000_000)),
        target_qps=draw(st.floats(1e5, 1e7)),
        sample_index_seed=draw(seeds),
        schedule_seed=draw(seeds),
        accuracy_log_seed=draw(seeds),
        accuracy_log_probability=draw(st.floats(0.01, 1.0)),
    )
    return found, size


def core_set(s: Series, size: int, seed: int = 0) -> _core.LoadedSet:
    padding = s.samples_per_query - 1 if s.scenario == "multi_stream" else 0
    return _core.loadable_sets(
        count=size, total=size, performance_sample_count=size, padding=padding, qsl_seed=seed
    )[0]


@given(
    total=st.integers(1, 200),
    count=st.integers(1, 200),
    loaded=st.integers(1, 80),
    padding=st.integers(0, 100),
    seed=seeds,
)
def test_loadable_sets_are_chunks_of_one_shuffle_each_with_its_padding(
    total: int, count: int, loaded: int, padding: int, seed: int
) -> None:
    sets = _core.loadable_sets(
        count=count, total=total, performance_sample_count=loaded, padding=padding, qsl_seed=seed
    )
    assert [found.samples.tolist() for found in sets] == loaded_set(
        count, total, loaded, padding, seed
    )
    assert sum(found.end for found in sets) == min(count, total)


@given(case=series())
def test_a_series_has_the_queries_due_times_and_counts_of_the_rules(
    case: tuple[Series, int],
) -> None:
    s, size = case
    loaded = core_set(s, size)
    plan = _core.TrafficPlan(_core.PlanSettings(**vars(s)), loaded, _core.AccuracyLogEngine())
    due, sizes, indices, _ = plan.draw(MANY, MANY)
    expected_due, expected, duration = generated(s, loaded.samples.tolist(), loaded.end)
    assert sizes.tolist() == [len(query) for query in expected]
    assert indices.tolist() == list(itertools.chain.from_iterable(expected))
    assert due.tolist() == (expected_due if s.scenario == "server" else [0] * len(expected))
    assert (plan.query_count, plan.sample_count) == (len(expected), len(indices))
    assert plan.duration_ns == duration


@given(cases=st.lists(series(), min_size=2, max_size=3), issued=st.integers(0, 60))
def test_the_accuracy_log_runs_on_over_series_that_stop_early(
    cases: list[tuple[Series, int]], issued: int
) -> None:
    engine, reference = _core.AccuracyLogEngine(), Engine(ACCURACY_LOG_SEED)
    for s, size in cases:
        plan = _core.TrafficPlan(_core.PlanSettings(**vars(s)), core_set(s, size), engine)
        keep = plan.draw(MANY, issued)[3]
        plan.run_dry()
        assert keep.tolist() == kept(s, plan.sample_count, reference)[: len(keep)]


@given(case=series(), portions=st.lists(st.integers(1, 30), min_size=1))
def test_portions_of_any_size_give_the_same_traffic(
    case: tuple[Series, int], portions: list[int]
) -> None:
    s, size = case
    settings = _core.PlanSettings(**vars(s) | {"accuracy_log_probability": 0.0})
    whole = _core.TrafficPlan(settings, core_set(s, size)).draw(MANY, MANY)
    plan = _core.TrafficPlan(settings, core_set(s, size))
    parts = []
    for portion in itertools.cycle(portions):
        parts.append(plan.draw(portion, portion))
        if not len(parts[-1][2]):
            break
    for expected, found in zip(whole, zip(*parts, strict=True), strict=True):
        assert np.array_equal(expected, np.concatenate(found))
