# SPDX-License-Identifier: Apache-2.0
"""How runs end, in simulated time: stop rules, limits, answers that never come."""

import pytest

import loadgen as lg
from loadgen.testing import FixedSUT, LosingSUT, VirtualClock

MS = 1_000_000
S = 1_000_000_000


class Answering(lg.SystemUnderTest):
    """Answers samples at instants given beforehand, and the others never."""

    def __init__(self, clock: VirtualClock, delays_ns: list[int | None]) -> None:
        self.clock = clock
        self.delays_ns = delays_ns
        self.n_flushed = 0

    def issue(self, batch: lg.Batch) -> None:
        for position, delay in enumerate(self.delays_ns[: len(batch)]):
            if delay is not None:
                self.clock.call_at(self.clock.now_ns + delay, batch[position].complete)

    def flush(self) -> None:
        self.n_flushed += 1


def single_stream(sut: lg.SystemUnderTest, **fields) -> lg.Result:
    return lg.run(sut, 10, lg.SingleStream(), clock=VirtualClock(), **fields)


def words(result: lg.Result) -> str:
    return " | ".join(result.reasons)


def test_max_queries_ends_a_run_early_and_it_is_invalid_for_that() -> None:
    result = single_stream(FixedSUT(latency_ns=MS), min_duration_s=10, max_queries=50)
    assert (result.n_issued, result.series[0].end, result.valid) == (50, "max_queries", False)
    assert "max_queries" in words(result)


def test_max_queries_that_is_hit_together_with_the_minima_is_a_natural_end() -> None:
    result = single_stream(
        FixedSUT(latency_ns=MS), min_duration_s=0, min_queries=50, max_queries=50
    )
    assert (result.n_issued, result.series[0].end) == (50, "natural")


def test_max_queries_ends_a_server_run_even_at_its_last_query() -> None:
    steady = lg.Server(target_qps=1000, arrivals=lg.Constant())
    result = lg.run(
        FixedSUT(latency_ns=MS), 10, steady, min_duration_s=0, min_queries=50, max_queries=50,
        clock=VirtualClock(),
    )  # fmt: skip
    assert (result.n_issued, result.series[0].end) == (50, "max_queries")


def test_first_query_that_is_issued_after_max_duration_is_the_last() -> None:
    result = single_stream(FixedSUT(latency_ns=MS), min_duration_s=10, max_duration_s=0.5)
    # Query k is issued at (k - 1) ms: number 502 is the first one after 500 ms.
    assert (result.n_issued, result.series[0].end) == (502, "max_duration")
    assert result.valid is False
    assert "max_duration_s" in words(result)


def test_too_many_outstanding_queries_end_a_server_run() -> None:
    steady = lg.Server(target_qps=1000, arrivals=lg.Constant(), max_outstanding=10)
    result = lg.run(FixedSUT(latency_ns=S), 10, steady, clock=VirtualClock())
    # Nothing is answered for a second: the eleventh query is one too many.
    assert (result.n_issued, result.series[0].end) == (11, "too_many_outstanding")
    assert result.samples["latency_ns"].tolist() == [S] * 11
    assert result.valid is False
    assert "max_outstanding = 10" in words(result)


def test_outstanding_queries_at_the_limit_are_not_too_many() -> None:
    steady = lg.Server(target_qps=1000, arrivals=lg.Constant(), max_outstanding=10)
    result = lg.run(
        FixedSUT(latency_ns=10 * MS - 1), 10, steady, min_duration_s=1, clock=VirtualClock()
    )
    assert (result.n_issued, result.series[0].end) == (1001, "natural")


def test_answer_that_never_comes_ends_a_server_run_and_is_counted_and_named() -> None:
    sut = LosingSUT(every=100, latency_ns=MS)
    steady = lg.Server(target_qps=1000, arrivals=lg.Constant())
    result = lg.run(sut, 10, steady, min_duration_s=0.5, drain_timeout_s=5, clock=VirtualClock())
    (series,) = result.series
    assert (series.end, series.n_outstanding_at_end) == ("drain_timeout", 5)
    # The last query is issued at 500 ms and answered at 501 ms; then 5 s of silence.
    assert series.end_ns == 501 * MS + 5 * S
    assert result.n_missing == sut.truth.n_unanswered == 5
    assert result.samples["status"].tolist().count(2) == 5
    assert result.samples["completed_ns"][99] == result.samples["latency_ns"][99] == -1
    assert not result.valid
    assert "5 of 501 issued samples were never answered" in words(result)
    assert "drain_timeout_s" in words(result)


@pytest.mark.parametrize("scenario", [lg.SingleStream(), lg.Concurrent(2)], ids=lambda s: s.name)
def test_silence_in_mid_run_ends_it_where_an_answer_is_needed_to_go_on(scenario) -> None:
    sut = LosingSUT(every=5, latency_ns=MS)
    result = lg.run(sut, 10, scenario, drain_timeout_s=3, clock=VirtualClock())
    lost = 1 if scenario.name == "single_stream" else 2
    assert (result.series[0].end, result.n_missing) == ("drain_timeout", lost)
    assert result.n_issued == 5 * lost
    assert result.series[0].end_ns == result.series[0].last_issued_ns + 3 * S
    assert not result.valid


def test_each_answer_starts_the_drain_timeout_anew() -> None:
    clock = VirtualClock()
    sut = Answering(clock, [4 * S, 8 * S, 12 * S, None])
    result = lg.run(sut, 4, lg.Offline(), drain_timeout_s=5, clock=clock)
    assert (result.n_completed, result.n_missing) == (3, 1)
    assert result.series[0].end_ns == 17 * S


def test_answer_within_the_drain_timeout_is_waited_for() -> None:
    clock = VirtualClock()
    sut = Answering(clock, [5 * S - 1])
    result = lg.run(sut, 1, lg.Offline(), drain_timeout_s=5, clock=clock)
    assert (result.n_missing, result.latency.max) == (0, 5 * S - 1)


def test_drain_timeout_of_none_waits_for_very_long() -> None:
    clock = VirtualClock()
    year = 365 * 86_400 * S
    sut = Answering(clock, [year])
    result = lg.run(sut, 1, lg.Offline(), drain_timeout_s=None, clock=clock)
    assert (result.n_missing, result.latency.max) == (0, year)


def test_offline_waits_at_least_an_hour_unless_told_otherwise() -> None:
    clock = VirtualClock()
    sut = Answering(clock, [3600 * S - 1])
    assert lg.run(sut, 1, lg.Offline(), clock=clock).n_missing == 0


def test_system_is_told_once_that_no_more_queries_come() -> None:
    clock = VirtualClock()
    sut = Answering(clock, [MS])
    lg.run(sut, 1, lg.Offline(), clock=clock)
    assert sut.n_flushed == 1


def test_abort_ends_the_run_at_once_with_its_reason() -> None:
    class Aborting(FixedSUT):
        def start(self, run: lg.Run) -> None:
            super().start(run)
            self.run = run

        def issue(self, batch: lg.Batch) -> None:
            super().issue(batch)
            if len(self.truth) == 3:
                self.run.abort("the fan stopped")

    result = single_stream(Aborting(latency_ns=MS))
    assert (result.n_issued, result.series[0].end) == (3, "aborted")
    assert (result.valid, result.aborted_reason) == (False, "the fan stopped")
    assert "the fan stopped" in words(result)
