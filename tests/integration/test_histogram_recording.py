# SPDX-License-Identifier: Apache-2.0
"""recording="histogram": the same verdicts and figures as with rows, in constant memory."""

import json
from pathlib import Path
from typing import Any

import pytest

import loadgen as lg
from loadgen import traffic
from loadgen.testing import ExponentialSUT, LosingSUT, RaisingSUT, VirtualClock

MS = 1_000_000
PERCENTILES = (0, 1, 10, 50, 90, 99, 99.9, 100)
SCENARIOS = [
    lg.SingleStream(),
    lg.MultiStream(samples_per_query=3),
    lg.Server(2_000, target_latency_ms=4.6),
    lg.Server(2_000, target_latency_ms=5, coalesce=True),
    lg.Concurrent(5, target_latency_ms=5),
]


class Streaming(lg.SystemUnderTest):
    """Answers in simulated time, with tokens; some answers have none, some samples fail."""

    def __init__(self) -> None:
        self.count = 0

    def start(self, run: lg.Run) -> None:
        self.clock = run.clock

    def issue(self, batch: lg.Batch) -> None:
        self.count += 1
        number, now = self.count, self.clock.now_ns
        if number % 7 == 0:
            batch.complete()
        elif number % 11 == 0:
            batch.fail("odd")
        else:
            self.clock.call_at(now + number % 13 * MS, batch.first_token)
            tokens = [1 + number % 5] * len(batch)
            self.clock.call_at(now + 20 * MS, lambda: batch.complete(n_tokens=tokens))


@pytest.fixture(autouse=True)
def few_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few that every run goes round many times."""
    monkeypatch.setattr(traffic, "HISTOGRAM_PLACES", 96)


def run(sut: lg.SystemUnderTest, scenario: lg.Scenario, recording: str, **fields: Any) -> lg.Result:
    """A run in simulated time."""
    few = {"min_duration_s": 0, "min_queries": 3_000, "clock": VirtualClock()}
    return lg.run(sut, 100, scenario, recording=recording, **{**few, **fields})


def assert_same_figures(rows: lg.Result, counted: lg.Result) -> None:
    """Equal where it is exact, within 0.1 % where it is not."""
    for name in ("latency", "service_time", "issue_delay", "ttft", "tpot", "itl"):
        ours, theirs = getattr(rows, name), getattr(counted, name)
        assert (ours is None) == (theirs is None), name
        if ours:
            exact = ("count", "sum", "mean", "min", "max")
            assert [getattr(ours, each) for each in exact] == [getattr(theirs, e) for e in exact]
            for p, a, b in zip(
                PERCENTILES, ours.percentiles(PERCENTILES), theirs.percentiles(PERCENTILES),
                strict=True,
            ):  # fmt: skip
                assert abs(a - b) <= a / 1_000, (name, p)
    names = ("valid", "n_issued", "n_completed", "n_failed", "n_missing", "failures")
    for name in (*names, "goodput", "n_tokens", "n_one_token"):
        assert getattr(rows, name) == getattr(counted, name), name
    one, other = rows.early_stopping, counted.early_stopping
    assert one is not None
    assert other is not None
    assert (one.met, one.more_queries) == (other.met, other.more_queries)
    assert (one.estimate_ns or 0) == pytest.approx(other.estimate_ns or 0, rel=1e-3)
    assert rows.traffic_digest == counted.traffic_digest


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_figures_and_verdicts_are_those_of_a_run_that_keeps_rows(scenario: lg.Scenario) -> None:
    rows, counted = (
        run(ExponentialSUT(mean_ns=MS), scenario, how, warmup_queries=10)
        for how in ("rows", "histogram")
    )
    assert_same_figures(rows, counted)
    assert counted.metric is not None
    assert rows.metric is not None
    assert counted.metric.value == pytest.approx(rows.metric.value, rel=1e-3)


def test_tokens_and_failures_are_counted_as_with_rows() -> None:
    server = lg.Server(500, target_ttft_ms=30, target_tpot_ms=30)
    fields = {"tokens": True, "max_failed_share": 1, "min_queries": 1_000}
    rows, counted = (run(Streaming(), server, how, **fields) for how in ("rows", "histogram"))
    assert_same_figures(rows, counted)
    assert rows.token_rate == counted.token_rate
    assert counted.n_failed > 0
    assert [reason.partition(":")[0] for reason in counted.reasons] == [
        reason.partition(":")[0] for reason in rows.reasons
    ]


@pytest.mark.parametrize("limit_ms", [1.0, 2.3, 4.6, 4.61, 5.0])
def test_the_side_of_the_limit_is_exact(limit_ms: float) -> None:
    server = lg.Server(1_000, target_latency_ms=limit_ms)
    rows, counted = (run(ExponentialSUT(mean_ns=MS), server, how) for how in ("rows", "histogram"))
    assert counted.valid == rows.valid
    limit_ns = round(limit_ms * MS)
    assert counted.latency.count_above(limit_ns) == rows.latency.count_above(limit_ns)
    assert counted.early_stopping == rows.early_stopping


def test_samples_that_are_never_answered_are_missing() -> None:
    rows, counted = (
        run(LosingSUT(every=40), lg.Server(1_000), how, drain_timeout_s=1, min_queries=95)
        for how in ("rows", "histogram")
    )
    assert (counted.n_missing, counted.n_completed) == (rows.n_missing, rows.n_completed)
    assert not counted.valid
    assert any("were never answered" in reason for reason in counted.reasons)


class Patient(lg.SystemUnderTest):
    """Answers at once, but the first query it gets when no other comes."""

    def start(self, run: lg.Run) -> None:
        self.first: lg.Batch | None = None

    def issue(self, batch: lg.Batch) -> None:
        if self.first is None:
            self.first = batch
        else:
            batch.complete()

    def flush(self) -> None:
        assert self.first is not None
        self.first.complete()


@pytest.mark.parametrize("scenario", [lg.Server(1_000), lg.Concurrent(5)], ids=lambda s: s.name)
def test_a_sample_whose_place_is_needed_before_its_answer_ends_the_run(
    scenario: lg.Scenario,
) -> None:
    result = run(Patient(), scenario, "histogram")
    assert result.series[0].end == "record_full"
    assert (result.n_issued, result.n_completed, result.n_missing) == (96, 96, 0)
    assert result.violations == {}
    assert any("one of the last 96 samples had no answer yet" in each for each in result.reasons)
    assert run(Patient(), scenario, "rows").n_completed == 3_000


def test_what_was_measured_before_an_error_is_kept() -> None:
    with pytest.raises(lg.SUTError) as error:
        run(RaisingSUT("issue", at=500), lg.SingleStream(), "histogram")
    result = error.value.result
    assert isinstance(result, lg.Result)
    assert result.n_completed > 400


def test_a_saved_run_says_the_same(tmp_path: Path) -> None:
    scenario = lg.Server(1_000, target_latency_ms=5)
    result = run(ExponentialSUT(mean_ns=MS), scenario, "histogram", output_dir=tmp_path / "run")
    loaded = lg.Result.load(tmp_path / "run")
    assert loaded.summary() == result.summary()
    assert loaded.latency.interval(99) == result.latency.interval(99)
    file = tmp_path / "run/result.json"
    table = json.loads(file.read_text())
    table["tally"]["latency"]["counts"][0] = -1
    file.write_text(json.dumps(table))
    with pytest.raises(lg.ResultError, match=r"tally\.latency: .* are no ascending buckets"):
        lg.Result.load(tmp_path / "run")


def test_what_needs_rows_says_so(tmp_path: Path) -> None:
    result = run(ExponentialSUT(mean_ns=MS), lg.SingleStream(), "histogram")
    assert len(result.samples) == 0
    with pytest.raises(KeyError, match="recording='histogram' keeps no rows"):
        result.samples["latency_ns"]
    with pytest.raises(lg.LoadGenError, match=r"timeline.* needs rows"):
        result.timeline()
    with pytest.raises(lg.LoadGenError, match=r"by.* needs rows"):
        result.by("x")
    with pytest.raises(lg.LoadGenError, match="recording = 'histogram': MLPerf's logs need"):
        lg.mlperf.write_logs(result, tmp_path / "logs")
    assert len(result.outputs_by_index()) == 100


@pytest.mark.parametrize(
    ("scenario", "fields", "said"),
    [
        (lg.Offline(), {}, "recording = 'histogram': needs 'rows' for Offline"),
        (lg.SingleStream(), {"mode": "accuracy"}, "mode = 'accuracy': needs 'performance'"),
        (lg.SingleStream(), {"accuracy_log_target": 5}, "accuracy_log_target = 5: needs None"),
        (lg.Server(10), {"issue_threads": 2}, "issue_threads = 2: needs 1 with recording="),
    ],
)
def test_what_needs_rows_is_refused_by_name(scenario: lg.Scenario, fields: Any, said: str) -> None:
    with pytest.raises(lg.SettingsError) as error:
        run(ExponentialSUT(mean_ns=MS), scenario, "histogram", **fields)
    assert said in str(error.value)


def test_a_batch_whose_places_others_have_does_not_speak_for_them() -> None:
    class Hoarding(lg.SystemUnderTest):
        def start(self, run: lg.Run) -> None:
            self.kept: list[tuple[lg.Batch, int]] = []
            self.refused: list[str] = []

        def issue(self, batch: lg.Batch) -> None:
            for old, index in self.kept[-95:]:
                assert old.indices.tolist() == [index]
            for old, _ in self.kept[:1] if len(self.kept) > 200 else ():
                for read in ("indices", "samples", "issued_ns"):
                    with pytest.raises(lg.LoadGenError) as refusal:
                        getattr(old, read)
                    self.refused.append(str(refusal.value))
            self.kept.append((batch, int(batch.indices[0])))
            batch.complete()

    system = Hoarding()
    assert run(system, lg.SingleStream(), "histogram").n_completed == 3_000
    assert len(system.refused) == 3 * (3_000 - 201)
    assert set(system.refused) == {
        "these samples were answered, and with recording='histogram' their places are used again: "
        "read a batch before you answer it"
    }


def test_takers_of_batches_get_whole_batches_round_after_round() -> None:
    with lg.Session(
        100, lg.Server(100_000), recording="histogram", min_duration_s=0, min_queries=1_000
    ) as session:
        seen = 0
        for batch in session.batches(max_size=32):
            assert len(batch.indices) == len(batch) <= 32
            seen += len(batch)
            batch.complete()
    assert session.result.n_completed == seen
