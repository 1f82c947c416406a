# SPDX-License-Identifier: Apache-2.0
"""Sessions: servers that take their work themselves, in threads."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loadgen as lg

FEW = {"min_duration_s": 0, "min_queries": 20, "progress": False}
SERVER = lg.Server(target_qps=20_000)


def serve(session: lg.Session, answer: Callable[[lg.Batch], object]) -> None:
    with session:
        for batch in session.batches(max_size=1):
            answer(batch)


@pytest.mark.parametrize(
    "scenario",
    [
        lg.SingleStream(),
        lg.MultiStream(samples_per_query=4),
        SERVER,
        lg.Offline(n_samples=20),
        lg.Concurrent(concurrency=3),
    ],
    ids=lambda scenario: scenario.name,
)
def test_every_scenario_can_be_pulled(scenario: Any) -> None:
    with lg.Session(8, scenario, **FEW) as session:
        for batch in session.batches(max_size=8):
            assert 1 <= len(batch) <= 8
            batch.complete(batch.samples)
    result = session.result
    assert result.n_completed == result.n_issued
    assert result.n_issued == (80 if isinstance(scenario, lg.MultiStream) else 20)
    assert result.sut_name == "session"
    assert not result.violations


def test_several_threads_share_the_work() -> None:
    taken: list[int] = []

    def take(session: lg.Session) -> None:
        for batch in session.batches(max_size=1):
            taken.extend(batch.ids.tolist())
            batch.complete()

    with lg.Session(8, SERVER, **FEW) as session:
        threads = [threading.Thread(target=take, args=(session,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(taken) == len(set(taken)) == 20
    assert session.result.n_completed == 20


def test_the_clock_does_not_run_before_the_first_batch_is_asked_for() -> None:
    with lg.Session(8, SERVER, **FEW) as session:
        assert session.run.mode == "performance"
        assert session._inside.execution.engine.progress() == (0, 0)
        for batch in session.batches():
            batch.complete()
    assert session.result.n_issued == 20


def test_start_starts_the_clock() -> None:
    with lg.Session(8, SERVER, **FEW) as session:
        session.start()
        session.start()
        while session._inside.execution.engine.progress()[0] < 20:
            pass
        for batch in session.batches(max_size=20):
            batch.complete()
    assert session.result.n_completed == 20


def test_leaving_waits_for_outstanding_answers() -> None:
    batches: list[lg.Batch] = []
    go_on = threading.Event()

    def answer_later() -> None:
        go_on.wait(5)
        for batch in batches:
            session.complete(batch.ids)

    thread = threading.Thread(target=answer_later)
    thread.start()
    with lg.Session(8, SERVER, **FEW) as session:
        batches.extend(session.batches())
        go_on.set()
    thread.join()
    assert session.result.n_completed == 20


def test_accuracy_goes_through_all_sets_in_one_loop() -> None:
    class Sets(lg.Dataset):
        performance_count = 4

        def __len__(self) -> int:
            return 10

        def __getitem__(self, indices: Any) -> list[int]:
            return [7 * int(index) for index in indices]

    with lg.Session(Sets(), lg.Offline(), mode="accuracy", **FEW) as session:
        for batch in session.batches():
            batch.complete(batch.samples)
    assert len(session.result.series) == 3
    assert list(session.result.outputs_by_index()) == [7 * index for index in range(10)]


def test_an_exception_passes_and_the_result_is_there() -> None:
    def answer(batch: lg.Batch) -> None:
        batch.complete()
        raise ZeroDivisionError

    session = lg.Session(8, SERVER, **FEW)
    with pytest.raises(ZeroDivisionError):
        serve(session, answer)
    assert session.result.n_issued >= 1
    assert session.result.n_completed == 1
    assert not session.result.valid


def test_a_loop_that_is_left_early_ends_the_run() -> None:
    with lg.Session(8, lg.Server(target_qps=1000), min_duration_s=30, progress=False) as session:
        for batch in session.batches(max_size=1):
            batch.complete()
            break
    assert session.result.n_completed == 1
    assert not session.result.valid
    assert session.result.aborted_reason == ("every loop over the session's batches was left early")


def test_a_loop_that_is_kept_by_the_thread_that_leaves_is_left_early() -> None:
    with lg.Session(8, lg.SingleStream(), drain_timeout_s=None, **FEW) as session:
        loop = iter(session.batches())
        next(loop).complete()
    assert session.result.n_completed == 1
    assert session.result.aborted_reason == "every loop over the session's batches was left early"


def test_a_loop_that_took_everything_is_not_left_early() -> None:
    with lg.Session(8, lg.SingleStream(), **FEW) as session:
        loop = iter(session.batches())
        for _ in range(20):
            next(loop).complete()
    assert (session.result.n_completed, session.result.aborted_reason) == (20, None)


def test_a_loop_of_another_thread_goes_on_between_two_batches() -> None:
    taken, leave = threading.Event(), threading.Event()

    def take(loop: Any) -> None:
        batch = next(loop)
        taken.set()
        leave.wait(5)
        batch.complete()
        for batch in loop:
            batch.complete()

    session = lg.Session(8, lg.SingleStream(), **FEW)
    with session:
        loop = iter(session.batches())
        next(loop).complete()
        thread = threading.Thread(target=take, args=(loop,))
        thread.start()
        taken.wait(5)
        consumers = session._inside.consumers
        assert not consumers.all_left_early(threading.get_ident())
        assert consumers.all_left_early(thread.ident)
        leave.set()
    thread.join()
    assert session.result.n_completed == 20


def test_a_loop_that_is_left_early_may_be_taken_up_again() -> None:
    with lg.Session(8, lg.SingleStream(), **FEW) as session:
        batches = session.batches()
        for batch in batches:
            batch.complete()
            break
        for batch in batches:
            batch.complete()
    assert session.result.n_completed == 20


def test_ctrl_c_while_answers_are_waited_for_raises_interrupted() -> None:
    def interrupt() -> None:
        left.wait(5)
        os.kill(os.getpid(), signal.SIGINT)

    left = threading.Event()
    thread = threading.Thread(target=interrupt)
    thread.start()
    session = lg.Session(8, lg.SingleStream(), **FEW)
    with pytest.raises(lg.Interrupted) as caught:
        serve(session, lambda batch: left.set())
    thread.join()
    assert caught.value.result is session.result
    assert session.result.n_missing == 1


def test_abort_ends_all_loops_with_a_reason() -> None:
    with lg.Session(8, SERVER, **FEW) as session:
        for batch in session.batches(max_size=1):
            batch.complete()
            session.abort("enough")
    assert session.result.aborted_reason == "enough"
    assert session.result.n_completed == 1


def test_a_session_is_used_once() -> None:
    session = lg.Session(8, lg.SingleStream(), **FEW)
    with pytest.raises(lg.LoadGenError, match="not been entered"):
        session.batches()
    with pytest.raises(lg.LoadGenError, match="no result"):
        session.result  # noqa: B018
    with session:
        for batch in session.batches():
            batch.complete()
    with pytest.raises(lg.LoadGenError, match="used once"), session:
        pass


def test_leaving_waits_for_threads_that_still_take_batches() -> None:
    def take(session: lg.Session) -> None:
        for batch in session.batches(max_size=1):
            batch.complete()

    with lg.Session(8, SERVER, **FEW) as session:
        thread = threading.Thread(target=take, args=(session,))
        thread.start()
        session.start()
    assert session.result.n_completed == 20
    thread.join()


def test_leaving_a_session_that_nobody_took_from_is_an_error() -> None:
    session = lg.Session(8, lg.SingleStream(), **FEW)
    with pytest.raises(lg.LoadGenError, match="before any batch was asked for"), session:
        pass
    with pytest.raises(lg.LoadGenError, match="nothing was issued"):
        session.result  # noqa: B018
    with pytest.raises(lg.LoadGenError, match="is over"):
        session.start()


def test_a_session_whose_thread_cannot_be_started_is_left_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fail)
    session = lg.Session(8, lg.SingleStream(), **FEW)
    with pytest.raises(RuntimeError, match="can't start new thread"), session:
        session.start()


def test_wrong_settings_are_found_on_entering() -> None:
    session = lg.Session(8, lg.SingleStream(), min_queries=-1, colour="red")
    with pytest.raises(lg.SettingsError) as caught, session:
        pass
    assert len(caught.value.problems) == 2


def test_wrong_batch_sizes_are_refused() -> None:
    with lg.Session(8, lg.SingleStream(), **FEW) as session:
        with pytest.raises(lg.SettingsError, match="max_size"):
            session.batches(max_size=0)
        for batch in session.batches():
            batch.complete()


def test_the_result_is_saved(tmp_path: Path) -> None:
    with lg.Session(8, SERVER, output_dir=tmp_path / "run", **FEW) as session:
        for batch in session.batches():
            batch.complete()
    assert lg.Result.load(tmp_path / "run").n_issued == 20


def test_answers_are_kept_in_accuracy_mode() -> None:
    with lg.Session(np.arange(6.0), lg.Offline(), mode="accuracy", **FEW) as session:
        for batch in session.batches(max_size=4):
            batch.complete(batch.samples * 2)
    assert list(session.result.outputs_by_index()) == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
