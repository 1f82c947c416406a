# SPDX-License-Identifier: Apache-2.0
"""Systems that raise, lose answers, repeat them or make them up."""

import re
import threading
import traceback

import numpy as np
import pytest
from shared_runs import quick_run

import loadgen as lg
from loadgen.testing import (
    FixedSUT,
    LosingSUT,
    RaisingSUT,
    RepeatingSUT,
    SimulatedSUT,
    VirtualClock,
)

SCENARIOS = [
    lg.SingleStream(),
    lg.MultiStream(samples_per_query=4),
    lg.Server(target_qps=10_000),
    lg.Offline(n_samples=100),
    lg.Concurrent(4),
]
every_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)


class Odd(lg.SystemUnderTest):
    """Answers each batch, and then does something to it."""

    def __init__(self, then) -> None:
        self.then = then

    def start(self, run: lg.Run) -> None:
        self.run = run

    def issue(self, batch: lg.Batch) -> None:
        batch.complete()
        self.then(self.run, batch)


@every_scenario
def test_system_that_raises_in_issue_ends_the_run_with_its_own_error(scenario) -> None:
    mine = KeyError("no such model")
    with pytest.raises(lg.SUTError, match="RaisingSUT raised KeyError: 'no such model'") as caught:
        quick_run(RaisingSUT("issue", error=mine), scenario)
    assert caught.value.__cause__ is mine
    assert traceback.extract_tb(mine.__traceback__)[-1].name == "_perhaps_raise"
    result = caught.value.result
    assert (result.series[0].end, result.valid) == ("sut_raised", False)
    assert any("no such model" in reason for reason in result.reasons)


def test_rows_until_the_exception_are_kept() -> None:
    with pytest.raises(lg.SUTError) as caught:
        quick_run(RaisingSUT("issue", at=31), lg.SingleStream())
    result = caught.value.result
    assert (result.n_issued, result.n_completed, result.n_missing) == (31, 30, 1)
    assert result.latency.count == 30


def test_system_that_cannot_start_is_stopped_and_there_is_no_result() -> None:
    mine = OSError("the accelerator is busy")
    sut = RaisingSUT("start", error=mine)
    with pytest.raises(lg.SUTError, match="raised OSError: the accelerator is busy") as caught:
        quick_run(sut, lg.SingleStream())
    assert caught.value.__cause__ is mine
    assert caught.value.result is None
    assert sut._calls == {"start": 1, "stop": 1}


@pytest.mark.parametrize("where", ["flush", "stop"])
def test_system_that_raises_at_the_end_has_all_its_rows(where: str) -> None:
    sut = RaisingSUT(where)
    with pytest.raises(lg.SUTError, match=rf"simulated failure in {where}\(\)") as caught:
        quick_run(sut, lg.SingleStream())
    result = caught.value.result
    assert (result.n_issued, result.n_completed, result.valid) == (100, 100, False)
    assert sut._calls["stop"] == 1


def test_second_error_does_not_hide_the_first() -> None:
    class RaisingTwice(RaisingSUT):
        def stop(self) -> None:
            super().stop()
            raise RuntimeError("and cannot stop either")

    with pytest.raises(lg.SUTError, match=r"simulated failure in issue\(\)"):
        quick_run(RaisingTwice("issue", at=5), lg.SingleStream())


@pytest.mark.parametrize("scenario", SCENARIOS[::2], ids=lambda each: each.name)
def test_function_that_raises_in_a_worker_thread_ends_the_run(scenario) -> None:
    def work(samples):
        if threading.current_thread() is not threading.main_thread() and 3 in samples:
            raise ZeroDivisionError("a worker's own")

    sut = lg.FunctionSUT(work, workers=2)
    with pytest.raises(lg.SUTError, match="raised ZeroDivisionError: a worker's own") as caught:
        quick_run(sut, scenario, min_queries=100_000)
    frames = traceback.extract_tb(caught.value.__cause__.__traceback__)
    assert "work" in [frame.name for frame in frames]
    assert caught.value.result.n_issued > 0


def test_coroutine_that_raises_ends_the_run() -> None:
    async def work(sample):
        if sample == 3:
            raise ZeroDivisionError("a coroutine's own")
        return sample

    with pytest.raises(lg.SUTError, match="ZeroDivisionError: a coroutine's own") as caught:
        quick_run(lg.AsyncSUT(work), lg.SingleStream(), min_queries=100_000)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_answer_that_raises_on_a_timer_thread_ends_the_run() -> None:
    class RaisingLater(SimulatedSUT):
        def _take(self, batch: lg.Batch, now_ns: int) -> None:
            self._do_at(now_ns + 100_000, lambda: batch["no such key"])

    with pytest.raises(lg.SUTError, match="raised TypeError") as caught:
        quick_run(RaisingLater(), lg.SingleStream())
    assert isinstance(caught.value.__cause__, TypeError)
    assert (caught.value.result.n_issued, caught.value.result.n_missing) == (1, 1)


@every_scenario
def test_system_that_never_answers_is_given_up_and_its_samples_are_counted(scenario) -> None:
    result = quick_run(LosingSUT(every=1), scenario, drain_timeout_s=0.05)
    assert result.series[0].end == "drain_timeout"
    assert result.n_missing == result.n_issued > 0
    assert not result.valid
    named = f"{result.n_issued:,} of {result.n_issued:,} issued sample"
    assert any(named in reason and "never answered" in reason for reason in result.reasons)


@every_scenario
def test_repeated_answers_are_counted_and_the_first_one_stands(scenario) -> None:
    sut = RepeatingSUT(every=10)
    result = quick_run(sut, scenario)
    repeated = result.violations["answered_twice"]
    assert repeated.count == result.n_issued // 10
    assert "id " in repeated.example
    assert (result.n_completed, result.valid) == (result.n_issued, False)
    assert any("answered_twice" in reason for reason in result.reasons)
    first = sut.truth.service_time_ns
    assert len(first) == result.n_issued


def test_later_answer_does_not_change_the_first() -> None:
    clock = VirtualClock()

    class Twice(lg.SystemUnderTest):
        def issue(self, batch: lg.Batch) -> None:
            now = clock.now_ns
            clock.call_at(now + 10, batch[0].complete)
            clock.call_at(now + 20, batch[0].complete)
            clock.call_at(now + 30, lambda: batch[0].fail("late", "too late to fail"))
            clock.call_at(now + 40, batch[1:].complete)

    result = lg.run(Twice(), 2, lg.Offline(), clock=clock)
    assert result.samples["latency_ns"].tolist() == [10, 40]
    assert result.samples["status"].tolist() == [0, 0]
    assert result.violations["answered_twice"].count == 2
    assert result.failures == {}


@every_scenario
def test_ids_that_were_never_given_out_are_counted(scenario) -> None:
    def then(run: lg.Run, batch: lg.Batch) -> None:
        run.complete(np.array([0, 1, 2**64 - 1], np.uint64))
        run.complete(int(batch.ids[-1]) + 1_000_000)

    result = quick_run(Odd(then), scenario)
    calls = result.series[0].n_queries
    assert result.violations["foreign_id"].count == 4 * calls
    assert (result.n_completed, result.valid) == (result.n_issued, False)
    assert any("foreign_id" in reason for reason in result.reasons)


def test_id_that_is_no_integer_is_the_callers_error() -> None:
    errors = []

    def then(run: lg.Run, batch: lg.Batch) -> None:
        for wrong in ("7", None, 1.5, np.array([0.5]), ["7"]):
            try:
                run.complete(wrong)
            except TypeError as error:
                errors.append(error)

    result = quick_run(Odd(then), lg.SingleStream(), min_queries=1)
    assert len(errors) == 5
    assert (result.n_completed, result.violations) == (1, {})


def test_integers_of_no_64_bits_are_ids_of_nobody() -> None:
    class Overflowing(Odd):
        def issue(self, batch: lg.Batch) -> None:
            mine = int(batch.ids[0])
            self.run.complete([mine + 2**64, mine - 2**64, -mine])
            assert batch.pending == 1
            batch.complete()

    result = quick_run(Overflowing(None), lg.SingleStream(), min_queries=1)
    assert result.violations["foreign_id"].count == 3


def test_answer_after_the_end_changes_nothing() -> None:
    kept = []

    class Late(lg.SystemUnderTest):
        def issue(self, batch: lg.Batch) -> None:
            kept.append(batch)
            if len(kept) % 2:
                batch.complete()

    result = quick_run(Late(), lg.Server(target_qps=10_000), drain_timeout_s=0.05)
    before = {name: column.tolist() for name, column in result.samples.items()}
    missing = result.n_missing
    assert missing == 50
    for batch in kept:
        batch.complete()
        batch.fail("late")
    assert {name: column.tolist() for name, column in result.samples.items()} == before
    assert (result.n_missing, result.failures) == (missing, {})


@pytest.mark.parametrize("workers", [None, 1])
@pytest.mark.parametrize("outputs", [[], [1, 2, 3], np.zeros((5, 4))], ids=["0", "3", "5"])
def test_outputs_of_the_wrong_length_name_both_lengths(workers, outputs) -> None:
    sut = lg.FunctionSUT(lambda samples: outputs, workers=workers, max_batch_size=2)
    with pytest.raises(lg.SUTError) as caught:
        quick_run(sut, lg.Offline(), dataset=2)
    assert re.search(rf"\b{len(outputs)}\b.*\b2 samples", str(caught.value))


def test_outputs_of_the_wrong_length_answer_nothing() -> None:
    lengths = []

    def then(batch: lg.Batch) -> None:
        for wrong in ([1], [1, 2, 3]):
            with pytest.raises(ValueError, match="2 samples"):
                batch.complete(wrong)
            lengths.append(len(wrong))

    class Wrong(lg.SystemUnderTest):
        def issue(self, batch: lg.Batch) -> None:
            then(batch)
            batch.complete([1, 2])

    result = quick_run(Wrong(), lg.Offline(), dataset=2, mode="accuracy")
    assert lengths == [1, 3]
    assert (result.n_completed, result.violations) == (2, {})
    assert list(result.outputs) == [1, 2]


@pytest.mark.parametrize("hook", ["load", "unload", "__getitem__"])
def test_hook_of_the_dataset_that_raises_is_named(hook: str) -> None:
    class Broken(lg.Dataset):
        def __len__(self) -> int:
            return 10

        def __getitem__(self, indices):
            return list(indices)

    def raise_it(self, indices):
        raise PermissionError("the share is offline")

    setattr(Broken, hook, raise_it)
    sut = FixedSUT(latency_ns=0) if hook != "__getitem__" else (lambda samples: None)
    with pytest.raises(lg.DatasetError, match="the share is offline") as caught:
        quick_run(sut, lg.SingleStream(), dataset=Broken())
    assert isinstance(caught.value.__cause__, PermissionError)
    assert "Broken" in str(caught.value)
    assert hook.strip("_").replace("getitem", "[indices]") in str(caught.value)


def test_answers_that_come_while_the_system_is_stopped_are_late_and_change_nothing() -> None:
    class Tardy(lg.SystemUnderTest):
        def issue(self, batch: lg.Batch) -> None:
            self.batch = batch

        def stop(self) -> None:
            self.batch.complete()

    result = quick_run(Tardy(), lg.Offline(n_samples=5), clock=VirtualClock(), drain_timeout_s=1)
    assert (result.n_missing, result.n_completed, result.valid) == (5, 0, False)
    assert result.violations["answered_after_end"].count == 5
