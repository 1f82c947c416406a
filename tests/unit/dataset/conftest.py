# SPDX-License-Identifier: Apache-2.0
"""The same five samples, of the lengths 1 to 5, in every format that datasets are read from."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from loadgen import dataset as ds

TEXTS = ["a", "\n\n", "c\u00e9c", 'd",d', "eeeee"]  # what CSV quotes, what is two bytes in UTF-8
ROWS = np.array([[1, 1], [2, 4], [3, 9], [4, 16], [5, 25]])


class Format(NamedTuple):
    """A way to keep the samples: `open(**options)`; `measure(sample)` is a sample's length."""

    open: Callable[..., ds.LoadedDataset]
    samples: list[Any]
    measure: Callable[[Any], int]
    path: Path | None


def _table() -> dict[str, list[Any]]:
    return {"text": TEXTS, "n": [1, 2, 3, 4, 5], "even": [False, True, False, True, False]}


def _write_jsonl(path: Path) -> None:
    rows = [dict(zip(_table(), row, strict=True)) for row in zip(*_table().values(), strict=True)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _write_csv(path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_table())
        writer.writerows(zip(*_table().values(), strict=True))


def _write_parquet(path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="Parquet is read by pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet is read by pyarrow")
    parquet.write_table(pyarrow.table(_table()), path, row_group_size=2)


def _write_folder(path: Path) -> None:
    path.mkdir()
    for number, text in enumerate(TEXTS):
        (path / f"{number}.txt").write_text(text, encoding="utf-8", newline="")


def _write_huggingface(path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="the Hugging Face library is not installed")
    datasets.Dataset.from_dict(_table()).save_to_disk(path)


def _torch(**options: Any) -> ds.TorchDataset:
    data = pytest.importorskip("torch.utils.data", reason="PyTorch is not installed")

    class Texts(data.Dataset):  # type: ignore[name-defined, misc]
        def __len__(self) -> int:
            return len(TEXTS)

        def __getitem__(self, index: int) -> str:
            return TEXTS[index]

    return ds.TorchDataset(Texts(), **options)


def _first(row: Any) -> int:
    return int(row[0])


def _format(kind: str, folder: Path) -> Format:
    if kind == "array":
        return Format(lambda **o: ds.NumpyDataset(ROWS.copy(), **o), list(ROWS), _first, None)
    if kind == "torch":
        return Format(_torch, TEXTS, len, None)
    path = folder / f"samples.{kind}"
    if kind in ("npy", "npz"):
        with path.open("wb") as file:
            (np.save if kind == "npy" else np.savez)(file, ROWS)
        return Format(lambda **o: ds.NumpyDataset(path, **o), list(ROWS), _first, path)
    write, opened, options = {
        "jsonl": (_write_jsonl, ds.JsonlDataset, {"field": "text"}),
        "csv": (_write_csv, ds.CsvDataset, {"field": "text"}),
        "parquet": (_write_parquet, ds.ParquetDataset, {"field": "text"}),
        "huggingface": (_write_huggingface, ds.HuggingFaceDataset, {"field": "text"}),
        "folder": (_write_folder, ds.FolderDataset, {"decode": bytes.decode}),
    }[kind]
    write(path)
    return Format(lambda **o: opened(path, **(options | o)), TEXTS, len, path)


FORMATS = ["array", "npy", "npz", "jsonl", "csv", "parquet", "folder", "torch", "huggingface"]
TABLES = ["jsonl", "csv", "parquet", "huggingface"]
READ_AGAIN = ["jsonl", "csv", "parquet", "folder"]  # each time: a file that is gone is missed


@pytest.fixture
def make_format(tmp_path: Path) -> Callable[[str], Format]:
    """The samples in a format, by its name."""
    return lambda kind: _format(kind, tmp_path)


@pytest.fixture(params=FORMATS)
def any_format(request: pytest.FixtureRequest, make_format: Any) -> Format:
    """The samples in each format."""
    return make_format(request.param)  # type: ignore[no-any-return]


@pytest.fixture(params=TABLES)
def table_format(request: pytest.FixtureRequest, make_format: Any) -> Format:
    """The samples in each format that has columns "text", "n" and "even"."""
    return make_format(request.param)  # type: ignore[no-any-return]


@pytest.fixture(params=READ_AGAIN)
def file_format(request: pytest.FixtureRequest, make_format: Any) -> Format:
    """The samples in each format whose file is opened for each reading."""
    return make_format(request.param)  # type: ignore[no-any-return]


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file, and return its path."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
