# SPDX-License-Identifier: Apache-2.0
"""The table of runs: figures of good folders, and what is wrong with the others."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from loadgen.errors import SettingsError
from loadgen.index import COLUMNS, column_named, find_runs, read, read_run
from loadgen.result import Result

Rewrite = Callable[..., None]
MS = 1_000_000


def test_runs_are_found_at_any_depth_newest_first(saved: Path) -> None:
    assert [row["path"] for row in read([saved])] == [
        str(saved / name) for name in ("deep/er/c", "deep/b", "a")
    ]


def test_a_row_has_the_figures_of_the_result(saved: Path) -> None:
    for row in read([saved]):
        result = Result.load(row["path"])
        latency = result.latency
        assert list(row) == list(COLUMNS)
        assert row["problem"] is None
        assert row["valid"] is result.valid
        assert row["generator"] == result.health.verdict
        assert (row["metric"], row["metric_unit"]) == (result.metric.value, result.metric.unit)
        assert row["scenario"] == result.scenario.name
        assert row["system"] == result.sut_name
        assert row["samples"] == result.n_issued
        assert row["duration_s"] == sum(each.end_ns for each in result.series) / 1e9
        assert (row["p50_ns"], row["p99_ns"], row["p999_ns"], row["max_ns"], row["mean_ns"]) == (
            *latency.percentiles([50, 99, 99.9]), latency.max, latency.mean,
        )  # fmt: skip
        assert row["target_qps"] == (10.0 if row["scenario"] == "server" else None)


def test_a_folder_given_twice_is_listed_once(saved: Path) -> None:
    assert len(read([saved, saved / "deep", saved / "a"])) == 3


def test_a_run_itself_may_be_given(saved: Path) -> None:
    assert [row["path"] for row in read([saved / "a"])] == [str(saved / "a")]


def test_hidden_folders_and_links_are_left_out(runs: Path) -> None:
    (runs / "a").rename(runs / ".a")
    (runs / "link").symlink_to(runs / "deep", target_is_directory=True)
    assert len(list(find_runs([runs]))) == 2


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_of_a_truncated_file_the_first_fields_are_read(share: float, runs: Path) -> None:
    file = runs / "a" / "result.json"
    text = file.read_bytes()
    file.write_bytes(text[: int(share * len(text))])
    row = read_run(runs / "a")
    assert row["system"] == "a system"
    assert row["samples"] == 10
    assert "result.json is damaged" in row["problem"]
    assert "fields of it were read" in row["problem"]


@pytest.mark.parametrize("text", ["", "{", "[", "no", '"{', "\x00" * 50, "[" * 100_000, '{"a": '])
def test_of_a_file_that_is_no_json_nothing_is_read(text: str, runs: Path) -> None:
    (runs / "a" / "result.json").write_text(text)
    row = read_run(runs / "a")
    assert {name for name, value in row.items() if value is not None} == {"path", "problem"}
    assert "damaged" in row["problem"]


@pytest.mark.parametrize("text", ["null", "[]", '"text"', "1", '{"kind": "other"}'])
def test_another_programs_file_is_no_run(text: str, runs: Path) -> None:
    (runs / "a" / "result.json").write_text(text)
    assert read_run(runs / "a")["problem"] == "result.json is no saved result of loadgen"
    assert str(runs / "a") not in {row["path"] for row in read([runs])}


def test_a_newer_format_is_told_and_what_is_known_is_read(runs: Path, rewrite: Rewrite) -> None:
    rewrite(runs / "a", format=7)
    row = read_run(runs / "a")
    assert "is of format 7" in row["problem"]
    assert row["p99_ns"] == 5 * MS


def test_a_folder_that_was_cut_off_is_told(runs: Path) -> None:
    (runs / "a" / "result.json").unlink()
    (runs / "new.partial").mkdir()
    (runs / "new.partial" / ".loadgen-partial").touch()
    problems = {Path(row["path"]).name: row["problem"] for row in read([runs])}
    assert "cut off" in problems["a"]
    assert "cut off" in problems["new.partial"]


def test_a_column_that_is_short_or_absent_is_told(runs: Path) -> None:
    (runs / "a/columns/completed_ns.npy").write_bytes(b"short")
    assert read_run(runs / "a")["problem"] == (
        "columns/completed_ns.npy has 5 bytes; needs 80 for its values"
    )
    (runs / "a/columns/completed_ns.npy").unlink()
    assert read_run(runs / "a")["problem"] == (
        "columns/completed_ns.npy cannot be read: No such file or directory"
    )


@pytest.mark.parametrize("wrong", [None, 1, "text", [], {}, [1], {"a": 1}, True, 1e300, [[]]])
@pytest.mark.parametrize(
    "field", ["figures", "scenario", "settings", "series", "columns", "n_rows", "sut_name"]
)
def test_fields_of_any_type_are_read_without_an_error(
    field: str, wrong: object, runs: Path, rewrite: Rewrite
) -> None:
    rewrite(runs / "a", **{field: wrong})
    row = read_run(runs / "a")
    assert row["started_at"] == "2026-01-02T00:00:00+00:00"
    json.dumps(row, allow_nan=False)


def test_numbers_that_are_none_are_null(runs: Path, rewrite: Rewrite) -> None:
    figures = {"latency_ns": {"p99": 2**70, "p50": True}, "metric": {"value": float("nan")}}
    rewrite(runs / "a", figures=figures)
    row = read_run(runs / "a")
    assert (row["p99_ns"], row["p50_ns"], row["metric"]) == (None, None, None)


def test_a_column_is_found_without_its_unit() -> None:
    assert [column_named(name) for name in ("p99", "p99_ns", "started", "duration", "target")] == [
        "p99_ns", "p99_ns", "started_at", "duration_s", "target_qps",
    ]  # fmt: skip
    with pytest.raises(SettingsError, match=r"one of path, started_at.*did you mean scenario"):
        column_named("scenaro")
