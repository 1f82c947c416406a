# SPDX-License-Identifier: Apache-2.0
"""Rows of a text file by where they start in it. For JSONL, CSV and lines, which say what a row is.

A file is looked through once, when it is opened; of each row its first byte and its line are kept,
16 bytes. Not for what is in a row.
"""

from __future__ import annotations

import codecs
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

from loadgen.dataset.files import DataFile
from loadgen.dataset.table import TableDataset
from loadgen.errors import DatasetError

__all__ = ["RowStart", "TextLines", "TextTable", "decoded", "line_starts", "start_of_text"]


class RowStart(NamedTuple):
    """Where a row starts: the byte from 0, the line from 1."""

    byte: int
    line: int


class TextTable(TableDataset):
    """Rows of a text file.

    Parameters
    ----------
    file : DataFile
    starts : iterator of RowStart
        Of each row, in order.
    options
        As for `TableDataset`.
    """

    def __init__(self, file: DataFile, starts: Iterator[RowStart], **options: Any) -> None:
        self._file = file
        self._bytes, self._lines = array("q"), array("q")
        for start in starts:
            self._bytes.append(start.byte)
            self._lines.append(start.line)
        super().__init__(len(self._bytes), str(file), **options)

    def _row(self, file: BinaryIO, start: RowStart) -> Any:
        """Return the row that starts where `file` stands."""
        raise NotImplementedError

    def _rows(self, indices: list[int], names: Sequence[str] | None) -> list[Any]:
        with self._file.open() as file:
            rows = []
            for index in indices:
                start = RowStart(self._bytes[index], self._lines[index])
                file.seek(start.byte)
                rows.append(self._row(file, start))
            return rows

    def _where(self, index: int) -> str:
        return f"{self._file} line {self._lines[index]}"


class TextLines:
    """The lines of a file as text, each where it is asked for, and where the next one starts.

    Parameters
    ----------
    file : binary file
        At the start of a line.
    name : str
        The file's, for errors.
    start : RowStart
        Where that is.
    """

    def __init__(self, file: BinaryIO, name: str, start: RowStart) -> None:
        self._file = file
        self._name = name
        self.at = start

    def __iter__(self) -> TextLines:
        return self

    def __next__(self) -> str:
        raw = next(self._file)
        byte, line = self.at
        self.at = RowStart(byte + len(raw), line + 1)
        return decoded(raw, self._name, line)


def decoded(raw: bytes, name: str, line: int) -> str:
    """Return the text of a line of a file.

    Raises
    ------
    DatasetError
        It is no UTF-8.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"{name} line {line}: byte {error.start + 1} of the line, 0x{raw[error.start]:02x}, is "
            "no UTF-8"
        ) from error


def line_starts(data: DataFile) -> Iterator[RowStart]:
    """Yield where each line of a file starts that is not blank."""
    with data.open() as file:
        byte, line = start_of_text(file, str(data))
        for raw in file:
            if not raw.isspace():
                yield RowStart(byte, line)
            byte += len(raw)
            line += 1


def start_of_text(file: BinaryIO, name: str) -> RowStart:
    """Return where the text of a file starts, and stand there: behind a mark of UTF-8.

    Raises
    ------
    DatasetError
        The file has the mark of UTF-16.
    """
    head = file.read(len(codecs.BOM_UTF8))
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DatasetError(f"{name}: is text in UTF-16 or UTF-32; needs UTF-8")
    byte = len(codecs.BOM_UTF8) if head == codecs.BOM_UTF8 else 0
    file.seek(byte)
    return RowStart(byte, 1)
