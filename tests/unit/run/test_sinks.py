# SPDX-License-Identifier: Apache-2.0
"""Kept answers on their way to the sinks."""

import itertools
import os
import signal
import threading
from typing import Any

import pytest

from loadgen.errors import SettingsError
from loadgen.run.sinks import OutputStream, check

Taken = list[tuple[int, int, bytes]]


class EngineStub:
    """Has answers for the sinks, so many at a time."""

    short_of_room = False

    def __init__(self, n_rows: int, at_once: int = 1000) -> None:
        self.rows = iter(range(n_rows))
        self.at_once = at_once

    @property
    def output_bytes_waiting(self) -> int:
        return 0

    def take_outputs(self, max_bytes: int) -> Taken:
        return [(row, row, b"x") for row in itertools.islice(self.rows, self.at_once)]


class SinkStub:
    def __init__(self, press_ctrl_c: bool = False) -> None:
        self.rows: list[int] = []
        self.threads: set[threading.Thread] = set()
        self.press_ctrl_c = press_ctrl_c

    def open(self, run: Any) -> None: ...

    def close(self, result: Any) -> None: ...

    def output(self, row: int, index: int, data: bytes) -> None:
        self.rows.append(row)
        self.threads.add(threading.current_thread())
        if self.press_ctrl_c:
            os.kill(os.getpid(), signal.SIGINT)


def stream_of(engine: EngineStub, *sinks: SinkStub, errors: list[BaseException]) -> OutputStream:
    return OutputStream(engine, sinks, on_error=errors.append)  # type: ignore[arg-type]


def test_all_answers_are_given_on_one_thread_of_its_own() -> None:
    errors: list[BaseException] = []
    sinks = SinkStub(), SinkStub()
    stream = stream_of(EngineStub(2500), *sinks, errors=errors)
    stream.series(accuracy=False)
    stream.finish()
    stream.finish()
    for sink in sinks:
        assert sink.rows == list(range(2500))
    assert sinks[0].threads == sinks[1].threads
    assert threading.main_thread() not in sinks[0].threads
    assert errors == []


def test_without_a_series_the_answers_are_given_too() -> None:
    sink = SinkStub()
    stream_of(EngineStub(3), sink, errors=[]).finish()
    assert sink.rows == [0, 1, 2]


def test_a_second_ctrl_c_leaves_out_the_rest() -> None:
    sink = SinkStub(press_ctrl_c=True)
    stream = stream_of(EngineStub(1_000_000), sink, errors=[])
    stream.series(accuracy=False)
    with pytest.raises(KeyboardInterrupt):
        stream.finish()
    assert sink.rows == list(range(len(sink.rows)))
    assert 0 < len(sink.rows) < 1_000_000


def test_what_a_sink_raises_is_told_and_nothing_more_is_given() -> None:
    class Full(SinkStub):
        def output(self, row: int, index: int, data: bytes) -> None:
            super().output(row, index, data)
            raise OSError("disk full")

    errors: list[BaseException] = []
    full, other = Full(), SinkStub()
    stream = stream_of(EngineStub(10), full, other, errors=errors)
    stream.finish()
    assert (full.rows, other.rows) == ([0], [])
    assert [str(error) for error in errors] == ["disk full"]


def test_a_thread_that_cannot_be_started_leaves_all_to_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    sink = SinkStub()
    stream = stream_of(EngineStub(3), sink, errors=[])
    stream.series(accuracy=True)
    stream.finish()
    assert sink.rows == [0, 1, 2]


@pytest.mark.parametrize(
    ("sinks", "said"),
    [
        (5, "sinks = 5: needs a list of sinks"),
        ("logs", "sinks = 'logs': needs a list of sinks"),
        ([5], r"sinks\[0\] = 5: needs an object with a method open\(\)"),
    ],
)
def test_things_that_are_no_sinks_are_refused(sinks: Any, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        check(sinks)
