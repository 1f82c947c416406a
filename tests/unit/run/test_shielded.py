# SPDX-License-Identifier: Apache-2.0
"""Work that Ctrl-C does not cut short."""

import signal
import threading

import pytest
from shared_runs import press_ctrl_c

from loadgen.run.shielded import Errand, shielded


def refuse(*_: object, **__: object) -> None:
    raise RuntimeError("can't start new thread")


def test_work_is_done_once_on_a_thread_of_its_own() -> None:
    threads: list[threading.Thread] = []
    shielded(lambda: threads.append(threading.current_thread()))
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


def test_what_the_work_raised_comes_out() -> None:
    with pytest.raises(ValueError, match="mine"):
        shielded(lambda: (_ for _ in ()).throw(ValueError("mine")).__next__())


def test_ctrl_c_comes_out_when_the_work_is_done() -> None:
    pressed, done = threading.Event(), threading.Event()

    def handler(number: int, frame: object) -> None:
        pressed.set()
        raise KeyboardInterrupt

    def work() -> None:
        press_ctrl_c()
        assert pressed.wait(10)
        done.set()

    before = signal.signal(signal.SIGINT, handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            shielded(work)
    finally:
        signal.signal(signal.SIGINT, before)
    assert done.is_set()


def test_ctrl_c_has_what_the_work_raised_as_its_cause() -> None:
    caught = threading.Event()

    def handler(number: int, frame: object) -> None:
        caught.set()
        raise KeyboardInterrupt

    def work() -> None:
        press_ctrl_c()
        assert caught.wait(10)
        raise ValueError("mine")

    before = signal.signal(signal.SIGINT, handler)
    try:
        with pytest.raises(KeyboardInterrupt) as raised:
            shielded(work)
    finally:
        signal.signal(signal.SIGINT, before)
    assert isinstance(raised.value.__cause__, ValueError)


def test_ctrl_c_for_the_second_time_asks_for_hurry() -> None:
    hurry = threading.Event()

    def work() -> None:
        while not hurry.is_set():
            press_ctrl_c()

    errand = Errand(work)
    with pytest.raises(KeyboardInterrupt):
        errand.wait(hurry.set)
    assert hurry.is_set()
    errand.wait()


def test_other_threads_do_the_work_themselves() -> None:
    threads: list[threading.Thread] = []
    thread = threading.Thread(
        target=shielded, args=(lambda: threads.append(threading.current_thread()),)
    )
    thread.start()
    thread.join()
    assert threads == [thread]


def test_where_there_can_be_no_thread_the_work_is_done_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threading.Thread, "start", refuse)
    threads: list[threading.Thread] = []
    shielded(lambda: threads.append(threading.current_thread()))
    assert threads == [threading.main_thread()]


def test_an_errand_that_was_started_is_not_done_again() -> None:
    calls: list[int] = []
    errand = Errand(lambda: calls.append(1))
    errand.start()
    errand.start()
    errand.wait()
    assert calls == [1]
