# SPDX-License-Identifier: Apache-2.0
"""Conversations in simulated time: when turns are due, which they are, how they end."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import loadgen as lg
from loadgen.testing import ExponentialSUT, FixedSUT, VirtualClock

MS = 1_000_000
THINKING = lg.Conversations(think_time_s=0.01, distribution="constant")


class Talks(lg.Dataset):
    """Conversations of so many turns; a sample is its own index."""

    def __init__(self, turns: list[int]) -> None:
        self.turns = turns

    def __len__(self) -> int:
        return sum(self.turns)

    def __getitem__(self, indices):
        return list(indices)

    @property
    def columns(self):
        return {"conversation": np.repeat(np.arange(len(self.turns)), self.turns)}


def run(turns: list[int], scenario: lg.Server, sut=None, **fields) -> lg.Result:
    fields = {"min_duration_s": 0, "min_queries": 1, "clock": VirtualClock(), **fields}
    return lg.run(sut or FixedSUT(latency_ns=MS), Talks(turns), scenario, **fields)


def talking(qps: float = 100, conversations: lg.Conversations = THINKING, **knobs) -> lg.Server:
    return lg.Server(qps, arrivals=lg.Constant(), conversations=conversations, **knobs)


def ms(values: np.ndarray) -> list[float]:
    return (values / MS).tolist()


class Failing(lg.SystemUnderTest):
    """Fails one sample, answers the others at once, and never answers a third one."""

    def __init__(self, fails: int | None = None, loses: int | None = None) -> None:
        self.fails, self.loses = fails, loses

    def issue(self, batch: lg.Batch) -> None:
        if batch.indices[0] == self.fails:
            batch.fail("refused", "no")
        elif batch.indices[0] != self.loses:
            batch.complete()


def test_a_turn_is_due_exactly_a_think_time_after_the_answer_before() -> None:
    result = run([3, 1, 2], talking(), sample_order="sequential", min_queries=6)
    samples = result.samples
    assert samples["index"].tolist() == [0, 3, 1, 4, 2, 5]
    assert ms(samples["scheduled_ns"]) == [0, 10, 11, 20, 22, 31]
    assert ms(samples["issued_ns"]) == [0, 10, 11, 20, 22, 31]
    assert ms(samples["completed_ns"]) == [1, 11, 12, 21, 23, 32]
    assert result.effective.turns == (3, 1, 2)
    assert result.n_issued == result.series[0].planned_queries == 6
    assert result.series[0].end == "natural"
    by_talk = result.by("conversation")
    assert by_talk["value"].tolist() == [0, 1, 2]
    assert by_talk["completed"].tolist() == [3, 1, 2]


def test_all_turns_of_every_conversation_follow_whatever_the_system_does() -> None:
    scenario = lg.Server(200, conversations=lg.Conversations(think_time_s=0.05))
    turns, index = [4, 1, 3, 2], np.arange(10)
    starts = []
    for sut in (FixedSUT(latency_ns=0), ExponentialSUT(mean_ns=20 * MS, seed=4, servers=3)):
        result = run(turns, scenario, sut, min_queries=400)
        counts = Counter(result.samples["index"].tolist())
        talk = np.repeat(np.arange(4), turns)
        assert all(counts[i] == counts[int(index[talk == talk[i]][0])] for i in range(10))
        is_start = np.isin(result.samples["index"], [0, 4, 5, 8])
        starts.append((result.samples["scheduled_ns"][is_start], result.samples["index"][is_start]))
        assert result.n_issued == result.series[0].planned_queries
    assert starts[0][0].tolist() == starts[1][0].tolist()
    assert starts[0][1].tolist() == starts[1][1].tolist()


@pytest.mark.parametrize("distribution", ["exponential", "constant"])
def test_the_digest_is_that_of_the_plan_and_not_of_the_answers(distribution: str) -> None:
    scenario = lg.Server(200, conversations=lg.Conversations(0.05, distribution))
    fast = run([2, 3], scenario, FixedSUT(latency_ns=0), min_queries=100)
    slow = run([2, 3], scenario, FixedSUT(latency_ns=90 * MS), min_queries=100)
    assert fast.traffic_digest == slow.traffic_digest
    assert fast.samples["scheduled_ns"].tolist() != slow.samples["scheduled_ns"].tolist()


def test_think_times_are_drawn_once_for_each_turn_whenever_its_answer_comes() -> None:
    """Due minus the answer before is the same for each conversation, with another system."""
    scenario = lg.Server(50, conversations=lg.Conversations(think_time_s=0.05))
    found = []
    for latency_ns in (MS, 70 * MS):
        result = run([3] * 40, scenario, FixedSUT(latency_ns=latency_ns), sample_order="unique")
        order = np.argsort(result.samples["index"])
        due = result.samples["scheduled_ns"][order].reshape(40, 3)
        done = result.samples["completed_ns"][order].reshape(40, 3)
        found.append(due[:, 1:] - done[:, :-1])
    assert found[0].tolist() == found[1].tolist()
    assert 0.5 < found[0].mean() / (50 * MS) < 1.5
    assert len(set(found[0].ravel().tolist())) == 80


@settings(max_examples=30, deadline=None)
@given(
    turns=st.lists(st.integers(1, 4), min_size=1, max_size=6),
    qps=st.floats(1, 1000),
    think_ms=st.integers(0, 50),
    latency_ns=st.integers(0, 30 * MS),
    order=st.sampled_from(["random", "unique", "permutation", "sequential"]),
)
def test_due_times_are_exact_for_any_conversations(
    turns: list[int], qps: float, think_ms: int, latency_ns: int, order: str
) -> None:
    conversations = lg.Conversations(think_ms / 1000, "constant")
    result = run(
        turns, lg.Server(qps, conversations=conversations), FixedSUT(latency_ns=latency_ns),
        min_queries=20, sample_order=order,
    )  # fmt: skip
    samples = result.samples
    assert (samples["issued_ns"] == samples["scheduled_ns"]).all()
    firsts = {sum(turns[:k]) for k in range(len(turns))}
    step_ns = latency_ns + think_ms * MS
    open_turns: Counter[tuple[int, int]] = Counter()
    for index, due in zip(samples["index"].tolist(), samples["scheduled_ns"].tolist(), strict=True):
        if index not in firsts:
            open_turns[index, due] -= 1
            assert open_turns[index, due] >= 0
        if index + 1 < sum(turns) and index + 1 not in firsts:
            open_turns[index + 1, due + step_ns] += 1
    assert not +open_turns
    assert result.n_issued == result.series[0].planned_queries >= min(20, sum(turns))


def test_starts_stop_when_duration_and_turns_are_met_and_the_rest_goes_on() -> None:
    result = run([5], talking(), min_duration_s=0.03, min_queries=7)
    starts = result.samples["scheduled_ns"][result.samples["index"] == 0]
    assert ms(starts) == [0, 10, 20, 30]
    assert result.n_issued == 20
    assert ms(result.samples["scheduled_ns"])[-1] == 74
    # Early stopping wants more; duration and turns are enough.
    assert ["early stopping" in reason for reason in result.reasons] == [True]


def test_a_turn_that_fails_ends_its_conversation() -> None:
    result = run(
        [3, 2], talking(), Failing(fails=1), sample_order="sequential", min_queries=5,
        max_failed_share=1,
    )  # fmt: skip
    assert result.samples["index"].tolist() == [0, 3, 1, 4]
    assert result.failures["refused"].count == 1
    assert result.series[0].end == "natural"


def test_a_turn_without_an_answer_ends_its_conversation_and_then_the_run() -> None:
    result = run([3, 2], talking(), Failing(loses=1), sample_order="sequential", min_queries=5)
    assert result.samples["index"].tolist() == [0, 3, 1, 4]
    assert result.series[0].end == "drain_timeout"
    assert result.n_missing == 1
    assert not result.valid


@pytest.mark.parametrize(
    ("knobs", "fields", "end"),
    [
        ({}, {"max_queries": 5}, "max_queries"),
        ({}, {"max_duration_s": 0.02, "min_queries": 50}, "max_duration"),
        ({"max_outstanding": 2}, {"min_queries": 50}, "too_many_outstanding"),
    ],
)
def test_limits_end_a_run_of_conversations(knobs, fields, end: str) -> None:
    sut = FixedSUT(latency_ns=25 * MS)
    result = run([3], talking(**knobs), sut, **{"min_queries": 9, **fields})
    assert result.series[0].end == end
    assert result.n_missing == 0


def test_a_histogram_has_the_same_figures() -> None:
    scenario = lg.Server(200, conversations=lg.Conversations(think_time_s=0.05))
    rows, counted = (
        run(
            [4, 1, 3], scenario, ExponentialSUT(mean_ns=5 * MS, seed=4), min_queries=300,
            recording=recording,
        )
        for recording in ("rows", "histogram")
    )  # fmt: skip
    assert rows.n_issued == counted.n_issued
    assert rows.latency.max == counted.latency.max
    assert rows.latency.mean == counted.latency.mean
    assert rows.traffic_digest == counted.traffic_digest


def test_a_saved_result_knows_its_conversations(tmp_path: Path) -> None:
    result = run([3, 1, 2], talking(), min_queries=6)
    loaded = lg.Result.load(result.save(tmp_path / "saved"))
    assert loaded.effective == result.effective
    assert loaded.scenario == result.scenario
    assert loaded.traffic_digest == result.traffic_digest


def test_the_summary_says_what_the_conversations_were() -> None:
    arrivals = lg.Steps([(1, 1), (2, 1)])
    scenario = lg.Server(100, arrivals=arrivals, conversations=THINKING)
    text = " ".join(run([3, 1, 2], scenario, min_queries=6).summary().split())
    assert "arrivals steps (steps 2 values)" in text
    assert "conversations (think_time_s 0.01, distribution constant)" in text


def test_only_whole_conversations_are_loaded() -> None:
    result = run([3, 1, 2], talking(), performance_sample_count=4, min_queries=20)
    assert set(result.samples["index"].tolist()) == {0, 1, 2, 3}
    with pytest.raises(lg.SettingsError, match=r"performance_sample_count = 5: .* 4 or 6"):
        run([3, 1, 2], talking(), performance_sample_count=5)


def test_a_dataset_without_conversations_is_refused() -> None:
    with pytest.raises(lg.SettingsError, match=r"conversations = .*10 indices has none"):
        lg.run(FixedSUT(latency_ns=1), 10, talking())
