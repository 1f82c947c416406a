# SPDX-License-Identifier: Apache-2.0
"""Reads MLPerf's accuracy log, ours or LoadGen's, an entry at a time: it may be many gigabytes.

Not for what the answers' bytes mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from loadgen.mlperf.logs.read_source import Source, parse_json, short

__all__ = ["Accuracy", "AccuracyEntry", "UsualRow", "entries_of", "usual_ends", "usual_rows"]

_ID_END: Final = 1 << 64
_TOKENS_END: Final = 1 << 63
_USUAL: Final = re.compile(
    r'^\{ "seq_id" : (0|[1-9][0-9]{0,17}), "qsl_idx" : (0|[1-9][0-9]{0,17}), '
    r'"data" : "([0-9A-F]*)"(?:(, "token_data" : )"([0-9A-F]*)")?'
    r'(?:, "token_count" : (-?[1-9][0-9]{0,17}|0))? \}(,?)\n',
    re.MULTILINE,
)
UsualRow = tuple[str, str, str, str, str, str, str]
"""Of an entry as LoadGen writes it: both ids, the bytes, a mark where a first token is there, its
bytes, the count of tokens, the comma. Empty: it has none."""


class AccuracyEntry(NamedTuple):
    """One logged answer.

    Parameters
    ----------
    seq_id : int
        Sequence id of the sample.
    qsl_idx : int
        Which sample of the library it was.
    data : bytes
    token_data : bytes or None
        Of the first token.
    token_count : int or None
    """

    seq_id: int
    qsl_idx: int
    data: bytes
    token_data: bytes | None = None
    token_count: int | None = None


class Accuracy:
    """The entries of an accuracy log: each iteration reads the file again.

    Parameters
    ----------
    source : Source
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def __repr__(self) -> str:
        return f"<Accuracy: {self._source.path}>"

    def __iter__(self) -> Iterator[AccuracyEntry]:
        """Yield the entries in the file's order, which is that of the answers.

        Raises
        ------
        ResultError
            The file cannot be read. Strict: it is not an array of entries in JSON, or is cut off.
        """
        array = _Array(self._source)
        for number, text in self._source.lines():
            for item in array.items(number, text.strip()):
                entry = _entry(self._source, number, item)
                if entry is not None:
                    yield entry
        array.finish()


def usual_rows(text: str) -> list[UsualRow] | None:
    """Return what the entries of a log say that is as LoadGen writes it, byte for byte.

    None: it is not. Many times as quick as `Accuracy`, which says what is wrong with another log,
    and never has all of it in memory.
    """
    rows: list[UsualRow] = _USUAL.findall(text)
    commas = "".join([row[6] for row in rows])
    is_whole = text.startswith("[\n") and text.endswith("}\n]\n")
    is_usual = len(rows) == text.count("\n") - 2 and commas == "," * (len(rows) - 1)
    return rows if is_whole and is_usual and _has_whole_bytes(rows) else None


def usual_ends(text: str, gap: str) -> tuple[list[UsualRow], str] | None:
    """Return the same of such a log that was cut to its ends, and where the upper one breaks off.

    None: it has other lines, or was cut between two entries.

    Parameters
    ----------
    text, gap : str
        What stands between the ends.
    """
    head, _, tail = text.partition(gap)
    upper, _, first = head.rstrip("\n").rpartition("\n")
    rest, _, lower = tail.lstrip("\n").partition("\n")
    if any(each in first for each in "]}") or any(each in rest for each in "]{"):
        return None
    above: list[UsualRow] = _USUAL.findall(f"{upper}\n")
    below: list[UsualRow] = _USUAL.findall(lower)
    is_whole = upper.startswith("[\n") and lower.endswith("}\n]\n")
    is_usual = len(above) == upper.count("\n") and len(below) == lower.count("\n") - 1
    rows = above + below
    return (rows, first) if is_whole and is_usual and _has_whole_bytes(rows) else None


def _has_whole_bytes(rows: list[UsualRow]) -> bool:
    return not any((len(row[2]) | len(row[4])) & 1 for row in rows)


def entries_of(rows: list[UsualRow]) -> list[AccuracyEntry]:
    """Return entries as `Accuracy` yields them."""
    return [
        AccuracyEntry(
            int(seq_id),
            int(qsl_idx),
            bytes.fromhex(data),
            bytes.fromhex(first) if has_first else None,
            int(count) if count else None,
        )
        for seq_id, qsl_idx, data, has_first, first, count, _ in rows
    ]


class _Array:
    """A JSON array that is read line by line: where in it the reader is."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._number = 0
        self._closed = False
        self._comma = True  # whether an entry may come: at the start, and after a comma
        self._empty = True

    def items(self, number: int, text: str) -> Any:
        """Return the objects of one line."""
        self._number = number
        if number == 1:
            if not text.startswith("["):
                self._source.defect(1, f"{short(text)}; expected '['")
            text = text.removeprefix("[").strip()
        if not text:
            return []
        if self._closed:
            self._source.defect(number, f"{short(text)} after the end of the array")
            return []
        return self._inside(text)

    def _inside(self, text: str) -> list[Any]:
        number = self._number
        if text.endswith("]"):  # an entry ends with "}"
            self._closed = True
            text = text[:-1].rstrip()
            if text == "":
                if self._comma and not self._empty:
                    self._source.defect(number, "']' after a ','; expected an entry")
                return []
        if not self._comma:
            self._source.defect(number, f"{short(text)} without a ',' before it")
        body = text.removesuffix(",")
        self._comma, self._empty = body != text, False
        if self._closed and self._comma:
            self._source.defect(number, "']' after a ','; expected an entry")
        try:
            items: list[Any] = parse_json(f"[{body}]")
        except ValueError as error:
            self._source.defect(number, f"{short(text)} is not valid JSON: {error}")
            self._comma = True  # one complaint is enough
            return []
        if not items:
            self._source.defect(number, f"{short(text)}; expected an entry")
        return items

    def finish(self) -> None:
        """Complain of an array that has no end."""
        if self._number == 0:
            self._source.defect(0, "is empty; expected '['")
        elif not self._closed:
            self._source.defect(self._number, "the array is not closed: the run was cut off")


def _entry(source: Source, number: int, table: Any) -> AccuracyEntry | None:
    try:
        if not isinstance(table, dict):
            raise ValueError("expected an object")
        token_data = table.get("token_data")
        token_count = table.get("token_count")
        return AccuracyEntry(
            _integer(table, "seq_id", 0, _ID_END),
            _integer(table, "qsl_idx", 0, _ID_END),
            _bytes(table, "data"),
            None if token_data is None else _bytes(table, "token_data"),
            None
            if token_count is None
            else _integer(table, "token_count", -_TOKENS_END, _TOKENS_END),
        )
    except ValueError as error:
        source.defect(number, f"{short(table)}: {error}")
        return None


def _integer(table: dict[str, Any], name: str, low: int, high: int) -> int:
    value = table.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and low <= value < high:
        return value
    raise ValueError(f'expected an integer in [{low}, {high}) as "{name}"')


def _bytes(table: dict[str, Any], name: str) -> bytes:
    text = table.get(name)
    if isinstance(text, str):
        try:
            data = bytes.fromhex(text)
        except ValueError:
            data = b""
        if 2 * len(data) == len(text):  # fromhex passes over blanks
            return data
    raise ValueError(f'expected two hexadecimal digits a byte as "{name}"')
