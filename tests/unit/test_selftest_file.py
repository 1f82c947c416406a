# SPDX-License-Identifier: Apache-2.0
"""What a self-test leaves for later results, and that a wrong file is as good as none."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import loadgen as lg
from loadgen import environment, selftest_file
from loadgen.errors import LoadGenError
from loadgen.selftest_file import cache_file, load, save

MACHINE = {
    "cpu_model": "a processor", "kernel": "Linux 6", "cpus": 2, "affinity": "0-1",
    "cpu_limit": None, "python": "3.11.1", "loadgen": "0.1.0",
}  # fmt: skip
KEPT = {
    "measured_at": "2026-01-02T03:04:05+00:00",
    "clock_read_ns": 40.5,
    "interrupted_share": 0.02,
    "sleep_error_p99_ns": 50_000,
    "plan_cost_ns": 9.5,
    "push_server_samples_per_s": 2e6,
    "held_qps": 10_000,
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "selftest.json"


@pytest.mark.parametrize("held", [10_000, None])
def test_what_was_kept_is_told_on_the_same_machine(path: Path, held: int | None) -> None:
    save(path, {**MACHINE, "governor": "powersave"}, {**KEPT, "held_qps": held})
    assert load(path, MACHINE) == {**KEPT, "held_qps": held}
    assert [each.name for each in path.parent.iterdir()] == ["selftest.json"]


def test_the_newest_figures_replace_older_ones(path: Path) -> None:
    save(path, MACHINE, KEPT)
    save(path, MACHINE, {**KEPT, "held_qps": 1})
    assert load(path, MACHINE) == {**KEPT, "held_qps": 1}


@pytest.mark.parametrize("name", MACHINE)
def test_figures_of_another_machine_or_version_are_not_told(path: Path, name: str) -> None:
    save(path, MACHINE, KEPT)
    assert load(path, {**MACHINE, name: "another"}) is None


@pytest.mark.parametrize(
    "figures",
    [
        None,
        [],
        {},
        KEPT | {"measured_at": 5},
        KEPT | {"measured_at": "x" * 1_000},
        KEPT | {"clock_read_ns": None},
        KEPT | {"clock_read_ns": "40"},
        KEPT | {"clock_read_ns": True},
        KEPT | {"clock_read_ns": -1},
        KEPT | {"clock_read_ns": float("nan")},
        KEPT | {"clock_read_ns": float("inf")},
        KEPT | {"held_qps": 10**400},
    ],
)
def test_figures_that_no_self_test_has_are_not_told(path: Path, figures: Any) -> None:
    save(path, MACHINE, KEPT)
    document = json.loads(path.read_text()) | {"figures": figures}
    path.write_text(json.dumps(document))
    assert load(path, MACHINE) is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"5", b"\xff\xfe\x00", b"[" * 60_000, b" " * 70_000 + b"{}"]
)
def test_damaged_files_are_ignored(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    assert load(path, MACHINE) is None


def test_no_file_a_folder_and_no_home_are_ignored(path: Path) -> None:
    assert load(None, MACHINE) is None
    assert load(path, MACHINE) is None
    path.mkdir(parents=True)
    assert load(path, MACHINE) is None


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "selftest.json" / "a folder").mkdir(parents=True)
    with pytest.raises(LoadGenError, match=r"selftest\.json"):
        save(tmp_path / "selftest.json", MACHINE, KEPT)
    assert [each.name for each in tmp_path.iterdir()] == ["selftest.json"]


def test_the_file_is_in_the_cache_folder_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    kept = Path("/home/someone/.cache/loadgen/selftest.json")
    assert cache_file({"XDG_CACHE_HOME": "/elsewhere"}) == Path("/elsewhere/loadgen/selftest.json")
    assert cache_file({"XDG_CACHE_HOME": "relative"}) == kept
    assert cache_file({}) == kept


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache folder, and a description of the machine that is read anew."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    environment._describe_once.cache_clear()
    yield tmp_path
    environment._describe_once.cache_clear()


def run() -> lg.Result:
    return lg.run(lambda samples: None, 4, lg.SingleStream(), min_duration_s=0, progress=False)


def test_results_have_what_was_kept_also_when_loaded(home: Path) -> None:
    path = cache_file()
    assert path is not None
    save(path, environment.read(Path("/")), KEPT)
    saved = run().save(home / "run")
    assert lg.Result.load(saved).environment["selftest"] == KEPT


def test_results_have_none_without_one(home: Path) -> None:
    assert "selftest" not in run().environment


def test_the_file_is_looked_at_once_a_process(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Path | None] = []
    monkeypatch.setattr(selftest_file, "load", lambda path, machine: looked.append(path))
    for _ in range(3):
        environment.describe()
    assert looked == [home / "loadgen" / "selftest.json"]
