# SPDX-License-Identifier: Apache-2.0
"""What is made of the measurements, on a machine that answers what the test says."""

import itertools
import json
from collections.abc import Iterable
from dataclasses import replace

import pytest

from loadgen.selftest import FULL, QUICK, Effort, Machine, RateTried, Selftest, in_words, measure
from loadgen.selftest.machine import Kind
from loadgen.selftest_file import KEPT_NUMBERS

EFFORT = Effort(tries=3, rates_qps=(100, 1_000), sleeping_s=0.5, try_s=0.1, queries=100)
DESCRIBED = {"cpu_model": "a processor", "cpus": 2, "kernel": "Linux 6"}


class FakeMachine(Machine):
    """Takes each figure in turn, round and round, from what it was given."""

    def __init__(self, *, delays: dict[int, Iterable[int]]) -> None:
        super().__init__(clock=itertools.count(0, 40).__next__)
        self._delays = {rate: itertools.cycle(values) for rate, values in delays.items()}
        self._stops = itertools.cycle([(0.1, 900), (0.0, 0), (0.02, 50_000)])
        self._sleeps = itertools.cycle([(50, 900), (70, 500), (60, 700)])
        self._costs = itertools.cycle([8.0, 30.0, 10.0])
        self.asked: list[tuple[int, float]] = []

    def interruptions(self, seconds: float) -> tuple[float, int]:
        assert seconds == EFFORT.sleeping_s
        return next(self._stops)

    def sleep_errors_ns(self, seconds: float) -> tuple[int, int]:
        assert seconds == EFFORT.sleeping_s
        return next(self._sleeps)

    def plan_cost_ns(self) -> float:
        return next(self._costs)

    def do_nothing_samples_per_s(self, kind: Kind, scenario: str) -> float:
        return float(len(kind) * 1_000 + len(scenario))

    def issue_delay_p99_ns(self, rate_qps: int, seconds: float) -> int:
        self.asked.append((rate_qps, seconds))
        return next(self._delays[rate_qps])


def found_with(**delays_ns: int) -> Selftest:
    """A self-test that found these delays, by "at_" and the rate."""
    delays = {int(name.removeprefix("at_")): [value] for name, value in delays_ns.items()}
    effort = Effort(1, tuple(delays), EFFORT.sleeping_s, EFFORT.try_s, EFFORT.queries)
    return measure(effort, FakeMachine(delays=delays))


def test_the_median_of_the_tries_counts() -> None:
    machine = FakeMachine(delays={100: [9, 7, 50_000], 1_000: [3, 1, 2]})
    found = measure(EFFORT, machine)
    assert found.rates_tried == (RateTried(100, 9), RateTried(1_000, 2))
    assert (found.sleep_error_p50_ns, found.sleep_error_p99_ns) == (60, 700)
    assert (found.interrupted_share, found.longest_interruption_ns) == (0.02, 50_000)
    assert (found.plan_cost_ns, found.plan_ceiling_qps) == (10.0, 1e8)
    assert found.do_nothing_samples_per_s["push"] == {
        "single_stream": 4_013.0, "server": 4_006.0, "offline": 4_007.0,
    }  # fmt: skip


def test_tries_last_until_there_are_enough_queries() -> None:
    machine = FakeMachine(delays={100: [1], 1_000: [1]})
    measure(EFFORT, machine)
    assert machine.asked == [(100, 1.0)] * 3 + [(1_000, 0.1)] * 3


def test_the_clock_is_judged_by_its_own_reads() -> None:
    machine = Machine(clock=itertools.count(0, 40).__next__)
    assert (machine.clock_read_ns(), machine.clock_step_ns()) == (40.0, 40)
    assert Machine(clock=lambda: 5).clock_step_ns() == 0


def test_stops_of_a_thread_that_only_looks_at_the_clock_are_found() -> None:
    instants = itertools.accumulate(itertools.cycle([1_000] * 97 + [9_999, 43_000, 50_001]))
    share, longest = Machine(clock=instants.__next__).interruptions(seconds=0.01)
    assert share == pytest.approx(93_001 / 200_000, rel=0.01)
    assert longest == 50_001
    assert Machine(clock=itertools.count(0, 9_999).__next__).interruptions(0.01) == (0, 0)


@pytest.mark.parametrize(
    ("delays", "held"),
    [
        ({"at_100": 9_999, "at_1000": 10_000}, 100),
        ({"at_100": 20_000, "at_1000": 5}, 1_000),
        ({"at_100": 20_000, "at_1000": 20_000}, None),
    ],
)
def test_the_highest_rate_with_a_small_delay_is_held(
    delays: dict[str, int], held: int | None
) -> None:
    assert found_with(**delays).held_qps == held


def test_all_figures_are_json_and_say_their_units() -> None:
    found = found_with(at_100=5, at_1000=20_000)
    document = found.to_dict()
    assert json.loads(json.dumps(document, allow_nan=False))["held_qps"] == 100
    assert document["rates_tried"] == (
        {"rate_qps": 100, "p99_ns": 5}, {"rate_qps": 1_000, "p99_ns": 20_000},
    )  # fmt: skip
    assert set(document) - {"measured_at", "quick", "rates_tried"} == {
        name for name in document if name.endswith(("_ns", "_qps", "_per_s", "_share"))
    }


def test_what_is_kept_is_what_later_results_load() -> None:
    assert set(found_with(at_100=5).kept()) == {"measured_at", *KEPT_NUMBERS}


def test_words_say_what_the_machine_can_do_and_where_it_cannot() -> None:
    text = in_words(found_with(at_100=20_000, at_1000=5, at_2000=3_000_000), DESCRIBED)
    first = " ".join(text.partition("\n\n")[0].split())
    assert first.startswith(
        "This machine can issue 1,000 queries/s with a p99 issue delay below 10 us: there the "
        "generator's part is less than 5 % of any latency of 200.0 us and more. But not at 100 "
    )
    assert "  2,000 queries/s        3.000 ms   not below 10 us\n" in text
    assert "a processor, 2 CPUs, Linux 6" in text


def test_words_say_when_the_machine_sets_the_p99() -> None:
    effort = Effort(1, (100,), EFFORT.sleeping_s, EFFORT.try_s, EFFORT.queries)
    found = measure(effort, FakeMachine(delays={100: [5]}))
    assert found.interrupted_share == 0.1
    text = " ".join(in_words(found, DESCRIBED).split())
    assert "10.00 % of the time, 900 ns at the longest" in text
    assert "the p99 of whatever is measured here is the machine's" in text
    calm = " ".join(in_words(replace(found, interrupted_share=0.01), DESCRIBED).split())
    assert "1.00 % of the time" in calm
    assert "is the machine's" not in calm
    quiet = replace(found, interrupted_share=0.0, longest_interruption_ns=0)
    assert "was never stopped for 10 us" in in_words(quiet, DESCRIBED)


def test_words_say_that_no_rate_was_held() -> None:
    text = in_words(found_with(at_100=20_000), DESCRIBED)
    assert text.startswith("At none of the rates tried did the p99 issue delay stay below 10 us")


def test_words_fit_into_a_hundred_columns_however_large_the_figures() -> None:
    found = found_with(**{f"at_{rate}": 3_999_999_999 for rate in FULL.rates_qps}, at_9999999=1)
    described = {"cpu_model": "a processor with a long name " * 4, "cpus": 1_024}
    assert max(map(len, in_words(found, described).splitlines())) < 100


def test_a_real_self_test_ends_with_positive_figures() -> None:
    found = measure(Effort(1, (1_000,), sleeping_s=0.02, try_s=0.02, queries=20))
    assert 0 < found.clock_read_ns < float("inf")
    assert 0 < found.plan_cost_ns < float("inf")
    assert found.clock_step_ns > 0
    assert found.sleep_error_p99_ns > 0
    rates = [rate for kind in found.do_nothing_samples_per_s.values() for rate in kind.values()]
    assert len(rates) == 12
    assert all(0 < rate < float("inf") for rate in rates)


def test_quick_asks_less_of_everything() -> None:
    assert QUICK.tries < FULL.tries
    assert set(QUICK.rates_qps) < set(FULL.rates_qps)
