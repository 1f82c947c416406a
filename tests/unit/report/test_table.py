# SPDX-License-Identifier: Apache-2.0
"""Several runs side by side: a line each, with both verdicts."""

import io
import re
from collections.abc import Callable

import pytest

from loadgen.config.scenarios import Offline, SingleStream
from loadgen.report import summary_for, table, table_for
from loadgen.result import Result, RunData

Make = Callable[..., RunData]
MS = 1_000_000

TABLE = """\
scenario           figure       p50       p90       p99     p99.9  system   generator
offline          400.00/s  10.00 ms  10.00 ms  10.00 ms  10.00 ms  VALID    good
single_stream           -         -         -         -         -  INVALID  good"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def results(make_run: Make) -> list[Result]:
    return [
        Result(make_run(Offline(), [0] * 4, [10 * MS] * 4)),
        Result(make_run(SingleStream(), [0], [0], status=[2])),
    ]


def test_a_table_has_a_line_for_each_result(make_run: Make) -> None:
    lines = [" ".join(line.split()) for line in table(results(make_run)).splitlines()]
    assert lines == [" ".join(line.split()) for line in TABLE.splitlines()]


def test_a_file_gets_the_plain_table(make_run: Make) -> None:
    assert table_for(results(make_run), io.StringIO()) == table(results(make_run))


def test_a_terminal_gets_the_same_words(make_run: Make) -> None:
    shown = table_for(results(make_run), Terminal())
    for word in ("offline", "400.00/s", "10.00 ms", "INVALID", "generator"):
        assert word in shown


def test_the_table_of_a_terminal_fits_in_80_columns(
    make_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    many = Result(make_run(Offline(), [0] * 450_000, [926_789_012] * 450_000))
    shown = table_for([many, *results(make_run)], Terminal())
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in shown.splitlines()]
    assert "485,547.41/s" in lines[1]
    assert max(len(line.rstrip()) for line in lines) <= 80


def test_a_narrow_terminal_gets_the_table_on_its_side(
    make_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    shown = table_for(results(make_run), Terminal())
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in shown.splitlines()]
    assert lines[0] == "scenario    offline  single_stream"
    assert lines[-1] == "generator      good           good"
    assert max(map(len, lines)) <= 40


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_summary_fits_its_terminal_and_says_the_same_words(
    make_run: Make, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    (_, failed) = results(make_run)
    shown = summary_for(failed, Terminal())
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert max(map(len, text.splitlines())) <= columns
    assert "\nSystem     \x1b[31mINVALID\x1b[0m\n" in shown
    assert "\nGenerator  \x1b[32mgood\x1b[0m: " in shown
    reasons = " ".join(failed.reasons)
    assert all(word in text for word in reasons.split())


def test_a_summary_in_a_file_is_the_plain_one(make_run: Make) -> None:
    (first, _) = results(make_run)
    assert summary_for(first, io.StringIO()) == first.summary()
