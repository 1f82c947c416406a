# SPDX-License-Identifier: Apache-2.0
"""JSONL: which lines are rows, when they are parsed, and how a broken one is told."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loadgen.dataset import JsonlDataset, as_dataset
from loadgen.errors import DatasetError


def samples(dataset: JsonlDataset) -> list[Any]:
    return dataset[np.arange(len(dataset))]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "content",
    [
        b'{"a": 1}\n[2]\n"three"\n4',
        b'{"a": 1}\r\n[2]\r\n"three"\r\n4\r\n',
        b'\n{"a": 1}\n  \n\n[2]\n"three"\n4\n\n',
        b'\xef\xbb\xbf{"a": 1}\n[2]\n"three"\n4\n',
    ],
    ids=["no last line end", "CRLF", "blank lines", "mark of UTF-8"],
)
def test_every_line_that_is_not_blank_is_a_sample(written: Any, content: bytes) -> None:
    assert samples(JsonlDataset(written("x.jsonl", content))) == [{"a": 1}, [2], "three", 4]


def test_text_beyond_ascii_is_read(written: Any) -> None:
    content = '"\u00e9\u2028\u6f22"\n"\\ud83d\\ude00"\n'
    assert samples(JsonlDataset(written("x.jsonl", content))) == [
        "\u00e9\u2028\u6f22",
        "\U0001f600",
    ]


def test_nothing_is_parsed_before_it_is_asked_for(written: Any) -> None:
    dataset = JsonlDataset(written("x.jsonl", '{"a": 1}\n{"a": \n'))
    dataset.load(np.array([0]))
    with pytest.raises(DatasetError, match=r"x\.jsonl line 2: is no JSON"):
        dataset.load(np.array([1]))


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"{'a': 1}", "is no JSON: Expecting property name.*, at column 2"),
        (b'{"a": 1} x', "is no JSON: Extra data, at column 10"),
        (b'{"a": "\xff"}', "byte 8 of the line, 0xff, is no UTF-8"),
        (b"[" * 100_000, "cannot be read as JSON: "),
        (b"5", "row = 5: needs a row of named values, since 'a' of it is wanted"),
        (b'{"A": 1, "b": 2}', "no column 'a'; has 'A', 'b'"),
    ],
    ids=lambda value: value[:12],
)
def test_broken_line_is_told_by_its_number(written: Any, line: bytes, complaint: str) -> None:
    dataset = JsonlDataset(written("x.jsonl", b'\n{"a": 1}\n\n' + line + b"\n"), field="a")
    with pytest.raises(DatasetError, match=rf"x\.jsonl line 4: {complaint}"):
        dataset.load(np.array([1]))


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        (["5", "-1"], "line 2: a = -1: needs an integer of at least 0"),
        (["5", "1.0"], "line 2: a = 1.0: needs an integer of at least 0; did you mean 1?"),
        (["5", "true"], "line 2: a = True: needs an integer"),
        (["5", '"5"'], "line 2: a = '5': needs an integer"),
        (["null"], "line 1: a = None: needs an integer"),
    ],
)
def test_lengths_that_are_none_are_told(written: Any, values: Any, complaint: str) -> None:
    path = written("x.jsonl", "".join(f'{{"a": {value}}}\n' for value in values))
    with pytest.raises(DatasetError) as caught:
        as_dataset(JsonlDataset(path, lengths="a"))
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        (['"x"', "1"], r"line 2: a = 1: needs text, as before, in .*line 1, since the column is"),
        (["1", "true"], "line 2: a = True: needs a number, as before"),
        (["1", "2.5", "null"], "line 3: a = None: needs a number, as before"),
        (["[1]"], r"line 1: a = \[1\]: needs text, a number, or true or false, since"),
    ],
)
def test_column_of_several_kinds_is_not_kept(written: Any, values: Any, complaint: str) -> None:
    path = written("x.jsonl", "".join(f'{{"a": {value}}}\n' for value in values))
    with pytest.raises(DatasetError, match=complaint):
        as_dataset(JsonlDataset(path, columns="a"))


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 2**70])
def test_integer_that_64_bits_do_not_hold_is_not_kept(written: Any, value: int) -> None:
    path = written("x.jsonl", f'{{"a": -1}}\n{{"a": {value}}}\n')
    complaint = rf"x\.jsonl line 2: a = {value}: needs an integer of 64 bits, or text, since"
    with pytest.raises(DatasetError, match=complaint):
        as_dataset(JsonlDataset(path, columns="a"))


def test_integers_of_64_bits_are_kept_as_they_are(written: Any) -> None:
    path = written("x.jsonl", f'{{"a": {2**63 - 1}}}\n{{"a": {-(2**63)}}}\n')
    column = JsonlDataset(path, columns="a").columns["a"]
    assert column.tolist() == [2**63 - 1, -(2**63)]


def test_numbers_of_both_kinds_are_one_column(written: Any) -> None:
    dataset = JsonlDataset(written("x.jsonl", '{"a": 1}\n{"a": 2.5}\n'), columns=["a"])
    assert dataset.columns["a"].tolist() == [1.0, 2.5]


def test_columns_are_there_before_a_broken_value_of_another_field_is_met(written: Any) -> None:
    dataset = JsonlDataset(
        written("x.jsonl", '{"a": 1}\n{"a": 2, "b": 5}\n'), field="b", columns="a"
    )
    assert as_dataset(dataset).columns["a"].tolist() == [1, 2]  # type: ignore[union-attr]
    with pytest.raises(DatasetError, match=r"line 1: no column 'b'; has 'a'"):
        dataset.load(np.array([0]))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", r"x\.jsonl: is empty"),
        (b"\n \r\n\n", r"x\.jsonl: no samples; a dataset needs at least 1"),
        (b"\xef\xbb\xbf", r"x\.jsonl: no samples"),
        ('{"a": 1}\n'.encode("utf-16"), r"x\.jsonl: is text in UTF-16 or UTF-32; needs UTF-8"),
    ],
)
def test_file_without_rows_is_told(written: Any, content: bytes, complaint: str) -> None:
    with pytest.raises(DatasetError, match=complaint):
        JsonlDataset(written("x.jsonl", content))


def test_file_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"absent\.jsonl: no such file, seen from "):
        JsonlDataset(tmp_path / "absent.jsonl")
    with pytest.raises(DatasetError, match=r"is a folder; needs a file"):
        JsonlDataset(tmp_path)
    with pytest.raises(DatasetError, match=r"cannot be read: File name too long"):
        JsonlDataset(tmp_path / ("x" * 300))


def test_file_that_was_changed_is_not_read_by_its_old_index(written: Any) -> None:
    path = written("x.jsonl", '{"a": 1}\n{"a": 2}\n')
    dataset = JsonlDataset(path)
    path.write_text('{"a": 10}\n{"a": 2}\n')
    os.utime(path, ns=(0, 0))
    with pytest.raises(DatasetError, match=r"x\.jsonl: was changed after it was opened"):
        dataset.load(np.array([1]))
