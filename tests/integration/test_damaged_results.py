# SPDX-License-Identifier: Apache-2.0
"""Saved results that are damaged or too new: the file, what is there, what should be."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

import loadgen as lg
from loadgen.testing import FixedSUT, VirtualClock


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    result = lg.run(
        FixedSUT(latency_ns=1000), 10, lg.Server(target_qps=1000), min_duration_s=0.2,
        clock=VirtualClock(),
    )  # fmt: skip
    return result.save(tmp_path_factory.mktemp("saved") / "run")


@pytest.fixture
def copy(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "copy"))


def rewrite(folder: Path, **fields) -> None:
    table = json.loads((folder / "result.json").read_text())
    (folder / "result.json").write_text(json.dumps({**table, **fields}))


def refusal(folder: Path) -> str:
    """The message, which names the folder; everything is read, nothing only when asked for."""
    with pytest.raises(lg.ResultError) as caught:
        lg.Result.load(folder)
    assert str(folder) in str(caught.value)
    return str(caught.value)


def test_whole_result_loads_and_says_the_same(saved: Path) -> None:
    loaded = lg.Result.load(saved)
    assert loaded.latency.max == 1000
    assert loaded.samples["latency_ns"].tolist() == [1000] * loaded.n_issued


def test_newer_format_says_that_a_newer_version_reads_it(copy: Path) -> None:
    rewrite(copy, format=2)
    assert "format 2" in refusal(copy)
    assert "newer version" in refusal(copy)


@pytest.mark.parametrize("number", [None, "1", 1.5, True, -1, 0], ids=repr)
def test_format_that_is_no_known_number_is_refused(copy: Path, number: object) -> None:
    rewrite(copy, format=number)
    assert "format" in refusal(copy)


def test_folder_without_a_result_is_refused(tmp_path: Path) -> None:
    assert "result.json" in refusal(tmp_path)
    assert "no such folder" in refusal(tmp_path / "absent")


def test_result_in_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("{}")
    refusal(tmp_path / "run")


@pytest.mark.parametrize("kept", [0, 1, 100])
def test_truncated_table_is_refused(copy: Path, kept: int) -> None:
    file = copy / "result.json"
    file.write_bytes(file.read_bytes()[:kept])
    assert "damaged" in refusal(copy)


@pytest.mark.parametrize("content", [b"[]", b"{}", b"null", b"\xff\xfe", b'{"kind": "other"}'])
def test_table_that_is_none_of_ours_is_refused(copy: Path, content: bytes) -> None:
    (copy / "result.json").write_bytes(content)
    assert "result.json" in refusal(copy)


@pytest.mark.parametrize("column", ["index", "scheduled_ns", "completed_ns", "status"])
@pytest.mark.parametrize("kept", [0, 5, 70, -1])
def test_truncated_column_is_refused(copy: Path, column: str, kept: int) -> None:
    file = copy / "columns" / f"{column}.npy"
    file.write_bytes(file.read_bytes()[:kept])
    assert f"{column}.npy" in refusal(copy)


def test_absent_column_is_refused(copy: Path) -> None:
    (copy / "columns" / "completed_ns.npy").unlink()
    assert "completed_ns.npy" in refusal(copy)
    assert "no such file" in refusal(copy)


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (np.zeros(3, np.int64), "(3,)"),
        (np.zeros(5000, np.int64), "(5000,)"),
        (np.zeros(1, np.float64), "float64"),
        (np.zeros((2, 2), np.int64), "(2, 2)"),
    ],
    ids=["short", "long", "float", "2-d"],
)
def test_column_of_another_kind_is_refused(copy: Path, column: np.ndarray, says: str) -> None:
    np.save(copy / "columns" / "completed_ns.npy", column)
    message = refusal(copy)
    assert "completed_ns.npy" in message
    assert says in message
    assert "expected" in message


class Exploding:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was loaded",))


def test_pickled_column_is_refused_and_not_unpickled(copy: Path) -> None:
    n_rows = lg.Result.load(copy).n_issued
    column = np.full(n_rows, Exploding(), dtype=object)
    with (copy / "columns" / "completed_ns.npy").open("wb") as file:
        np.lib.format.write_array(file, column, allow_pickle=True)
    assert "pickle" in refusal(copy)
    (copy / "columns" / "completed_ns.npy").write_bytes(pickle.dumps(column))
    assert "completed_ns.npy" in refusal(copy)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"n_rows": -1}, "expected them within 0 to -1"),
        ({"n_rows": 10**15}, "expected (1000000000000000,)"),
        ({"n_rows": "many"}, "n_rows is 'many'; expected int"),
        ({"series": [{}]}, "series[0].phase is absent"),
        ({"series": None}, "series is None; expected list"),
        ({"settings": {"min_queries": -1}}, "min_queries = -1"),
        ({"scenario": {"name": "batch"}}, "name = 'batch': needs one of 'single_stream'"),
        ({"columns": None}, "columns is None; expected dict"),
        ({"columns": {}}, "lists no column 'index'"),
        ({"violations": {"x": {"count": "1", "example": ""}}}, "violations.x.count is '1'"),
    ],
    ids=str,
)
def test_table_with_a_wrong_field_is_refused_and_names_it(
    copy: Path, fields: dict, says: str
) -> None:
    rewrite(copy, **fields)
    assert says in refusal(copy)


def test_interrupted_writing_leaves_no_result_behind(tmp_path: Path, saved: Path) -> None:
    """A folder that is still called .partial is no result, and the next run replaces it."""
    partial = tmp_path / "run.partial"
    partial.mkdir()
    (partial / ".loadgen-partial").touch()
    result = lg.Result.load(saved)
    result.save(tmp_path / "run")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]
    assert lg.Result.load(tmp_path / "run").n_issued == result.n_issued
