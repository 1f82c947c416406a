# SPDX-License-Identifier: Apache-2.0
"""How takers of a session's batches leave, and what is left of them."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import loadgen as lg
from loadgen.run import attached as attached_module
from loadgen.run import sharing

QUIET: dict[str, Any] = {"progress": False, "min_duration_s": 0}

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="shared records are on Linux"
)


class FakeEngine:
    """Of a session that goes on; remembers which takers were released."""

    finished = start_asked = aborted = False
    abort_asked = None

    def __init__(self) -> None:
        self.present: list[tuple[int, int]] = []
        self.released: list[int] = []

    def takers(self) -> list[tuple[int, int]]:
        return self.present

    def release(self, taker: int) -> int:
        self.released.append(taker)
        return 0


def test_a_process_that_joins_as_another_dies_is_not_taken_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sharing, "_LOOK_EVERY_S", 1_000)  # looked at by hand
    engine: Any = FakeEngine()
    supervisor = sharing.Supervisor(engine, lambda: None, lambda _: None)
    sleeps = [sys.executable, "-c", "import time; time.sleep(600)"]
    first, second = subprocess.Popen(sleeps), subprocess.Popen(sleeps)
    try:
        engine.present = [(2, first.pid)]
        supervisor._look()
        first.kill()
        first.wait()
        engine.present = [(2, first.pid), (3, second.pid)]
        supervisor._look()
        assert engine.released == [2]
        engine.present = [(3, second.pid)]
        second.kill()
        second.wait()
        supervisor._look()
        assert engine.released == [2, 3]
    finally:
        supervisor.stop()
        for process in (first, second):
            process.kill()
            process.wait()


def test_a_wait_that_was_cancelled_keeps_nobody_from_leaving() -> None:
    async def wait_in_vain(token: str) -> None:
        async with lg.attach(token) as attached:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(aiter(attached.batches())), 0.05)

    with lg.Session(10, lg.Offline(), **QUIET) as session, lg.attach(session.attach_token) as has:
        batch = next(iter(has.batches(max_size=10)))
        asyncio.run(wait_in_vain(session.attach_token))
        batch.complete()
    assert session.result.n_completed == 10
    assert not session.result.violations


def test_who_left_takes_nothing_more() -> None:
    with lg.Session(10, lg.Offline(), **QUIET) as session:
        attached = lg.attach(session.attach_token)
        batches = iter(attached.batches(max_size=2))
        next(batches)
        attached.leave(wait=False)
        assert list(batches) == []
        for batch in session.batches():
            batch.complete()
    assert session.result.n_completed == 10
    assert session.result.violations["redelivered"].count == 2


def test_leaving_that_is_interrupted_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with lg.Session(10, lg.Offline(), **QUIET) as session:
        attached = lg.attach(session.attach_token)
        next(iter(attached.batches(max_size=2)))
        with monkeypatch.context() as patch:
            patch.setattr(attached_module.time, "sleep", interrupt)
            with pytest.raises(KeyboardInterrupt):
                attached.leave()
        for batch in session.batches():
            batch.complete()
    assert session.result.n_completed == 10


def test_tasks_go_on_answering_while_their_process_leaves() -> None:
    async def answer_later(batch: Any) -> None:
        await asyncio.sleep(0.05)
        batch.complete()

    async def serve(token: str) -> None:
        async with lg.attach(token) as attached:
            batch = await anext(aiter(attached.batches(max_size=10)))
            task = asyncio.create_task(answer_later(batch))
        assert task.done()

    with lg.Session(10, lg.Offline(), **QUIET) as session:
        asyncio.run(serve(session.attach_token))
    assert session.result.n_completed == 10
    assert not session.result.violations


def test_what_is_open_when_the_run_is_given_up_was_not_handed_out_again() -> None:
    with lg.Session(10, lg.Offline(), **QUIET) as session:
        attached = lg.attach(session.attach_token)
        next(iter(attached.batches(max_size=10)))
        attached.abort("enough")
        while not attached._server.engine.ended:
            time.sleep(0.01)
        attached.leave()
        time.sleep(0.1)  # longer than it takes to hand out again
    result = session.result
    assert result.aborted_reason == "enough"
    assert result.n_missing == 10
    assert not result.violations


def test_giving_up_before_the_first_batch_ends_the_session() -> None:
    session = lg.Session(10, lg.Offline(), **QUIET, drain_timeout_s=None)
    with pytest.raises(lg.LoadGenError, match="the model is not there"), session:
        lg.attach(session.attach_token).abort("the model is not there")


def test_who_joined_and_is_gone_before_the_first_batch_ends_the_session(
    start: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "_PATIENCE_S", 0.2)
    session = lg.Session(10, lg.Offline(), **QUIET, drain_timeout_s=None)
    with pytest.raises(lg.LoadGenError, match="joined are gone; none asked for a batch"), session:
        start(session.attach_token, "nothing")


def test_a_loop_that_is_kept_does_not_stand_for_processes_that_are_gone(
    start: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "_PATIENCE_S", 0.2)
    with lg.Session(100, lg.Offline(), **QUIET, drain_timeout_s=None) as session:
        (killed,) = start(session.attach_token, "hold")
        assert killed.line() == "took 50"
        kept = iter(session.batches(max_size=10))
        next(kept)
        killed.kill()
    assert session.result.aborted_reason == "the processes that took its batches are gone"


def n_open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_result_keeps_no_files_open() -> None:
    before = n_open_files()
    results = []
    for _ in range(3):
        with lg.Session(10, lg.Offline(), **QUIET, mode="accuracy") as session:
            assert session.attach_token
            for batch in session.batches():
                batch.complete([0] * len(batch))
        results.append(session.result)
    assert n_open_files() == before
    assert [result.n_completed for result in results] == [10, 10, 10]


def test_where_no_more_files_may_be_opened_it_is_said() -> None:
    code = """
import os, resource
import loadgen as lg
with lg.Session(10, lg.Offline(), min_duration_s=0, progress=False) as session:
    n = len(os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (n + 2, n + 2))
    try:
        session.attach_token
    except lg.LoadGenError as error:
        print(error)
    for batch in session.batches():
        batch.complete()
print(session.result.n_completed)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    said = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert "no more open files" in said[0]
    assert said[1] == "10"
