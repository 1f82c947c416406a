# SPDX-License-Identifier: Apache-2.0
"""Systems that break the rules, exactly as often as they are told to."""

import pytest

import loadgen as lg
from loadgen.testing import LosingSUT, RaisingSUT, RepeatingSUT, VirtualClock


@pytest.mark.parametrize("n", [29, 30, 31])
@pytest.mark.parametrize("latency_ns", [0, 1000])
def test_every_third_sample_is_lost(n: int, latency_ns: int) -> None:
    sut = LosingSUT(every=3, latency_ns=latency_ns)
    result = lg.run(sut, n, lg.Offline(), drain_timeout_s=1, clock=VirtualClock())
    assert result.samples["status"].tolist() == [2 if row % 3 == 2 else 0 for row in range(n)]
    assert (sut.truth.answered_ns < 0).tolist() == [row % 3 == 2 for row in range(n)]


def test_samples_are_counted_across_queries() -> None:
    result = lg.run(
        LosingSUT(every=3), 10, lg.Server(target_qps=1000), min_duration_s=0, min_queries=30,
        drain_timeout_s=1, clock=VirtualClock(),
    )  # fmt: skip
    assert result.samples["status"].tolist() == [2 if row % 3 == 2 else 0 for row in range(30)]


@pytest.mark.parametrize("n", [29, 30, 31])
def test_every_third_sample_is_answered_twice(n: int) -> None:
    sut = RepeatingSUT(every=3, latency_ns=1000)
    result = lg.run(sut, n, lg.Offline(), clock=VirtualClock())
    assert result.violations["answered_twice"].count == n // 3
    assert sut.truth.service_time_ns.tolist() == [1000] * n


def test_exception_comes_in_the_call_that_was_named() -> None:
    mine = ValueError("mine")
    with pytest.raises(lg.SUTError) as caught:
        lg.run(RaisingSUT("issue", at=4, error=mine), 5, lg.SingleStream(), clock=VirtualClock())
    assert caught.value.__cause__ is mine
    assert caught.value.result.n_issued == 4


def test_nothing_is_raised_when_the_call_is_never_reached() -> None:
    result = lg.run(RaisingSUT("issue", at=2), 5, lg.Offline(), clock=VirtualClock())
    assert result.n_completed == 5


def test_system_counts_anew_in_each_run() -> None:
    sut = RaisingSUT("flush", at=2)
    for _ in range(2):
        assert lg.run(sut, 5, lg.Offline(), clock=VirtualClock()).n_completed == 5


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (lambda: LosingSUT(every=0, latency_ns=-1), ["every", "latency_ns"]),
        (lambda: RepeatingSUT(every=1.5), ["every"]),
        (lambda: RaisingSUT("answer", at=0), ["where", "at"]),
    ],
)
def test_wrong_arguments_are_named(make, names: list[str]) -> None:
    with pytest.raises(lg.SettingsError) as caught:
        make()
    assert [problem.field for problem in caught.value.problems] == names
