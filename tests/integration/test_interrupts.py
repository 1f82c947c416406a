# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C: the issue stops, the rows are kept, and the error says so."""

import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import pytest
from shared_runs import press_ctrl_c

import loadgen as lg
from loadgen.testing import LosingSUT

SCENARIOS = [
    lg.SingleStream(),
    lg.MultiStream(samples_per_query=2),
    lg.Server(target_qps=1000),
    lg.Offline(),
    lg.Concurrent(3),
]
every_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)


class Silent(LosingSUT):
    """Never answers, and has Ctrl-C pressed in its call number `at`, or soon after it."""

    def __init__(self, at: int, soon: bool) -> None:
        super().__init__(every=1)
        self.at = at
        # Soon is nearly always in the core's wait; whenever it is, the same is promised.
        self.press = threading.Timer(0.02, press_ctrl_c).start if soon else press_ctrl_c
        self.calls: list[str] = []

    def issue(self, batch: lg.Batch) -> None:
        super().issue(batch)
        self.calls.append("issue")
        if self.calls.count("issue") == self.at:
            self.press()

    def stop(self) -> None:
        super().stop()
        self.calls.append("stop")


def interrupted(sut, scenario: lg.Scenario, **fields) -> lg.Interrupted:
    with pytest.raises(lg.Interrupted) as caught:
        lg.run(sut, 10, scenario, **{"min_duration_s": 30, **fields})
    assert isinstance(caught.value, KeyboardInterrupt)
    return caught.value


@every_scenario
@pytest.mark.parametrize("soon", [False, True], ids=["in-issue", "in-wait"])
def test_ctrl_c_ends_a_run_that_gets_no_answers_and_keeps_its_rows(scenario, soon: bool) -> None:
    sut = Silent({"server": 5, "concurrent": 3}.get(scenario.name, 1), soon)
    result = interrupted(sut, scenario).result
    assert result.n_issued >= sut.at
    assert result.n_missing == result.n_issued
    assert (result.series[0].end, result.valid) == ("aborted", False)
    assert any("interrupted" in reason for reason in result.reasons)
    assert not any("exception" in reason for reason in result.reasons)
    assert sut.calls[-1] == "stop"


@every_scenario
def test_ctrl_c_ends_a_run_whose_system_answers_at_once(scenario) -> None:
    calls = []

    def work(samples) -> None:
        calls.append(len(samples))
        if len(calls) == 5:
            press_ctrl_c()

    class Working(lg.SystemUnderTest):
        def issue(self, batch: lg.Batch) -> None:
            work(batch.indices)
            batch.complete()

    # Offline has a fifth call too where a function gets one sample at a time.
    one_query = isinstance(scenario, lg.Offline)
    sut = lg.FunctionSUT(work, max_batch_size=1) if one_query else Working()
    result = interrupted(sut, scenario).result
    assert len(calls) == 5
    assert result.n_completed >= 4
    assert result.series[0].end == "aborted"
    assert any("interrupted" in reason for reason in result.reasons)


@every_scenario
def test_ctrl_c_ends_a_run_with_workers(scenario) -> None:
    calls = []
    lock = threading.Lock()

    def work(samples) -> None:
        with lock:
            calls.append(len(samples))
            if len(calls) == 5:
                press_ctrl_c()

    sut = lg.FunctionSUT(work, workers=2, max_batch_size=1)
    if isinstance(scenario, lg.Offline):
        scenario = lg.Offline(n_samples=10_000_000)
    result = interrupted(sut, scenario).result
    assert result.n_issued >= 5
    assert result.valid is False


class Delicate(lg.SystemUnderTest, lg.Dataset):
    """A system and its dataset, of which one method has Ctrl-C pressed in its first call."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.calls: list[str] = []

    def note(self, where: str) -> None:
        self.calls.append(where)
        if where == self.where and self.calls.count(where) == 1:
            press_ctrl_c()

    def __len__(self) -> int:
        return 10

    def load(self, indices) -> None:
        self.note("load")

    def unload(self, indices) -> None:
        self.note("unload")

    def start(self, run: lg.Run) -> None:
        self.note("start")

    def issue(self, batch: lg.Batch) -> None:
        self.note("issue")
        batch.complete()

    def flush(self) -> None:
        self.note("flush")

    def stop(self) -> None:
        self.note("stop")


@pytest.mark.parametrize("where", ["load", "start", "issue", "flush", "stop", "unload"])
def test_ctrl_c_around_the_queries_undoes_what_was_done(where: str) -> None:
    both = Delicate(where)
    with pytest.raises(lg.Interrupted) as caught:
        lg.run(
            both, both, lg.SingleStream(), min_duration_s=0, min_queries=5,
            warmup_queries=1 if where == "issue" else 0,
        )  # fmt: skip
    assert both.calls.count("stop") == both.calls.count("start")
    assert both.calls.count("unload") == (0 if where == "load" else 1)
    if where in ("load", "start", "issue"):
        assert caught.value.result is None  # no query was issued
    else:
        assert (caught.value.result.n_completed, caught.value.result.valid) == (5, False)


@pytest.mark.parametrize("end", ["ctrl-c", "abort"])
def test_long_wait_for_the_next_query_can_be_ended(end: str) -> None:
    class Rare(lg.SystemUnderTest):
        def start(self, run: lg.Run) -> None:
            self.run = run

        def issue(self, batch: lg.Batch) -> None:
            batch.complete()
            finish = press_ctrl_c if end == "ctrl-c" else lambda: self.run.abort("it is late")
            threading.Timer(0.02, finish).start()

    # The second query is due after a quarter of an hour.
    scenario = lg.Server(target_qps=0.001, arrivals=lg.Constant())
    if end == "ctrl-c":
        result = interrupted(Rare(), scenario).result
    else:
        result = lg.run(Rare(), 10, scenario)
    assert (result.n_issued, result.n_completed, result.series[0].end) == (1, 1, "aborted")
    reason = "interrupted" if end == "ctrl-c" else "it is late"
    assert reason in result.reasons[0]


def test_ctrl_c_in_a_session_leaves_it_with_its_result() -> None:
    session = lg.Session(10, lg.Server(target_qps=10_000), min_duration_s=30)

    def serve() -> None:
        taken = 0
        with session:
            for batch in session.batches(max_size=1):
                batch.complete()
                taken += 1
                if taken == 20:
                    signal.raise_signal(signal.SIGINT)

    with pytest.raises(lg.Interrupted) as caught:
        serve()
    assert caught.value.result is session.result
    assert session.result.n_completed == 20
    assert session.result.valid is False


def test_interrupted_run_is_saved(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    interrupted(Silent(1, soon=True), lg.SingleStream(), output_dir=folder)
    saved = lg.Result.load(folder)
    assert (saved.n_issued, saved.n_missing, saved.valid) == (1, 1, False)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_ctrl_c_twice_is_one_interrupt() -> None:
    """An impatient user does not lose the rows."""

    class Twice(Silent):
        def stop(self) -> None:
            super().stop()
            signal.raise_signal(signal.SIGINT)

    result = interrupted(Twice(1, soon=True), lg.SingleStream()).result
    assert result.n_issued == 1


def test_library_installs_no_signal_handler() -> None:
    seen = []

    def look(samples) -> None:
        seen.extend(signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM))

    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    lg.run(look, 1, lg.Offline())
    after = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert seen == before == after


def test_handler_of_the_user_that_raises_ends_the_run_with_that() -> None:
    class Alarm(Exception):
        pass

    def handler(number: int, frame: object) -> None:
        raise Alarm

    before = signal.signal(signal.SIGUSR1, handler)
    try:

        class Ringing(LosingSUT):
            def issue(self, batch: lg.Batch) -> None:
                super().issue(batch)
                signal.raise_signal(signal.SIGUSR1)

        with pytest.raises((Alarm, lg.SUTError)) as caught:
            lg.run(Ringing(every=1), 10, lg.SingleStream())
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert isinstance(caught.value, Alarm) or isinstance(caught.value.__cause__, Alarm)
    assert caught.value.result.n_issued == 1


def test_ctrl_c_between_two_queries_of_a_server_is_not_lost() -> None:
    """Python code of the core's own runs there, and with it the handlers of signals."""
    came: list[str] = []

    def press(frame: FrameType, event: str, argument: object) -> None:
        # A query that is late is not prepared, so the first call may be one of issue().
        if event == "call" and frame.f_code.co_name != "issue" and not came:
            came.append(frame.f_code.co_name)
            signal.raise_signal(signal.SIGINT)

    class Answering(lg.SystemUnderTest):
        def issue(self, batch: lg.Batch) -> None:
            batch.complete()
            sys.setprofile(press)

    before = sys.getprofile()
    try:
        interrupted(Answering(), lg.Server(target_qps=200), min_duration_s=1)
    finally:
        sys.setprofile(before)
    assert came == ["<lambda>"]
