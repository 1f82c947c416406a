# SPDX-License-Identifier: Apache-2.0
"""Arrow, Parquet, Feather, read back by pyarrow: the result's numbers, null for what never came."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pytest
from pyarrow import parquet

from loadgen.export import result_document, rows
from loadgen.export.document import to_json
from loadgen.result import Result, RunData

Get = Callable[[str], Result]
READERS = {"parquet": parquet.read_table, "arrow": pa.feather.read_table}


def as_samples(table: pa.Table) -> dict[str, np.ndarray[Any, Any]]:
    """The columns with -1 in place of null, as `Result.samples` has them."""
    whole = {name: table[name] for name in table.column_names}
    for name in rows.NULLABLE:
        if name in whole:
            whole[name] = whole[name].fill_null(-1)
    return {name: column.to_numpy() for name, column in whole.items()}


def same(table: pa.Table, result: Result) -> None:
    found = as_samples(table)
    assert list(found) == list(result.samples)
    for name, column in result.samples.items():
        assert found[name].dtype == column.dtype
        np.testing.assert_array_equal(found[name], column)


def test_a_table_has_the_samples(with_rows: str, result_of: Get) -> None:
    same(result_of(with_rows).to_arrow(), result_of(with_rows))


@pytest.mark.parametrize("format_", READERS)
def test_a_file_has_the_samples(
    with_rows: str, format_: str, result_of: Get, tmp_path: Path
) -> None:
    path = result_of(with_rows).export(tmp_path / f"run.{format_}")
    same(READERS[format_](path), result_of(with_rows))


def test_a_loaded_run_gives_the_same_file(
    full_run: RunData, saved_run: Path, tmp_path: Path
) -> None:
    for number, result in enumerate((Result(full_run), Result.load(saved_run))):
        table = parquet.read_table(result.export(tmp_path / f"{number}.parquet"))
        same(table, Result(full_run))
        assert table["completed_ns"].to_pylist() == [40, 180, 260, None]
        assert table["latency_ns"].to_pylist() == [40, 80, 60, None]
        assert table["first_token_ns"].to_pylist() == [20, None, 230, None]


@pytest.mark.parametrize("format_", READERS)
def test_the_metadata_has_the_run(format_: str, result_of: Get, tmp_path: Path) -> None:
    result = result_of("server")
    table = READERS[format_](result.export(tmp_path / f"run.{format_}"))
    assert json.loads(table.schema.metadata[b"loadgen"]) == json.loads(
        to_json(result_document(result))
    )


def test_columns_are_the_memory_of_the_samples(result_of: Get) -> None:
    result = result_of("submission")  # of two series: their numbers are a column, too
    table = result.to_arrow()
    for name, column in result.samples.items():
        (chunk,) = table[name].chunks
        assert chunk.buffers()[1].address == column.__array_interface__["data"][0], name


def test_constant_columns_alone_are_copied(result_of: Get) -> None:
    result = result_of("offline")
    table = result.to_arrow()
    copied = {
        name
        for name, column in result.samples.items()
        if table[name].chunk(0).buffers()[1].address != column.__array_interface__["data"][0]
    }
    assert copied == {"scheduled_ns", "issued_ns", "series"}


def test_a_file_is_written_in_parts(
    full_run: RunData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = Result(full_run)
    monkeypatch.setattr(rows.parts, "__defaults__", (3,))
    path = result.export(tmp_path / "run.parquet")
    assert parquet.ParquetFile(path).metadata.num_row_groups == 2
    same(parquet.read_table(path), result)


def test_writing_parts_keeps_no_column(full_run: RunData, tmp_path: Path) -> None:
    result = Result(full_run)
    result.export(tmp_path / "run.parquet")
    assert set(result.samples._cache) <= {"series"}
