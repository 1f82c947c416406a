# SPDX-License-Identifier: Apache-2.0
"""Parquet: what of a file is read when, and files that are no use."""

import datetime
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loadgen.dataset import ParquetDataset, as_dataset
from loadgen.errors import DatasetError

pyarrow = pytest.importorskip("pyarrow", reason="Parquet is read by pyarrow")
parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet is read by pyarrow")


@pytest.fixture
def thousand(tmp_path: Path) -> Path:
    """A file of ten row groups of a hundred rows."""
    table = pyarrow.table({"n": range(1000), "tokens": [[n, n + 1] for n in range(1000)]})
    parquet.write_table(table, tmp_path / "x.parquet", row_group_size=100)
    return tmp_path / "x.parquet"


def test_rows_of_several_groups_come_in_the_order_that_is_asked_for(thousand: Path) -> None:
    dataset = ParquetDataset(thousand, field="n")
    wanted = [999, 0, 100, 99, 500, 0]
    assert dataset[np.array(wanted)] == wanted
    dataset.load(np.array([0, 999, 100]))
    assert dataset[np.array([999, 100])] == [999, 100]


def test_values_are_pythons_own(thousand: Path) -> None:
    assert ParquetDataset(thousand)[np.array([3])] == [{"n": 3, "tokens": [3, 4]}]


def test_load_reads_the_groups_and_columns_that_it_needs_and_no_others(
    thousand: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Any] = []
    original = parquet.ParquetFile.read_row_group

    def noting(self: Any, group: int, columns: Any = None) -> Any:
        read.append((group, columns))
        return original(self, group, columns=columns)

    dataset = ParquetDataset(thousand, field="n")
    monkeypatch.setattr(parquet.ParquetFile, "read_row_group", noting)
    dataset.load(np.array([950, 10, 20]))
    assert dataset[np.array([20, 950])] == [20, 950]
    assert read == [(0, ["n"]), (9, ["n"])]


def test_file_without_rows_is_told(tmp_path: Path) -> None:
    parquet.write_table(pyarrow.table({"n": pyarrow.array([], "int64")}), tmp_path / "x.parquet")
    with pytest.raises(DatasetError, match=r"x\.parquet: no samples"):
        ParquetDataset(tmp_path / "x.parquet")


def test_column_that_is_there_twice_is_told(tmp_path: Path) -> None:
    table = pyarrow.table([[1], [2]], names=["n", "n"])
    parquet.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(DatasetError, match=r"x\.parquet: column 'n' is there more than once"):
        ParquetDataset(tmp_path / "x.parquet")


@pytest.mark.parametrize("content", [b"PAR1", b"n,m\n1,2\n", b"PAR1" + b"x" * 100 + b"PAR1"])
def test_file_that_is_no_parquet_is_told(written: Any, content: bytes) -> None:
    with pytest.raises(DatasetError, match=r"x\.parquet: cannot read its footer: "):
        ParquetDataset(written("x.parquet", content))


def test_damaged_group_is_told_by_its_rows(thousand: Path) -> None:
    content = bytearray(thousand.read_bytes())
    with parquet.ParquetFile(thousand) as file:
        start = file.metadata.row_group(4).column(0).data_page_offset
    content[start : start + 40] = b"\xff" * 40
    thousand.write_bytes(content)
    dataset = ParquetDataset(thousand, field="n")
    dataset.load(np.array([0]))
    with pytest.raises(DatasetError, match=r"x\.parquet: cannot read rows 401 to 500: "):
        dataset.load(np.array([450]))


def test_value_that_python_does_not_have_is_told_by_its_row(tmp_path: Path) -> None:
    times = pyarrow.array([0, 1, 2**62], pyarrow.timestamp("us"))  # the last: the year 148,110
    parquet.write_table(pyarrow.table({"at": times}), tmp_path / "x.parquet")
    dataset = ParquetDataset(tmp_path / "x.parquet")
    assert dataset[np.array([0])] == [{"at": datetime.datetime(1970, 1, 1)}]
    for use in (lambda: dataset[np.array([2, 0])], lambda: list(dataset._all_rows(None))):
        with pytest.raises(DatasetError, match=r"x\.parquet row 3: a value is none of Python's: "):
            use()


def test_text_that_is_no_utf_8_is_told_by_its_row(tmp_path: Path) -> None:
    ends, content = np.array([0, 1, 2], np.int32), b"a\xff"
    buffers = [None, pyarrow.py_buffer(ends), pyarrow.py_buffer(content)]
    texts = pyarrow.Array.from_buffers(pyarrow.string(), 2, buffers)
    parquet.write_table(pyarrow.table({"text": texts}), tmp_path / "x.parquet")
    dataset = ParquetDataset(tmp_path / "x.parquet", field="text")
    assert dataset[np.array([0])] == ["a"]
    with pytest.raises(DatasetError, match=r"x\.parquet row 2: .*UnicodeDecodeError"):
        dataset[np.array([1])]


def test_indices_count_from_the_end_and_end_there(thousand: Path) -> None:
    dataset = ParquetDataset(thousand, field="n")
    assert dataset[np.array([0, -1, 150, -1000])] == [0, 999, 150, 0]
    for index in (1000, -1001):
        with pytest.raises(IndexError, match=f"index {index} is out of bounds"):
            dataset[np.array([index])]


def test_value_that_is_no_length_is_told_by_its_row(tmp_path: Path) -> None:
    parquet.write_table(pyarrow.table({"n": [5, None]}), tmp_path / "x.parquet")
    with pytest.raises(DatasetError, match=r"x\.parquet row 2: n = None: needs an integer"):
        as_dataset(ParquetDataset(tmp_path / "x.parquet", lengths="n"))


def test_library_that_is_absent_is_told_with_what_brings_it(
    thousand: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DatasetError, match=r"x\.parquet needs .*: pip install 'loadgen\[arrow\]'"):
        ParquetDataset(thousand)
