# SPDX-License-Identifier: Apache-2.0
"""The page of a run: its order, its figures, and clear words where there is little to show."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.report.html import render, run_page
from loadgen.result import DelayFigures, Occurrence, Result, RunData
from loadgen.testing import BatchingServer, ExponentialSUT, LosingSUT, VirtualClock

Make = Callable[..., RunData]
MS = 1_000_000
SECTIONS = [
    "verdicts", "metric", "latency", "time", "delay", "arrivals", "checks", "failures", "settings",
    "environment", "repeat",
]  # fmt: skip


def simulated(sut: lg.SystemUnderTest, scenario: lg.Scenario, **fields: Any) -> Result:
    given = {"min_duration_s": 0, "min_queries": 2_000} | fields
    return lg.run(sut, 8, scenario, clock=VirtualClock(), progress=False, **given)


@pytest.fixture(scope="module")
def server() -> Result:
    return simulated(ExponentialSUT(2 * MS, servers=2), lg.Server(target_qps=700))


def flat(table: Any, prefix: str = "") -> Iterator[tuple[str, float]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield f"{prefix}{name}", value


def test_parts_come_in_the_order_of_the_questions(server: Result, parse: Any) -> None:
    found = parse(render(run_page(server)))
    assert [each for each in found.ids if each in SECTIONS] == SECTIONS
    assert found.text.index("System VALID") < found.text.index("Generator good")


def test_figures_are_those_of_the_saved_file(server: Result, parse: Any, tmp_path: Path) -> None:
    saved = json.loads((server.save(tmp_path / "run") / "result.json").read_text())
    shown = parse(render(run_page(server))).figures
    known = dict(flat(saved))
    assert shown == {key: known[key] for key in shown}
    for key in ("figures.metric.value", "figures.latency_ns.p99.9", "figures.latency_ns.max"):
        assert key in shown


def test_extremes_and_intervals_are_on_the_page(server: Result, parse: Any) -> None:
    values = parse(render(run_page(server))).values
    latency = server.latency
    assert {latency.min, latency.max, latency.percentile(99)} <= values
    assert set(latency.interval(90)) <= values


def test_a_loaded_run_gives_the_same_page(server: Result, tmp_path: Path) -> None:
    loaded = Result.load(server.save(tmp_path / "run"))
    assert render(run_page(loaded)) == render(run_page(server))


def test_a_bad_generator_comes_first(make_run: Make, parse: Any) -> None:
    due = list(range(0, 100 * MS, MS))
    late = DelayFigures(100, 5 * MS, 5 * MS, 5 * MS, 5 * MS, 5 * MS)
    data = make_run(
        lg.Server(target_qps=1000), due, [at + 6 * MS for at in due],
        issued=[at + 5 * MS for at in due], own_delay=late,
    )  # fmt: skip
    text = parse(render(run_page(Result(data)))).text
    assert text.index("Generator bad") < text.index("System ")
    assert "do not believe the figures" in text
    assert "Issue delay beside latency" in text


def test_names_are_text_and_never_elements(make_run: Make, parse: Any) -> None:
    evil = '<script>alert("1")</script> & $x_1$'
    data = make_run(
        lg.Server(target_qps=1000), [0, MS], [MS, 2 * MS], status=[0, 1], sut_name=evil,
        failures={evil: Occurrence(1, evil)}, environment={evil: {evil: evil}},
        aborted_reason=evil,
    )  # fmt: skip
    found = parse(render(run_page(Result(data))))
    assert found.text.count(evil) >= 5


@pytest.mark.parametrize(
    ("scenario", "n", "status"),
    [
        (lg.Server(target_qps=10), 0, 0),
        (lg.Server(target_qps=10), 1, 0),
        (lg.Server(target_qps=10), 10, 1),
        (lg.Server(target_qps=10), 10, 2),
        (lg.SingleStream(), 0, 0),
        (lg.SingleStream(), 1, 2),
        (lg.MultiStream(samples_per_query=2), 1, 0),
        (lg.MultiStream(samples_per_query=2), 4, 0),
        (lg.Offline(), 1, 0),
        (lg.Offline(), 10, 1),
        (lg.Concurrent(2), 2, 0),
    ],
    ids=lambda each: getattr(each, "name", None),
)
def test_little_or_nothing_is_told_in_plain_words(
    make_run: Make, parse: Any, scenario: lg.Scenario, n: int, status: int
) -> None:
    due = [k * MS for k in range(n)]
    result = Result(make_run(scenario, due, [at + MS for at in due], status=[status] * n))
    found = parse(render(run_page(result)))
    assert ("Nothing was answered, so there are no times." in found.text) == (not result.latency)
    assert ("Percentiles of latency" in found.text) == bool(result.latency)
    assert result.reasons == () or "System INVALID" in found.text


def test_equal_latencies_have_a_page(make_run: Make, parse: Any) -> None:
    due = list(range(0, 1_000 * MS, MS))
    data = make_run(lg.SingleStream(), due, [at + MS // 2 for at in due])
    assert "from 500.0 us to 500.0 us" in parse(render(run_page(Result(data)))).text


def test_a_run_without_rows_says_so(parse: Any) -> None:
    fields = {"recording": "histogram"}
    result = simulated(ExponentialSUT(MS, servers=2), lg.Server(target_qps=900), **fields)
    found = parse(render(run_page(result)))
    assert "No rows were kept" in found.text
    assert "time" not in found.ids
    assert result.latency.max in found.values


def test_many_kinds_of_failures_are_folded_and_the_most_frequent_are_first(
    make_run: Make, parse: Any
) -> None:
    kinds = {f"kind {k:02}": Occurrence(k, f"example {k}\n  of two lines") for k in range(1, 26)}
    data = make_run(lg.SingleStream(), [0], [MS], status=[1], failures=kinds)
    page = render(run_page(Result(data)))
    text = parse(page).text
    shown = [text.index(f"example {k}\n") for k in range(25, 0, -1)]
    assert shown == sorted(shown)
    assert "15 more kinds of failures" in text


def test_the_words_of_a_page_are_explained_for_its_scenario(server: Result, parse: Any) -> None:
    text = parse(render(run_page(server))).text
    assert "How to read this page" in text
    assert "Queries arrive at instants that are fixed beforehand" in text


def test_a_run_of_one_sample_is_seen_in_its_plots(make_run: Make) -> None:
    page = run_page(Result(make_run(lg.SingleStream(), [0], [MS])))
    (curve,) = (
        block
        for section in page.sections
        for block in section.blocks
        if getattr(block, "title", "") == "Percentiles of latency"
    )
    assert "<use" in curve.wide.partition("var(--first)")[2]  # a mark: one point has no line
    assert "1 sample issued" in page.subtitle[1]


def test_an_accuracy_run_has_no_headline(parse: Any) -> None:
    result = simulated(ExponentialSUT(MS), lg.Offline(), mode="accuracy")
    assert "an accuracy run has none" in parse(render(run_page(result))).text


def test_offline_shows_its_rate_and_no_latency_over_time(parse: Any) -> None:
    found = parse(render(run_page(simulated(ExponentialSUT(MS, servers=2), lg.Offline()))))
    assert "Rate over time" in found.text
    assert "Latency over time" not in found.text
    assert "no percentile is an estimate" in found.text


def test_lost_answers_are_counted_by_kind(parse: Any) -> None:
    result = simulated(LosingSUT(every=10), lg.Server(target_qps=100), min_queries=100)
    text = parse(render(run_page(result))).text
    assert "missing" in text
    assert "System INVALID" in text


def test_batches_that_were_taken_are_shown(parse: Any) -> None:
    environment = {"batch_sizes": {"1": 20, "8": 5}}
    result = simulated(BatchingServer(8, 0, MS), lg.Server(target_qps=2_000))
    data = result.data.__class__(**{**vars(result.data), "environment": environment})
    text = parse(render(run_page(Result(data)))).text
    assert "25 batches of 1 to 8, 2.4 on average" in text


def test_tokens_have_their_own_curves(make_run: Make, parse: Any) -> None:
    due = np.arange(200) * 10 * MS
    data = make_run(
        lg.Server(target_qps=100, target_ttft_ms=5, target_tpot_ms=2), due.tolist(),
        (due + 9 * MS).tolist(), first_token=(due + 3 * MS).tolist(), n_tokens=[4] * 200,
        settings=lg.Settings(tokens=True, min_duration_s=0, min_queries=1),
    )  # fmt: skip
    found = parse(render(run_page(Result(data))))
    assert "Percentiles of token times" in found.text
    assert found.figures["figures.ttft_ns.p50"] == 3 * MS
    assert found.figures["figures.tpot_ns.p99"] == 2 * MS


def test_the_command_that_repeats_a_run_names_what_is_known(make_run: Make, parse: Any) -> None:
    known = make_run(lg.SingleStream(), [0], [MS], sut_spec="m:sut", dataset_spec="8")
    text = parse(render(run_page(Result(known)))).text
    assert "loadgen run bench.toml\n" in text.replace("toml", "toml\n", 2)
    assert 'sut = "m:sut"' in text
    text = parse(render(run_page(Result(make_run(lg.SingleStream(), [0], [MS]))))).text
    assert "loadgen run bench.toml --sut module:name --dataset module:name" in text


def test_instants_of_a_replay_do_not_fill_the_page(make_run: Make) -> None:
    arrivals = lg.Replay(np.arange(20_000) / 1e3)
    server = lg.Server(target_qps=1000, arrivals=arrivals)
    page = render(run_page(Result(make_run(server, [0, MS], [MS, 2 * MS]))))
    assert "too long to be shown" in page
    assert len(page) < 500_000


def test_a_page_is_small_and_made_in_a_moment(server: Result) -> None:
    begin = time.process_time()
    page = render(run_page(server))
    assert len(page.encode()) < 600_000
    assert time.process_time() - begin < 30
