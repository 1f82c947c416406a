# SPDX-License-Identifier: Apache-2.0
"""Systems slower than their load: the result says so, and the run ends when all is answered."""

import asyncio
import time
from typing import Any

import pytest

import loadgen as lg
from loadgen.testing import ExponentialSUT, FixedSUT, VirtualClock

MS = 1_000_000
STEADY = lg.Server(target_qps=1_000, arrivals=lg.Constant())
FEW = {"min_duration_s": 0, "min_queries": 100, "progress": False}


def simulated(sut: lg.SystemUnderTest, scenario: lg.Scenario = STEADY, **fields: Any) -> lg.Result:
    return lg.run(sut, 10, scenario, min_duration_s=2, clock=VirtualClock(), **fields)


def test_a_system_that_answers_half_is_told_to_the_sample() -> None:
    result = simulated(FixedSUT(2 * MS, servers=1))
    # Query k is due at k ms and answered at 2 (k + 1) ms, so at 2,000 ms 1,000 of 2,001 are.
    assert result.verdict.overload == (
        "the system answered 499.8/s of 1,000.0/s offered, and 1,001 samples were waiting when the "
        "last was due"
    )
    assert any(result.verdict.overload in reason for reason in result.reasons)
    assert result.series[0].end_ns == 2 * 2_001 * MS
    assert "queue  " not in result.summary()  # the reasons have it


def test_a_valid_run_is_told_too_that_its_queue_grew() -> None:
    patient = lg.Server(target_qps=1_000, target_latency_ms=10_000)
    result = simulated(FixedSUT(2 * MS, servers=1), patient)
    assert result.valid
    assert (
        "queue             grew: the system answered 499.7/s of 990.5/s offered, and 982 samples"
        in (result.summary())
    )


def test_a_system_whose_issue_blocks_is_told_too() -> None:
    class Blocking(lg.SystemUnderTest):
        def issue(self, batch: lg.Batch) -> None:
            time.sleep(0.003)
            batch.complete()

    result = lg.run(Blocking(), 10, STEADY, **FEW)
    assert result.verdict.overload is not None
    assert "were waiting when the last was due" in result.verdict.overload


def test_without_rows_the_rates_are_told() -> None:
    result = simulated(FixedSUT(2 * MS, servers=1), recording="histogram")
    assert result.verdict.overload == "the system answered 499.8/s of 1,000.0/s offered"


def test_a_saved_run_says_the_same(tmp_path: Any) -> None:
    result = simulated(FixedSUT(2 * MS, servers=1))
    loaded = lg.Result.load(result.save(tmp_path / "run"))
    assert loaded.verdict == result.verdict


@pytest.mark.parametrize(
    "sut",
    [FixedSUT(MS, servers=1), FixedSUT(1_900 * MS), ExponentialSUT(300 * MS, seed=1)],
    ids=["as fast", "slow and wide", "slow at random"],
)
def test_a_system_that_keeps_up_is_not_accused(sut: lg.SystemUnderTest) -> None:
    assert simulated(sut).verdict.overload is None


def test_a_limit_of_outstanding_queries_ends_the_run_and_the_cause_is_told() -> None:
    limited = lg.Server(target_qps=1_000, arrivals=lg.Constant(), max_outstanding=100)
    result = simulated(FixedSUT(2 * MS, servers=1), limited)
    assert result.series[0].end == "too_many_outstanding"
    assert result.verdict.overload is not None
    assert "101 samples were waiting" in result.verdict.overload


def pulled() -> lg.SystemUnderTest:
    return lg.FunctionSUT(lambda samples: time.sleep(0.003), workers=1, max_batch_size=1)


def called() -> lg.SystemUnderTest:
    async def answer(sample: Any) -> None:
        await asyncio.sleep(0.003)

    return lg.AsyncSUT(answer, max_concurrency=1)


@pytest.mark.parametrize("system", [pulled, called])
def test_systems_that_take_their_work_end_the_queue_and_are_told(system: Any) -> None:
    result = lg.run(system(), 10, STEADY, **FEW)
    assert result.n_completed == result.n_issued == 100
    assert result.verdict.overload is not None


def test_what_waits_for_a_coroutine_has_not_been_read_yet() -> None:
    """Samples may be large: only those that are being answered are in memory."""
    going_on = most = 0

    class Large(lg.Dataset):
        def __len__(self) -> int:
            return 10

        def __getitem__(self, indices: Any) -> Any:
            nonlocal going_on, most
            going_on += len(indices)
            most = max(most, going_on)
            return list(indices)

    async def answer(sample: Any) -> None:
        nonlocal going_on
        await asyncio.sleep(0.001)
        going_on -= 1

    sut = lg.AsyncSUT(answer, max_concurrency=3)
    assert lg.run(sut, Large(), lg.Server(target_qps=100_000), **FEW).n_completed == 100
    assert most <= 3
