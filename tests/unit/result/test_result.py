# SPDX-License-Identifier: Apache-2.0
"""What a result says of literal rows, for each scenario."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from loadgen.config.scenarios import Concurrent, MultiStream, Offline, Server, SingleStream
from loadgen.config.settings import Settings
from loadgen.result import DelayFigures, Occurrence, Result, RunData, Series
from loadgen.result.outputs import Outputs

Make = Callable[..., RunData]
OK, FAILED, MISSING = 0, 1, 2
SECOND = 1_000_000_000


@pytest.fixture
def server(make_run: Make) -> RunData:
    """Four queries, due every 100 ns: two answered, one failed, one never answered."""
    return make_run(
        Server(target_qps=100),
        [0, 100, 200, 300],
        [40, 180, 260, 0],
        issued=[0, 130, 210, 305],
        status=[OK, OK, FAILED, MISSING],
        index=[2, 0, 2, 1],
    )


def test_figures_take_only_what_was_answered_ok(server: RunData) -> None:
    result = Result(server)
    assert (result.latency.count, result.latency.min, result.latency.max) == (2, 40, 80)
    assert result.latency.percentile(50) == 80
    assert (result.service_time.min, result.service_time.max) == (40, 50)
    assert (result.n_issued, result.n_completed, result.n_failed, result.n_missing) == (4, 2, 1, 1)


def test_the_issue_delay_is_that_of_everything_that_was_issued(server: RunData) -> None:
    delay = Result(server).issue_delay
    assert (delay.count, delay.max, delay.percentile(50)) == (4, 30, 10)


def test_a_server_run_is_judged_by_its_rate_and_by_what_is_missing(make_run: Make) -> None:
    due = [k * SECOND for k in range(5)]
    good = Result(make_run(Server(target_qps=1), due, [at + 5 for at in due]))
    assert good.metric is not None
    assert (good.metric.unit, round(good.metric.value, 6)) == (
        "samples/s",
        round(4 / 4.000000005, 6),
    )
    status = [OK] * 4 + [MISSING]
    bad = Result(make_run(Server(target_qps=1), due, [at + 5 for at in due], status=status))
    assert not bad.valid
    assert any("1 of 5 issued samples" in reason for reason in bad.reasons)


def test_single_stream_reports_the_latency_at_its_percentile(make_run: Make) -> None:
    starts = [100 * k for k in range(100)]
    ends = [start + 1 + k for k, start in enumerate(starts)]
    result = Result(make_run(SingleStream(), starts, ends))
    assert result.metric is not None
    assert (result.metric.value, result.metric.unit) == (91, "ns")
    assert result.valid
    assert result.reasons == ()
    assert result.early_stopping is not None
    assert result.early_stopping.met
    assert result.issue_delay.max == 0
    assert result.samples["scheduled_ns"].tolist() == result.samples["issued_ns"].tolist()


def test_too_few_queries_are_a_reason_that_names_the_knob(make_run: Make) -> None:
    result = Result(make_run(SingleStream(), [0, 10], [5, 15]))
    assert not result.valid
    assert any("min_queries" in reason for reason in result.reasons)


def test_multi_stream_counts_a_query_until_its_last_sample(make_run: Make) -> None:
    result = Result(
        make_run(
            MultiStream(samples_per_query=2),
            [0, 0, 100, 100, 200, 200],
            [30, 20, 110, 170, 210, 220],
            status=[OK, OK, OK, OK, OK, FAILED],
        )
    )
    assert result.latency.count == 2
    assert (result.latency.min, result.latency.max) == (30, 70)
    assert result.samples["latency_ns"].tolist() == [30, 20, 10, 70, 10, 20]
    assert result.n_issued == 6


def test_offline_reports_samples_over_its_largest_latency(make_run: Make) -> None:
    result = Result(make_run(Offline(), [0] * 4, [SECOND, 2 * SECOND, 3 * SECOND, 4 * SECOND]))
    assert result.metric is not None
    assert (result.metric.value, result.metric.unit) == (1.0, "samples/s")
    assert result.valid
    samples = result.samples
    assert samples["scheduled_ns"].strides == samples["issued_ns"].strides == (0,)
    assert samples["scheduled_ns"].tolist() == [0, 0, 0, 0]


def test_concurrent_reports_completed_samples_a_second(make_run: Make) -> None:
    result = Result(
        make_run(
            Concurrent(concurrency=2),
            [0, 0, SECOND, SECOND],
            [SECOND, SECOND, 2 * SECOND, 2 * SECOND],
        )
    )
    assert result.metric is not None
    assert (result.metric.value, result.metric.unit) == (2.0, "samples/s")
    assert result.latency.max == SECOND


def test_token_figures_are_mlperfs(make_run: Make) -> None:
    result = Result(
        make_run(
            Server(target_qps=1),
            [0, 100, 200, 300],
            [90, 190, 290, 390],
            first_token=[10, 130, -1, 350],
            n_tokens=[5, 1, 4, 7],
            settings=Settings(tokens=True, min_duration_s=0, min_queries=1),
        )
    )
    assert result.ttft is not None
    assert result.tpot is not None
    assert (result.ttft.count, result.ttft.min, result.ttft.max) == (3, 10, 50)
    assert (result.tpot.count, result.tpot.min, result.tpot.max) == (2, 6, 20)
    assert result.samples["first_token_ns"].tolist() == [10, 130, -1, 350]
    assert result.samples["n_tokens"].tolist() == [5, 1, 4, 7]


def test_there_are_no_token_figures_where_no_token_was_told(
    make_run: Make, server: RunData
) -> None:
    assert Result(server).ttft is None
    assert Result(server).tpot is None
    untold = make_run(Server(target_qps=1), [0], [9], first_token=[-1], n_tokens=[0])
    assert Result(untold).ttft is None
    assert Result(untold).tpot is None


def submission(make_run: Make, make_series: Callable[..., Series]) -> RunData:
    """Two accuracy series of one sample, then a performance series of two."""
    return make_run(
        Server(target_qps=1),
        [0, 1000, 2000, 2100],
        [500, 1900, 2010, 2120],
        index=[1, 0, 1, 1],
        settings=Settings(mode="submission", min_duration_s=0, min_queries=1),
        series=(
            make_series("accuracy", 0, 1, 1),
            make_series("accuracy", 1, 1, 1, start_ns=1000),
            make_series("performance", 2, 2, 2, start_ns=2000, last_scheduled_ns=100),
        ),
    )


def test_figures_of_a_submission_are_about_its_performance_series(
    make_run: Make, make_series: Callable[..., Series]
) -> None:
    result = Result(submission(make_run, make_series))
    assert (result.latency.count, result.latency.max) == (2, 20)
    assert result.samples["series"].tolist() == [0, 1, 2, 2]
    assert (result.n_issued, result.n_completed) == (4, 2)
    assert result.metric is not None
    assert round(result.metric.value) == round(1 / 120e-9)
    assert result.timeline().n_rows == 1
    assert result.timeline()["issued_qps"].tolist() == [2]


def test_an_accuracy_run_has_latencies_and_no_metric(make_run: Make) -> None:
    settings = Settings(mode="accuracy", min_duration_s=0)
    result = Result(make_run(SingleStream(), [0, 10], [5, 19], settings=settings))
    assert result.metric is None
    assert result.early_stopping is None
    assert result.latency.max == 9
    assert result.valid


def test_answers_are_found_by_row_and_by_sample(
    make_run: Make, make_outputs: Callable[..., Outputs]
) -> None:
    data = make_run(
        SingleStream(), [0, 10, 20], [5, 15, 25], index=[2, 0, 2], total=3,
        outputs=make_outputs([None, "zero", "two"]),
    )  # fmt: skip
    result = Result(data)
    assert list(result.outputs) == [None, "zero", "two"]
    assert list(result.outputs_by_index()) == ["zero", None, "two"]
    bare = Result(dataclasses.replace(data, outputs=None))
    assert list(bare.outputs) == [None] * 3
    assert list(bare.outputs_by_index()) == [None] * 3


def test_failures_and_violations_are_told_with_an_example_and_cannot_be_changed(
    make_run: Make,
) -> None:
    data = make_run(
        SingleStream(), [0], [5], status=[FAILED],
        failures={"timeout": Occurrence(1, "after 3 s")},
        violations={"repeated": Occurrence(2, "id 7")},
    )  # fmt: skip
    result = Result(data)
    assert dict(result.failures) == {"timeout": Occurrence(1, "after 3 s")}
    assert result.violations["repeated"] == Occurrence(2, "id 7")
    assert not result.valid
    with pytest.raises(TypeError):
        result.failures["other"] = Occurrence(1, "")  # type: ignore[index]


def test_the_generators_delay_decides_its_own_verdict(make_run: Make) -> None:
    late = DelayFigures(100, 600_000, 700_000, 800_000, 900_000, 950_000)
    due, done = [0, SECOND], [2_000_000, SECOND + 2_000_000]
    good = Result(make_run(Server(target_qps=1), due, done))
    bad = Result(make_run(Server(target_qps=1), due, done, own_delay=late))
    assert good.health.verdict == "good"
    assert bad.health.verdict == "bad"
    assert bad.own_delay.p99_ns == 800_000


def test_a_result_never_changes(server: RunData) -> None:
    result: Any = Result(server)
    with pytest.raises(AttributeError, match="never changes"):
        result.valid = True
    with pytest.raises(AttributeError, match="never changes"):
        result.anything = 1
    with pytest.raises(AttributeError, match="never changes"):
        del result.samples
    with pytest.raises(TypeError):
        result.environment["cpus"] = 99


def test_a_result_is_told_in_one_line(make_run: Make) -> None:
    result = Result(make_run(Offline(), [0] * 4, [SECOND] * 4))
    assert repr(result) == (
        "<Result: offline of 'a system', VALID, Samples per second: 4 samples/s,"
        " generator good, 4 samples>"
    )


def test_a_run_without_rows_is_told_without_an_error(make_run: Make) -> None:
    result = Result(make_run(SingleStream(), [], [], series=()))
    assert not result.valid
    assert result.metric is None
    assert result.timeline().n_rows == 0
    assert result.outputs_by_index()[0] is None
    assert len(result.samples["latency_ns"]) == 0


def test_the_digest_is_made_when_it_is_asked_for_and_once(
    make_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def digest(*arguments: Any) -> str:
        calls.append(arguments)
        return "ab"

    monkeypatch.setattr("loadgen.result.result.traffic_digest", digest)
    data = make_run(SingleStream(), [0], [5], traffic_digest=None)
    result = Result(data)
    assert calls == []
    assert (result.traffic_digest, result.traffic_digest) == ("ab", "ab")
    assert calls == [(data.scenario, data.settings, data.effective, 4)]
