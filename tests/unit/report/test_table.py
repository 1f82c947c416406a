# SPDX-License-Identifier: Apache-2.0
"""Several runs side by side: a line each, with both verdicts."""

import io
import re
from collections.abc import Callable

from loadgen.config.scenarios import Offline, SingleStream
from loadgen.report import print_table, table
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
    out = io.StringIO()
    print_table(results(make_run), out)
    assert out.getvalue() == table(results(make_run)) + "\n"


def test_a_terminal_gets_the_same_words(make_run: Make) -> None:
    out = Terminal()
    print_table(results(make_run), out)
    for word in ("offline", "400.00/s", "10.00 ms", "INVALID", "generator"):
        assert word in out.getvalue()


def test_the_table_of_a_terminal_fits_in_80_columns(make_run: Make) -> None:
    out = Terminal()
    many = Result(make_run(Offline(), [0] * 450_000, [926_789_012] * 450_000))
    print_table([many, *results(make_run)], out)
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in out.getvalue().splitlines()]
    assert "485,547.41/s" in lines[1]
    assert max(len(line.rstrip()) for line in lines) <= 80
