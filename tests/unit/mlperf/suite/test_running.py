# SPDX-License-Identifier: Apache-2.0
"""A suite as a whole: what it runs, what it leaves, what it says, and what stops it."""

import json

import numpy as np
import pytest

import loadgen as lg
from loadgen.errors import LoadGenError, SettingsError

NOTICE = "Steelyard results are not MLPerf results."
SMOKE = "A smoke run: not a result. Each benchmark has one accuracy run for all scenarios."
OFFLINE = {"benchmarks": ["one"], "scenarios": ["Offline"]}


def test_each_scenario_that_has_to_be_handed_in_has_its_accuracy_first(suite) -> None:
    steps: list[str] = []
    found = suite(on_step=steps.append)
    assert steps == [
        f"{name}: {step}" for name in ("one", "two") for step in (
            "SingleStream, accuracy", "SingleStream, performance",
            "looking for a rate for Offline", "Offline, accuracy", "Offline, performance",
        )
    ]  # fmt: skip
    assert [(row.benchmark, row.scenario, row.valid) for row in found.rows] == [
        ("one", "SingleStream", True), ("one", "Offline", True),
        ("two", "SingleStream", True), ("two", "Offline", True),
    ]  # fmt: skip
    assert found.passed
    assert found.finished


def test_scores_are_the_systems_by_the_rules_of_the_round(suite) -> None:
    stream, offline = suite(benchmarks=["one"]).rows
    # One sample takes 10 ms, and another one begins when it is done.
    assert (stream.score, stream.unit, stream.better) == (10.0, "ms", "lower")
    assert offline.score == pytest.approx(100.0, rel=1e-6)
    assert (offline.unit, offline.better) == ("samples/s", "higher")
    assert offline.rate == pytest.approx(120.0, rel=1e-6)  # with room above the 100 that were found


def test_each_run_is_a_saved_result_with_mlperf_logs_beside_it(suite, tmp_path) -> None:
    suite(benchmarks=["one"])
    for name, kind in (("SingleStream", lg.SingleStream), ("Offline", lg.Offline)):
        folder = tmp_path / "out" / "one" / name
        for mode in ("accuracy", "performance"):
            result, logs = lg.Result.load(folder / mode), lg.mlperf.read_logs(folder / mode)
            assert (result.valid, result.settings.mode) == (True, mode)
            assert isinstance(result.scenario, kind)
            assert logs.summary is not None
            assert mode == "accuracy" or logs.summary["Result is"] == "VALID"
        answers = lg.mlperf.read_logs(folder / "accuracy").accuracy
        assert answers is not None
        assert sorted(entry.qsl_idx for entry in answers) == list(range(100))
        text = (folder / "accuracy" / "accuracy.txt").read_text("utf-8")
        assert text.splitlines()[:2] == ["accuracy=100.0", "seen=100.0"]
        assert NOTICE in text


def test_suite_that_misses_every_gate_has_not_passed_unless_its_division_has_none(
    suite, toy
) -> None:
    found = suite(**OFFLINE, suts={"one": toy.wrong})
    assert (found.finished, found.passed) == (True, False)
    assert "NOT MET" in found.summary()
    assert suite(**OFFLINE, suts={"one": toy.wrong}, division="open", resume=False).passed


def test_systems_of_ones_own_are_measured_with_the_benchmarks_data(suite, toy) -> None:
    (row,) = suite(**OFFLINE, suts={"one": "toy_program:fast"}).rows
    assert row.score == pytest.approx(1000.0, rel=1e-6)
    assert toy.MADE == ["data"]  # the program's own system was not made


def test_variant_chooses_among_the_programs_systems(suite) -> None:
    (row,) = suite(**OFFLINE, variant="fast").rows
    assert row.score == pytest.approx(1000.0, rel=1e-6)
    (row,) = suite(**OFFLINE, variant="fats", resume=False).rows
    assert "one of slow, fast; did you mean fast?" in str(row.error)


def test_benchmark_that_fails_does_not_stop_the_others(suite, tmp_path) -> None:
    found = suite(suts={"one": "toy_program:raises"})
    failed, other = found.rows[:2], found.rows[2:]
    assert [row.error for row in other] == [None, None]
    files = [tmp_path / "out" / "one" / row.scenario / "accuracy.error.txt" for row in failed]
    assert [row.error for row in failed] == [
        f"accuracy: ValueError: no such image (see {file})" for file in files
    ]
    assert ["toy_program.py" in file.read_text("utf-8") for file in files] == [True, True]
    assert not found.finished
    assert not found.passed
    assert "one, Offline: not finished: accuracy: ValueError" in found.summary().replace("\n ", "")


def test_scenario_that_fails_leaves_the_other_scenarios(suite, toy) -> None:
    server, offline = suite(
        benchmarks=["one"],
        scenarios=["Server", "Offline"],
        suts={"one": toy.RaisesAsServer()},
        rates={"one": {"Server": 20}},
    ).rows
    assert "not as a server" in str(server.error)
    assert (offline.error, offline.valid) == (None, True)


def test_rates_that_are_given_are_used_and_others_are_looked_for(suite) -> None:
    server, offline = suite(
        benchmarks=["one"], scenarios=["Server", "Offline"], rates={"one": {"Server": 50}},
        duration_s=20,
    ).rows  # fmt: skip
    assert (server.rate, server.valid) == (50, True)
    assert offline.rate == pytest.approx(120.0, rel=1e-6)


def test_server_rate_that_is_found_keeps_the_limits(suite) -> None:
    """A queue with fixed times of 1 ms takes at most 1,000 a second."""
    (row,) = suite(benchmarks=["one"], scenarios=["Server"], variant="fast", duration_s=10).rows
    assert row.valid
    assert 400 < row.rate < 1000


def test_slow_system_is_not_searched_for_its_server_rate(suite, toy, tmp_path) -> None:
    (row,) = suite(
        benchmarks=["one"], scenarios=["Server"], suts={"one": toy.Answers(ns=100_000_000)}
    ).rows
    assert row.rate == pytest.approx(0.3 * 1.2 * 10, rel=1e-6)
    how = json.loads((tmp_path / "out" / "suite.json").read_text("utf-8"))["rates"]["one"]["Server"]
    assert how["how"] == "0.3 of the Offline rate, not searched for"


def test_smoke_run_is_short_and_says_everywhere_that_it_is_no_result(suite, tmp_path) -> None:
    found = suite(benchmarks=["one"], smoke=True)
    assert found.caveat == SMOKE
    assert SMOKE in found.summary()
    assert found.to_dict()["caveat"] == found.caveat
    for name in ("suite.json", "report.html", "one/Offline/accuracy/accuracy.txt"):
        text = (tmp_path / "out" / name).read_text("utf-8")
        assert SMOKE in text
        assert NOTICE in text
    offline = lg.Result.load(tmp_path / "out" / "one" / "Offline" / "performance")
    assert 2.0 <= offline.series[0].end_ns / 1e9 < 3.0


def test_verdict_of_a_smoke_run_does_not_count_and_its_accuracy_does(suite, toy) -> None:
    server = {"benchmarks": ["one"], "scenarios": ["Server"], "smoke": True}
    found = suite(**server)  # some 70 queries: too few for early stopping
    assert (found.rows[0].valid, found.passed) == (False, True)
    assert not suite(**server, suts={"one": toy.wrong}, resume=False).passed


def test_pages_of_runs_have_the_notice(suite, monkeypatch, tmp_path) -> None:
    monkeypatch.undo()
    monkeypatch.syspath_prepend(tmp_path / "library")
    suite(**OFFLINE, duration_s=5)
    for name in ("one/Offline/accuracy", "one/Offline/performance", ""):
        text = (tmp_path / "out" / name / "report.html").read_text("utf-8")
        assert NOTICE in text
        assert "Runs of 5 s instead of the rules&#39; durations: not a result." in text


def test_run_that_breaks_a_rule_of_the_division_does_not_pass(suite, toy, toy_round) -> None:
    toml = toy_round / "one.toml"
    toml.write_text(toml.read_text("utf-8").replace("systems.edge", "systems.datacenter"), "utf-8")
    network = {**OFFLINE, "division": "network", "system_type": "datacenter", "smoke": True}
    with pytest.raises(SettingsError, match="needs systems behind a network, such as NetworkSUT"):
        suite(**network)
    system = toy.Answers()
    found = suite(**network, suts={"one": system})
    breach = "network: the name 'answers, 0 wrong, 10000000 ns'; needs 'Network SUT' in the name"
    assert (found.rows[0].breaches, found.passed) == ((breach,), False)
    assert f"one, Offline: {breach}" in found.remarks()
    system.name = "Network SUT: answers"
    assert suite(**network, suts={"one": system}, resume=False).passed


def test_small_figures_are_written_so_that_patterns_find_them(suite, toy, tmp_path) -> None:
    toy.Toy.score = lambda self, outputs, indices: {"accuracy": 99.5, "seen": 1e-5}
    suite(**OFFLINE)
    file = tmp_path / "out" / "one" / "Offline" / "accuracy" / "accuracy.txt"
    assert file.read_text("utf-8").splitlines()[:2] == ["accuracy=99.5", "seen=0.00001"]
    assert suite(**OFFLINE).rows[0].accuracy[1].value == 1e-5


def test_document_is_json_without_infinities(suite) -> None:
    table = suite(**OFFLINE).to_dict()
    targets = json.loads(json.dumps(table, allow_nan=False))["rows"][0]["accuracy"][0]["targets"]
    assert targets[0] == {"name": "one-99", "low": 98.01, "high": None, "met": True}


def test_table_fits_narrow_terminals(suite) -> None:
    assert max(map(len, suite(**OFFLINE).summary(40).splitlines())) <= 40


def test_score_of_too_few_queries_is_none(suite, toy) -> None:
    """SingleStream's 90th percentile needs 64 queries; a smoke run asks 10, and 1 s has fewer."""
    slow = toy.Answers(ns=500_000_000)
    (row,) = suite(benchmarks=["one"], scenarios=["SingleStream"], smoke=True,
                   suts={"one": slow}).rows  # fmt: skip
    assert (row.score, row.valid) == (None, False)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"benchmarks": ["tow"]}, "benchmarks = 'tow': needs one of one, two; did you mean two?"),
        ({"benchmarks": []}, r"benchmarks = \[\]: needs one of steelyard-1 for edge"),
        ({"scenarios": ["Ofline"]}, "did you mean Offline?"),
        ({"benchmarks": ["one"], "scenarios": ["MultiStream"]}, "scenarios of one"),
        ({"system_type": "datacenter", "benchmarks": ["one"]}, "one that one is for: edge"),
        ({"system_type": "edge", "division": "network"}, "needs one of datacenter"),
        ({"division": "closd"}, "division = 'closd': needs one of closed"),
        ({"duration_s": 0}, "duration_s = 0"),
        ({"nonce": "me"}, "nonce = 'me': needs None or a text of 16 to 128 letters"),
        ({"duration_s": 5, "smoke": True}, "duration_s = 5: needs none beside smoke=True"),
        ({"suts": {"three": "a:b"}}, "suts = 'three'"),
        ({"rates": {"one": {"SingleStream": 5}}}, "rates.one = 'SingleStream'"),
        ({"rates": {"one": {"Server": 0}}}, "rates.one.Server = 0: needs a rate above 0"),
        ({"rates": {"one": {"Server": np.nan}}}, "rates.one.Server = nan: needs a rate above 0"),
    ],
)
def test_wrong_arguments_are_named_with_what_is_allowed(suite, tmp_path, changed, message) -> None:
    with pytest.raises(SettingsError, match=message):
        suite(**changed)
    assert not (tmp_path / "out").exists()


def test_system_that_cannot_be_imported_is_told_in_its_rows(suite, tmp_path) -> None:
    library = tmp_path / "library"
    (library / "broken").mkdir()
    (library / "broken" / "__init__.py").write_text("1 / 0")
    for text in ("toy_program:nothing", "no_such_module:sut", "toy_program"):
        (row,) = suite(**OFFLINE, suts={"one": text}, resume=False).rows
        assert f"suts.one = '{text}'" in str(row.error)
    (row,) = suite(**OFFLINE, suts={"one": "broken.module:sut"}, resume=False).rows
    assert "ZeroDivisionError" in str(row.error)


def test_round_that_is_unknown_is_told_with_those_there_are() -> None:
    with pytest.raises(LoadGenError, match="steelyard-1"):
        lg.mlperf.run_suite("steelyard-9", output_dir="never")


def test_run_that_cannot_be_written_is_told_in_its_row(suite, tmp_path) -> None:
    out = tmp_path / "out"
    (row,) = suite(**OFFLINE, on_step=lambda line: (out / "one").write_text("in the way")).rows
    assert "one" in str(row.error)
    assert "Not a directory" in str(row.error)


def test_power_is_asked_of_performance_runs(suite, tmp_path) -> None:
    class Plug:
        name = "plug"

        def read(self, now_ns: int) -> None:
            return None

    found = suite(**OFFLINE, power=Plug())
    assert found.rows[0].power.startswith("not known: ")  # in simulated time
    assert any("one, Offline: power not known" in each for each in found.remarks())
    assert [path.parent.name for path in (tmp_path / "out").rglob("spl.txt")] == ["performance"]
    assert suite(**OFFLINE).rows == found.rows
