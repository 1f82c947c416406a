# SPDX-License-Identifier: Apache-2.0
"""CSV: where rows start and end, what is a header, and how a broken row is told."""

import csv
import io
import string
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.dataset import CsvDataset, as_dataset
from loadgen.errors import DatasetError

_TEXT = st.text(st.sampled_from(string.ascii_letters + ' ",\r\n\u00e9\u2028\x85\x0b'), max_size=6)


def samples(dataset: CsvDataset) -> list[Any]:
    return dataset[np.arange(len(dataset))]  # type: ignore[no-any-return]


@given(st.lists(st.tuples(_TEXT, _TEXT), min_size=1, max_size=8))
def test_rows_are_those_of_the_csv_module_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *rows])
    path = tmp_path_factory.getbasetemp() / "random.csv"
    path.write_bytes(text.getvalue().encode())
    dataset = CsvDataset(path)
    backwards = np.arange(len(rows))[::-1]
    assert dataset[backwards] == [{"a": a, "b": b} for a, b in reversed(rows)]


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,x\n2,y",
        b"a,b\r\n1,x\r\n2,y\r\n",
        b"\n\na,b\n\n1,x\n\n2,y\n\n",
        b"\xef\xbb\xbfa,b\n1,x\n2,y\n",
        b'"a","b"\n"1","x"\n"2","y"\n',
    ],
    ids=["no last line end", "CRLF", "blank lines", "mark of UTF-8", "quoted"],
)
def test_rows_are_dicts_of_text(written: Any, content: bytes) -> None:
    dataset = CsvDataset(written("x.csv", content))
    assert samples(dataset) == [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]


def test_another_delimiter(written: Any) -> None:
    assert samples(CsvDataset(written("x.csv", "a\tb\n1\t,\n"), delimiter="\t")) == [
        {"a": "1", "b": ","}
    ]
    with pytest.raises(DatasetError, match=r"x\.csv: delimiter = 'ab': needs one character"):
        CsvDataset(written("x.csv", "a\n1\n"), delimiter="ab")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["7", "10"], [7, 10]),
        (["-7", "0"], [-7, 0]),
        (["7", "1.5"], [7.0, 1.5]),
        (["1e3", "2"], [1000.0, 2.0]),
        (["007", "10"], ["007", "10"]),
        (["nan", "1"], ["nan", "1"]),
        (["", "1"], ["", "1"]),
        (["9223372036854775807", "-9223372036854775808"], [2**63 - 1, -(2**63)]),
        (["1000000000000000001", "1000000000000000002"], [10**18 + 1, 10**18 + 2]),
        (["9223372036854775808", "1"], ["9223372036854775808", "1"]),
        (["9" * 5_000, "1"], ["9" * 5_000, "1"]),
    ],
)
def test_column_that_is_kept_has_numbers_where_all_are(
    written: Any, values: list[str], expected: list[Any]
) -> None:
    path = written("x.csv", "a,b\n" + "".join(f"{value},x\n" for value in values))
    column = CsvDataset(path, columns="a").columns["a"]
    assert column.tolist() == expected
    assert column.dtype.kind == {int: "i", float: "f", str: "U"}[type(expected[0])]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", r"x\.csv: is empty"),
        (b"\n\n", r"x\.csv: no samples"),
        (b"a,b\n", r"x\.csv: no samples; a dataset needs at least 1"),
        (
            b"a,b,a,b\n1,2,3,4\n",
            r"x\.csv: column 'a', 'b' is there more than once.*: 'a', 'b', 'a'",
        ),
        (b'a,b\n"1\n1",x\n2\n', r"x\.csv line 4: 1 values; needs 2, one for each of 'a', 'b'"),
        (b"a,b\n1,x\n2,y,z\n", r"x\.csv line 3: 3 values; needs 2"),
        (b'a,b\n1,x\n"2,y\n3,z\n', r"x\.csv line 3: is no CSV: unexpected end of data"),
        (b'a,b\n"1"1,x\n', r"x\.csv line 2: is no CSV: ',' expected after '\"'"),
        (b"a,b\r1,x\r", r"x\.csv line 1: is no CSV: new-line character seen in unquoted field"),
        (b"a,b\n1,x\n2,\xff\n", r"x\.csv line 3: byte 3 of the line, 0xff, is no UTF-8"),
        ("a,b\n1,x\n".encode("utf-16"), r"x\.csv: is text in UTF-16 or UTF-32"),
        (b"a\n" + b"x" * 200_000, r"x\.csv line 2: .*limit.*; csv\.field_size_limit\(n\) sets"),
    ],
    ids=lambda value: value[:12],
)
def test_file_that_is_no_use_is_told_when_it_is_opened(
    written: Any, content: bytes, complaint: str
) -> None:
    with pytest.raises(DatasetError, match=complaint):
        CsvDataset(written("x.csv", content))


@pytest.mark.parametrize("value", ["x", "-1", "1.0", ""])
def test_lengths_that_are_none_are_told(written: Any, value: str) -> None:
    path = written("x.csv", f"a,b\n5,x\n{value},y\n")
    with pytest.raises(DatasetError, match=r"x\.csv line 3: a = .*: needs an integer of at least"):
        as_dataset(CsvDataset(path, lengths="a"))


def test_file_that_was_changed_is_not_read_by_its_old_index(written: Any) -> None:
    path: Path = written("x.csv", "a,b\n1,x\n")
    dataset = CsvDataset(path)
    path.write_text("a\n1,x,y\n")
    with pytest.raises(DatasetError, match=r"x\.csv: was changed after it was opened"):
        dataset.load(np.array([0]))
