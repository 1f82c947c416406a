# SPDX-License-Identifier: Apache-2.0
"""Hugging Face's datasets: from a folder or as objects, with splits and formats."""

import sys
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from loadgen.dataset import HuggingFaceDataset, as_dataset
from loadgen.errors import DatasetError

datasets = pytest.importorskip("datasets", reason="the Hugging Face library is not installed")

TABLE = {"text": ["a", "b", "c"], "n": [3, 1, 2]}
ALL = np.arange(3)


def table() -> Any:
    return datasets.Dataset.from_dict(TABLE)


def test_object_and_folder_give_the_same_rows(tmp_path: Path) -> None:
    table().save_to_disk(tmp_path / "saved")
    for source in (table(), tmp_path / "saved", str(tmp_path / "saved")):
        dataset = HuggingFaceDataset(source, lengths="n")
        assert dataset[np.array([2, 0])] == [{"text": "c", "n": 2}, {"text": "a", "n": 3}]
        assert dataset.columns["length"].tolist() == [3, 1, 2]


def test_order_of_a_table_that_was_reordered_is_kept() -> None:
    dataset = HuggingFaceDataset(table().select([1, 2, 0]), field="text", columns="n")
    assert dataset[ALL] == ["b", "c", "a"]
    assert dataset.columns["n"].tolist() == [1, 2, 3]


def test_samples_are_in_the_tables_own_format() -> None:
    formatted = table().with_format("numpy")
    dataset = HuggingFaceDataset(formatted, field="n", lengths="n", columns=["n"])
    dataset.load(ALL)
    assert all(isinstance(sample, np.int64) for sample in dataset[ALL])
    assert dataset.columns["length"].tolist() == dataset.columns["n"].tolist() == [3, 1, 2]


def test_names_are_those_of_what_a_transform_makes() -> None:
    def joined(rows: Any) -> Any:
        return {"both": [f"{text}{n}" for text, n in zip(rows["text"], rows["n"], strict=True)]}

    source = table().with_transform(joined)
    dataset = HuggingFaceDataset(source, field="both", columns="both")
    assert dataset[np.array([2, 0])] == ["c2", "a3"]
    assert dataset.columns["both"].tolist() == ["a3", "b1", "c2"]
    with pytest.raises(DatasetError, match="Dataset row 2: no column 'text'; has 'both'"):
        HuggingFaceDataset(source, field="text").load(np.array([1]))


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_format_that_has_no_rows_is_refused(kind: str) -> None:
    class Formatted:
        """As `datasets.Dataset.with_format`, which needs the library of the format."""

        format: ClassVar = {"type": kind}
        column_names: ClassVar = ["n"]

        def __len__(self) -> int:
            return 3

    with pytest.raises(DatasetError, match=rf"format = '{kind}': needs rows .*with_format\(None\)"):
        HuggingFaceDataset(Formatted())


def test_split_is_chosen_by_its_name(tmp_path: Path) -> None:
    both = datasets.DatasetDict({"train": table(), "test": table().select([1])})
    both.save_to_disk(tmp_path / "saved")
    for source in (both, tmp_path / "saved"):
        assert HuggingFaceDataset(source, split="test", field="text")[np.array([0])] == ["b"]
        with pytest.raises(DatasetError, match="split = None: needs to be one of 'train', 'test'"):
            HuggingFaceDataset(source)
    with pytest.raises(DatasetError, match="split = 'test': there are no splits"):
        HuggingFaceDataset(table(), split="test")


def test_row_that_cannot_be_read_is_told() -> None:
    def fail(rows: Any) -> Any:
        raise ValueError("no such picture")

    dataset = HuggingFaceDataset(table().with_transform(fail), name="pictures")
    with pytest.raises(DatasetError, match="reading rows 2 to 3 raised ValueError: no such pic"):
        dataset.load(np.array([1, 2]))


def test_value_that_is_no_length_is_told_by_its_row() -> None:
    source = datasets.Dataset.from_dict({"n": [3, None]})
    with pytest.raises(DatasetError, match="Dataset row 2: n = None: needs an integer"):
        as_dataset(HuggingFaceDataset(source, lengths="n"))


def test_what_is_no_such_dataset_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="absent: no such folder, seen from "):
        HuggingFaceDataset(tmp_path / "absent")
    with pytest.raises(DatasetError, match=r"cannot be read: FileNotFoundError: "):
        HuggingFaceDataset(tmp_path)
    with pytest.raises(DatasetError, match="a list is no Hugging Face dataset with a length"):
        HuggingFaceDataset([1, 2])
    with pytest.raises(DatasetError, match="a IterableDataset is no Hugging Face dataset"):
        HuggingFaceDataset(table().to_iterable_dataset())


def test_library_that_is_absent_is_told_with_what_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DatasetError, match=r"needs .* pip install 'loadgen\[huggingface\]'"):
        HuggingFaceDataset(tmp_path)
