# SPDX-License-Identifier: Apache-2.0
"""Parquet files, through pyarrow: the extra ``arrow``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from loadgen.dataset.files import DataFile, PathLike, missing_library
from loadgen.dataset.loaded import AT_ONCE
from loadgen.dataset.table import Columns, Lengths, TableDataset
from loadgen.errors import DatasetError, text_of

__all__ = ["ParquetDataset"]


class ParquetDataset(TableDataset):
    """The rows of a Parquet file: a dict of Python's values each.

    Row groups are what is read: a sample that is not loaded costs its whole group.

    Parameters
    ----------
    path : str or PathLike
    field, columns, lengths, performance_count, name
        As for `JsonlDataset`.

    Raises
    ------
    DatasetError
        The file is no use, or pyarrow is not installed. Errors count rows from 1.
    """

    def __init__(
        self,
        path: PathLike,
        *,
        field: str | None = None,
        columns: Columns = (),
        lengths: Lengths = None,
        performance_count: int | None = None,
        name: str | None = None,
    ) -> None:
        self._file = DataFile(path)
        with self._opened("its footer") as parquet:
            names = parquet.schema_arrow.names
            groups = [parquet.metadata.row_group(i).num_rows for i in range(parquet.num_row_groups)]
        self._first_rows = np.cumsum([0, *groups])
        super().__init__(
            int(self._first_rows[-1]),
            str(self._file),
            names=names,
            field=field,
            columns=columns,
            lengths=lengths,
            performance_count=performance_count,
            name=name,
        )

    @contextmanager
    def _opened(self, what: str) -> Iterator[Any]:
        """Open the file with pyarrow, and have what it says against it made a `DatasetError`."""
        try:
            import pyarrow as pa  # noqa: PLC0415 - an extra
            from pyarrow import parquet  # noqa: PLC0415
        except ImportError as error:
            raise missing_library(str(self._file), "pyarrow", "arrow", error) from error
        with self._file.open() as file:
            try:
                with parquet.ParquetFile(file) as opened:
                    yield opened
            except (pa.ArrowException, OSError) as error:
                raise DatasetError(f"{self._file}: cannot read {what}: {text_of(error)}") from error

    def _rows(self, indices: list[int], names: Sequence[str] | None) -> list[Any]:
        rows: list[Any] = []
        wanted = np.array(indices, np.int64)
        group_of = np.searchsorted(self._first_rows, wanted, side="right") - 1
        for group in np.unique(group_of).tolist():
            first, last = self._first_rows[group : group + 2].tolist()
            with self._opened(f"rows {first + 1} to {last}") as parquet:
                table = parquet.read_row_group(group, columns=names)
                rows += table.take(wanted[group_of == group] - first).to_pylist()
        return rows

    def _all_rows(self, names: Sequence[str] | None) -> Iterable[Any]:
        with self._opened("its rows") as parquet:
            for batch in parquet.iter_batches(AT_ONCE, columns=names):
                yield from batch.to_pylist()

    def _where(self, index: int) -> str:
        return f"{self._file} row {index + 1}"
