# SPDX-License-Identifier: Apache-2.0
"""Samples that are rows of a table: which column is the sample, and which are kept with results.

Not for any one format: a subclass says how rows are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from numpy.typing import NDArray

from loadgen.dataset.columns import LENGTH, check_names, kept_column, lengths, no_column
from loadgen.dataset.loaded import LoadedDataset
from loadgen.errors import DatasetError, Problem

__all__ = ["Columns", "Lengths", "TableDataset"]

Columns = str | Sequence[str]
Lengths = str | Callable[[Any], int] | None


class TableDataset(LoadedDataset):
    """Rows of a table; a row is a dict.

    Parameters
    ----------
    total, source, name, performance_count
        As for `LoadedDataset`.
    names : sequence of str or None
        The table's columns; None: each row has its own.
    field : str or None
        The column that is the sample; None: the sample is the whole row.
    columns : str or sequence of str
        Columns that are kept with results: text, numbers, or true and false.
    lengths : str, callable or None
        A column of integers, or as for `LoadedDataset`.
    """

    def __init__(
        self,
        total: int,
        source: str,
        *,
        names: Sequence[str] | None = None,
        field: str | None = None,
        columns: Columns = (),
        lengths: Lengths = None,
        name: str | None = None,
        performance_count: int | None = None,
    ) -> None:
        self._field = field
        self._kept = (columns,) if isinstance(columns, str) else tuple(columns)
        self._length_name = lengths if isinstance(lengths, str) else None
        super().__init__(
            total,
            source,
            name=name,
            performance_count=performance_count,
            lengths=None if isinstance(lengths, str) else lengths,
        )
        if lengths is not None and LENGTH in self._kept:
            raise DatasetError(
                f"{source}: columns has {LENGTH!r}, which is what lengths makes: give one of them"
            )
        if names is not None:
            wanted = [field, self._length_name, *self._kept]
            check_names(source, names, [name for name in wanted if name is not None])

    def _rows(self, indices: list[int], names: Sequence[str] | None) -> Sequence[Any]:
        """Return the rows at distinct ascending indices, with these columns at least; None: all."""
        raise NotImplementedError

    def _all_rows(self, names: Sequence[str] | None) -> Iterable[Any]:
        """Yield every row, a few at a time in memory."""
        return self._in_parts(lambda indices: self._rows(indices, names))

    def _typed(self, values: list[Any]) -> list[Any]:
        """Return what the values of a whole column are; a format without types finds out."""
        return values

    def _integer(self, value: Any) -> Any:
        """Return the integer that a value is, or else the value."""
        return value

    def _read(self, indices: list[int]) -> Sequence[Any]:
        return [
            self._sample(row, index)
            for index, row in zip(indices, self._rows(indices, self._sample_names), strict=True)
        ]

    def _all(self) -> Iterable[Any]:
        rows = self._all_rows(self._sample_names)
        return (self._sample(row, index) for index, row in enumerate(rows))

    @property
    def _sample_names(self) -> list[str] | None:
        return None if self._field is None else [self._field]

    def _sample(self, row: Any, index: int) -> Any:
        return row if self._field is None else self._value(row, self._field, index)

    def _value(self, row: Any, name: str, index: int) -> Any:
        if not isinstance(row, dict):
            allowed = f"a row of named values, since {name!r} of it is wanted"
            raise DatasetError(f"{self._where(index)}: {Problem('row', row, allowed)}")
        if name not in row:
            raise no_column(self._where(index), name, row)
        return row[name]

    def _read_columns(self) -> dict[str, NDArray[Any]]:
        names = list(dict.fromkeys((*self._kept, *filter(None, [self._length_name]))))
        values: dict[str, list[Any]] = {name: [] for name in names}
        for index, row in enumerate(self._all_rows(names) if names else ()):
            for name, column in values.items():
                column.append(self._value(row, name, index))
        found = {
            name: kept_column(name, self._typed(values[name]), self._where) for name in self._kept
        }
        if self._length_name is not None:
            integers = map(self._integer, values[self._length_name])
            found[LENGTH] = lengths(self._length_name, integers, self._where)
        return found | super()._read_columns()
