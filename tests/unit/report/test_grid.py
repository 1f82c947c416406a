# SPDX-License-Identifier: Apache-2.0
"""Cells in columns, at any width."""

from loadgen.report.grid import aligned, fitted

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
