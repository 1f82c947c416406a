# SPDX-License-Identifier: Apache-2.0
"""`lg.compare`: what it refuses, what it looks at, what it says, and odd runs."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.comparison.difference import Difference, Verdict
from loadgen.comparison.outcome import Comparison
from loadgen.result import RunData
from loadgen.testing import ExponentialSUT, FixedSUT, VirtualClock

Simulate = Callable[..., lg.Result]


def changed(result: lg.Result, **fields: Any) -> lg.Result:
    return lg.Result(dataclasses.replace(result.data, **fields))


def test_a_slower_and_a_faster_system_are_told(runs) -> None:
    slower, faster = lg.compare(runs["base"], runs["slow"]), lg.compare(runs["base"], runs["quick"])
    assert (slower.verdict, faster.verdict) == ("slower", "faster")
    low, high = slower["latency p50"].ratio_interval
    assert low < 1.3 < high
    assert slower["latency p50"].interval[0] > 0.2e6
    assert faster["latency p50"].difference == pytest.approx(-0.3e6, rel=0.1)
    assert lg.compare(runs["slow"], runs["base"]).verdict == "faster"


def test_a_comparison_is_the_same_each_time(runs) -> None:
    first, second = (lg.compare(runs["base"], runs["slow"]).to_dict() for _ in range(2))
    assert first == second


def test_what_is_compared_is_what_both_runs_have(runs) -> None:
    found = lg.compare(runs["base"], runs["again"])
    names = ["latency p50", "latency p90", "latency p99", "latency p99.9", "rate"]
    assert [each.name for each in found.differences] == names
    assert found.left_out == {}
    few = lg.compare(runs["base"], runs["again"], metrics=["ttft", "latency"], percentiles=[95])
    assert [each.name for each in few.differences] == ["latency p95"]
    assert few.left_out == {"ttft": "not both runs have it"}


def test_percentiles_without_enough_samples_are_left_out_with_what_they_need(simulate) -> None:
    rng = np.random.default_rng(2)
    a, b = simulate(rng, 600), simulate(rng, 200)
    found = lg.compare(a, b)
    more = b.latency.more_for(99)
    assert more is not None
    assert more >= 368 - 200
    assert found.left_out["latency p99"] == f"B has 200 samples and needs {more:,} more"
    assert [each.name for each in found.differences] == ["latency p50", "latency p90", "rate"]
    of_a, of_b = (f"{run.latency.more_for(99.9):,} more" for run in (a, b))
    assert found.left_out["latency p99.9"] == (
        f"A has 600 samples and needs {of_a}; B has 200 samples and needs {of_b}"
    )


def test_a_figure_that_was_not_compared_says_why_when_it_is_asked_for(simulate) -> None:
    a = simulate(np.random.default_rng(2), 200)
    found = lg.compare(a, a, metrics=["latency", "ttft"])
    with pytest.raises(KeyError, match="latency p99: not compared, A has 200 samples and needs"):
        found["latency p99"]
    with pytest.raises(KeyError, match="ttft p50: not compared, not both runs have it"):
        found["ttft p50"]
    with pytest.raises(KeyError, match="latancy: not compared, there is no such figure"):
        found["latancy"]


def test_saved_runs_are_compared_by_their_folders(runs, tmp_path: Path) -> None:
    folder = runs["slow"].save(tmp_path / "slow")
    found = lg.compare(runs["base"], str(folder))
    there = lg.compare(runs["base"], runs["slow"])
    assert found.differences == there.differences
    assert found.runs[1] == f"{folder}, a system, 2026-01-02 03:04:05 UTC"
    with pytest.raises(lg.ResultError, match="no such folder"):
        lg.compare(tmp_path / "nothing", folder)


def test_the_same_traffic_is_compared_query_by_query(simulate) -> None:
    rng = np.random.default_rng(3)
    common = 1.5 * rng.standard_normal(20_000)
    a, b = simulate(rng, 20_000, common=common), simulate(rng, 20_000, common=common)
    paired, apart = lg.compare(a, b), lg.compare(a, changed(b, traffic_digest="another"))
    assert (paired.paired, apart.paired) == (True, False)
    assert apart["latency p50"].correlation is None
    assert paired["latency p50"].correlation > 0.3
    widths = [np.subtract(*each["latency p50"].ratio_interval[::-1]) for each in (paired, apart)]
    assert widths[0] < 0.85 * widths[1]


def test_pairing_takes_the_queries_that_both_runs_have(simulate) -> None:
    rng = np.random.default_rng(4)
    common = rng.standard_normal(16_000)
    a, b = simulate(rng, 16_000, common=common), simulate(rng, 4_000, common=common[:4_000])
    found = lg.compare(a, b)["latency p50"].correlation
    # About 1/3 for normal values that share half of their variance; times sqrt(4,000 / 16,000).
    assert found == pytest.approx(1 / 6, abs=0.06)


def test_the_summary_says_what_was_found_in_lines_of_less_than_100_characters(runs) -> None:
    text = lg.compare(runs["base"], runs["slow"]).summary()
    assert text.startswith("Slower: B is slower than A. Margin 5 %, confidence 95 %.\n")
    row = next(line for line in text.splitlines() if line.startswith("latency p50"))
    assert row.endswith("slower")
    assert "both runs had the same traffic" in text
    assert "from one start of a system to the next" in " ".join(text.split())
    assert max(map(len, text.splitlines())) < 100
    unsure = lg.compare(runs["base"], runs["again"]).summary()
    assert "Cannot tell whether" in unsure
    assert "0 more latencies in each run, if the figures stay as they are" in " ".join(
        unsure.split()
    )


def test_a_comparison_is_plain_values_for_json(runs) -> None:
    table = lg.compare(runs["base"], runs["slow"]).to_dict()
    assert json.loads(json.dumps(table, allow_nan=False)) == table
    assert table["verdict"] == "slower"
    assert table["differences"][0]["metric"] == "latency"


@pytest.mark.parametrize(("n", "has"), [(1, "1 sample"), (10, "10 samples")])
def test_a_handful_of_samples_cannot_tell(simulate, n: int, has: str) -> None:
    rng = np.random.default_rng(5)
    found = lg.compare(simulate(rng, n), simulate(rng, n, slower=1.1))
    assert found.verdict == "cannot tell"
    assert found.left_out["rate"] == f"A has {has} and needs 40; B has {has} and needs 40"
    assert "not compared" in found.summary()


@pytest.mark.parametrize("n", [200, 5_000])
def test_a_run_is_the_same_as_itself(simulate, tmp_path: Path, n: int) -> None:
    run = simulate(np.random.default_rng(7), n)
    for other in (run, lg.Result(run.data), lg.Result.load(run.save(tmp_path / "run"))):
        found = lg.compare(run, other)
        assert found.verdict == "same"
        assert {each.ratio_interval for each in found.differences} == {(1.0, 1.0)}
        assert found.more_samples is None
        assert any("they are one run" in note for note in found.notes)
    late = simulate(np.random.default_rng(8), n)
    assert not any("they are one run" in note for note in lg.compare(run, late).notes)


@pytest.mark.parametrize("n", [0, 1, 10])
def test_a_run_of_few_samples_is_compared_with_itself_without_a_traceback(simulate, n: int) -> None:
    run = simulate(np.random.default_rng(7), n)
    assert lg.compare(run, run, force=True).verdict == ("same" if n == 10 else "cannot tell")


def test_so_many_more_samples_do_tell(simulate) -> None:
    rng = np.random.default_rng(9)
    found = lg.compare(*(simulate(rng, 2_000, traffic=name) for name in "ab"), percentiles=[50])
    assert found.verdict == "cannot tell"
    assert found.counts == (2_000, 2_000)
    more = found.more_samples
    assert more is not None
    # ln(1.05) is 2.5 standard errors of a median of this distribution at 4,100 samples or so.
    assert 500 < more < 20_000
    longer = [simulate(rng, 2_000 + 2 * more, traffic=name) for name in "ab"]
    assert lg.compare(*longer, percentiles=[50]).verdict == "same"
    assert found.to_dict()["more_samples"] == more


def difference(low: float | None, high: float, verdict: Verdict) -> Difference:
    return Difference(
        "latency", 50, "ns", 1, 1, (None, None), 1.0, (low, high), None, verdict, clear_alone=False
    )


def test_how_many_more_is_of_the_longer_run_and_not_said_where_one_figure_has_no_bound() -> None:
    wide = difference(0.9, 1.1, "cannot tell")
    found = Comparison((wide,), {}, 0.95, 0.05, paired=False, counts=(300, 3_000))
    # ln(1.1 / 0.9) / 2 = 0.1003 has to come to ln(1.05) less 0.005, for 5.2 times as many.
    assert found.more_samples == pytest.approx(3_000 * 4.2, rel=0.02)
    open_end = difference(None, 1.1, "cannot tell")
    found = Comparison((wide, open_end), {}, 0.95, 0.05, paired=False, counts=(300, 3_000))
    assert found.more_samples is None
    found = Comparison((difference(None, 0.9, "faster"),), {}, 0.95, 0.05, paired=False)
    assert found.more_samples is None


def test_answers_that_come_at_once_are_one_observation_of_a_rate() -> None:
    runs = [
        lg.run(
            FixedSUT(latency),
            8,
            lg.Offline(n_samples=1_000),
            min_duration_s=0,
            clock=VirtualClock(),
        )
        for latency in (10_000_000, 20_000_000)
    ]
    found = lg.compare(*runs)
    assert (found.verdict, found.differences) == ("cannot tell", ())
    assert found.left_out["rate"] == (
        "all answers of A came at once: one observation of its rate; "
        "all answers of B came at once: one observation of its rate; compare several runs of each"
    )


def test_answers_in_a_few_bursts_are_few_observations(make_run: Callable[..., RunData]) -> None:
    done = np.repeat(10_000_000 * np.arange(1, 4), 400)
    run = lg.Result(make_run(lg.Offline(n_samples=1_200), [0] * 1_200, done.tolist()))
    why = lg.compare(run, run).left_out["rate"]
    assert why.startswith("all answers of A came in 3 bursts: one observation of its rate; all ")


def test_identical_latencies_are_the_same() -> None:
    a, b = (
        lg.run(
            FixedSUT(latency), 8, lg.SingleStream(), min_duration_s=0, min_queries=5_000,
            clock=VirtualClock(),
        )
        for latency in (1_000_000, 1_000_000)
    )  # fmt: skip
    found = lg.compare(a, b)
    assert found.verdict == "same"
    assert {each.ratio_interval for each in found.differences} == {(1.0, 1.0)}
    instant = lg.run(
        FixedSUT(0), 8, lg.SingleStream(), min_duration_s=0, min_queries=5_000, clock=VirtualClock()
    )
    assert lg.compare(instant, instant).verdict == "same"
    assert lg.compare(instant, a).verdict == "slower"


@pytest.mark.parametrize(
    ("scenario", "names"),
    [
        (lg.SingleStream(), {"latency p50", "latency p90"}),
        (lg.MultiStream(2, target_percentile=97), {"latency p97"}),
        (lg.Concurrent(4), {"latency p50", "rate"}),
        (lg.Offline(n_samples=4_000), {"rate"}),
    ],
)
def test_every_scenario_is_compared_by_what_it_reports(scenario, names: set[str]) -> None:
    runs = [
        lg.run(
            ExponentialSUT(mean, servers=2, seed=seed), 8, scenario, min_duration_s=0,
            min_queries=4_000, clock=VirtualClock(),
        )
        for mean, seed in ((1_000_000, 1), (1_200_000, 2), (1_000_000, 3))
    ]  # fmt: skip
    found = lg.compare(runs[0], runs[1])
    assert {each.name for each in found.differences} >= names
    assert found.verdict == "slower"
    assert {each.verdict for each in found.differences if each.name in names} == {"slower"}
    assert lg.compare(runs[0], runs[2]).verdict in {"same", "cannot tell"}


def test_without_rows_times_are_compared_as_if_independent_and_no_rate() -> None:
    a, b = (
        lg.run(
            ExponentialSUT(mean, seed=mean), 8, lg.Concurrent(2), min_duration_s=0,
            min_queries=4_000, recording="histogram", clock=VirtualClock(),
        )
        for mean in (1_000_000, 1_200_000)
    )  # fmt: skip
    found = lg.compare(a, b)
    assert found.verdict == "slower"
    assert "kept no rows" in found.left_out["rate"]
    assert any("taken for independent" in note for note in found.notes)


def test_token_times_are_compared_where_both_runs_have_them(
    make_run: Callable[..., RunData],
) -> None:
    rng = np.random.default_rng(6)

    def run(slower: float) -> lg.Result:
        due = np.arange(3_000) * 1_000_000
        first = rng.lognormal(13, 0.3, 3_000) * slower
        rest = rng.lognormal(17, 0.1, 3_000)
        return lg.Result(
            make_run(
                lg.Server(target_qps=1000, target_latency_ms=None),
                due.tolist(), (due + first + rest).astype(int).tolist(),
                first_token=(due + first).astype(int).tolist(), n_tokens=[9] * 3_000,
                settings=lg.Settings(tokens=True, min_queries=1, min_duration_s=0),
            )
        )  # fmt: skip

    found = lg.compare(run(1.0), run(1.5), percentiles=[50])
    assert {each.name: each.verdict for each in found.differences} == {
        "latency p50": "same", "ttft p50": "slower", "tpot p50": "same", "rate": "same"
    }  # fmt: skip
