# SPDX-License-Identifier: Apache-2.0
"""Folders: which files are samples, in which order, and what is made of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loadgen.dataset import FolderDataset
from loadgen.errors import DatasetError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files that were not made in their order, hidden ones, and a folder in the folder."""
    for name in ["below", ".hidden"]:
        (tmp_path / name).mkdir()
    for name in ["b.txt", "a.txt", "c.bin", ".hidden.txt", "below/a.txt", ".hidden/a.txt"]:
        (tmp_path / name).write_text(name)
    return tmp_path


def samples(dataset: FolderDataset) -> list[Any]:
    return dataset[np.arange(len(dataset))]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", [b"a.txt", b"b.txt", b"c.bin"]),
        ("*.txt", [b"a.txt", b"b.txt"]),
        ("**/*.txt", [b"a.txt", b"b.txt", b"below/a.txt"]),
    ],
)
def test_samples_are_the_bytes_of_the_files_in_the_order_of_their_paths(
    folder: Path, pattern: str, expected: list[bytes]
) -> None:
    assert samples(FolderDataset(folder, pattern=pattern)) == expected


def test_what_reads_gets_the_path_and_what_decodes_gets_what_was_read(folder: Path) -> None:
    dataset = FolderDataset(folder, pattern="*.txt", read=Path.read_text, decode=str.upper)
    assert samples(dataset) == ["A.TXT", "B.TXT"]
    assert samples(FolderDataset(folder, decode=len)) == [5, 5, 5]


def test_name_is_the_folders_also_where_that_is_the_current_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert [FolderDataset(path).name for path in (".", folder)] == [".", folder.name]


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ("read", r"b\.txt: read\(\) raised ZeroDivisionError"),
        ("decode", r"b\.txt: decode\(\) raised ZeroDivisionError"),
    ],
)
def test_file_that_cannot_be_read_is_told(folder: Path, option: str, complaint: str) -> None:
    dataset = FolderDataset(folder, **{option: lambda _: 1 // 0})
    with pytest.raises(DatasetError, match=complaint) as caught:
        dataset.load(np.array([1]))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize(
    ("name", "pattern", "complaint"),
    [
        ("absent", "*", r"absent: no such folder, seen from "),
        ("a.txt", "*", r"a\.txt: is no folder"),
        (".", "*.png", r"has no files that are called '\*\.png'"),
        (".", ".hid*", r"has no files"),
        (".", "", "pattern = '': Unacceptable pattern"),
        (".", "/x", "pattern = '/x': Non-relative patterns"),
    ],
)
def test_folder_that_is_no_use_is_told(
    folder: Path, name: str, pattern: str, complaint: str
) -> None:
    with pytest.raises(DatasetError, match=complaint):
        FolderDataset(folder / name, pattern=pattern)
