# SPDX-License-Identifier: Apache-2.0
"""Arrays: what is copied into memory when, which array of a file, and files that are no use."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loadgen.dataset import NumpyDataset
from loadgen.errors import DatasetError

BOTH = np.array([0, 1])


def saved(folder: Path, array: Any, name: str = "rows.npy") -> Path:
    np.save(folder / name, array, allow_pickle=True)
    return folder / name


def test_batch_is_one_array_of_the_files_type(tmp_path: Path) -> None:
    dataset = NumpyDataset(saved(tmp_path, np.arange(12, dtype=np.float16).reshape(3, 2, 2)))
    for _ in range(2):
        batch = dataset[np.array([2, 2, 0])]
        assert type(batch) is np.ndarray
        assert (batch.shape, batch.dtype) == ((3, 2, 2), np.float16)
        dataset.load(np.array([0, 2]))


@pytest.mark.parametrize("is_path", [True, False], ids=["file", "memmap"])
def test_loaded_rows_are_copies_in_memory_and_others_are_in_the_file(
    tmp_path: Path, is_path: bool
) -> None:
    path = saved(tmp_path, np.array([10, 20]))
    dataset = NumpyDataset(path if is_path else np.load(path, mmap_mode="r"))
    dataset.load(np.array([0]))
    on_disk = np.load(path, mmap_mode="r+")
    on_disk[:] = [11, 21]
    on_disk.flush()
    assert dataset[np.array([0])].tolist() == [10]
    assert dataset[np.array([1])].tolist() == [21]
    dataset.unload(np.array([0]))
    assert dataset[BOTH].tolist() == [11, 21]


def test_array_in_memory_is_not_copied() -> None:
    rows = np.array([10, 20])
    dataset = NumpyDataset(rows)
    dataset.load(BOTH)
    rows[0] = 11
    assert dataset[BOTH].tolist() == [11, 20]
    assert dataset.name == "ndarray"


def test_array_of_an_archive_is_chosen_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "two.npz"
    np.savez(path, images=np.array([1, 2]), labels=np.array([3, 4]))
    assert NumpyDataset(path, field="labels")[BOTH].tolist() == [3, 4]
    with pytest.raises(DatasetError, match=r"two\.npz: has 2 arrays: field needs .*'labels'"):
        NumpyDataset(path)
    with pytest.raises(DatasetError, match=r"no column 'label'; did you mean labels\?; has 'im"):
        NumpyDataset(path, field="label")


@pytest.mark.parametrize(
    ("array", "options", "complaint"),
    [
        (np.zeros((0, 3)), {}, "rows.npy: no samples; a dataset needs at least 1"),
        (np.array(5), {}, "rows.npy: an array without axes"),
        (np.array([{}]), {}, "rows.npy: cannot be read: .*Python objects"),
        (np.zeros(3), {"field": "x"}, "field = 'x' is for .npz"),
        (np.zeros(3), {"lengths": "x"}, "lengths = 'x': needs a function from a sample"),
    ],
)
def test_file_that_is_no_use_is_told_why(
    tmp_path: Path, array: Any, options: Any, complaint: str
) -> None:
    with pytest.raises(DatasetError, match=complaint):
        NumpyDataset(saved(tmp_path, array), **options)


def test_array_in_memory_that_is_no_use_is_told_why() -> None:
    with pytest.raises(DatasetError, match="ndarray: no samples"):
        NumpyDataset(np.zeros(0))
    with pytest.raises(DatasetError, match=r"ndarray: .* field = 'x' is for \.npz"):
        NumpyDataset(np.zeros(3), field="x")


def test_archive_whose_bytes_are_damaged_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez_compressed(path, np.arange(1000))
    content = bytearray(path.read_bytes())
    content[100:110] = b"\xff" * 10
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"x\.npz: cannot be read: "):
        NumpyDataset(path)


def test_archive_of_something_else_than_arrays_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("notes.txt", "no array")
    with pytest.raises(DatasetError, match=r"x\.npz: 'notes\.txt' in it is no array"):
        NumpyDataset(tmp_path / "x.npz")


def test_file_that_is_cut_or_none_at_all_is_told(tmp_path: Path, written: Any) -> None:
    whole = saved(tmp_path, np.arange(1000)).read_bytes()
    np.savez(tmp_path / "whole.npz", np.arange(1000))
    archive = (tmp_path / "whole.npz").read_bytes()
    for name, content, complaint in [
        ("cut.npy", whole[:-100], r"cut\.npy: cannot be read"),
        ("head.npy", whole[:20], r"head\.npy: cannot be read"),
        ("cut.npz", archive[:-100], r"cut\.npz: cannot be read"),
        ("text.npy", b"1, 2, 3", r"text\.npy: is no \.npy and no \.npz file"),
        ("empty.npy", b"", r"empty\.npy: is empty"),
    ]:
        with pytest.raises(DatasetError, match=complaint):
            NumpyDataset(written(name, content))
