# SPDX-License-Identifier: Apache-2.0
"""Parquet files, through pyarrow: the extra ``arrow``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np

from loadgen.dataset.base import Indices
from loadgen.dataset.files import DataFile, PathLike, missing_library
from loadgen.dataset.loaded import AT_ONCE
from loadgen.dataset.table import Columns, Lengths, TableDataset
from loadgen.errors import DatasetError, described, text_of

__all__ = ["ParquetDataset"]

_NO_VALUE: Final = (ValueError, OverflowError)
"""What pyarrow raises for a date that Python does not have, or text that is no UTF-8."""


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
        rows: list[Any] = [None] * len(indices)
        wanted = self._positions(indices)
        group_of = np.searchsorted(self._first_rows, wanted, side="right") - 1
        for group in np.unique(group_of).tolist():
            first, last = self._first_rows[group : group + 2].tolist()
            with self._opened(f"rows {first + 1} to {last}") as parquet:
                table = parquet.read_row_group(group, columns=names)
                places = np.flatnonzero(group_of == group)
                read = self._values(table.take(wanted[places] - first), wanted[places])
            for place, row in zip(places.tolist(), read, strict=True):
                rows[place] = row
        return rows

    def _positions(self, indices: list[int]) -> Indices:
        """Return indices as those from the start; negative ones count from the end."""
        given, total = np.array(indices, np.int64), len(self)
        outside = given[(given < -total) | (given >= total)]
        if len(outside):
            raise IndexError(f"{self._file}: index {outside[0]} is out of bounds of {total} rows")
        return np.where(given < 0, given + total, given)

    def _all_rows(self, names: Sequence[str] | None) -> Iterable[Any]:
        with self._opened("its rows") as parquet:
            first = 0
            for batch in parquet.iter_batches(AT_ONCE, columns=names):
                yield from self._values(batch, np.arange(first, first + len(batch)))
                first += len(batch)

    def _values(self, table: Any, indices: Indices) -> list[Any]:
        """Return rows as Python's values; one that has none is told by its number."""
        try:
            return table.to_pylist()  # type: ignore[no-any-return]
        except _NO_VALUE:
            rows: list[Any] = []
            for place, index in enumerate(indices.tolist()):
                try:
                    rows += table.slice(place, 1).to_pylist()
                except _NO_VALUE as error:
                    what = f"a value is none of Python's: {described(error)}"
                    raise DatasetError(f"{self._where(index)}: {what}") from error
            return rows

    def _where(self, index: int) -> str:
        return f"{self._file} row {index + 1}"
