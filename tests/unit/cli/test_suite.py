# SPDX-License-Identifier: Apache-2.0
"""`loadgen suite`: what is typed, and what comes of it; the suite itself is a stand-in."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from loadgen.cli import app
from loadgen.cli import suite as command
from loadgen.mlperf.rules.grading import Quality, Target
from loadgen.mlperf.suite import Row, SuiteResult

QUALITY = Quality("acc", "Accuracy", "%", 97.0, 97.5, (Target("digits", 96.5, float("inf"), True),))
ROW = Row(
    "digits", "Offline", 5_000.0, "samples a second", "samples/s", "higher", (QUALITY,),
    valid=True, generator="good",
)  # fmt: skip


def typed(*words: str) -> Any:
    return CliRunner().invoke(app, ["suite", *words])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What `run_suite` was given; its rows are those under "rows"."""
    given: dict[str, Any] = {"rows": (ROW,)}

    def run_suite(rules: Any, **arguments: Any) -> SuiteResult:
        given.update(arguments, rules=rules)
        arguments["on_step"]("digits: accuracy")
        return SuiteResult(
            "Steelyard, round 1", "Not MLPerf results.", None, given["rows"], Path("out"),
            smoke=False, gated=True,
        )  # fmt: skip

    monkeypatch.setattr(command, "run_suite", run_suite)
    return given


def test_options_become_arguments(asked, tmp_path) -> None:
    rates = tmp_path / "rates.toml"
    rates.write_text("[digits]\nServer = 100\nOffline = 9000\n")
    done = typed(
        "run", "digits", "--scenario", "single-stream", "--scenario", "Server", "--system-type",
        "datacenter", "--division", "open", "--duration", "60", "--sut", "digits=mine:sut",
        "--target-qps", "digits=200", "--target-qps", "digits:interactive=50", "--rates",
        str(rates), "--overwrite", "--output-dir", "results",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    expected = {
        "benchmarks": ["digits"], "scenarios": ["SingleStream", "Server"],
        "system_type": "datacenter", "division": "open", "smoke": False, "duration_s": 60.0,
        "suts": {"digits": "mine:sut"}, "variant": None, "resume": False,
        "rates": {"digits": {"Server": 200.0, "Offline": 9000, "Interactive": 50.0}},
        "output_dir": Path("results"),
    }  # fmt: skip
    assert {name: asked[name] for name in expected} == expected


def test_smoke_runs_and_results_have_folders_of_their_own(asked) -> None:
    typed("run")
    assert asked["output_dir"] == Path("steelyard-1-results")
    typed("run", "--smoke")
    assert asked["output_dir"] == Path("steelyard-1-smoke")


def test_table_ends_with_the_notice(asked) -> None:
    done = typed("run")
    assert done.exit_code == 0
    assert "5,000 samples/s" in done.stdout
    assert ">= 96.5, met" in done.stdout
    assert done.stdout.splitlines()[-3:] == [
        "Not MLPerf results.", "", "Saved in steelyard-1-results"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (Row("a", "Offline", accuracy=(QUALITY,), valid=True), 0),
        (Row("a", "Offline", accuracy=(QUALITY,), valid=False), 1),
        (Row("a", "Offline", valid=True), 1),
        (Row("a", "Offline", accuracy=(QUALITY,), error="no"), 3),
    ],
    ids=["valid", "invalid", "no gate met", "not finished"],
)
def test_exit_code_says_how_it_ended(asked, row, code) -> None:
    asked["rows"] = (ROW, row)
    assert typed("run", "--quiet").exit_code == code


def test_document_has_the_rows_and_the_notice(asked, capfd) -> None:
    assert typed("run", "--json").exit_code == 0
    document = json.loads(capfd.readouterr().out)
    assert document["suite"]["notice"] == "Not MLPerf results."
    assert document["suite"]["rows"][0]["gates"] == {"digits": True}
    assert document["suite"]["rows"][0]["accuracy"][0]["targets"][0]["high"] is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--sut", "digits"), "--sut 'digits': needs BENCHMARK=module:name"),
        (("--target-qps", "digits=fast"), "--target-qps 'digits=fast': needs a number"),
        (("--rates", "nowhere.toml"), "nowhere.toml: cannot be read"),
        (("--round", "steelyard-9"), "round = 'steelyard-9'"),
    ],
)
def test_wrong_words_are_told_before_anything_is_run(asked, words, message) -> None:
    done = typed("run", *words)
    assert done.exit_code == 2
    assert message in done.stderr
    assert "rules" not in asked


def test_rates_that_are_no_tables_are_told(asked, tmp_path) -> None:
    file = tmp_path / "rates.toml"
    file.write_text("digits = 5\n")
    done = typed("run", "--rates", str(file))
    assert (done.exit_code, "needs a table [digits]" in done.stderr) == (2, True)


def test_wrong_arguments_are_called_as_they_were_typed(tmp_path) -> None:
    done = typed(
        "run", "digit", "--scenario", "Ofline", "--rates", "/dev/null", "--sut", "x=a:b",
        "--output-dir", str(tmp_path / "out"),
    )  # fmt: skip
    assert done.exit_code == 2
    for words in ("BENCHMARK = 'digit'", "--scenario = 'Ofline'", "--sut = 'x'"):
        assert words in done.stderr


def test_suite_that_is_there_is_replaced_with_the_option_that_is_named(
    asked, monkeypatch, tmp_path
) -> None:
    monkeypatch.undo()
    (tmp_path / "suite.json").write_text(
        '{"kind": "loadgen-suite", "format": 1, "asked": {"round": "old"}, "benchmarks": {},'
        ' "rates": {}, "rows": []}'
    )
    done = typed("run", "digits", "--output-dir", str(tmp_path))
    assert done.exit_code == 2
    assert "--overwrite replaces it" in done.stderr
    assert "round = 'steelyard-1': needs 'old', as before" in done.stderr


@pytest.mark.parametrize("round_", ["steelyard-1", "v6.1"])
def test_list_names_each_benchmark_and_what_it_lacks(round_, capfd) -> None:
    done = typed("list", "--round", round_)
    assert done.exit_code == 0
    assert ("digits " in done.stdout) == (round_ == "steelyard-1")
    assert ("resnet: this package has no program for it" in done.stdout) == (round_ == "v6.1")
    capfd.readouterr()
    typed("list", "--round", round_, "--json")
    benchmarks = json.loads(capfd.readouterr().out)["benchmarks"]
    assert {"vision"} <= {each["domain"] for each in benchmarks}


def test_show_has_the_rules_of_a_benchmark_in_words(capfd) -> None:
    shown = typed("show", "digits").stdout
    for words in (
        "Top-1 accuracy, reference 97.11 %; digits needs at least 96.1389",
        "at least 600 s and 662 queries of 8 samples",
        "99 % within 15 ms",
        "at least 600 s and 24,576 samples",
        "TEST01",
        "Steelyard results are not MLPerf results.",
    ):
        assert words in shown
    capfd.readouterr()
    assert typed("show", "digits", "--json").exit_code == 0
    assert json.loads(capfd.readouterr().out)["benchmark"]["limits"] == {
        "Server": {"latency_ms": 15.0, "ttft_ms": None, "tpot_ms": None}
    }


def test_show_of_an_unknown_benchmark_names_the_nearest() -> None:
    done = typed("show", "digit")
    assert (done.exit_code, "did you mean digits?" in done.stderr) == (2, True)


def test_verify_says_what_brings_a_file_that_is_missing(monkeypatch, tmp_path, capfd) -> None:
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    done = typed("verify", "digits")
    assert done.exit_code == 1
    assert "missing" in done.stdout
    assert "pip install 'loadgen[demo]'" in done.stdout
    data = tmp_path / "sklearn" / "datasets" / "data"
    data.mkdir(parents=True)
    (data / "digits.csv.gz").write_bytes(b"another")
    capfd.readouterr()
    assert typed("verify", "--json").exit_code == 1
    document = json.loads(capfd.readouterr().out)
    assert document["assets"]["digits"][0]["state"] == "another"
    assert "has the SHA-256" in document["missing"]["digits"][0]
    assert set(document["versions"]) == {"loadgen", "python", "numpy"}


def test_round_without_programs_says_so(tmp_path) -> None:
    done = typed("run", "digits", "--round", "v6.1", "--output-dir", str(tmp_path / "out"))
    assert done.exit_code == 2
    assert "a benchmark that this package has a program for: none of v6.1" in done.stderr
