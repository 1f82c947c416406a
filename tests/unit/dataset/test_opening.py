# SPDX-License-Identifier: Apache-2.0
"""Which class opens a path, with which options, and what a run may call it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen import dataset as ds
from loadgen.dataset import as_dataset, open_dataset
from loadgen.errors import DatasetError


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("npy", ds.NumpyDataset),
        ("npz", ds.NumpyDataset),
        ("jsonl", ds.JsonlDataset),
        ("csv", ds.CsvDataset),
        ("parquet", ds.ParquetDataset),
        ("huggingface", ds.HuggingFaceDataset),
        ("folder", ds.FolderDataset),
    ],
)
def test_class_follows_from_the_name_and_from_what_is_in_a_folder(
    make_format: Any, kind: str, expected: type[lg.Dataset]
) -> None:
    path = make_format(kind).path
    assert type(open_dataset(path)) is expected
    assert type(open_dataset(str(path), name="x")) is expected
    assert type(as_dataset(path)) is expected


def test_splits_on_disk_are_hugging_faces(tmp_path: Path) -> None:
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["test"]}')
    pytest.importorskip("datasets", reason="the Hugging Face library is not installed")
    with pytest.raises(DatasetError):  # there is no such split
        open_dataset(tmp_path)


def test_suffix_may_be_in_capitals(written: Any) -> None:
    assert open_dataset(written("X.JSONL", "1\n"))[np.array([0])] == [1]


def test_options_are_those_of_the_class(written: Any) -> None:
    path = written("x.jsonl", '{"a": 1}\n')
    dataset = open_dataset(path, field="a", lengths="a", name="ones")
    assert (dataset.name, dataset[np.array([0])]) == ("ones", [1])
    with pytest.raises(
        DatasetError, match=r"x\.jsonl: no option 'fields'; did you mean field\?; h"
    ):
        open_dataset(path, fields="a")


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("x.bmp", r"x\.bmp: \.bmp is no kind of dataset; the kinds: \.npy, .*\.parquet, a folder"),
        ("x", "x: no suffix is no kind of dataset"),
        ("absent.csv", r"absent\.csv: no such file or folder, seen from "),
    ],
)
def test_path_that_is_no_dataset_is_told(written: Any, name: str, complaint: str) -> None:
    path = written("x.bmp", "1")
    written("x", "1")
    with pytest.raises(DatasetError, match=complaint):
        open_dataset(path.parent / name)
    with pytest.raises(DatasetError, match=complaint):
        as_dataset(path.parent / name)


def test_text_is_told_how_a_file_is_opened() -> None:
    with pytest.raises(DatasetError, match=r"a str is no dataset.*lg\.open_dataset\(path\)$"):
        as_dataset("x.jsonl")


def test_saved_run_names_the_path_where_that_says_it_all(written: Any, tmp_path: Path) -> None:
    path = written("x.jsonl", '{"a": 1}\n{"a": 2}\n')

    def run_file(dataset: object, name: str) -> str:
        folder = tmp_path / name
        lg.run(
            lambda samples: None, dataset, lg.Offline(), min_duration_s=0, min_queries=1,
            progress=False, output_dir=folder,
        )  # fmt: skip
        return (folder / "run.toml").read_text()

    assert f'dataset = "{path}"' in run_file(path, "path")
    assert f'dataset = "{path}"' in run_file(open_dataset(path), "opened")
    assert "dataset =" not in run_file(open_dataset(path, field="a"), "with options")


def test_public_names_are_reached_from_the_root() -> None:
    names = ("Numpy", "Jsonl", "Csv", "Parquet", "Folder", "Torch", "HuggingFace")
    assert all(issubclass(getattr(lg.dataset, f"{name}Dataset"), lg.Dataset) for name in names)
    assert lg.open_dataset is open_dataset
