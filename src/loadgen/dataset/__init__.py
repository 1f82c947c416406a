# SPDX-License-Identifier: Apache-2.0
"""Where samples come from: counts, loading, samples by index. MLPerf's query sample library.

`Dataset` is the base class for users; `as_dataset` wraps a count, an array, any sequence or a path;
`open_dataset` chooses the class for a file or a folder by its name. There is one class, in one
module, for each format. The functions `load` and `unload` are how a run calls the hooks.

Not here: which samples are loaded when (the plan), and what a sample means (the system under test).
"""

from __future__ import annotations

from loadgen.dataset.base import Dataset, Indices, load, read_columns, unload
from loadgen.dataset.conversations import ConversationDataset
from loadgen.dataset.csv_ import CsvDataset
from loadgen.dataset.folder import FolderDataset
from loadgen.dataset.huggingface import HuggingFaceDataset
from loadgen.dataset.jsonl import JsonlDataset
from loadgen.dataset.lines import LinesDataset
from loadgen.dataset.loaded import LoadedDataset
from loadgen.dataset.numpy_ import NumpyDataset
from loadgen.dataset.opening import open_dataset
from loadgen.dataset.parquet import ParquetDataset
from loadgen.dataset.prompts import open_prompts
from loadgen.dataset.torch_ import TorchDataset
from loadgen.dataset.trace import Trace
from loadgen.dataset.wrapping import as_dataset

__all__ = [
    "ConversationDataset",
    "CsvDataset",
    "Dataset",
    "FolderDataset",
    "HuggingFaceDataset",
    "Indices",
    "JsonlDataset",
    "LinesDataset",
    "LoadedDataset",
    "NumpyDataset",
    "ParquetDataset",
    "TorchDataset",
    "Trace",
    "as_dataset",
    "load",
    "open_dataset",
    "open_prompts",
    "read_columns",
    "unload",
]
