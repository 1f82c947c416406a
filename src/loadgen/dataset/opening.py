# SPDX-License-Identifier: Apache-2.0
"""The class for a path, by its name. Not for the formats: each has a module."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from loadgen.dataset.csv_ import CsvDataset
from loadgen.dataset.files import PathLike
from loadgen.dataset.folder import FolderDataset
from loadgen.dataset.huggingface import HuggingFaceDataset
from loadgen.dataset.jsonl import JsonlDataset
from loadgen.dataset.lines import LinesDataset
from loadgen.dataset.loaded import LoadedDataset
from loadgen.dataset.numpy_ import NumpyDataset
from loadgen.dataset.parquet import ParquetDataset
from loadgen.errors import DatasetError
from loadgen.values import name_hint

__all__ = ["open_dataset"]

_BY_SUFFIX: Final[dict[str, Callable[..., LoadedDataset]]] = {
    ".npy": NumpyDataset,
    ".npz": NumpyDataset,
    ".jsonl": JsonlDataset,
    ".csv": CsvDataset,
    ".txt": LinesDataset,
    ".parquet": ParquetDataset,
}
_HUGGING_FACE: Final = ("dataset_info.json", "state.json", "dataset_dict.json")
"""One of these is in each folder that Hugging Face's save_to_disk wrote."""


def open_dataset(path: PathLike, **options: Any) -> LoadedDataset:
    """Return the dataset that is in a file or a folder, by what it is called.

    Parameters
    ----------
    path : str or PathLike
        A file that ends in .npy, .npz, .jsonl, .csv, .txt or .parquet; a folder that Hugging Face's
        ``save_to_disk`` wrote; or any other folder, each file of which is a sample.
    **options
        Of the class that it is opened by: `NumpyDataset`, `JsonlDataset`, `CsvDataset`,
        `LinesDataset`, `ParquetDataset`, `HuggingFaceDataset` or `FolderDataset`.

    Raises
    ------
    DatasetError
        There is nothing of the kind, it is no use, or it has no such option.

    Examples
    --------
    >>> open_dataset("pixels.bmp")
    Traceback (most recent call last):
        ...
    loadgen.DatasetError: pixels.bmp: no such file or folder, seen from ...
    """
    kind = _kind(Path(path))
    known = list(inspect.signature(kind).parameters)[1:]
    for name in options:
        if name not in known:
            raise DatasetError(
                f"{Path(path)}: no option {name!r}{name_hint(name, known)}; has {', '.join(known)}"
            )
    dataset = kind(path, **options)
    if not options:
        dataset.spec = str(Path(path))
    return dataset


def _kind(path: Path) -> Callable[..., LoadedDataset]:
    if path.is_dir():
        is_saved = any((path / name).is_file() for name in _HUGGING_FACE)
        return HuggingFaceDataset if is_saved else FolderDataset
    if not path.exists():
        raise DatasetError(f"{path}: no such file or folder, seen from {Path.cwd()}")
    if path.suffix.lower() not in _BY_SUFFIX:
        raise DatasetError(
            f"{path}: {path.suffix or 'no suffix'} is no kind of dataset; "
            f"the kinds: {', '.join(_BY_SUFFIX)}, a folder"
        )
    return _BY_SUFFIX[path.suffix.lower()]
