# SPDX-License-Identifier: Apache-2.0
"""The pages of a comparison, of a sweep and of a search for the peak."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

import loadgen as lg
from loadgen import search
from loadgen.errors import SettingsError
from loadgen.report.html import comparison_page, peak_page, render, sweep_page
from loadgen.report.html.parts import Card, Items, Page, Picture, Table, sentence
from loadgen.result import Result
from loadgen.search import PeakResult
from loadgen.testing import ExponentialSUT, FixedSUT, LosingSUT, VirtualClock

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
        assert sentence(each) in found.text


def test_a_comparison_shows_the_curves_of_both_runs_with_their_numbers(parse: Any) -> None:
    a, b = measured(MS, lg.SingleStream()), measured(2 * MS, lg.SingleStream(), seed=2)
    page = comparison_page(lg.compare(a, b))
    (section,) = (each for each in page.sections if each.anchor == "curves")
    (picture,) = section.blocks
    assert isinstance(picture, Picture)
    assert list(picture.numbers.heads) == [
        "percentile", "A", "A 95 % from", "A 95 % to", "B", "B 95 % from", "B 95 % to",
    ]  # fmt: skip
    rows = {
        row[0]: [getattr(each, "value", None) for each in row[1:]] for row in picture.numbers.rows
    }
    for name, percentile in (("p50", 50), ("p99", 99)):
        both = [
            [run.latency.percentile(percentile), *run.latency.interval(percentile)]
            for run in (a, b)
        ]
        assert rows[name] == both[0] + both[1]
    assert rows["max"] == [a.latency.max, None, None, b.latency.max, None, None]
    dashed = [line for line in picture.wide.splitlines() if "stroke-dasharray" in line]
    assert any("--second" in line for line in dashed)  # without colour, too, B is another line
    assert not any("--first" in line for line in dashed)


def test_runs_without_an_estimate_have_no_curves_and_those_of_tokens_have_theirs(
    make_run: Any, parse: Any
) -> None:
    offline = measured(MS, lg.Offline())
    assert "Percentiles of" not in parse(render(comparison_page(lg.compare(offline, offline)))).text
    due = [k * MS for k in range(400)]
    data = make_run(
        lg.Server(target_qps=1000, target_ttft_ms=5, target_tpot_ms=2), due,
        [at + 9 * MS for at in due], first_token=[at + 3 * MS for at in due], n_tokens=[4] * 400,
        settings=lg.Settings(tokens=True, min_duration_s=0, min_queries=1),
    )  # fmt: skip
    text = parse(render(comparison_page(lg.compare(Result(data), Result(data))))).text
    assert "Percentiles of time to first token" in text
    assert "Percentiles of time per output token" in text


def test_a_comparison_names_what_is_not_the_same_in_both(parse: Any) -> None:
    a = measured(MS, lg.SingleStream())
    b = measured(MS, lg.SingleStream(target_percentile=95), n=3_500, seed=2)
    (rows,) = (
        {row[0]: [*row[1:]] for row in block.rows}
        for section in comparison_page(lg.compare(a, b)).sections
        for block in section.blocks
        if isinstance(block, Table) and block.caption.startswith("What is not the same")
    )
    assert rows == {"target_percentile": ["90", "95"], "min_queries": ["3,000", "3,500"]}


@pytest.mark.parametrize(
    ("mean_ns", "seed", "n", "verdict"),
    [(MS, 1, 3_000, "as fast as A"), (2 * MS, 2, 3_000, "slower than A"),
     (MS // 2, 2, 3_000, "faster than A"), (MS * 21 // 20, 2, 100, "cannot tell")],
)  # fmt: skip
def test_the_verdict_of_a_comparison_is_a_sentence(
    mean_ns: int, seed: int, n: int, verdict: str
) -> None:
    a = measured(MS, lg.SingleStream(), n=n)
    compared = lg.compare(a, measured(mean_ns, lg.SingleStream(), seed=seed, n=n))
    (card,) = comparison_page(compared).cards
    assert card.verdict == verdict
    assert card.about in ("B is", "Whether B is faster or slower than A:")


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
    assert sentence(runs[-1].reasons[0]) in found.text


def short(qps: float, latency_ms: int = 1) -> Result:
    """100 queries, where early stopping takes 459 at the least."""
    return lg.run(
        FixedSUT(latency_ns=latency_ms * MS, servers=1_000), 8,
        lg.Server(target_qps=qps, target_latency_ms=15), min_duration_s=0, min_queries=100,
        clock=VirtualClock(), progress=False,
    )  # fmt: skip


def sweep_of(*results: Result) -> Page:
    points = search.curve(results)
    return sweep_page(results, points, search.knee(points))


def test_a_sweep_of_short_runs_says_that_they_were_short_and_what_to_set() -> None:
    (system,) = (card for card in sweep_of(short(50), short(200)).cards if card.about == "System")
    assert system.verdict == "INVALID"
    assert "no run was long enough" in system.meaning
    (reason,) = system.reasons
    assert reason == "50, 200 queries/s: too few queries: set min_queries to 459 or more"


def test_a_sweep_tells_loads_over_a_limit_from_those_that_were_short() -> None:
    page = sweep_of(short(50), short(200, latency_ms=30))
    (system,) = (card for card in page.cards if card.about == "System")
    assert system.meaning == "no run is valid: 1 too short, 1 over a limit"
    assert "200 queries/s: p99 latency above target_latency_ms = 15" in system.reasons
    blocks = [block for section in page.sections for block in section.blocks]
    (table,) = (each for each in blocks if isinstance(each, Table) and each.caption == "Each load")
    said = [(getattr(row[5], "text", ""), getattr(row[5], "tone", "")) for row in table.rows]
    assert said == [("INVALID: too short", "warn"), ("INVALID: over a limit", "bad")]
    (plot,) = (
        each.wide
        for each in blocks
        if isinstance(each, Picture) and each.title == "Latency by load"
    )
    assert "too short" in plot
    assert "over a limit" in plot


def test_the_reasons_of_a_sweep_stand_below_their_loads_and_equal_ones_once() -> None:
    page = sweep_of(short(50), short(200), short(400, latency_ms=30))
    (runs,) = (section for section in page.sections if section.anchor == "runs")
    lists = {block.title: [*block.items] for block in runs.blocks if isinstance(block, Items)}
    assert sum("459" in each for each in lists["50, 200 queries/s"]) == 1
    assert "above target_latency_ms = 15" in lists["400 queries/s"][0]


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


def peak_of(sut: Any, scenario: Any, **fields: Any) -> PeakResult:
    given = {"clock": VirtualClock(), "progress": False, "min_duration_s": 1} | fields
    return lg.find_peak(sut, 8, scenario, **given)


FOUR = lg.Concurrent(1, target_latency_ms=15)


def test_a_search_shows_each_probe_the_bracket_and_the_run_that_confirms_it(
    parse: Any, tmp_path: Path
) -> None:
    found = peak_of(FixedSUT(latency_ns=10 * MS, servers=4), FOUR)
    page = parse(found.report(tmp_path / "peak.html").read_text("utf-8"))
    assert "FixedSUT: search for the peak of concurrent" in page.text
    assert "Peak 4 outstanding" in page.text
    assert "confirmed by a whole run" in page.text
    assert "The bracket is from 4, which passes, to 5, which fails." in page.text
    assert "Generator good" in page.text
    assert "The whole run at 4 outstanding" in page.text
    for probe in found.probes:
        assert {probe.load, probe.n, probe.reached_ns["target_latency_ms"]} <= page.values
        assert probe.why in page.text
    assert found.result is not None
    assert found.result.latency.percentile(99) == page.figures["figures.latency_ns.p99"]
    with pytest.raises(lg.LoadGenError, match="overwrite=True"):
        found.report(tmp_path / "peak.html")


def test_each_limit_of_a_search_has_its_plot_and_a_column(parse: Any) -> None:
    class Speaks(FixedSUT):
        def issue(self, batch: lg.Batch) -> None:
            batch.first_token()
            batch.token(3)
            super().issue(batch)

    server = lg.Server(target_qps=50, target_ttft_ms=5, target_tpot_ms=2)
    sut = Speaks(latency_ns=4 * MS, servers=4)
    found = peak_of(sut, server, tokens=True, high=100)
    text = parse(render(peak_page(found))).text
    assert set(found.probes[0].reached_ns) == {"target_ttft_ms", "target_tpot_ms"}
    assert "Time to first token p99 by load" in text
    assert "Time per output token p99 by load" in text
    assert "high = 100 passes" in text
    assert "no load failed" in text


def test_a_search_that_found_nothing_says_so_and_shows_what_it_tried(parse: Any) -> None:
    found = peak_of(FixedSUT(latency_ns=20 * MS), lg.Server(target_qps=10, target_latency_ms=15))
    page = parse(render(peak_page(found)))
    assert "Peak none" in page.text
    assert "no load passed" in page.text
    assert "nothing passes, down to low" in page.text
    assert {probe.load for probe in found.probes} <= page.values
    assert "Settings" in page.text


def test_a_search_that_could_not_tell_says_what_to_change(parse: Any) -> None:
    found = peak_of(ExponentialSUT(2 * MS), lg.Server(target_qps=100), max_queries=200)
    text = parse(render(peak_page(found))).text
    assert "Peak unknown" in text
    assert "Raise max_queries to about" in text


def test_a_search_in_which_nothing_was_answered_has_a_page(parse: Any) -> None:
    scenario = lg.Server(target_qps=100, target_latency_ms=15)
    found = peak_of(LosingSUT(every=1), scenario, max_probes=2)
    assert [probe.reached_ns for probe in found.probes] == [{}, {}]
    assert "Latency p99 by load" not in parse(render(peak_page(found))).text


def test_a_bad_generator_comes_first_on_the_page_of_a_search() -> None:
    found = peak_of(FixedSUT(latency_ns=20 * MS), lg.Server(target_qps=10, target_latency_ms=15))
    bad = tuple(dataclasses.replace(each, health="bad") for each in found.probes)
    first, second = peak_page(dataclasses.replace(found, probes=bad)).cards
    assert isinstance(first, Card)
    assert (first.about, first.verdict, second.about) == ("Generator", "bad", "Peak")
