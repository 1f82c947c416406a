# SPDX-License-Identifier: Apache-2.0
"""SQL over the table of runs, by DuckDB: the extra ``index``. Not for what is in the table.

A query has that table and nothing else: it reads and writes no file, and fetches no extension.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterable
from typing import Any, Final

from loadgen.errors import Problem, SettingsError, needs_extra, text_of
from loadgen.index.columns import COLUMNS
from loadgen.index.reading import Row

TABLE: Final = "runs"


def query(rows: Iterable[Row], sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return what a query comes to.

    Parameters
    ----------
    rows : iterable of dict
        The table ``runs``.
    sql : str
        One or more statements; the last one's rows are returned.

    Returns
    -------
    columns : list of str
    rows : list of tuple
        None where a value is null, or no number (NaN, infinite).

    Raises
    ------
    SettingsError
        DuckDB refuses it; its words, and the columns that there are.
    ImportError
        DuckDB is not installed; says how to.
    """
    try:
        import duckdb  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise needs_extra("index", error) from error
    with duckdb.connect(":memory:") as connection:
        _fill(connection, rows)
        connection.execute("set enable_external_access = false")  # which nothing can undo
        try:
            found = connection.execute(sql)
            if found is None:  # there was no statement
                return [], []
            columns = [str(each[0]) for each in found.description]
            return columns, [tuple(map(_known, row)) for row in found.fetchall()]
        except duckdb.Error as error:
            allowed = f"SQL over the table {TABLE} ({', '.join(COLUMNS)}); {text_of(error)}"
            raise SettingsError([Problem("sql", sql, allowed)]) from error


def _fill(connection: Any, rows: Iterable[Row]) -> None:
    """Make the table, by way of a file: inserting takes DuckDB five times as long."""
    fields = ", ".join(f"{name}: '{column.sql}'" for name, column in COLUMNS.items())
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="ascii") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
        file.flush()
        name = file.name.replace("'", "''")
        source = f"read_json('{name}', format = 'newline_delimited', columns = {{{fields}}})"
        connection.execute(f"create table {TABLE} as from {source}")


def _known(value: Any) -> Any:
    """Return a value with None for what is no number, in lists and structs as well."""
    if isinstance(value, (list, tuple)):
        return [_known(each) for each in value]
    if isinstance(value, dict):
        return {key: _known(each) for key, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
