# SPDX-License-Identifier: Apache-2.0
"""Failed samples and on_error, in simulated time."""

import pytest

import loadgen as lg
from loadgen.testing import VirtualClock

MS = 1_000_000
SCENARIOS = [lg.SingleStream(), lg.Server(target_qps=1000), lg.Concurrent(2)]


class EveryTenth(lg.SystemUnderTest):
    """Deals with every tenth query in a way of its own, and answers the others after 1 ms."""

    def __init__(self, clock: VirtualClock, deal) -> None:
        self.clock = clock
        self.deal = deal
        self.n_seen = 0

    def issue(self, batch: lg.Batch) -> None:
        self.n_seen += 1
        if self.n_seen % 10 == 0:
            self.deal(batch)
        else:
            self.clock.call_at(self.clock.now_ns + MS, batch.complete)


def fail(batch: lg.Batch) -> None:
    batch.fail("overloaded", f"queue of sample {batch.indices[0]} is full")


def raise_value_error(batch: lg.Batch) -> None:
    raise ValueError("cannot decode the image")


def measured(scenario: lg.Scenario, deal, **fields) -> lg.Result:
    clock = VirtualClock()
    fields = {"min_duration_s": 0, "min_queries": 1000, **fields}
    return lg.run(EveryTenth(clock, deal), 10, scenario, clock=clock, **fields)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_failed_samples_are_counted_by_kind_and_kept_out_of_the_latencies(scenario) -> None:
    result = measured(scenario, fail)
    failed = result.n_issued // 10
    assert (result.n_failed, result.n_completed) == (failed, result.n_issued - failed)
    assert result.failures["overloaded"].count == failed
    assert "is full" in result.failures["overloaded"].example
    assert result.samples["status"].tolist() == [
        int(row % 10 == 9) for row in range(result.n_issued)
    ]
    assert (result.latency.count, result.latency.min) == (result.n_completed, MS)


@pytest.mark.parametrize(("allowed", "valid"), [(0.0, False), (0.0999, False), (0.1, True)])
def test_share_of_failed_samples_decides_validity(allowed: float, valid: bool) -> None:
    result = measured(lg.SingleStream(), fail, max_failed_share=allowed)
    assert (result.n_issued, result.n_failed) == (1000, 100)
    assert result.valid is valid
    if not valid:
        assert "100 of 1,000 samples failed (overloaded" in result.reasons[0]
        assert "max_failed_share" in result.reasons[0]


def test_exception_of_the_system_ends_the_run_and_keeps_the_rows() -> None:
    with pytest.raises(lg.SUTError, match="EveryTenth raised ValueError: cannot decode") as caught:
        measured(lg.SingleStream(), raise_value_error)
    assert isinstance(caught.value.__cause__, ValueError)
    result = caught.value.result
    assert (result.n_issued, result.n_completed, result.n_missing) == (10, 9, 1)
    assert (result.series[0].end, result.valid) == ("sut_raised", False)
    assert any("cannot decode the image" in reason for reason in result.reasons)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_exceptions_can_be_counted_as_failed_samples_instead(scenario) -> None:
    result = measured(scenario, raise_value_error, on_error="fail", max_failed_share=0.1)
    assert result.series[0].end == "natural"
    assert result.n_failed == result.n_issued // 10
    assert result.failures["ValueError"].example == "cannot decode the image"


def test_function_that_raises_can_be_counted_too() -> None:
    def work(samples):
        if samples[0] == 3:
            raise ValueError("cannot decode the image")

    result = lg.run(
        work, 10, lg.SingleStream(), min_duration_s=0, min_queries=200, on_error="fail",
        clock=VirtualClock(),
    )  # fmt: skip
    failed = result.samples["status"] == 1
    assert set(result.samples["index"][failed].tolist()) == {3}
    assert set(result.samples["index"][~failed].tolist()) == set(range(10)) - {3}
    assert result.failures["ValueError"].count == result.n_failed > 0
    assert result.samples["series"].tolist() == [0] * 200


@pytest.mark.parametrize("scenario", [lg.Offline(n_samples=800), lg.MultiStream()], ids=str)
def test_a_part_of_a_query_that_raises_fails_alone_and_the_others_are_called(scenario) -> None:
    calls: list[int] = []

    def work(samples):
        calls.append(len(samples))
        if len(calls) % 4 == 2:
            raise ValueError("cannot decode the image")

    result = lg.run(
        lg.FunctionSUT(work, max_batch_size=2), 10, scenario, min_duration_s=0, min_queries=100,
        on_error="fail", clock=VirtualClock(),
    )  # fmt: skip
    assert calls == [2] * 400
    assert (result.n_completed, result.n_failed, result.n_missing) == (600, 200, 0)
    assert result.failures["ValueError"].count == 200
    assert result.samples["status"].tolist() == [0, 0, 1, 1, 0, 0, 0, 0] * 100


def test_a_part_of_a_query_that_raises_ends_the_run_where_errors_do() -> None:
    def work(samples):
        raise ValueError("cannot decode the image")

    with pytest.raises(lg.SUTError) as caught:
        lg.run(
            lg.FunctionSUT(work, max_batch_size=2), 10, lg.Offline(n_samples=800),
            clock=VirtualClock(),
        )  # fmt: skip
    assert (caught.value.result.n_issued, caught.value.result.n_missing) == (800, 800)


def test_series_that_fails_where_the_one_before_it_began_is_kept() -> None:
    class Failing(lg.SystemUnderTest):
        n_calls = 0

        def issue(self, batch: lg.Batch) -> None:
            self.n_calls += 1
            if self.n_calls == 7:
                raise ValueError("the seventh")
            batch.complete()  # no simulated time passes

    with pytest.raises(lg.SUTError) as caught:
        lg.run(
            Failing(), 10, lg.SingleStream(), mode="accuracy", performance_sample_count=5,
            clock=VirtualClock(),
        )  # fmt: skip
    result = caught.value.result
    assert [series.n_rows for series in result.series] == [5, 2]
    assert (result.n_issued, result.n_missing) == (7, 1)
