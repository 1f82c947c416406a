# SPDX-License-Identifier: Apache-2.0
"""A session whose batches are taken and answered by other processes, some of which die."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.run import sharing

QUIET: dict[str, Any] = {"progress": False, "min_duration_s": 0}

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="shared records are on Linux"
)

Start = Callable[..., list[Any]]


def measure(
    start: Start, *roles: str, scenario: Any = None, dataset: Any = 100, **fields: Any
) -> lg.Result:
    """Measure what processes do that end by themselves."""
    with lg.Session(dataset, scenario or lg.Offline(), **QUIET, **fields) as session:
        for worker in start(session.attach_token, *roles):
            worker.says()
    return session.result


@pytest.mark.parametrize(
    "scenario",
    [
        lg.SingleStream(),
        lg.MultiStream(samples_per_query=4),
        lg.Server(target_qps=20_000),
        lg.Offline(n_samples=3_000),
        lg.Concurrent(concurrency=8),
    ],
    ids=lambda scenario: scenario.name,
)
def test_two_processes_answer_every_scenario(scenario: Any, start: Start) -> None:
    result = measure(start, "answer", "answer", scenario=scenario, min_queries=500)
    assert result.n_completed == result.n_issued >= 500
    assert not result.violations
    assert result.health.verdict in {"good", "suspect", "bad"}
    assert np.all(result.samples["completed_ns"] >= result.samples["issued_ns"])
    assert sum(size * n for size, n in result.batch_sizes.items()) == result.n_issued


def test_outputs_of_several_processes_are_kept_with_their_kinds(start: Start) -> None:
    result = measure(start, "output", "output", mode="accuracy", dataset=60)
    for index, found in enumerate(result.outputs_by_index()):
        if index % 2 == 0:
            np.testing.assert_array_equal(found, np.full(index % 5, index, np.float32))
        else:
            assert found == f"text {index}"


def test_failures_of_other_processes_are_counted_by_kind(start: Start) -> None:
    result = measure(start, "fail", on_error="fail")
    assert result.n_failed == 100
    assert result.failures["busy"].count == 100
    assert result.failures["busy"].example == "no room for more"
    assert not result.valid


def test_tokens_of_other_processes_are_counted(start: Start) -> None:
    result = measure(start, "tokens", "tokens", tokens=True)
    assert result.samples["n_tokens"].tolist() == [3] * 100
    assert np.all(result.samples["first_token_ns"] <= result.samples["completed_ns"])


@pytest.mark.parametrize("token_times", ["histogram", "exact"])
def test_gaps_between_tokens_of_other_processes_are_counted(start: Start, token_times: str) -> None:
    result = measure(start, "stream", "stream", tokens=True, token_times=token_times)
    assert result.violations == {}
    assert result.samples["n_tokens"].tolist() == [4] * 100
    assert result.itl is not None
    assert result.itl.count == 200
    assert result.itl.min >= 0
    if token_times == "exact":
        assert result.token_times is not None
        row, at_ns = result.token_times
        assert row.tolist() == [number for number in range(100) for _ in range(3)]
        assert np.array_equal(at_ns[::3], result.samples["first_token_ns"])
        assert np.all(at_ns[2::3] <= result.samples["completed_ns"])


def test_what_a_killed_process_had_is_handed_out_again(start: Start) -> None:
    with lg.Session(1_000, lg.Offline(), **QUIET) as session:
        (killed,) = start(session.attach_token, "hold")
        assert killed.line() == "took 50"
        others = start(session.attach_token, "answer", "answer")
        killed.send_signal(signal.SIGKILL)
        for worker in others:
            worker.says()
    result = session.result
    assert result.n_completed == result.n_issued == 1_000
    assert result.violations["redelivered"].count == 50
    assert list(result.violations) == ["redelivered"]
    assert not result.valid
    assert "keep the processes alive" in " ".join(result.reasons)


def test_a_process_that_leaves_with_an_error_gives_back_what_it_had(start: Start) -> None:
    with lg.Session(500, lg.Offline(), **QUIET) as session:
        (left,) = start(session.attach_token, "leave")
        _, said = left.communicate(timeout=50)
        assert left.returncode == 1
        assert "no more after 7" in said
        for batch in session.batches(max_size=100):
            batch.complete()
    assert session.result.n_completed == 500
    assert session.result.violations["redelivered"].count == 7


def test_the_session_s_own_process_takes_batches_too(start: Start) -> None:
    with lg.Session(500, lg.Offline(), **QUIET) as session:
        token = session.attach_token
        batches = session.batches(max_size=8)
        first = next(iter(batches))
        (other,) = start(token, "answer_one")
        other.says()
        first.complete()
        own = len(first)
        for batch in batches:
            batch.complete()
            own += len(batch)
    assert session.result.n_completed == own + 64 == 500
    assert not session.result.violations


def test_when_all_processes_are_gone_the_run_ends(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "_PATIENCE_S", 0.2)
    with lg.Session(1_000, lg.Offline(), **QUIET) as session:
        (killed,) = start(session.attach_token, "hold")
        assert killed.line() == "took 50"
        killed.kill()
    result = session.result
    assert result.n_missing == 1_000
    assert result.aborted_reason == "the processes that took its batches are gone"


def test_a_process_may_end_the_run(start: Start) -> None:
    result = measure(start, "abort")
    assert result.aborted_reason == "the model is not there"


def test_where_no_process_asks_for_a_batch_the_wait_ends() -> None:
    session = lg.Session(10, lg.Offline(), **QUIET, drain_timeout_s=0.3)
    with pytest.raises(lg.LoadGenError, match="no process has asked for a batch"), session:
        assert session.attach_token


def test_the_token_has_to_be_asked_for_in_time() -> None:
    with lg.Session(10, lg.Offline(), **QUIET) as session:
        for batch in session.batches():
            batch.complete()
        with pytest.raises(lg.LoadGenError, match="before the first batch"):
            session.attach_token  # noqa: B018


def test_a_run_without_rows_has_no_token() -> None:
    scenario = lg.Server(target_qps=1_000)
    with lg.Session(10, scenario, **QUIET, recording="histogram") as session:
        with pytest.raises(lg.SettingsError, match="recording = 'histogram': needs \"rows\""):
            session.attach_token  # noqa: B018
        for batch in session.batches():
            batch.complete()


@pytest.mark.parametrize("token", ["", "loadgen1-", "loadgen1-e30=", 7])
def test_what_is_no_token_is_refused(token: Any) -> None:
    with pytest.raises(lg.LoadGenError, match="is no token of a session"):
        lg.attach(token)


@pytest.mark.slow
def test_a_million_samples_of_three_processes_are_each_answered_once(start: Start) -> None:
    with lg.Session(1_000, lg.Offline(n_samples=1_000_000), **QUIET) as session:
        answered = [
            int(worker.says().removeprefix("answered "))
            for worker in start(session.attach_token, "count", "count", "count")
        ]
    assert session.result.n_completed == sum(answered) == 1_000_000
    assert not session.result.violations


@pytest.mark.slow
def test_of_a_million_samples_a_killed_process_loses_none(start: Start) -> None:
    with lg.Session(1_000, lg.Offline(n_samples=1_000_000), **QUIET) as session:
        (killed,) = start(session.attach_token, "hold_the_hundredth")
        assert killed.line() == "took 1000"
        others = start(session.attach_token, "count", "count")
        killed.kill()
        answered = sum(int(worker.says().removeprefix("answered ")) for worker in others)
    result = session.result
    assert answered == 1_000_000 - 99_000
    assert result.n_completed == 1_000_000
    assert result.violations["redelivered"].count == 1_000
    assert list(result.violations) == ["redelivered"]


def test_who_joins_late_finds_no_batches() -> None:
    with lg.Session(10, lg.Offline(), **QUIET) as session:
        token = session.attach_token
        for batch in session.batches():
            batch.complete()
        with lg.attach(token) as attached:
            assert list(attached.batches()) == []
    assert session.result.n_completed == 10


def test_a_session_whose_process_is_gone_cannot_be_joined() -> None:
    code = """
import loadgen as lg
with lg.Session(10, lg.Offline(), min_duration_s=0) as session:
    print(session.attach_token)
    for batch in session.batches():
        batch.complete()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    with pytest.raises(lg.LoadGenError, match="there is no session with this token"):
        lg.attach(done.stdout.strip())


def test_a_dataset_of_another_size_is_refused() -> None:
    with lg.Session(10, lg.Offline(), **QUIET) as session:
        with pytest.raises(lg.LoadGenError, match="of 3 samples: the session's has 10"):
            lg.attach(session.attach_token, ["a", "b", "c"])
        for batch in session.batches():
            batch.complete()


def test_joining_within_one_process_from_tasks_and_threads() -> None:
    """A process may join its own session, which is how its parts are tested."""

    async def serve(attached: lg.Attachment) -> int:
        n = 0
        async for batch in attached.batches(max_size=5):
            assert batch.samples == [f"s{index}" for index in batch.indices]
            attached.complete(batch.ids)
            n += len(batch)
        return n

    names = [f"s{index}" for index in range(200)]
    with lg.Session(names, lg.Offline(n_samples=400), **QUIET) as session:
        counts: list[int] = []
        with lg.attach(session.attach_token, names) as attached:
            thread = threading.Thread(target=lambda: counts.append(asyncio.run(serve(attached))))
            thread.start()
            counts.append(asyncio.run(serve(attached)))
            thread.join()
        with pytest.raises(lg.LoadGenError, match="this attachment was left"):
            attached.batches()
    assert sum(counts) == 400 == session.result.n_completed


def test_a_forked_child_that_ends_does_not_take_its_parent_s_place() -> None:
    with (
        lg.Session(300, lg.Offline(), **QUIET) as session,
        lg.attach(session.attach_token) as attached,
    ):
        first = next(iter(attached.batches(max_size=100)))
        child = os.fork()
        if child == 0:
            del attached
            os._exit(0)
        os.waitpid(child, 0)
        threading.Event().wait(0.1)  # longer than it takes to hand out again
        first.complete()
        for batch in attached.batches(max_size=100):
            batch.complete()
    assert session.result.n_completed == 300
    assert not session.result.violations
