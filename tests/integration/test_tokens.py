# SPDX-License-Identifier: Apache-2.0
"""Token times to the nanosecond in simulated time, and what a system can do wrong with them."""

import pytest

import loadgen as lg
from loadgen.testing import VirtualClock

MS = 1_000_000


class Streaming(lg.SystemUnderTest):
    """First token after 10 ms, then one every 2 ms; sample `index` gets ``index + 2`` tokens."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock

    def issue(self, batch: lg.Batch) -> None:
        first = self.clock.now_ns + 10 * MS
        self.clock.call_at(first, batch.first_token)
        tokens = int(batch.indices[0]) + 2
        last = first + (tokens - 1) * 2 * MS
        self.clock.call_at(last, lambda: batch.complete(n_tokens=tokens))


class Careless(lg.SystemUnderTest):
    """Does with each batch what it is told to."""

    def __init__(self, act) -> None:
        self.act = act

    def issue(self, batch: lg.Batch) -> None:
        self.act(batch)


def careless(act, **fields) -> lg.Result:
    return lg.run(
        Careless(act), 10, lg.SingleStream(), min_duration_s=0, min_queries=100, tokens=True,
        clock=VirtualClock(), **fields,
    )  # fmt: skip


def test_token_times_are_those_of_the_system() -> None:
    clock = VirtualClock()
    steady = lg.Server(target_qps=100, arrivals=lg.Constant())
    result = lg.run(Streaming(clock), 10, steady, min_duration_s=5, tokens=True, clock=clock)
    samples = result.samples
    tokens = samples["index"].astype(int) + 2
    assert samples["n_tokens"].tolist() == tokens.tolist()
    assert (samples["first_token_ns"] - samples["scheduled_ns"]).tolist() == [10 * MS] * len(tokens)
    assert samples["latency_ns"].tolist() == (10 * MS + (tokens - 1) * 2 * MS).tolist()
    assert (result.ttft.min, result.ttft.max) == (10 * MS, 10 * MS)
    assert (result.tpot.min, result.tpot.max) == (2 * MS, 2 * MS)


def test_token_limits_take_the_place_of_the_latency_limit() -> None:
    def judged(**limits: float) -> lg.Result:
        clock = VirtualClock()
        scenario = lg.Server(target_qps=100, target_latency_ms=1, **limits)
        return lg.run(Streaming(clock), 10, scenario, min_duration_s=8, tokens=True, clock=clock)

    assert judged(target_ttft_ms=10, target_tpot_ms=2).valid
    too_late = judged(target_ttft_ms=9.999, target_tpot_ms=2)
    assert not too_late.valid
    assert "above target_ttft_ms = 9.999" in too_late.reasons[0]
    assert "above target_tpot_ms = 1.999" in judged(target_tpot_ms=1.999).reasons[0]
    assert "above target_latency_ms = 1" in judged().reasons[0]


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (lambda batch: (batch.first_token(), batch.first_token(), batch.complete(n_tokens=2)),
         "first_token_twice"),
        (lambda batch: (batch.complete(n_tokens=2), batch.first_token()),
         "first_token_after_completion"),
        (lambda batch: (batch.first_token(), batch.complete(n_tokens=2), batch.token()),
         "token_after_completion"),
        (lambda batch: (batch.first_token(), batch.complete(n_tokens=0)), "invalid_token_count"),
        (lambda batch: (batch.first_token(), batch.complete(n_tokens=-3)), "negative_token_count"),
        (lambda batch: (batch.first_token(), batch.complete(n_tokens=-(2**64))),
         "negative_token_count"),
        (lambda batch: (batch.first_token(), batch.complete(n_tokens=[-(2**64)])),
         "negative_token_count"),
        (lambda batch: (batch.first_token(), batch.token(0), batch.complete(n_tokens=2)),
         "invalid_token_count"),
    ],
    ids=["twice", "first-late", "late", "zero", "negative", "huge", "huge-list", "zero-more"],
)  # fmt: skip
def test_misuse_of_tokens_is_counted_and_makes_the_run_invalid(act, kind: str) -> None:
    result = careless(act)
    assert result.n_completed == 100
    assert {name: each.count for name, each in result.violations.items()} == {kind: 100}
    assert not result.valid
    assert kind in result.reasons[0]


@pytest.mark.parametrize(
    "act",
    [
        lambda batch: batch.complete(),
        lambda batch: batch.complete(n_tokens=4),
        lambda batch: (batch.first_token(), batch.complete()),
        lambda batch: (batch.first_token(), batch.complete(n_tokens=1)),
    ],
    ids=["nothing", "no-first", "no-count", "one"],
)
def test_run_without_token_times_cannot_be_judged_by_them(act) -> None:
    result = careless(act)
    assert (result.n_completed, result.violations) == (100, {})
    assert not result.valid
    assert any("token" in reason for reason in result.reasons)


def test_token_counts_of_the_wrong_length_name_both_lengths() -> None:
    with pytest.raises(lg.SUTError, match=r"\b2\b.*n_tokens.*\b1 sample"):
        careless(lambda batch: batch.complete(n_tokens=[1, 2]))


def test_tokens_are_ignored_where_the_run_does_not_ask_for_them() -> None:
    clock = VirtualClock()
    result = lg.run(
        Streaming(clock), 10, lg.SingleStream(), min_duration_s=0, min_queries=100, clock=clock
    )
    assert (result.valid, result.violations, result.ttft) == (True, {}, None)
    assert "n_tokens" not in result.samples


def test_tokens_may_be_counted_as_they_come_and_the_first_one_is_the_first_token() -> None:
    clock = VirtualClock()

    class Counting(lg.SystemUnderTest):
        def issue(self, batch: lg.Batch) -> None:
            now = clock.now_ns
            clock.call_at(now + 3 * MS, batch.token)
            clock.call_at(now + 5 * MS, lambda: batch.token(2))
            clock.call_at(now + 7 * MS, batch.complete)

    result = lg.run(
        Counting(), 10, lg.SingleStream(), min_duration_s=0, min_queries=100, tokens=True,
        clock=clock,
    )  # fmt: skip
    assert set(result.samples["n_tokens"].tolist()) == {3}
    assert (result.ttft.min, result.ttft.max, result.tpot.max) == (3 * MS, 3 * MS, 2 * MS)


@pytest.mark.parametrize(
    ("steps", "n_tokens"),
    [
        (["first_token"], 1),
        (["first_token", "token"], 2),
        (["first_token", "token", "token"], 3),
        (["token"], 1),
        (["token", "token"], 2),
        (["first_token", "token", 7], 7),
        ([7], 7),
        ([], 0),
    ],
)
def test_first_token_counts_as_one_and_the_last_word_is_that_of_complete(
    steps: list[str | int], n_tokens: int
) -> None:
    def act(batch: lg.Batch) -> None:
        for step in steps:
            if isinstance(step, str):
                getattr(batch, step)()
        batch.complete(n_tokens=steps[-1] if steps and isinstance(steps[-1], int) else None)

    result = careless(act)
    assert set(result.samples["n_tokens"].tolist()) == {n_tokens}
    assert result.violations == {}


@pytest.mark.parametrize("limits", [{"target_ttft_ms": 100}, {"target_tpot_ms": 100}])
@pytest.mark.parametrize(
    "lacking",
    [lambda batch: batch.complete(), lambda batch: batch.complete(n_tokens=5)],
    ids=["nothing", "no-first"],
)
def test_limits_on_tokens_leave_no_sample_out_in_silence(limits, lacking) -> None:
    def act(batch: lg.Batch) -> None:
        if batch.indices[0] == 3:
            lacking(batch)
        else:
            batch.first_token()
            batch.complete(n_tokens=5)

    def judged(dataset: int) -> lg.Result:
        return lg.run(
            Careless(act), dataset, lg.Server(target_qps=100, **limits), min_duration_s=0,
            min_queries=1000, sample_order="permutation", tokens=True, clock=VirtualClock(),
        )  # fmt: skip

    assert judged(3).valid
    (reason,) = judged(10).reasons
    assert reason == (
        "100 of 1,000 completed samples have no first token or no tokens, so that no limit on "
        "tokens looks at them, and none may: call first_token() before complete(), and token() or "
        "complete(n_tokens=...) with at least 1"
    )


def test_sample_of_exactly_one_token_keeps_the_limits_on_tokens() -> None:
    def act(batch: lg.Batch) -> None:
        batch.first_token()
        if batch.indices[0] == 3:
            batch.complete()
        else:
            batch.complete(n_tokens=5)

    result = lg.run(
        Careless(act), 10, lg.Server(target_qps=100, target_ttft_ms=10, target_tpot_ms=10),
        min_duration_s=0, min_queries=1000, tokens=True, clock=VirtualClock(),
    )  # fmt: skip
    assert result.valid
    assert result.tpot.count < result.ttft.count == 1000


class Talker(lg.SystemUnderTest):
    """Answers each batch with three tokens a sample, 1 ms after it was issued."""

    def start(self, run: lg.Run) -> None:
        self.clock = run.clock

    def issue(self, batch: lg.Batch) -> None:
        def answer() -> None:
            batch.first_token()
            batch.complete(n_tokens=3)

        self.clock.call_at(self.clock.now_ns + 1_000_000, answer)


@pytest.mark.parametrize(
    ("scenario", "rate"),
    [
        (lg.Offline(n_samples=50), 3 * 50 / 0.001),
        (lg.Server(target_qps=1_000, arrivals=lg.Constant()), 3 * 50 / 0.050),
        (lg.SingleStream(), 3 * 50 / 0.049),
    ],
)
def test_tokens_a_second_are_mlperfs_figure_of_the_scenario(scenario, rate: float) -> None:
    fields = {"min_duration_s": 0, "min_queries": 50, "tokens": True, "clock": VirtualClock()}
    result = lg.run(Talker(), 10, scenario, **fields)
    assert result.token_rate.value == pytest.approx(rate)
    assert "Tokens per second" in result.summary()


def test_token_rate_is_inferred_from_the_samples_of_server_and_offline_alone() -> None:
    fields = {"min_duration_s": 0, "min_queries": 50, "inferred_tokens_per_sample": 7}
    offline = lg.run(Talker(), 10, lg.Offline(n_samples=50), clock=VirtualClock(), **fields)
    assert offline.token_rate.value == pytest.approx(7 * offline.metric.value)
    stream = lg.run(Talker(), 10, lg.SingleStream(), clock=VirtualClock(), **fields)
    assert stream.token_rate is None
