# SPDX-License-Identifier: Apache-2.0
"""The columns of the table of runs: where in `result.json` each is, and its type in SQL.

Not for reading files: that is `reading`.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from loadgen.errors import Problem, SettingsError
from loadgen.values import name_hint

_SHORTER: Final = ("_ns", "_at", "_s", "_ms", "_qps")


class Column(NamedTuple):
    """A column.

    Parameters
    ----------
    sql : str
        Its type.
    keys : tuple of str
        Where its value is in `result.json`; empty: it is made from several.
    """

    sql: str
    keys: tuple[str, ...] = ()


_TEXT, _INT, _REAL = "VARCHAR", "BIGINT", "DOUBLE"

COLUMNS: Final = {
    "path": Column(_TEXT),
    "started_at": Column(_TEXT, ("started_at",)),
    "scenario": Column(_TEXT, ("scenario", "name")),
    "system": Column(_TEXT, ("sut_name",)),
    "mode": Column(_TEXT, ("settings", "mode")),
    "dataset": Column(_TEXT, ("dataset_spec",)),
    "metric": Column(_REAL, ("figures", "metric", "value")),
    "metric_unit": Column(_TEXT, ("figures", "metric", "unit")),
    "metric_name": Column(_TEXT, ("figures", "metric", "name")),
    "valid": Column("BOOLEAN", ("figures", "valid")),
    "generator": Column(_TEXT, ("figures", "health", "verdict")),
    "target_qps": Column(_REAL, ("scenario", "target_qps")),
    "target_latency_ms": Column(_REAL, ("scenario", "target_latency_ms")),
    "concurrency": Column(_INT, ("scenario", "concurrency")),
    "samples": Column(_INT, ("n_rows",)),
    "duration_s": Column(_REAL),
    "mean_ns": Column(_INT, ("figures", "latency_ns", "mean")),
    "min_ns": Column(_INT, ("figures", "latency_ns", "min")),
    "p50_ns": Column(_INT, ("figures", "latency_ns", "p50")),
    "p90_ns": Column(_INT, ("figures", "latency_ns", "p90")),
    "p99_ns": Column(_INT, ("figures", "latency_ns", "p99")),
    "p999_ns": Column(_INT, ("figures", "latency_ns", "p99.9")),
    "max_ns": Column(_INT, ("figures", "latency_ns", "max")),
    "ttft_p99_ns": Column(_INT, ("figures", "ttft_ns", "p99")),
    "tpot_p99_ns": Column(_INT, ("figures", "tpot_ns", "p99")),
    "goodput": Column(_REAL, ("figures", "goodput", "rate")),
    "aborted_reason": Column(_TEXT, ("aborted_reason",)),
    "traffic_digest": Column(_TEXT, ("traffic_digest",)),
    "version": Column(_TEXT, ("environment", "loadgen")),
    "cpu_model": Column(_TEXT, ("environment", "cpu_model")),
    "problem": Column(_TEXT),
}
"""By name. Latencies are in ns, goodput in samples/s; "problem" is what is wrong with a folder."""

_MOST: Final = 2**63 - 1
_PYTHON: Final[dict[str, tuple[type, ...]]] = {
    _TEXT: (str,),
    _INT: (int,),
    _REAL: (int, float),
    "BOOLEAN": (bool,),
}


def column_named(name: str) -> str:
    """Return the column that is meant; a unit at the end may be left out.

    Parameters
    ----------
    name : str

    Raises
    ------
    SettingsError
        There is none.

    Examples
    --------
    >>> column_named("p99"), column_named("started"), column_named("valid")
    ('p99_ns', 'started_at', 'valid')
    """
    for each in (name, *(name + suffix for suffix in _SHORTER)):
        if each in COLUMNS:
            return each
    allowed = f"one of {', '.join(COLUMNS)}{name_hint(name, COLUMNS)}"
    raise SettingsError([Problem("column", name, allowed)])


def value_of(column: Column, table: Any) -> Any:
    """Return a column's value in a parsed `result.json`; None where there is none of its type.

    Parameters
    ----------
    column : Column
    table : object
    """
    for key in column.keys:
        table = table.get(key) if isinstance(table, dict) else None
    kinds = _PYTHON[column.sql]
    if not isinstance(table, kinds) or (isinstance(table, bool) and bool not in kinds):
        return None
    if isinstance(table, str):
        return plain_text(table)
    in_range = isinstance(table, (int, float)) and abs(table) <= _MOST  # NaN is not
    return table if in_range else None


def plain_text(text: str) -> str:
    """Return a text that can be encoded, whatever a file's name or its contents were.

    Parameters
    ----------
    text : str
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
