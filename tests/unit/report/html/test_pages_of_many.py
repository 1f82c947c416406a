# SPDX-License-Identifier: Apache-2.0
"""The pages of a comparison and of a sweep."""

from pathlib import Path
from typing import Any

import pytest

import loadgen as lg
from loadgen import search
from loadgen.errors import SettingsError
from loadgen.report.html import comparison_page, render
from loadgen.result import Result
from loadgen.testing import ExponentialSUT, VirtualClock

MS = 1_000_000
LOADS = (100, 400, 700, 900, 950)


def measured(mean_ns: int, scenario: lg.Scenario, seed: int = 1, n: int = 3_000) -> Result:
    return lg.run(
        ExponentialSUT(mean_ns, servers=2, seed=seed), 8, scenario, min_duration_s=0,
        min_queries=n, clock=VirtualClock(), progress=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def runs() -> list[Result]:
    return [measured(2 * MS, lg.Server(target_qps=qps, target_latency_ms=15)) for qps in LOADS]


def test_a_comparison_shows_its_verdict_and_every_ratio(parse: Any) -> None:
    a, b = measured(MS, lg.SingleStream()), measured(2 * MS, lg.SingleStream(), seed=2)
    compared = lg.compare(a, b)
    found = parse(render(comparison_page(compared)))
    assert "B is slower" in found.text
    assert {each.ratio for each in compared.differences} <= found.values
    for each in compared.remarks():
        assert each in found.text


def test_a_forced_comparison_says_first_that_it_is_not_to_be_believed(parse: Any) -> None:
    a, b = measured(MS, lg.SingleStream()), measured(MS, lg.Concurrent(2))
    compared = lg.compare(a, b, force=True)
    text = parse(render(comparison_page(compared))).text
    assert text.index("The runs are not comparable") < text.index("B is ")


def test_a_comparison_of_nothing_says_why(parse: Any, tmp_path: Path) -> None:
    few = measured(MS, lg.SingleStream(), n=5)
    path = lg.compare(few, few, force=True, percentiles=[99.99]).report(tmp_path / "c.html")
    text = parse(path.read_text("utf-8")).text
    assert "Nothing could be compared." in text
    assert "needs" in text


def test_a_sweep_shows_each_load_the_knee_and_why_runs_are_invalid(
    runs: list[Result], parse: Any, tmp_path: Path
) -> None:
    path = search.report(runs[::-1], tmp_path / "sweep.html")
    found = parse(path.read_text("utf-8"))
    knee = search.knee(search.curve(runs))
    assert knee is not None
    assert f"The knee is at {knee.load:g} queries/s. The limit is 15 ms." in found.text
    assert {float(qps) for qps in LOADS} <= found.values
    assert {result.latency.percentile(99) for result in runs} <= found.values
    assert any("above target_latency_ms = 15" in reason for reason in runs[-1].reasons)
    assert f"{LOADS[-1]}: {runs[-1].reasons[0]}" in found.text


def test_a_sweep_of_concurrencies_counts_what_is_outstanding(parse: Any, tmp_path: Path) -> None:
    many = [measured(MS, lg.Concurrent(load), n=200) for load in (1, 2, 32)]
    text = parse(search.report(many, tmp_path / "s.html").read_text("utf-8")).text
    assert "3 loads, 1 to 32 outstanding" in text
    assert "There is no knee" in text


def test_runs_that_make_no_curve_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="at least one result"):
        search.report([], tmp_path / "s.html")
    with pytest.raises(SettingsError, match="results of Server alone"):
        search.report([measured(MS, lg.SingleStream(), n=5)], tmp_path / "s.html")
    assert not (tmp_path / "s.html").exists()


def test_a_sweep_of_which_nothing_was_answered_has_a_page(
    make_run: Any, parse: Any, tmp_path: Path
) -> None:
    lost = Result(make_run(lg.Server(target_qps=10), [0, MS], [0, 0], status=[2, 2]))
    text = parse(search.report([lost], tmp_path / "s.html").read_text("utf-8")).text
    assert "No run answered anything" in text
