# SPDX-License-Identifier: Apache-2.0
"""Measured times have four digits, whatever their size, and no two ways to be written."""

import pytest

from loadgen.report import units


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0 ns"),
        (999, "999 ns"),
        (1_000, "1.000 us"),
        (9_820_000, "9.820 ms"),
        (9_999_400, "9.999 ms"),
        (9_999_600, "10.00 ms"),
        (10_700_000, "10.70 ms"),
        (99_994_000, "99.99 ms"),
        (99_996_000, "100.0 ms"),
        (999_940, "999.9 us"),
        (999_960, "1.000 ms"),
        (999_960_000_000, "1,000 s"),
        (86_400_000_000_000, "86,400 s"),
        (-9_820_000, "-9.820 ms"),
    ],
)
def test_a_time_has_four_digits_in_the_unit_that_it_has_one_of(ns: int, text: str) -> None:
    assert units.time(ns) == text


def test_every_time_below_a_minute_has_four_digits() -> None:
    for exponent in range(3, 11):
        for leading in range(1_000, 10_000, 7):
            ns = leading * 10 ** (exponent - 3)
            text = units.time(ns).partition(" ")[0].replace(",", "").replace(".", "")
            assert text == str(leading)
