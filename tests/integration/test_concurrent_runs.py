# SPDX-License-Identifier: Apache-2.0
"""All state lives in a run: several at once, in threads, in event loops, in each other."""

import asyncio
import threading

import pytest

import loadgen as lg
from loadgen.testing import FixedSUT, VirtualClock

SCENARIOS = [
    lg.SingleStream(),
    lg.MultiStream(samples_per_query=2),
    lg.Server(target_qps=20_000),
    lg.Offline(n_samples=300),
    lg.Concurrent(2),
]


def short(sut, scenario: lg.Scenario, **fields) -> lg.Result:
    return lg.run(sut, 10, scenario, **{"min_duration_s": 0, "min_queries": 150, **fields})


class Exchange(lg.SystemUnderTest):
    """Answers its own samples, and then those of its partner as if they were its own."""

    def __init__(self, meet: threading.Barrier) -> None:
        self.meet = meet
        self.partner: Exchange
        self.run: lg.Run
        self.ids: list[int] = []

    def start(self, run: lg.Run) -> None:
        self.run = run

    def issue(self, batch: lg.Batch) -> None:
        self.ids += batch.ids.tolist()
        batch.complete()

    def flush(self) -> None:
        self.meet.wait(timeout=20)  # both are issued
        self.run.complete(self.partner.ids)
        self.meet.wait(timeout=20)  # both have tried


def in_threads(*calls) -> list:
    """What the calls return, each made on a thread of its own."""
    results: list = [None] * len(calls)

    def work(number: int) -> None:
        try:
            results[number] = calls[number]()
        except BaseException as error:
            results[number] = error

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=50)
    return results


def test_two_runs_at_once_do_not_take_each_others_answers() -> None:
    meet = threading.Barrier(2)
    first, second = Exchange(meet), Exchange(meet)
    first.partner, second.partner = second, first
    results = in_threads(
        lambda: short(first, lg.SingleStream()), lambda: short(second, lg.SingleStream())
    )
    assert not set(first.ids) & set(second.ids)
    for result in results:
        assert (result.n_issued, result.n_completed) == (150, 150)
        assert result.violations["foreign_id"].count == 150
        assert set(result.violations) == {"foreign_id"}


def test_every_scenario_at_once_in_threads() -> None:
    suts = [FixedSUT(latency_ns=20_000) for _ in SCENARIOS]
    calls = [
        lambda sut=sut, scenario=scenario: short(sut, scenario)
        for sut, scenario in zip(suts, SCENARIOS, strict=True)
    ]
    for sut, result in zip(suts, in_threads(*calls), strict=True):
        assert isinstance(result, lg.Result), result
        assert result.n_completed == result.n_issued == len(sut.truth)
        assert result.violations == {}


def test_error_of_one_run_leaves_the_other_alone() -> None:
    meet = threading.Barrier(2)

    def failing(samples):
        meet.wait(timeout=20)
        raise ValueError("only this one")

    class Meeting(lg.SystemUnderTest):
        n_seen = 0

        def issue(self, batch: lg.Batch) -> None:
            self.n_seen += 1
            if self.n_seen == 10:
                meet.wait(timeout=20)
            batch.complete()

    error, result = in_threads(
        lambda: short(failing, lg.SingleStream()), lambda: short(Meeting(), lg.SingleStream())
    )
    assert isinstance(error, lg.SUTError)
    assert (result.n_completed, result.violations, result.series[0].end) == (150, {}, "natural")


def test_run_inside_the_issue_of_another_run() -> None:
    inner: list[lg.Result] = []

    class Outer(lg.SystemUnderTest):
        def issue(self, batch: lg.Batch) -> None:
            inner.append(short(lambda samples: None, lg.SingleStream(), min_queries=3))
            batch.complete()

    outer = short(Outer(), lg.SingleStream(), min_queries=4)
    assert (outer.n_completed, outer.violations) == (4, {})
    assert [each.n_completed for each in inner] == [3] * 4


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_run_on_a_thread_that_is_not_the_main_one(scenario) -> None:
    callers = set()

    class Asking(FixedSUT):
        def issue(self, batch: lg.Batch) -> None:
            callers.add(threading.current_thread())
            super().issue(batch)

    (result,) = in_threads(lambda: short(Asking(latency_ns=0), scenario))
    assert result.n_completed == result.n_issued > 0
    assert len(callers) == 1
    assert threading.main_thread() not in callers


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_run_inside_a_running_event_loop(scenario) -> None:
    async def sample(index):
        await asyncio.sleep(0)
        return index

    async def main() -> list[lg.Result]:
        return [short(FixedSUT(latency_ns=0), scenario), short(lg.AsyncSUT(sample), scenario)]

    for result in asyncio.run(main()):
        assert result.n_completed == result.n_issued > 0
        assert result.violations == {}


def test_event_loop_goes_on_beside_a_run_in_its_executor() -> None:
    ticks = 0

    async def main() -> lg.Result:
        nonlocal ticks
        run = asyncio.create_task(
            asyncio.to_thread(short, FixedSUT(latency_ns=100_000), lg.SingleStream())
        )
        while not run.done():
            ticks += 1
            await asyncio.sleep(0)
        return run.result()

    result = asyncio.run(main())
    assert result.n_completed == 150
    assert ticks > 1


def test_two_simulated_runs_in_two_threads_have_a_clock_each() -> None:
    results = in_threads(
        *(
            lambda latency=latency: short(
                FixedSUT(latency_ns=latency), lg.SingleStream(), clock=VirtualClock()
            )
            for latency in (1_000, 5_000)
        )
    )
    assert [set(each.samples["latency_ns"].tolist()) for each in results] == [{1_000}, {5_000}]


async def echo_async(sample):
    return sample


def echo(samples):
    return samples


@pytest.mark.parametrize(
    "sut",
    [lg.AsyncSUT(echo_async), lg.FunctionSUT(echo, workers=1)],
    ids=["coroutine", "workers"],
)
def test_run_that_a_system_refuses_leaves_the_run_that_it_serves_alone(sut) -> None:
    class Nesting(lg.Dataset):
        """Starts a second run with the system while the first one goes on."""

        performance_count = 5
        n_loads = n_refused = 0

        def __len__(self) -> int:
            return 10

        def __getitem__(self, indices):
            return indices

        def load(self, indices) -> None:
            self.n_loads += 1
            if self.n_loads == 1:  # before the system is started
                return
            refusals = in_threads(lambda: short(sut, lg.SingleStream()))
            with pytest.raises(lg.LoadGenError, match="already serves another run"):
                short(sut, lg.SingleStream())
            self.n_refused += isinstance(refusals[0], lg.LoadGenError)

    dataset = Nesting()
    result = lg.run(sut, dataset, lg.SingleStream(), mode="accuracy", drain_timeout_s=5)
    assert (result.n_completed, len(result.series)) == (10, 2)
    assert dataset.n_refused == 1
    assert short(sut, lg.SingleStream()).n_completed == 150


def test_run_without_workers_does_not_stop_those_of_another_run() -> None:
    sut = lg.FunctionSUT(echo)
    between_sets, go_on = threading.Event(), threading.Event()

    class Pausing(lg.Dataset):
        performance_count = 5
        n_loads = 0

        def __len__(self) -> int:
            return 10

        def __getitem__(self, indices):
            return indices

        def load(self, indices) -> None:
            self.n_loads += 1
            if self.n_loads == 2:
                between_sets.set()
                go_on.wait(timeout=20)

    def with_worker() -> None:
        results.append(lg.run(sut, Pausing(), lg.Concurrent(1), mode="accuracy"))

    class Beside(lg.SystemUnderTest):
        def start(self, run: lg.Run) -> None:
            sut.start(run)

        def issue(self, batch: lg.Batch) -> None:
            batch.complete()

        def flush(self) -> None:
            thread.start()
            between_sets.wait(timeout=20)

        def stop(self) -> None:
            workers = list(sut._threads)
            assert len(workers) == 1
            sut.stop()
            assert sut._threads == workers

    results: list[lg.Result] = []
    thread = threading.Thread(target=with_worker)
    try:
        assert short(Beside(), lg.SingleStream()).n_completed == 150
    finally:
        go_on.set()
        thread.join(timeout=20)
    assert results[0].n_completed == 10
