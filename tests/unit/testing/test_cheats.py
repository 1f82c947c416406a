# SPDX-License-Identifier: Apache-2.0
"""The simulated model: what it answers, what that takes, and which first tokens a log has."""

from pathlib import Path

import numpy as np
import pytest

import loadgen as lg
from loadgen.testing import AnsweringSUT, VirtualClock

FEW = {"min_duration_s": 0, "min_queries": 5}


def test_samples_of_a_query_are_computed_one_after_the_other_or_together() -> None:
    scenario = lg.MultiStream(samples_per_query=4)
    for batches, latency in ((False, 4_000_000), (True, 1_300_000)):
        sut = AnsweringSUT(latency_ns=1_000_000, batches=batches)
        result = lg.run(sut, 8, scenario, clock=VirtualClock(), **FEW)
        assert result.latency.max == latency


def test_noise_changes_answers_each_time_and_nothing_else_does() -> None:
    for noise, same in ((0.0, True), (0.5, False)):
        sut = AnsweringSUT(noise=noise)
        runs = [
            lg.run(sut, 8, lg.SingleStream(), mode="accuracy", clock=VirtualClock(), **FEW)
            for _ in range(2)
        ]
        a, b = (each.outputs_by_index()[5] for each in runs)
        assert np.array_equal(a, b) is same


@pytest.mark.parametrize("warmup", [0, 3])
@pytest.mark.parametrize("scenario", [lg.SingleStream(), lg.MultiStream(samples_per_query=4)])
def test_first_tokens_are_in_the_log_with_their_answers(
    tmp_path: Path, scenario: lg.SingleStream | lg.MultiStream, warmup: int
) -> None:
    """The warm-up is not logged, and its first tokens are nobody's."""
    lg.run(
        AnsweringSUT(tokens=True), 8, scenario, mode="accuracy", tokens=True, clock=VirtualClock(),
        warmup_queries=warmup, sinks=[lg.mlperf.LogSink(tmp_path)], **FEW,
    )  # fmt: skip
    entries = list(lg.mlperf.read_logs(tmp_path).accuracy or ())
    assert {each.qsl_idx for each in entries} == set(range(8))
    for entry in entries:
        tokens = np.frombuffer(entry.data, np.int64)
        assert entry.token_data == tokens[:1].tobytes()
        assert entry.token_count == len(tokens)
