# SPDX-License-Identifier: Apache-2.0
"""What the view says, at any width."""

from typing import Any

import pytest

from loadgen.run.live.state import Series, Snapshot
from loadgen.run.live.words import lines, one_line
from loadgen.terminal import cells

SERIES = Series("echo: server, performance", asked="2,000/s", is_timed=True)
SEEN = Snapshot(
    series=SERIES, elapsed_s=12.3, left_s=47.7, done=0.205, issued=24_600, answered=24_588,
    failed=0, rate=1_998.4, silent_s=0.0, latency=(1.234e6, 5.678e6, 5.678e6), delay_ns=3_200.0,
)  # fmt: skip

WIDE = """\
echo: server, performance
time       ######------------------------  12 s, 48 s left
rate       1,998/s  asked 2,000/s
samples    24,588 answered  12 in flight
latency    p50 1.23 ms  p99 5.68 ms  so far
health     good so far  issue delay p99 3.2 us"""

NARROW = """\
echo: server, performance
time       ##---------  12 s, 48 s left
rate       1,998/s  asked 2,000/s
samples    24,588 answered
           12 in flight
latency    p50 1.23 ms  p99 5.68 ms
           so far
health     good so far
           issue delay p99 3.2 us"""


def text(seen: Snapshot, width: int) -> str:
    return "\n".join("".join(word.text for word in line) for line in lines(seen, width))


def said(**changes: Any) -> str:
    return text(SEEN._replace(**changes), 79)


def test_wide() -> None:
    assert text(SEEN, 79) == WIDE


def test_narrow() -> None:
    assert text(SEEN, 39) == NARROW


@pytest.mark.parametrize("width", [1, 2, 7, 13, 20, 31, 39, 60, 200])
def test_no_line_is_wider_than_there_is_room(width: int) -> None:
    long = SEEN._replace(series=SERIES._replace(name="n" * 300, asked="9" * 90))
    for seen in (SEEN, long):
        assert max(map(len, text(seen, width).splitlines())) <= width


def test_one_line_says_the_same_without_bar() -> None:
    assert one_line(SEEN) == (
        "echo: server, performance: 12 s, 48 s left; 1,998/s, asked 2,000/s; 24,588 answered,"
        " 12 in flight; p50 1.23 ms, p99 5.68 ms, so far; good so far, issue delay p99 3.2 us"
    )


def test_late_issues_are_told_with_their_share_of_the_latency() -> None:
    late = said(delay_ns=1.42e6)
    assert "health     late so far  issue delay p99 1.42 ms  25 % of the latency\n" in late
    assert late.endswith("           whose doing: at the end")
    assert "good so far" in said(delay_ns=0.04 * 5.678e6)
    # Less than a microsecond no generator can avoid.
    assert "good so far" in said(delay_ns=900.0, latency=(1e3, 2e3, 2e3))


def test_what_is_not_known_is_not_said() -> None:
    unknown = said(latency=None, delay_ns=None, left_s=None, done=None)
    assert "latency    no answer yet" in unknown
    assert "latency    none: all failed" in said(latency=None, delay_ns=None, failed=3)
    assert "health" not in unknown
    assert "time       12 s\n" in unknown


def test_silence_takes_the_place_of_the_counts() -> None:
    waits = said(silent_s=6.2, issued=24_591)
    assert "waits      no answer for 6 s  3 missing" in waits
    assert "answered" not in waits


def test_failures_are_counted() -> None:
    assert "24,588 answered  7 failed  12 in flight" in said(failed=7)
    assert "24,588 answered  about 7 failed" in said(failed=7, is_exact=False)


def test_the_end_is_a_wait_for_answers() -> None:
    assert "12 s, waits for the last answers" in said(left_s=0.0, done=1.0)


def test_a_search_may_end_a_run_early() -> None:
    assert "at most 48 s left" in said(series=SERIES._replace(may_end_early=True))


def test_of_a_warm_up_only_the_time_is_known() -> None:
    warm_up = Series("echo: server, warm-up of 10 queries", is_warm_up=True)
    assert said(series=warm_up, done=None) == "echo: server, warm-up of 10 queries\ntime       12 s"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "0 s"),
        (59.9, "59 s"),
        (60.0, "1:00 min"),
        (3_599.0, "59:59 min"),
        (7_265.0, "2:01:05 h"),
    ],
)
def test_time_is_written_as_people_do(seconds: float, words: str) -> None:
    assert f"{words}," in said(elapsed_s=seconds, done=None)


def test_names_are_as_wide_as_they_are_shown_and_never_obeyed() -> None:
    odd = SEEN._replace(series=SERIES._replace(name="模型\x1b[2J\n: server"))
    assert text(odd, 79).splitlines()[0] == r"模型\x1b[2J\n: server"
    assert one_line(odd).isprintable()
    wide = SEEN._replace(series=SERIES._replace(name="模" * 60))
    for width in (7, 20, 39):
        assert max(map(cells, text(wide, width).splitlines())) <= width


def test_at_20_columns_words_are_broken_and_not_cut() -> None:
    late = text(SEEN._replace(delay_ns=1.42e6), 20)
    assert "issue delay\n      p99 1.42 ms\n" in late
    assert late.replace("\n     ", "").endswith(" whose doing: at the end")
