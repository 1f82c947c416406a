# SPDX-License-Identifier: Apache-2.0
"""CSV, read back by pyarrow and literally."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from pyarrow import csv

from loadgen.result import Result, RunData

Get = Callable[[str], Result]

LINES = """\
index,scheduled_ns,issued_ns,first_token_ns,completed_ns,latency_ns,n_tokens,status,series
2,0,0,20,40,40,3,0,0
0,100,130,,180,80,1,0,0
2,200,210,230,260,60,0,1,0
1,300,305,,,,0,2,0
"""


def test_a_line_a_sample_below_a_line_of_names(full_run: RunData, tmp_path: Path) -> None:
    path = Result(full_run).export(tmp_path / "run.csv")
    assert path.read_text("ascii") == LINES


def test_pyarrow_reads_the_samples(with_rows: str, result_of: Get, tmp_path: Path) -> None:
    result = result_of(with_rows)
    table = csv.read_csv(result.export(tmp_path / "run.csv"))
    assert table.column_names == list(result.samples)
    for name, column in result.samples.items():
        if len(column):
            found = table[name].cast("int64").fill_null(-1).to_numpy()
            np.testing.assert_array_equal(found, column.astype(np.int64))
