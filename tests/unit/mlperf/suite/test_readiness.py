# SPDX-License-Identifier: Apache-2.0
"""What keeps a benchmark from running here is said before it starts."""

import shutil

from loadgen import environment
from loadgen.mlperf.suite import readiness

OFFLINE = {"benchmarks": ["one"], "scenarios": ["Offline"]}


def test_what_is_missing_is_said_before_anything_starts(suite, tmp_path, monkeypatch) -> None:
    (tmp_path / "library" / "toy_one.txt").unlink()
    (tmp_path / "library" / "toy_two.txt").write_text("hullo")
    steps: list[str] = []
    found = suite(on_step=steps.append)
    assert len(steps) == 2
    assert steps[0] == "one cannot be run here: not installed: toy 1.0; pip install toy"
    assert "has the SHA-256 " in steps[1]
    assert [row.error for row in found.rows[:2]] == [steps[0].partition(": ")[2]] * 2


def test_file_that_may_not_be_read_is_said_before_anything_starts(suite, monkeypatch) -> None:
    def refused(*given: object) -> None:
        raise PermissionError(13, "Permission denied", "toy_one.txt")

    monkeypatch.setattr(readiness, "check_assets", refused)
    monkeypatch.setattr(readiness, "digest", refused)
    (row,) = suite(**OFFLINE).rows
    assert row.error == "[Errno 13] Permission denied: 'toy_one.txt'"


def test_benchmark_without_room_in_memory_is_not_started(suite, monkeypatch) -> None:
    monkeypatch.setattr(environment, "available_memory", lambda: 500_000)
    (row,) = suite(**OFFLINE).rows
    assert row.error == "it needs 1 MB of memory, and 0 MB are free"


def test_benchmark_without_room_on_the_disk_is_not_started(suite, tmp_path, monkeypatch) -> None:
    full = shutil.disk_usage("/")._replace(free=500_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    (row,) = suite(**OFFLINE).rows
    assert row.error == f"it needs 1 MB on the disk of {tmp_path / 'out'}, and 0 MB are free"


def test_run_whose_result_has_no_room_on_the_disk_is_not_started(
    suite, tmp_path, monkeypatch
) -> None:
    full = shutil.disk_usage("/")._replace(free=2_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    (row,) = suite(**OFFLINE, rates={"one": {"Offline": 100_000}}).rows
    folder = tmp_path / "out" / "one" / "Offline" / "performance"
    assert row.error == (
        f"its 1,100,000 samples take at least 14 MB on the disk of {folder}, and 2 MB are free"
    )
    assert row.accuracy


def test_benchmark_that_is_done_needs_no_room(suite, monkeypatch) -> None:
    first = suite(**OFFLINE)
    monkeypatch.setattr(environment, "available_memory", lambda: 0)
    assert suite(**OFFLINE).rows == first.rows
