# SPDX-License-Identifier: Apache-2.0
"""CSV, as RFC 4180 has it: names in the first row, quotes around values with line ends in them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, BinaryIO

from loadgen.dataset.columns import check_names, numbers_in
from loadgen.dataset.files import DataFile, PathLike
from loadgen.dataset.table import Columns, Lengths
from loadgen.dataset.text import RowStart, TextLines, TextTable, start_of_text
from loadgen.errors import DatasetError, Problem

__all__ = ["CsvDataset"]


class CsvDataset(TextTable):
    """The rows of a CSV file: a dict of texts each. All rows are checked when the file is opened.

    Parameters
    ----------
    path : str or PathLike
        UTF-8. The first row has the names.
    delimiter : str
        What stands between two values: one character.
    field, lengths, performance_count, name
        As for `JsonlDataset`; a length is a text that is an integer.
    columns : str or sequence of str
        Columns that are kept with results, for `Result.by`: as integers where all values are, else
        as floats where all are, else as text. Integers that do not all fit 64 bits stay text.

    Raises
    ------
    DatasetError
        The file is no use, with the line of the first row that is broken.
    """

    def __init__(
        self,
        path: PathLike,
        *,
        delimiter: str = ",",
        field: str | None = None,
        columns: Columns = (),
        lengths: Lengths = None,
        performance_count: int | None = None,
        name: str | None = None,
    ) -> None:
        file = DataFile(path)
        try:
            csv.reader((), delimiter=delimiter)
        except (TypeError, ValueError) as error:
            problem = Problem("delimiter", delimiter, f"one character; {error}")
            raise DatasetError(f"{file}: {problem}") from error
        self._delimiter = delimiter
        self._names: list[str] = []
        super().__init__(
            file,
            self._starts(file),
            names=self._names,
            field=field,
            columns=columns,
            lengths=lengths,
            performance_count=performance_count,
            name=name,
        )

    def _row(self, file: BinaryIO, start: RowStart) -> dict[str, str]:
        lines = TextLines(file, self._source, start)
        _, row = next(self._parsed(lines))
        return dict(zip(self._names, row, strict=True))

    def _starts(self, data: DataFile) -> Iterator[RowStart]:
        with data.open() as file:
            rows = self._parsed(TextLines(file, str(data), start_of_text(file, str(data))))
            for start, row in rows:
                if not self._names:
                    self._names += row
                    check_names(str(data), row, ())
                    continue
                if len(row) != len(self._names):
                    raise DatasetError(
                        f"{data} line {start.line}: {len(row)} values; needs {len(self._names)}, "
                        f"one for each of {', '.join(map(repr, self._names))}"
                    )
                yield start

    def _parsed(self, lines: TextLines) -> Iterator[tuple[RowStart, list[str]]]:
        """Yield each row that is not blank, and where it starts."""
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        while True:
            start = lines.at
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                hint = (
                    "; csv.field_size_limit(n) sets a larger one" if "limit" in str(error) else ""
                )
                raise DatasetError(
                    f"{self._file} line {start.line}: is no CSV: {error}{hint}"
                ) from error
            if row:
                yield start, row

    def _typed(self, values: list[Any]) -> list[Any]:
        return numbers_in(values)

    def _integer(self, value: Any) -> Any:
        try:
            return int(value)
        except ValueError:
            return value
