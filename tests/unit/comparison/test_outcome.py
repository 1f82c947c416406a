# SPDX-License-Identifier: Apache-2.0
"""What a comparison says, on any terminal."""

from loadgen.comparison.difference import Difference
from loadgen.comparison.outcome import Comparison
from loadgen.terminal import cells

MS = 1_000_000
SAME = Difference(
    "latency",
    99.0,
    "ns",
    7.0 * MS,
    7.1 * MS,
    (0.0, 0.2 * MS),
    1.014,
    (1.0, 1.03),
    0.5,
    "same",
    False,
)
UNSURE = Difference(
    "rate",
    None,
    "samples/s",
    100.0,
    103.0,
    (-1.0, None),
    1.03,
    (0.99, None),
    None,
    "cannot tell",
    True,
)
WIDE = """\
Cannot tell whether B is faster or slower than A. Margin 5 %, confidence 95 %.
  A  a\\x1b[2J\\r
  B  模型

                    A         B  B / A       with 95 %  verdict
latency p99  7.000 ms  7.100 ms  1.014  1.000 to 1.030  same
rate         100.00/s  103.00/s  1.030     0.9900 to ?  cannot tell *
"""
NARROW = """\
Cannot tell whether B is faster or
  slower than A. Margin 5 %, confidence
  95 %.
  A  a\\x1b[2J\\r
  B  模型

              latency p99           rate
A                7.000 ms       100.00/s
B                7.100 ms       103.00/s
B / A               1.014          1.030
with 95 %  1.000 to 1.030    0.9900 to ?
verdict              same  cannot tell *
"""


def found(b: str) -> Comparison:
    return Comparison((SAME, UNSURE), {}, 0.95, 0.05, paired=True, runs=("a\x1b[2J\r", b))


def test_a_table_is_as_wide_as_its_cells_and_turned_where_there_is_no_room() -> None:
    assert found("模型").summary().startswith(WIDE)
    assert found("模型").summary(width=40).startswith(NARROW)


def test_every_line_fits_and_every_word_is_there() -> None:
    named = found("模型 " * 30)
    narrow, wide = named.summary(width=40), named.summary()
    assert max(map(cells, narrow.splitlines())) <= 40
    assert set(narrow.split()) == set(wide.split())
