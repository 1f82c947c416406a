# SPDX-License-Identifier: Apache-2.0
"""Cells in columns, at any width."""

from loadgen.report.grid import NOTHING, aligned, fitted, listed
from loadgen.terminal import cells

ROWS = [("run", "p50", "p99"), ("first", "1 ms", "20 ms"), ("b", "10 ms", "200 ms")]


def test_columns_are_aligned() -> None:
    assert aligned(ROWS) == [
        "run      p50     p99",
        "first   1 ms   20 ms",
        "b      10 ms  200 ms",
    ]


def test_where_it_just_does_not_fit_columns_come_nearer() -> None:
    assert fitted(ROWS, 18) == [
        "run     p50    p99",
        "first  1 ms  20 ms",
        "b     10 ms 200 ms",
    ]


def test_what_is_too_wide_is_turned_on_its_side() -> None:
    assert fitted(ROWS, 17) == [
        "run  first",
        "p50   1 ms",
        "p99  20 ms",
        "",
        "run       b",
        "p50   10 ms",
        "p99  200 ms",
    ]


def test_no_room_at_all_loses_nothing() -> None:
    assert " ".join(fitted(ROWS, 1)).split() == " ".join(fitted(ROWS, 17)).split()


WIDE = [("name", "n"), ("模型", "1"), ("e\N{COMBINING ACUTE ACCENT}", "20")]


def test_wide_letters_and_accents_keep_columns_aligned() -> None:
    assert aligned(WIDE) == ["name   n", "模型   1", "e\N{COMBINING ACUTE ACCENT}     20"]
    assert len({cells(line) for line in aligned(WIDE)}) == 1


def test_verdicts_are_coloured_and_nothing_else() -> None:
    rows = [("a", "system"), ("not good", "VALID"), ("bad", "INVALID")]
    assert aligned(rows, (0, 1), colour=True) == [
        "a         system",
        "not good  \x1b[32mVALID\x1b[0m",
        "\x1b[31mbad\x1b[0m       \x1b[31mINVALID\x1b[0m",
    ]


def test_a_row_that_says_nothing_leaves_no_gap_on_the_side() -> None:
    rows = [("load", "p50", ""), ("1", "10 ms", ""), ("2", "20 ms", "<- knee")]
    assert fitted(rows, 12) == [
        "load      1",
        "p50   10 ms",
        "",
        "load        2",
        "p50     20 ms",
        "      <- knee",
    ]


def test_a_list_has_the_last_cell_first_and_breaks_what_is_too_long() -> None:
    rows = [("system", "p99", "path"), ("模" * 12, NOTHING, "runs/a")]
    assert list(listed(rows, 24)) == [
        "runs/a",
        "  system  模模模模模模\n          模模模模模模",
    ]
