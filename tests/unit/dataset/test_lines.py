# SPDX-License-Identifier: Apache-2.0
"""Plain text: which lines are samples, and when they are read."""

from typing import Any

import numpy as np
import pytest

from loadgen.dataset import LinesDataset, open_dataset
from loadgen.errors import DatasetError


@pytest.mark.parametrize(
    "content",
    [b"a b\n c\n", b"a b\r\n c\r\n", b"\n\na b\n \t\n c", b"\xef\xbb\xbfa b\n c\n"],
    ids=["LF", "CRLF", "blank lines", "mark of UTF-8"],
)
def test_every_line_that_is_not_blank_is_a_sample(written: Any, content: bytes) -> None:
    assert LinesDataset(written("x.txt", content))[np.arange(2)] == ["a b", " c"]


def test_a_file_without_lines_is_told(written: Any) -> None:
    with pytest.raises(DatasetError, match=r"x\.txt: no samples"):
        open_dataset(written("x.txt", "\n\n"))


def test_a_line_that_is_no_text_is_told_by_its_number(written: Any) -> None:
    dataset = LinesDataset(written("x.txt", b"a\n\nb\xff\n"))
    with pytest.raises(DatasetError, match=r"x\.txt line 3: byte 2 of the line, 0xff, is no UTF-8"):
        dataset.load(np.array([1]))


def test_lengths_are_a_column(written: Any) -> None:
    dataset = LinesDataset(written("x.txt", "abc\nd\n"), lengths=len)
    assert dataset.columns["length"].tolist() == [3, 1]
