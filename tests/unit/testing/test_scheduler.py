# SPDX-License-Identifier: Apache-2.0
"""Calling functions at given instants, in simulated and in real time."""

import threading
import time
from types import SimpleNamespace

import pytest

from loadgen.testing import VirtualClock
from loadgen.testing.scheduler import (
    Scheduler,
    TimerThread,
    VirtualScheduler,
    scheduler_for,
    wait_until,
)

MS = 1_000_000


def no_error(error: BaseException) -> None:
    pytest.fail(f"a task raised {error!r}")


@pytest.fixture
def timer():
    made = TimerThread(no_error)
    yield made
    made.close()


def test_real_tasks_are_called_in_the_order_of_their_instants_and_never_early(timer) -> None:
    called: list[tuple[int, int]] = []
    done = threading.Event()
    now = timer.now_ns()
    for delay in (3, 1, 2, 5, 4):
        due = now + delay * MS
        timer.call_at(due, lambda due=due: called.append((due, time.monotonic_ns())))
    timer.call_at(now + 6 * MS, done.set)
    assert done.wait(timeout=20)
    assert [due for due, _ in called] == [now + delay * MS for delay in (1, 2, 3, 4, 5)]
    assert all(at >= due for due, at in called)


def test_real_task_whose_instant_has_passed_is_called_at_once_on_the_thread(timer) -> None:
    done = threading.Event()
    threads = []

    def task() -> None:
        threads.append(threading.current_thread())
        done.set()

    timer.call_at(0, task)
    assert done.wait(timeout=20)
    assert threads != [threading.current_thread()]


def test_real_task_may_ask_for_an_earlier_one(timer) -> None:
    called = []
    done = threading.Event()

    def first() -> None:
        called.append("first")
        timer.call_at(timer.now_ns(), lambda: called.append("second"))

    timer.call_at(timer.now_ns() + 20 * MS, done.set)
    timer.call_at(timer.now_ns() + MS, first)
    assert done.wait(timeout=20)
    assert called == ["first", "second"]


def test_closing_drops_what_was_not_called_and_ends_the_thread() -> None:
    timer = TimerThread(no_error)
    timer.call_at(timer.now_ns() + 3600 * 1000 * MS, lambda: pytest.fail("called"))
    timer.close()
    timer.call_at(0, lambda: pytest.fail("called"))
    assert not timer._thread.is_alive()


def test_real_task_may_close_its_own_timer() -> None:
    timer = TimerThread(no_error)
    timer.call_at(0, timer.close)
    timer._thread.join(timeout=20)
    assert not timer._thread.is_alive()


@pytest.mark.parametrize("simulated", [True, False])
def test_what_a_task_raises_is_handed_on_and_the_next_task_is_called(simulated: bool) -> None:
    errors: list[BaseException] = []
    clock = VirtualClock()
    scheduler: Scheduler = (
        VirtualScheduler(clock, errors.append) if simulated else TimerThread(errors.append)
    )
    done = threading.Event()
    scheduler.call_at(1, lambda: {}["no such key"])
    scheduler.call_at(2, done.set)
    if simulated:
        run_clock(clock)
    assert done.wait(timeout=20)
    scheduler.close()
    assert [type(error) for error in errors] == [KeyError]


def test_closing_a_simulated_scheduler_drops_what_was_not_called() -> None:
    clock = VirtualClock()
    scheduler = VirtualScheduler(clock, no_error)
    scheduler.call_at(clock.now_ns + MS, lambda: pytest.fail("called"))
    scheduler.close()
    run_clock(clock)


def test_scheduler_is_on_the_clock_of_its_run() -> None:
    clock = VirtualClock(start_ns=77)
    simulated = scheduler_for(SimpleNamespace(clock=clock, _sut_raised=no_error))
    assert simulated.now_ns() == 77
    before = time.monotonic_ns()
    real = scheduler_for(SimpleNamespace(clock=None, _sut_raised=no_error))
    assert before <= real.now_ns() <= time.monotonic_ns()
    real.close()


def test_waiting_never_ends_early() -> None:
    due = time.monotonic_ns() + 2 * MS
    wait_until(due)
    assert time.monotonic_ns() >= due
    wait_until(0)


def run_clock(clock: VirtualClock) -> None:
    """Let a minute pass: a run of one query that is answered then."""
    import loadgen as lg

    class Minute(lg.SystemUnderTest):
        def issue(self, batch: lg.Batch) -> None:
            clock.call_at(clock.now_ns + 60_000 * MS, batch.complete)

    lg.run(Minute(), 1, lg.Offline(), clock=clock)
