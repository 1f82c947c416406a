# SPDX-License-Identifier: Apache-2.0
"""Datasets of Hugging Face: objects, and what ``save_to_disk`` wrote: the extra ``huggingface``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from loadgen.dataset.files import PathLike, missing_library
from loadgen.dataset.loaded import AT_ONCE
from loadgen.dataset.table import Columns, Lengths, TableDataset
from loadgen.errors import DatasetError, Problem, described, raised

__all__ = ["HuggingFaceDataset"]


class HuggingFaceDataset(TableDataset):
    """The rows of a Hugging Face dataset: a dict each, in the dataset's own format.

    Where that is a transform, the names of columns are those of what it makes.

    Parameters
    ----------
    source : str, PathLike, datasets.Dataset or datasets.DatasetDict
        A folder that ``save_to_disk`` wrote, or what is loaded already.
    split : str or None
        Which part of a `DatasetDict`.
    field, columns, lengths, performance_count, name
        As for `JsonlDataset`.

    Raises
    ------
    DatasetError
        There is no such dataset or split, or the library is not installed. Errors count rows
        from 1.
    """

    def __init__(
        self,
        source: Any,
        *,
        split: str | None = None,
        field: str | None = None,
        columns: Columns = (),
        lengths: Lengths = None,
        performance_count: int | None = None,
        name: str | None = None,
    ) -> None:
        said = type(source).__name__
        if isinstance(source, str | os.PathLike):
            said, source = str(Path(source)), _from_disk(source)
        self._table = _part(source, said, split)
        kind = _format(self._table, said)
        # A transform makes columns of its own, and may need all that there are to make them.
        self._is_transformed = kind == "custom"
        super().__init__(
            len(self._table),
            said,
            names=None if self._is_transformed else self._table.column_names,
            field=field,
            columns=columns,
            lengths=lengths,
            performance_count=performance_count,
            name=name,
        )

    def _rows(self, indices: list[int], names: Sequence[str] | None) -> list[dict[str, Any]]:
        try:
            return _rows_of(self._with(names)[indices])
        except Exception as error:
            rows = f"rows {indices[0] + 1} to {indices[-1] + 1}"
            raise raised(DatasetError, f"{self._source}: reading {rows}", error) from error

    def _all_rows(self, names: Sequence[str] | None) -> Iterable[dict[str, Any]]:
        for columns in self._with(names).iter(AT_ONCE):
            yield from _rows_of(columns)

    def _with(self, names: Sequence[str] | None) -> Any:
        if names is None or self._is_transformed:
            return self._table
        return self._table.select_columns(list(names))

    def _typed(self, values: list[Any]) -> list[Any]:
        return list(map(_plain, values))

    def _integer(self, value: Any) -> Any:
        return _plain(value)

    def _where(self, index: int) -> str:
        return f"{self._source} row {index + 1}"


def _format(table: Any, said: str) -> str | None:
    """Return what rows are given as; refuse what has tables instead of rows."""
    kind = dict(getattr(table, "format", None) or {}).get("type")
    if kind in _TABLES:
        allowed = "rows of Python's values, or of arrays: with_format(None), with_format('numpy')"
        raise DatasetError(f"{said}: {Problem('format', kind, allowed)}")
    return kind


_TABLES: Final = ("pandas", "polars", "arrow")


def _rows_of(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    names = list(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain(value: Any) -> Any:
    """Return the Python value of a scalar, whatever the dataset's format makes of it."""
    return value.item() if hasattr(value, "item") else value


def _from_disk(folder: PathLike) -> Any:
    if not Path(folder).is_dir():
        raise DatasetError(f"{Path(folder)}: no such folder, seen from {Path.cwd()}")
    try:
        import datasets  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise missing_library(str(Path(folder)), "datasets", "huggingface", error) from error
    try:
        return datasets.load_from_disk(os.fspath(folder))
    except Exception as error:
        raise DatasetError(f"{Path(folder)}: cannot be read: {described(error)}") from error


def _part(source: Any, said: str, split: str | None) -> Any:
    """Return one table of what may have several."""
    if isinstance(source, Mapping):
        if split not in source:
            raise DatasetError(
                f"{said}: split = {split!r}: needs to be one of {', '.join(map(repr, source))}"
            )
        return source[split]
    if split is not None:
        raise DatasetError(f"{said}: split = {split!r}: there are no splits to choose from")
    if not hasattr(source, "column_names") or not hasattr(source, "__len__"):
        raise DatasetError(f"a {said} is no Hugging Face dataset with a length")
    return source
