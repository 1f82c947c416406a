# SPDX-License-Identifier: Apache-2.0
"""SQL over the table of runs, by DuckDB."""

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadgen.errors import SettingsError
from loadgen.index import COLUMNS, query, read

MS = 1_000_000


@pytest.fixture(autouse=True)
def _duckdb(request: pytest.FixtureRequest) -> None:
    if "without" not in request.node.name:
        pytest.importorskip("duckdb", reason="needs the extra `index`")


def test_the_table_has_every_column_and_its_values(saved: Path) -> None:
    rows = read([saved])
    columns, found = query(rows, "select * from runs")
    assert columns == list(COLUMNS)
    assert found == [tuple(row.values()) for row in rows]


def test_columns_have_types_that_sql_counts_with(saved: Path) -> None:
    sql = """
        select scenario, valid, p99_ns / 1e6 as p99_ms, started_at::timestamp::date::text as day
        from runs where system ilike '%resnet%' order by started_at desc
    """
    columns, found = query(read([saved]), sql)
    assert columns == ["scenario", "valid", "p99_ms", "day"]
    assert found == [
        ("single_stream", False, 7.0, "2026-01-02"),
        ("offline", True, 10.0, "2026-01-02"),
    ]


def test_of_no_runs_there_are_none() -> None:
    assert query([], "select count(*) as n, max(p99_ns) from runs") == (
        ["n", "max(p99_ns)"], [(0, None)],
    )  # fmt: skip


def test_damaged_folders_are_rows(runs: Path, rewrite: Callable[..., None]) -> None:
    (runs / "a/result.json").write_text("{")
    rewrite(runs / "deep/b", sut_name="\ud800 '; drop table runs; --")
    _, found = query(read([runs]), "select problem is null, system from runs order by path")
    assert found == [
        (False, None),
        (True, "\\ud800 '; drop table runs; --"),
        (True, "ResNet on CPU"),
    ]


def test_what_is_no_number_is_null() -> None:
    assert query([], "select 'nan'::double, 'inf'::double, 1.5")[1][0][:2] == (None, None)
    nested = "select [1, 'nan'::double], {'a': 'inf'::double, 'b': 2}"
    assert query([], nested)[1] == [([1, None], {"a": None, "b": 2})]


@pytest.mark.parametrize("sql", ["", "selec", "select nothing from runs", "select 1/0 from other"])
def test_sql_that_duckdb_refuses_names_the_columns(sql: str) -> None:
    if not sql:
        assert query([], sql) == ([], [])
        return
    with pytest.raises(SettingsError, match=r"SQL over the table runs \(path, started_at"):
        query([], sql)


@pytest.mark.parametrize(
    "sql",
    [
        "copy runs to '{}/new'",
        "export database '{}/new'",
        "attach '{}/new' as other",
        "select * from '{}/old.csv'",
        "select * from read_text('{}/old.csv')",
        "select * from glob('{}/*')",
        "install httpfs",
        "set enable_external_access = true",
    ],
)
def test_a_query_has_no_files(sql: str, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("a\n1\n")
    with pytest.raises(SettingsError, match="SQL over the table runs"):
        query([], sql.format(tmp_path))
    assert [each.name for each in tmp_path.iterdir()] == ["old.csv"]


def test_without_duckdb_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def find(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name == "duckdb":
            raise ModuleNotFoundError("No module named 'duckdb'", name=name)
        return real(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", find)
    with pytest.raises(ImportError, match=r"pip install 'loadgen\[index\]'"):
        query([], "select 1")
