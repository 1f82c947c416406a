# SPDX-License-Identifier: Apache-2.0
"""Power that is measured beside a run: kept with its result, said wherever that is shown."""

import threading
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import loadgen as lg
from loadgen.cli import app
from loadgen.errors import LoadGenError
from loadgen.mlperf.power import Reading, beside, power_between, read_meter, run_power, with_power
from loadgen.mlperf.power.energy import instant_ns
from loadgen.report import words
from loadgen.report.html import run_page

NOTICE = "not an official measurement"


class Plug:
    """Shows 42 W, and tells when a run has gone on long enough to have readings."""

    name = "plug"

    def __init__(self, breaks: int = 10**9) -> None:
        self.asked, self._breaks = 0, breaks
        self.enough = threading.Event()

    def read(self, now_ns: int) -> Reading:
        self.asked += 1
        if self.asked >= 4:  # the first is before the run, and has a stamp's millisecond
            self.enough.set()
        if self.asked >= self._breaks:
            raise OSError("unplugged")
        return Reading(now_ns, 42.0)


def measured(plug: Plug, readings: Path, **options: Any) -> lg.Result:
    def wait(samples: Any) -> None:
        assert plug.enough.wait(30)

    def run() -> lg.Result:
        return lg.run(
            wait, 5, lg.SingleStream(), min_duration_s=0, min_queries=5, progress=False, **options
        )

    return with_power(plug, readings, run, interval_s=0.005)


def test_a_result_knows_what_its_run_took(tmp_path: Path) -> None:
    result = measured(Plug(), tmp_path / "spl.txt", sinks=[lg.mlperf.LogSink(tmp_path / "logs")])
    told = result.environment["power"]
    assert told["mean_w"] == pytest.approx(42.0)
    assert told["joules_per_sample"] == pytest.approx(told["energy_j"] / 5)
    assert (told["source"], told["n_samples"]) == ("plug", 5)
    assert NOTICE in told["notice"]
    by_logs = run_power(tmp_path / "logs", tmp_path / "spl.txt")
    begin, end = (instant_ns(told[key]) for key in ("power_begin", "power_end"))
    assert (by_logs.begin_ns, by_logs.end_ns) == (begin, end)
    assert by_logs.n_samples == 5
    again = power_between(read_meter(tmp_path / "spl.txt"), begin, end)
    assert again.energy_j == pytest.approx(told["energy_j"], abs=42 * 0.002)  # stamps are in ms


def test_it_is_said_in_the_summary_on_the_page_and_after_loading(tmp_path: Path) -> None:
    measured(Plug(), tmp_path / "spl.txt").save(tmp_path / "run")
    result = lg.Result.load(tmp_path / "run")
    said = " ".join(result.summary().split())
    assert "power 42 W on average" in said
    assert f"J a sample, by plug; {NOTICE}" in said
    page = str(run_page(result))
    assert ": 42 W on average" in page
    assert NOTICE in page


def test_power_that_is_not_known_is_no_reason_to_lose_the_run(tmp_path: Path) -> None:
    result = measured(Plug(breaks=5), tmp_path / "spl.txt")
    assert result.environment["power"]["error"] == "plug: unplugged"
    assert "not known: plug: unplugged" in " ".join(result.summary().split())
    with pytest.raises(LoadGenError, match="no run"):
        with_power(Plug(), tmp_path / "spl.txt", fails)


def test_what_is_no_power_is_not_said() -> None:
    for told in ({}, {"source": "plug"}, {"mean_w": "much", "energy_j": 1.0}, 5):
        assert words.power({"power": told}) == ""


def fails() -> lg.Result:
    raise LoadGenError("no run")


def typed(*words: object) -> Any:
    return CliRunner().invoke(app, ["run", *map(str, words)])


def test_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plug = Plug()
    monkeypatch.setitem(beside._SOURCES, "rapl", lambda: plug)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "powered.py").write_text("def sut(samples):\n    pass\n")
    run = ("powered:sut", "--dataset", 5, "--scenario", "offline", "--output-dir", "out")
    done = typed(*run, "--power", "rapl")
    # In so short a run there is no reading: that is said, and the result is there.
    assert done.exit_code == 3, done.output
    assert "power: " in done.stderr
    assert "has no reading" in lg.Result.load("out").environment["power"]["error"]
    assert len(read_meter("out/spl.txt").watts) == 2
    assert typed(*run, "--overwrite").exit_code == 0
    assert not Path("out/spl.txt").exists()


def test_what_there_is_no_power_of_is_wrong_use(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_here() -> Plug:
        raise LoadGenError("there is no RAPL here")

    monkeypatch.setitem(beside._SOURCES, "rapl", none_here)
    run = ("math:sqrt", "--dataset", 5, "--scenario", "offline")
    for name, said in (
        ("watt", "--power = 'watt': needs one of rapl, nvml"),
        ("rapl", "--power rapl: there is no RAPL here"),
    ):
        done = typed(*run, "--power", name)
        assert done.exit_code == 2
        assert said in done.stderr
