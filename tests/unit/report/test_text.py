# SPDX-License-Identifier: Apache-2.0
"""What a person is told of a run: the verdicts first, in lines that fit."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from loadgen.config.scenarios import Concurrent, MultiStream, Offline, Replay, Server, SingleStream
from loadgen.config.settings import Settings
from loadgen.report import summary
from loadgen.result import DelayFigures, Occurrence, Result, RunData, Series

Make = Callable[..., RunData]
MS, SECOND = 1_000_000, 1_000_000_000

SINGLE_STREAM = """\
a system: single_stream, performance mode
  target_percentile 90

System     VALID
Generator  good: its figures can be believed

90th percentile latency: 91.00 us
early stopping: met, estimate 98.00 us (98,000 ns)

                        p50      p90      p95      p97      p99    p99.9     mean      min      max
latency            51.00 us 91.00 us 96.00 us 98.00 us 100.0 us 100.0 us 50.50 us 1.000 us 100.0 us
service time       51.00 us 91.00 us 96.00 us 98.00 us 100.0 us 100.0 us 50.50 us 1.000 us 100.0 us
issue delay            0 ns     0 ns     0 ns     0 ns     0 ns     0 ns     0 ns     0 ns     0 ns

p90               no 95 % interval: 620 more samples give one
p99               no 95 % interval: 7,260 more samples give one
p99.9             no 95 % interval: 73,660 more samples give one
checks            steady state: cannot tell from 100 latencies, too few or too much alike; run
                  longer
                  Little's law: cannot tell from 79 queries that ended while others were issued;
                  run longer

samples           100 issued; 100 ok, 0 failed, 0 missing
performance       100 samples in 100 queries, 10.00 ms, end: natural
failures          none
violations        none

traffic           d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1
environment       a processor, 2 CPUs
started           2026-01-02T03:04:05.678+00:00"""


def lines_of(data: RunData) -> list[str]:
    return summary(Result(data)).splitlines()


def test_a_good_run_is_told_in_full(make_run: Make) -> None:
    starts = [100_000 * k for k in range(100)]
    ends = [start + 1000 * (k + 1) for k, start in enumerate(starts)]
    assert summary(Result(make_run(SingleStream(), starts, ends))) == SINGLE_STREAM


def test_more_queries_are_asked_for_only_where_the_limits_are_kept(make_run: Make) -> None:
    for limit_ms, said in ((5, "early stopping: not met, needs 457 more queries"),
                           (1, "early stopping: not met")):  # fmt: skip
        server = Server(target_qps=1, target_latency_ms=limit_ms)
        assert said in lines_of(make_run(server, [0, SECOND], [2 * MS, SECOND + 2 * MS]))


@pytest.mark.parametrize(
    ("scenario", "label", "headline"),
    [
        (SingleStream(), "latency   ", "90th percentile latency: 3.000 ms"),
        (MultiStream(samples_per_query=2), "latency /query", "99th percentile query latency: 3."),
        (Server(target_qps=2), "latency   ", "Completed samples per second: "),
        (Offline(), "latency   ", "Samples per second: 1,333.33 samples/s"),
        (Concurrent(concurrency=2), "latency   ", "Completed samples per second: "),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_every_scenario_has_its_figure(
    make_run: Make, scenario: Any, label: str, headline: str
) -> None:
    lines = lines_of(make_run(scenario, [0, 0, 0, 0], [MS, 2 * MS, 3 * MS, 3 * MS]))
    assert any(line.startswith(headline) for line in lines)
    assert any(line.startswith(label) for line in lines)
    assert max(map(len, lines)) < 100


def test_an_invalid_run_leads_with_the_reasons_and_what_to_change(full_run: RunData) -> None:
    lines = lines_of(full_run)
    first = lines.index("System     INVALID")
    last = next(n for n, line in enumerate(lines) if line.startswith("Generator"))
    reasons = " ".join(line.strip() for line in lines[first + 1 : last])
    assert "1 of 4 issued samples was never answered" in reasons
    assert "max_failed_share" in reasons
    assert first < last < next(n for n, line in enumerate(lines) if "p99.9" in line)
    assert max(map(len, lines)) < 100


def test_a_bad_generator_is_told_with_its_cause(make_run: Make) -> None:
    late = DelayFigures(2, 60 * MS, 70 * MS, 80 * MS, 90 * MS, 95 * MS)
    lines = lines_of(
        make_run(
            Server(target_qps=2), [0, SECOND], [100 * MS, SECOND + 100 * MS],
            own_delay=late, blocked_delay=DelayFigures(2, 1, 2, 3, 4, 5),
        )
    )  # fmt: skip
    assert "Generator  bad: do not believe the figures" in lines
    own = next(line for line in lines if line.startswith("  generator's"))
    assert " ".join(own[18:].split()) == "60.00 ms 70.00 ms - - 80.00 ms 90.00 ms - - 95.00 ms"
    assert any(line.startswith("  system's") for line in lines)


def test_what_went_wrong_is_told_with_its_first_example(make_run: Make) -> None:
    data = make_run(
        SingleStream(), [0], [5],
        failures={"timeout": Occurrence(1200, "no answer " * 30)},
        violations={"repeated": Occurrence(1, "id 7")},
        aborted_reason="it was too hot",
    )  # fmt: skip
    lines = lines_of(data)
    assert "violations        repeated: 1, first: id 7" in lines
    assert "given up          it was too hot" in lines
    start = next(n for n, line in enumerate(lines) if line.startswith("failures"))
    assert lines[start].startswith("failures          timeout: 1,200, first: no answer")
    assert lines[start + 1].startswith(" " * 18 + "answer no answer")
    assert max(map(len, lines)) < 100


def test_token_times_are_told_where_there_are_any(full_run: RunData) -> None:
    lines = lines_of(full_run)
    assert [line.split()[0] for line in lines if line.startswith(("TTFT", "TPOT"))] == [
        "TTFT",
        "TPOT",
    ]


def test_a_run_without_answers_is_told(make_run: Make) -> None:
    lines = lines_of(make_run(SingleStream(), [0], [0], status=[2]))
    assert "System     INVALID" in lines
    assert not any(line.startswith("latency") for line in lines)
    assert lines_of(make_run(SingleStream(), [], [], series=()))[0].startswith("a system")


def test_of_many_series_the_last_are_told(
    make_run: Make, make_series: Callable[..., Series]
) -> None:
    settings = Settings(mode="accuracy", min_duration_s=0)
    series = tuple(make_series("accuracy", row, 1, 1) for row in range(9))
    data = make_run(SingleStream(), [0] * 9, [5] * 9, settings=settings, series=series)
    lines = lines_of(data)
    assert sum(line.startswith("accuracy  ") for line in lines) == 4
    assert " " * 18 + "5 more series before" in lines


def test_knobs_of_arrivals_are_told_in_words(make_run: Make) -> None:
    scenario = Server(target_qps=10_000, arrivals=Replay([0.0, 0.5, 1.0]))
    words = " ".join(summary(Result(make_run(scenario, [0], [5]))).split())
    assert "target_qps" not in words  # the instants are given
    assert "target_latency_ms 100, target_percentile 99," in words
    assert "arrivals replay (timestamps_s 3 values, speed 1), coalesce False" in words


def test_an_environment_that_could_not_be_read_is_left_out(make_run: Make) -> None:
    data = make_run(SingleStream(), [0], [5], environment={}, started_at="")
    assert not any(line.startswith(("environment", "started")) for line in lines_of(data))


def test_a_long_name_still_fits(make_run: Make) -> None:
    data = dataclasses.replace(make_run(SingleStream(), [0], [5]), sut_name="long name " * 30)
    assert max(map(len, lines_of(data))) < 100


BLOCKED = {
    "times": 3,
    "longest_ms": 90.5,
    "total_ms": 200.0,
    "where": "time.sleep(1) in f (a.py:3)",
}


def test_a_blocked_event_loop_is_told(make_run: Make) -> None:
    system = {"device": "a GPU", "event_loop_blocked": BLOCKED}
    lines = lines_of(make_run(Offline(), [0], [MS], environment={"system": system}))
    first = next(n for n, line in enumerate(lines) if line.startswith("event loop  "))
    assert "blocked 3 times, 200.0 ms in all, 90.5 ms at most, mainly by time" in lines[first]
    assert "system            device a GPU" in lines
    assert max(map(len, lines)) < 100


@pytest.mark.parametrize("found", [{"never": True}, {}, "no", None])
def test_other_things_of_that_name_are_left_alone(make_run: Make, found: Any) -> None:
    environment = {"system": {"event_loop_blocked": found}}
    lines = lines_of(make_run(Offline(), [0], [MS], environment=environment))
    assert not any(line.startswith("event loop") for line in lines)


@pytest.mark.parametrize("percentile", [0, 100])
def test_a_percentile_that_nothing_bounds_is_told(make_run: Make, percentile: float) -> None:
    scenario = SingleStream(target_percentile=percentile)
    lines = lines_of(make_run(scenario, [0] * 100, range(1, 101)))
    words = f"p{percentile:<17}no 95 % interval: no number of samples bounds it"
    assert [line for line in lines if line.startswith(f"p{percentile} ")] == [words]


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({1: 1}, "1 batch of 1"),
        ({8: 1}, "1 batch of 8"),
        ({8: 3}, "3 batches of 8 each"),
        ({1: 1_000, 8: 1_000}, "2,000 batches of 1 to 8, 4.5 on average"),
    ],
)
def test_batches_are_told_in_good_english(
    make_run: Make, sizes: dict[int, int], words: str
) -> None:
    environment = {"batch_sizes": {str(size): count for size, count in sizes.items()}}
    lines = lines_of(make_run(Server(target_qps=2), [0], [5], environment=environment))
    assert [line for line in lines if line.startswith("taken")] == [f"{'taken':<18}{words}"]


@pytest.mark.parametrize(
    ("scenario", "shown", "unit"),
    [
        (SingleStream(), ["p90", "p99", "p99.9"], "samples"),
        (SingleStream(target_percentile=99.99), ["p99", "p99.9", "p99.99"], "samples"),
        (MultiStream(samples_per_query=2), ["p99", "p99.9"], "queries"),
        (Server(target_qps=2), ["p99", "p99.9"], "samples"),
        (Offline(), [], "samples"),
    ],
    ids=str,
)
def test_p99_has_its_interval_in_every_scenario(
    make_run: Make, scenario: Any, shown: list[str], unit: str
) -> None:
    lines = lines_of(make_run(scenario, [0] * 100, range(1, 101)))
    found = [line for line in lines if " 95 % interval: " in line]
    assert [line.split()[0] for line in found] == shown
    assert all(line.endswith(f" more {unit} give one") for line in found)


def test_goodput_is_not_above_the_rate_that_it_is_part_of(make_run: Make) -> None:
    due = [k * 10 * MS for k in range(100)]
    result = Result(make_run(Server(target_qps=100), due, [at + MS for at in due]))
    assert result.metric is not None
    assert result.goodput is not None
    assert (result.goodput.share, result.goodput.rate) == (1.0, result.metric.value)


@pytest.mark.parametrize(
    "scenario",
    [SingleStream(), MultiStream(samples_per_query=2), Server(target_qps=2), Offline()],
    ids=lambda value: value.name,
)
@pytest.mark.parametrize("status", [0, 1, 2])
@pytest.mark.parametrize("n", [0, 2, 10])
def test_runs_of_which_little_or_all_failed_are_told_in_plain_words(
    make_run: Make, scenario: Any, status: int, n: int
) -> None:
    if n == 0 and scenario.name == "offline":
        pytest.skip("there is no such query")
    text = summary(Result(make_run(scenario, [0] * n, [5] * n, status=[status] * n)))
    assert not {"nan", "inf", "-inf"} & set(text.lower().replace(",", " ").split())
    assert max(map(len, text.splitlines())) < 100
