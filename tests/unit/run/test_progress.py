# SPDX-License-Identifier: Apache-2.0
"""What the live line says."""

import io

import pytest

from loadgen.run.progress import ProgressLine, Reading, on_terminal


def test_line_tells_time_counts_rate_and_what_is_in_flight() -> None:
    reading = Reading("server, performance", 10.0, 100.0, (5, 5))
    reading.line(101.0, 1005, 905)
    line = reading.line(102.0, 2005, 1905)
    assert line == (
        "server, performance  2.0 of 10 s  950/s  in flight 100  issued 2,000  answered 1,900"
    )


def test_line_leaves_out_a_minimum_that_there_is_not() -> None:
    assert "  1.5 s  " in Reading("offline", 0.0, 0.0, (0, 0)).line(1.5, 1, 1)


def test_rate_is_that_of_the_last_two_seconds() -> None:
    reading = Reading("x", 0.0, 0.0, (0, 0))
    for second in range(1, 6):
        reading.line(float(second), 100 * second, 100 * second)
    assert "  10/s  " in reading.line(7.0, 520, 520)


def test_line_says_after_five_seconds_of_silence_how_many_are_missing() -> None:
    reading = Reading("x", 0.0, 0.0, (0, 0))
    reading.line(1.0, 50, 47)
    assert "in flight 3" in reading.line(5.9, 50, 47)
    assert "no answer for 5 s, 3 missing" in reading.line(6.0, 50, 47)
    assert "in flight 2" in reading.line(6.25, 50, 48)


def test_silence_with_nothing_outstanding_is_no_silence() -> None:
    reading = Reading("x", 0.0, 0.0, (0, 0))
    reading.line(1.0, 50, 50)
    assert "in flight 0" in reading.line(60.0, 50, 50)


def test_line_is_cleared_at_the_end() -> None:
    stream = io.StringIO()
    with ProgressLine("x", lambda: (0, 0), stream) as line:
        line.series("performance", 1.0)
    assert stream.getvalue().endswith("\r\x1b[2K")


def test_a_terminal_that_goes_away_does_not_matter() -> None:
    stream = io.StringIO()
    with ProgressLine("x", lambda: (0, 0), stream):
        stream.close()


@pytest.mark.parametrize("choice", [True, False])
def test_a_choice_is_a_choice(choice: bool) -> None:
    assert on_terminal(choice) is choice


def test_without_a_choice_there_is_a_line_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert on_terminal(None) is False
    monkeypatch.setattr("sys.stderr", None)
    assert on_terminal(None) is False
