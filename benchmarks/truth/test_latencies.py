# SPDX-License-Identifier: Apache-2.0
"""Whether what a run reports is what happened: compared with the systems' own stamps, in real time.

A simulated system reads the same clock itself, when it gets a sample and right before it answers.
The record's stamps enclose these: it may say a little more than the system, never less.
"""

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

import loadgen as lg
from loadgen.testing import ExponentialSUT, FixedSUT, PullConsumer, Truth

pytestmark = pytest.mark.truth

US = 1_000
MS = 1_000_000
AGREEMENT_NS = 5 * US
SERVICE_NS = 200 * US
STEADY = lg.Constant()
# Each with the samples that it issues.
SCENARIOS = [
    (lg.SingleStream(), 1000),
    (lg.MultiStream(samples_per_query=8), 8000),
    (lg.Server(target_qps=1000, arrivals=STEADY), 1000),
    (lg.Offline(n_samples=5000), 5000),
    (lg.Concurrent(4), 1000),
]
every_scenario = pytest.mark.parametrize(
    ("scenario", "n_samples"), SCENARIOS, ids=[scenario.name for scenario, _ in SCENARIOS]
)
# A run of Offline has one issue, whose stamp all its samples share: so many are worth a median.
RUNS_OF_OFFLINE = 25
MINIMA = {"min_duration_s": 0, "min_queries": 1000}
Report = Callable[[str], None]


def us(nanoseconds: float) -> str:
    return f"{nanoseconds / US:.3g} us"


def check_counts(result: lg.Result, n_samples: int) -> None:
    assert result.n_issued == n_samples
    assert result.n_completed == n_samples
    assert result.violations == {}


def check_never_early(result: lg.Result) -> None:
    samples = result.samples
    assert (samples["issued_ns"] >= samples["scheduled_ns"]).all()
    assert (samples["completed_ns"] >= samples["issued_ns"]).all()


def check_answers(result: lg.Result, truth: Truth) -> int:
    """Compare when samples were answered; the median disagreement in ns."""
    recorded = result.samples["completed_ns"] + result.data.run_start_ns
    later = recorded - truth.answered_ns
    assert later.min() >= 0
    median = int(np.median(later))
    assert median <= AGREEMENT_NS
    return median


def longer_served(result: lg.Result, truth: Truth) -> np.ndarray:
    """By how much longer each sample was served than by the system's own stamps, in ns."""
    return result.samples["completed_ns"] - result.samples["issued_ns"] - truth.service_time_ns


def check_service_times(longer: np.ndarray) -> int:
    """Compare how long samples were served; the median disagreement in ns."""
    assert longer.min() >= 0
    median = int(np.median(longer))
    assert median <= AGREEMENT_NS
    return median


@every_scenario
def test_push(scenario: lg.Scenario, n_samples: int, report: Report) -> None:
    """What the system measured itself is what the result says, for every way to issue."""
    sut = FixedSUT(latency_ns=SERVICE_NS)
    longer = []
    for _ in range(RUNS_OF_OFFLINE if isinstance(scenario, lg.Offline) else 1):
        result = lg.run(sut, 100, scenario, **MINIMA)
        check_counts(result, n_samples)
        check_never_early(result)
        assert (sut.truth.service_time_ns >= SERVICE_NS).all()
        longer.append(longer_served(result, sut.truth))
    service = check_service_times(np.concatenate(longer))
    answers = check_answers(result, sut.truth)
    report(
        f"service time {us(service)} more than the system's own, answers {us(answers)} later; "
        f"issue delay p50 {us(result.issue_delay.percentile(50))}"
    )


@every_scenario
def test_pull(scenario: lg.Scenario, n_samples: int, report: Report) -> None:
    """The same for a server that takes its work; from issue to taking is reported beside it."""
    consumer = PullConsumer(service_ns=SERVICE_NS // 4, max_size=8)
    with lg.Session(100, scenario, **MINIMA) as session:
        consumer.serve(session)
    result, truth = session.result, consumer.truth
    check_counts(result, n_samples)
    check_never_early(result)
    answers = check_answers(result, truth)
    issued = result.samples["issued_ns"] + result.data.run_start_ns
    hand_over = truth.issued_ns - issued
    assert hand_over.min() >= 0
    report(
        f"answers {us(answers)} later than the system's own; first taken "
        f"{us(hand_over.min())}, p50 {us(np.median(hand_over))} after the issue; "
        f"issue delay p50 {us(result.issue_delay.percentile(50))}"
    )


@pytest.mark.parametrize("workers", [None, 1], ids=["inline", "worker"])
def test_function(workers: int | None, report: Report) -> None:
    """A function's own stamps are enclosed by the record's."""
    began, ended = [], []

    def work(samples: np.ndarray) -> None:
        began.append(time.monotonic_ns())
        while time.monotonic_ns() < began[-1] + SERVICE_NS // 4:
            pass
        ended.append(time.monotonic_ns())

    sut = lg.FunctionSUT(work, workers=workers)
    result = lg.run(sut, 100, lg.SingleStream(), **MINIMA)
    check_counts(result, 1000)
    recorded = result.samples["completed_ns"] + result.data.run_start_ns
    later = recorded - np.array(ended)
    assert later.min() >= 0
    assert np.median(later) <= AGREEMENT_NS
    report(f"answers {us(np.median(later))} later than the function's own")


def test_queue_behind_one_server(report: Report) -> None:
    """Latency counts from when a query was due, and has the waiting in it."""
    sut = ExponentialSUT(mean_ns=500 * US, servers=1, seed=7)
    result = lg.run(
        sut, 100, lg.Server(target_qps=1000), seeds=lg.Seeds(schedule=5), min_duration_s=2
    )
    check_never_early(result)
    truth = sut.truth
    due = result.samples["scheduled_ns"] + result.data.run_start_ns
    differs = result.samples["latency_ns"] - (truth.answered_ns - due)
    assert differs.min() >= 0
    assert np.median(differs) <= AGREEMENT_NS
    # The queue itself, by Lindley's recursion over what really came when.
    wait_over, expected = 0, []
    for came, serve in zip(
        truth.issued_ns.tolist(), sut.service_times_ns(len(truth)).tolist(), strict=True
    ):
        wait_over = max(came, wait_over) + serve
        expected.append(wait_over)
    late = truth.answered_ns - np.array(expected)
    assert late.min() >= 0
    report(
        f"latency {us(np.median(differs))} more than the system's own; the simulated server "
        f"answers p50 {us(np.median(late))} after its instant"
    )


def test_blocked_issue_is_not_hidden(report: Report) -> None:
    """Coordinated omission: what waits for a blocked issue() has waited since it was due."""
    stamps: list[int] = []

    class Blocking(lg.SystemUnderTest):
        def issue(self, batch: lg.Batch) -> None:
            if not stamps:
                time.sleep(0.05)
            stamps.append(time.monotonic_ns())
            batch.complete()

    steady = lg.Server(target_qps=1000, arrivals=STEADY)
    result = lg.run(Blocking(), 100, steady, min_duration_s=0, min_queries=200)
    check_counts(result, 200)
    check_never_early(result)
    due = result.data.run_start_ns + np.arange(200) * MS
    differs = result.samples["latency_ns"] - (np.array(stamps) - due)
    assert differs.min() >= 0
    assert np.median(differs) <= AGREEMENT_NS
    assert result.latency.max >= 50 * MS
    blocked = int(np.count_nonzero(result.samples["latency_ns"] > MS))
    assert blocked >= 45
    report(f"{blocked} queries waited more than 1 ms; own delay p50 {result.own_delay.p50_ns} ns")


def test_answers_from_several_threads(report: Report) -> None:
    """Nothing is lost and nothing is stamped early when many threads answer at once."""
    n_threads, n_samples = 4, 20_000
    stamps: list[tuple[np.ndarray, int]] = []

    class Spreading(lg.SystemUnderTest):
        threads: list[threading.Thread]

        def issue(self, batch: lg.Batch) -> None:
            size = n_samples // n_threads
            parts = [batch[first : first + size] for first in range(0, n_samples, size)]
            self.threads = [threading.Thread(target=self.answer, args=(each,)) for each in parts]
            for thread in self.threads:
                thread.start()

        def answer(self, part: lg.Batch) -> None:
            for position in range(len(part)):
                one = part[position]
                ids = one.ids
                now = time.monotonic_ns()
                one.complete()
                stamps.append((ids, now))

        def stop(self) -> None:
            for thread in self.threads:
                thread.join()

    result = lg.run(Spreading(), 100, lg.Offline(n_samples=n_samples), min_duration_s=0)
    check_counts(result, n_samples)
    ids = np.concatenate([ids for ids, _ in stamps])
    answered = np.array([now for _, now in stamps])[np.argsort(ids)]
    later = result.samples["completed_ns"] + result.data.run_start_ns - answered
    assert later.min() >= 0
    assert np.median(later) <= AGREEMENT_NS
    report(f"{n_threads} threads: answers {us(np.median(later))} later than their own stamps")
