# SPDX-License-Identifier: Apache-2.0
"""Threads of the user's that call issue_query."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from loadgen.compat.issue_threads import Mismatch, WaitingRoom


class FakeRun:
    """Aborts when it is told of an error."""

    def __init__(self) -> None:
        self._engine = SimpleNamespace(aborted=False)
        self.errors: list[BaseException] = []

    def _sut_raised(self, error: BaseException) -> None:
        self.errors.append(error)
        self._engine.aborted = True


def registered(room: WaitingRoom, n_threads: int) -> list[threading.Thread]:
    """Threads in the room, in their order."""
    threads = []
    for number in range(n_threads):
        thread = threading.Thread(target=room.register, name=f"issue-{number}")
        thread.start()
        threads.append(thread)
        with room._changed:
            assert room._changed.wait_for(lambda: len(room._waiting) == len(threads), 30)
    return threads


def test_query_k_goes_to_thread_k_mod_t_and_each_series_begins_anew() -> None:
    room = WaitingRoom()
    seen: list[tuple[Any, str]] = []

    def issue(batch: Any) -> None:
        seen.append((batch, threading.current_thread().name))

    threads = registered(room, 2)
    with room.test(), room.crew(2, issue, 30) as crew:
        crew.begin(FakeRun())  # type: ignore[arg-type]
        for series in ("abc", "de"):
            for batch in series:
                crew.hand_out(batch)  # type: ignore[arg-type]
            crew.finish_series()
            assert len(seen) in (3, 5)
    for thread in threads:
        thread.join(30)
    assert dict(seen) == {
        "a": "issue-0", "b": "issue-1", "c": "issue-0", "d": "issue-0", "e": "issue-1",
    }  # fmt: skip


def test_an_exception_of_a_thread_is_the_runs_and_the_rest_is_not_issued() -> None:
    room, run = WaitingRoom(), FakeRun()
    issued = []

    def issue(batch: Any) -> None:
        issued.append(batch)
        raise OSError("gone")

    threads = registered(room, 1)
    with room.test(), room.crew(1, issue, 30) as crew:
        crew.begin(run)  # type: ignore[arg-type]
        for batch in "abc":
            crew.hand_out(batch)  # type: ignore[arg-type]
        crew.finish_series()
    threads[0].join(30)
    assert issued == ["a"]
    assert [str(error) for error in run.errors] == ["gone"]


def test_threads_that_do_not_come_are_a_mismatch_and_those_that_came_are_let_go() -> None:
    room = WaitingRoom(patience_s=0.0)
    threads = registered(room, 1)
    with (
        room.test(),
        pytest.raises(Mismatch) as raised,
        room.crew(2, print, 30),
    ):
        pass
    assert str(raised.value) == (
        "Mismatch between settings and number of registered IssueQueryThreads! "
        "settings.server_num_issue_query_threads = 2 but 1 threads registered."
    )
    threads[0].join(30)
    assert not threads[0].is_alive()


def test_the_end_of_a_test_without_issue_threads_lets_waiting_ones_go() -> None:
    room = WaitingRoom()
    threads = registered(room, 2)
    with room.test():
        pass
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def test_a_thread_that_stays_in_the_callback_does_not_hold_the_series_for_ever() -> None:
    room, blocked = WaitingRoom(), threading.Event()
    threads = registered(room, 1)
    with room.test(), room.crew(1, lambda _: blocked.wait(30), 0.0) as crew:
        crew.begin(FakeRun())  # type: ignore[arg-type]
        crew.hand_out("a")  # type: ignore[arg-type]
        crew.finish_series()
        blocked.set()
    threads[0].join(30)
