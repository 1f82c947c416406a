# SPDX-License-Identifier: Apache-2.0
"""The virtual clock, as users have it."""

import pytest

import loadgen as lg
from loadgen.testing import FixedSUT, VirtualClock

MS = 1_000_000


class Calling(lg.SystemUnderTest):
    """Asks the clock for calls at given delays, and answers after a second."""

    def __init__(self, clock: VirtualClock, delays_ms: list[int]) -> None:
        self.clock = clock
        self.delays_ms = delays_ms
        self.called: list[tuple[int, int]] = []

    def issue(self, batch: lg.Batch) -> None:
        start = self.clock.now_ns
        for number, delay in enumerate(self.delays_ms):
            self.clock.call_at(start + delay * MS, lambda number=number: self.note(start, number))
        self.clock.call_at(start + 1000 * MS, batch.complete)

    def note(self, start: int, number: int) -> None:
        self.called.append(((self.clock.now_ns - start) // MS, number))


def test_calls_come_in_the_order_of_time_and_then_of_asking() -> None:
    clock = VirtualClock()
    sut = Calling(clock, [5, 3, 5, 0, -7, 5])
    lg.run(sut, 1, lg.Offline(), clock=clock)
    assert sut.called == [(0, 3), (0, 4), (3, 1), (5, 0), (5, 2), (5, 5)]


def test_time_stands_still_between_events_and_starts_where_it_is_told_to() -> None:
    clock = VirtualClock(start_ns=5)
    assert clock.now_ns == 5
    lg.run(FixedSUT(latency_ns=10), 1, lg.Offline(), clock=clock)
    assert clock.now_ns == 15


def test_spent_time_passes_without_a_call() -> None:
    clock = VirtualClock()
    clock.call_at(clock.now_ns + 1, lambda: pytest.fail("called"))
    clock.spend(100)
    assert clock.now_ns == 1_000_000_100


def test_clock_serves_one_run_after_the_other() -> None:
    clock = VirtualClock()
    for _ in range(3):
        result = lg.run(FixedSUT(latency_ns=10), 4, lg.Offline(), clock=clock)
        assert result.samples["scheduled_ns"].tolist() == [0] * 4
        assert result.samples["latency_ns"].tolist() == [10] * 4


@pytest.mark.parametrize("start_ns", [0, -1])
def test_time_starts_above_zero(start_ns: int) -> None:
    with pytest.raises(ValueError, match=f"start_ns must be positive, got {start_ns}"):
        VirtualClock(start_ns)


def test_time_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="duration_ns must not be negative"):
        VirtualClock().spend(-1)


@pytest.mark.parametrize("workers", [1, None])
def test_system_that_takes_its_work_itself_cannot_be_simulated(workers: int | None) -> None:
    with pytest.raises(lg.LoadGenError, match="pull needs the real clock"):
        lg.run(
            lg.FunctionSUT(lambda samples: None, workers=workers), 10, lg.Server(target_qps=10),
            clock=VirtualClock(),
        )  # fmt: skip


def test_what_a_call_raises_ends_the_run() -> None:
    clock = VirtualClock()

    class Broken(lg.SystemUnderTest):
        def issue(self, batch: lg.Batch) -> None:
            clock.call_at(clock.now_ns + 1, lambda: {}["no such key"])

    with pytest.raises(lg.SUTError, match="KeyError") as caught:
        lg.run(Broken(), 1, lg.Offline(), clock=clock)
    assert isinstance(caught.value.__cause__, KeyError)
