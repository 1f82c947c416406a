# SPDX-License-Identifier: Apache-2.0
"""Folders of saved runs: where there are any, and what can be read of each.

Nothing here raises for what is in a folder: what is wrong with it is its row's "problem".
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from loadgen.errors import ResultError
from loadgen.index.columns import COLUMNS, Column, plain_text, value_of
from loadgen.result.folder import COLUMNS as COLUMN_FOLDER
from loadgen.result.folder import RESULT_FILE, RUN_FILE, is_partial
from loadgen.result.manifest import KIND, check_format
from loadgen.result.storage import smallest_sizes

Row = dict[str, Any]
"""Column name to value; None where a folder does not say."""

_END: Final = Column("BIGINT", ("end_ns",))
_FOREIGN: Final = f"{RESULT_FILE} is no saved result of loadgen"
_CUT_OFF: Final = f"holds no {RESULT_FILE}: it is being written, or writing it was cut off"


def read(folders: Iterable[str | os.PathLike[str]]) -> list[Row]:
    """Return a row for each run in some folders, at any depth; newest first.

    Folders with a `result.json` of another program are left out.

    Parameters
    ----------
    folders : iterable of path

    Returns
    -------
    list of dict
        Names are those of `COLUMNS`.
    """
    rows = [read_run(path) for path in find_runs(folders)]
    rows = [row for row in rows if row["problem"] != _FOREIGN]
    return sorted(rows, key=lambda row: row["started_at"] or "", reverse=True)


def find_runs(folders: Iterable[str | os.PathLike[str]]) -> Iterator[Path]:
    """Yield the folders that are runs, whole or not; each once.

    Hidden folders and links are not looked into.

    Parameters
    ----------
    folders : iterable of path
    """
    seen: set[Path] = set()
    for folder in folders:
        for found, inner, files in os.walk(folder):
            path = Path(found)
            if is_run(inner, files):
                inner.clear()
                if path.resolve() not in seen:
                    seen.add(path.resolve())
                    yield path
            inner[:] = sorted(name for name in inner if not name.startswith("."))


def is_run(folders: Iterable[str], files: Iterable[str]) -> bool:
    """Return whether a folder is a run, by the names in it.

    Parameters
    ----------
    folders, files : iterable of str
    """
    return (
        RESULT_FILE in files
        or is_partial(files)
        or (RUN_FILE in files and COLUMN_FOLDER in folders)
    )


def read_run(folder: str | os.PathLike[str]) -> Row:
    """Return the row of a run.

    Parameters
    ----------
    folder : path
    """
    path = Path(folder)
    table, problem = _table(path / RESULT_FILE)
    row: Row = {name: value_of(column, table) for name, column in COLUMNS.items() if column.keys}
    return {name: row.get(name) for name in COLUMNS} | {
        "path": plain_text(str(path)),
        "duration_s": _duration_s(table),
        "problem": problem or _what_is_missing(path, table),
    }


def _table(file: Path) -> tuple[dict[str, Any], str | None]:
    """Return what a file holds, as far as it can be read, and what is wrong with it."""
    try:
        text = file.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return {}, _CUT_OFF
    except OSError as error:
        return {}, f"{RESULT_FILE} cannot be read: {error.strerror}"
    try:
        table = json.loads(text)
    except (ValueError, RecursionError) as error:
        table = _first_fields(text)
        read_of_it = (
            f"the first {len(table)} fields of it were read" if table else "nothing was read"
        )
        return table, f"{RESULT_FILE} is damaged: {error}; {read_of_it}"
    if not isinstance(table, dict) or table.get("kind") != KIND:
        return {}, _FOREIGN
    try:
        check_format(Path(RESULT_FILE), table)
    except ResultError as error:
        return table, str(error)
    return table, None


def _first_fields(text: str) -> dict[str, Any]:
    """Return the first fields of a JSON object whose text breaks off, or has a flaw."""
    decoder, table, at = json.JSONDecoder(), {}, text.find("{") + 1
    try:
        while at > 0:
            name, at = decoder.raw_decode(text, _after(text, at, '"'))
            table[name], at = decoder.raw_decode(text, _after(text, _after(text, at, ":") + 1, ""))
            at = _after(text, at, ",") + 1
    except (ValueError, RecursionError):
        pass
    return table


def _after(text: str, at: int, wanted: str) -> int:
    """Return where the next letter is that is no space, which has to be the wanted one."""
    while text[at : at + 1].isspace():
        at += 1
    if not text.startswith(wanted, at):
        raise ValueError(at)
    return at


def _duration_s(table: dict[str, Any]) -> float | None:
    """Return how long the series took, all together."""
    series = table.get("series")
    ends = [value_of(_END, each) for each in series] if isinstance(series, list) else []
    known = [end for end in ends if end is not None]
    return sum(known) / 1e9 if known and len(known) == len(ends) else None


def _what_is_missing(folder: Path, table: dict[str, Any]) -> str | None:
    """Return what is wrong with the files of the columns, by their sizes; None: nothing is."""
    if not isinstance(table.get("figures"), dict) or not table["figures"]:
        return f"{RESULT_FILE} holds no figures"
    columns, n_rows = table.get("columns"), table.get("n_rows")
    if not isinstance(columns, dict) or not isinstance(n_rows, int):
        return f"{RESULT_FILE} does not say which columns there are"
    for name, size in smallest_sizes(columns, n_rows).items():
        try:
            found = (folder / COLUMN_FOLDER / name).stat().st_size
        except OSError as error:
            return f"{COLUMN_FOLDER}/{name} cannot be read: {error.strerror}"
        if found < size:
            return f"{COLUMN_FOLDER}/{name} has {found:,} bytes; needs {size:,} for its values"
    return None
