# SPDX-License-Identifier: Apache-2.0
"""A damaged saved run says which file is wrong, what is in it, and what should be."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loadgen.errors import ResultError
from loadgen.result import Result


def test_no_result_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match=r"absent: no such folder; expected result\.json"):
        Result.load(tmp_path / "absent")
    with pytest.raises(ResultError, match="holds no saved result"):
        Result.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"kind": ', r"result\.json: damaged: .* expected one JSON object"),
        ("\x00\x01", r"result\.json: damaged"),
        ("[1]", r"result\.json: not a saved result"),
        ('{"accuracy": 1}', r"not a saved result"),
        ('{"kind": "loadgen result"}', r"format is absent; expected int"),
        ('{"kind": "loadgen result", "format": "1"}', r"format is '1'; expected int"),
        ('{"kind": "loadgen result", "format": 2}', r"is of format 2; .* reads 1 to 1"),
    ],
)
def test_a_damaged_or_newer_file_is_told_as_such(saved_run: Path, text: str, message: str) -> None:
    (saved_run / "result.json").write_text(text, encoding="utf-8")
    with pytest.raises(ResultError, match=message):
        Result.load(saved_run)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["n_rows"], "4", r"n_rows is '4'; expected int"),
        (["n_rows"], True, r"n_rows is True; expected int"),
        (["n_rows"], 5, r"index\.npy: has the shape \(4,\); expected \(5,\)"),
        (["sut_name"], None, r"sut_name is None; expected str"),
        (["series", 0, "n_rows"], 5, r"series\[0\] has the rows 0 to 5; expected"),
        (["series", 0, "end_ns"], "x", r"series\[0\]\.end_ns is 'x'; expected int"),
        (["series", 0], 3, r"series\[0\] is 3; expected an object"),
        (["violations", "repeated", "count"], None, r"violations\.repeated\.count is None"),
        (["effective", "max_queries"], 1.5, r"effective\.max_queries is 1\.5; expected int"),
        (["effective", "turns"], 3, r"effective\.turns is 3; expected tuple"),
        (["effective", "turns"], [1, "2"], r"effective\.turns has \(1, '2'\); expected counts"),
        (["settings", "min_queries"], -1, r"the settings cannot be used: min_queries = -1"),
        (["scenario", "name"], "sever", r"the settings cannot be used: name = 'sever'"),
        (["columns", "index"], "gone", r"columns\.index is 'gone'; expected"),
        (["columns", "issued_ns"], "same as issued_ns", r"columns\.issued_ns is 'same as"),
        (["columns", "../../etc"], "all rows", r"no such column is known"),
        (["columns"], {}, r"lists no column 'index'"),
        (["outputs", "n_bytes"], None, r"outputs\.n_bytes is None; expected int"),
        (["started_at"], "yesterday", r"started_at is 'yesterday'; expected an instant"),
        (["started_at"], "2026-01-02T03:04:05", r"started_at is '2026.*with its time zone"),
        (["series", 0, "end_ns"], 2**62, r"series\[0\]\.end_ns is \d+; expected a number"),
        (["effective", "target_qps"], float("nan"), r"effective\.target_qps is nan; expected a n"),
        (["series"], [], r"lists no series; expected those of 4 rows"),
        (["scenario", "target_percentile"], 10**400, r"target_percentile = 1000.*a percentile in"),
        (["dataset_total"], 3, r"0\.npy: has the shape \(4,\); expected \(3,\)"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(
    saved_run: Path, path: list[Any], value: object, message: str
) -> None:
    file = saved_run / "result.json"
    table = json.loads(file.read_text(encoding="utf-8"))
    inner = table
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    file.write_text(json.dumps(table), encoding="utf-8")
    with pytest.raises(ResultError, match=message):
        Result.load(saved_run)


@pytest.mark.parametrize("given", [["min_queries"], ["min_queries", [], {}, 5, "unknown"]])
def test_what_is_no_setting_was_not_given(saved_run: Path, given: list[Any]) -> None:
    file = saved_run / "result.json"
    table = json.loads(file.read_text(encoding="utf-8")) | {"settings_given": given}
    file.write_text(json.dumps(table), encoding="utf-8")
    assert set(Result.load(saved_run).settings.given()) == {"min_queries"}


def test_an_absent_field_is_named(saved_run: Path) -> None:
    file = saved_run / "result.json"
    table = json.loads(file.read_text(encoding="utf-8"))
    del table["effective"]
    file.write_text(json.dumps(table), encoding="utf-8")
    with pytest.raises(ResultError, match="effective is absent; expected dict"):
        Result.load(saved_run)


@pytest.mark.parametrize("name", ["columns/completed_ns.npy", "outputs/data.npy", "dataset/1.npy"])
def test_a_truncated_column_is_told_with_both_sizes(saved_run: Path, name: str) -> None:
    file = saved_run / name
    size = file.stat().st_size
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(
        ResultError, match=rf"{name}: truncated: has {size - 3} bytes; expected {size}"
    ):
        Result.load(saved_run)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (np.zeros(4, np.int32), r"status\.npy: holds int32; expected uint8"),
        (np.zeros(3, np.uint8), r"status\.npy: has the shape \(3,\); expected \(4,\)"),
        (np.zeros((2, 2), np.uint8), r"status\.npy: has the shape \(2, 2\); expected \(4,\)"),
        (np.zeros((2, 2), np.uint8, order="F"), r"status\.npy: has the shape \(2, 2\)"),
    ],
)
def test_a_wrong_column_is_told_with_what_it_should_be(
    saved_run: Path, column: Any, message: str
) -> None:
    np.save(saved_run / "columns/status.npy", column)
    with pytest.raises(ResultError, match=message):
        Result.load(saved_run)


@pytest.mark.parametrize(
    "content", [b"", b"\x93NUMPY", b"\x93NUMPY\x09\x00\x06\x00junk", b"x" * 99]
)
def test_a_file_that_is_no_column_is_told_as_such(saved_run: Path, content: bytes) -> None:
    (saved_run / "columns/index.npy").write_bytes(content)
    with pytest.raises(ResultError, match=r"index\.npy: not an \.npy file"):
        Result.load(saved_run)


def test_an_absent_column_is_told_as_such(saved_run: Path) -> None:
    (saved_run / "columns/index.npy").unlink()
    with pytest.raises(ResultError, match=r"index\.npy: no such file; expected a column of 4 rows"):
        Result.load(saved_run)


class Bomb:
    def __reduce__(self) -> Any:
        return pytest.fail, ("a file was unpickled",)


@pytest.mark.parametrize("name", ["columns/index.npy", "dataset/0.npy", "outputs/data.npy"])
def test_nothing_is_ever_unpickled(saved_run: Path, name: str) -> None:
    (saved_run / name).write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ResultError):
        Result.load(saved_run)
    np.save(saved_run / name, np.array([Bomb()] * 4, object), allow_pickle=True)
    with pytest.raises(ResultError, match=r"holds pickled objects"):
        Result.load(saved_run)
