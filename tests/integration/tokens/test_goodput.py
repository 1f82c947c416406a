# SPDX-License-Identifier: Apache-2.0
"""Goodput in simulated time: which samples are good, with rows and without."""

from collections.abc import Callable

import pytest

import loadgen as lg
from loadgen.testing import FixedSUT, VirtualClock

Runs = Callable[..., lg.Result]
MS = 1_000_000
N_GOOD, N_SCRIPTS = 2, 6  # of the scripts


@pytest.mark.usefixtures("few_places")
@pytest.mark.parametrize("recording", ["rows", "histogram"])
def test_good_samples_are_within_all_limits_at_once(scripted: Runs, recording: str) -> None:
    result = scripted(recording=recording)
    goodput, metric = result.goodput, result.metric
    assert goodput is not None
    assert metric is not None
    assert (result.n_issued, result.n_completed, result.n_failed) == (600, 500, 100)
    assert (goodput.n_good, goodput.share) == (100 * N_GOOD, N_GOOD / N_SCRIPTS)
    assert goodput.limits == {"target_ttft_ms": 20, "target_tpot_ms": 10}
    assert goodput.rate == pytest.approx(metric.value * 200 / 500)
    assert result.n_one_token == 100
    assert result.n_tokens == 100 * (5 + 2 + 1 + 2 + 4)


@pytest.mark.parametrize("recording", ["rows", "histogram"])
@pytest.mark.parametrize(
    ("limits", "n_good"),
    [
        ({"target_ttft_ms": 20}, 3),
        ({"target_ttft_ms": 19.999}, 2),
        ({"target_ttft_ms": 21}, 4),
        ({"target_tpot_ms": 10}, 3),
        ({"target_tpot_ms": 9.999}, 2),
        ({"target_tpot_ms": 12}, 4),
        ({"target_latency_ms": 22}, 2),
        ({"target_latency_ms": 21.999}, 1),
        ({"target_latency_ms": 1, "target_ttft_ms": 20}, 3),
    ],
)
def test_limits_are_those_that_the_verdict_judges_and_may_be_reached(
    scripted: Runs, recording: str, limits: dict[str, float], n_good: int
) -> None:
    scenario = lg.Server(target_qps=10, arrivals=lg.Constant(), **limits)
    goodput = scripted(scenario, recording=recording).goodput
    assert goodput is not None
    assert goodput.n_good == 100 * n_good
    tokens = {knob: ms for knob, ms in limits.items() if knob != "target_latency_ms"}
    assert goodput.limits == (tokens or limits)


@pytest.mark.parametrize("recording", ["rows", "histogram"])
def test_samples_without_an_answer_are_not_good(recording: str) -> None:
    class Losing(FixedSUT):
        def issue(self, batch: lg.Batch) -> None:
            if batch.indices[0] != 0:
                super().issue(batch)

    result = lg.run(
        Losing(5 * MS), 4, lg.Server(10, target_latency_ms=5), min_duration_s=0, min_queries=400,
        sample_order="permutation", drain_timeout_s=1, recording=recording, clock=VirtualClock(),
    )  # fmt: skip
    assert result.n_missing == 100
    assert result.goodput is not None
    assert (result.goodput.n_good, result.goodput.share) == (300, 0.75)


@pytest.mark.parametrize("recording", ["rows", "histogram"])
def test_goodput_of_concurrent_samples_divides_by_the_last_answer(recording: str) -> None:
    def measured(**knobs: float) -> lg.Result:
        return lg.run(
            FixedSUT(5 * MS), 4, lg.Concurrent(2, **knobs), min_duration_s=0, min_queries=400,
            recording=recording, clock=VirtualClock(),
        )  # fmt: skip

    goodput = measured(target_latency_ms=5).goodput
    assert goodput is not None
    assert (goodput.n_good, goodput.share, goodput.limits) == (400, 1, {"target_latency_ms": 5})
    assert goodput.rate == pytest.approx(400 / (200 * 0.005))
    late = measured(target_latency_ms=4.999).goodput
    assert late is not None
    assert (late.n_good, late.rate) == (0, 0)
    assert measured().goodput is None


@pytest.mark.parametrize(
    ("scenario", "mode"),
    [
        (lg.SingleStream(), "performance"),
        (lg.MultiStream(samples_per_query=2), "performance"),
        (lg.Offline(), "performance"),
        (lg.Server(10), "accuracy"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_where_no_limit_is_judged_there_is_no_goodput(
    scripted: Runs, scenario: lg.Scenario, mode: str
) -> None:
    result = scripted(scenario, mode=mode)
    assert result.goodput is None
    assert "Goodput" not in result.summary()
