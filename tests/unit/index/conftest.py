# SPDX-License-Identifier: Apache-2.0
"""A folder of saved runs, some of them damaged."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadgen.config.scenarios import Offline, Server, SingleStream
from loadgen.config.settings import Settings
from loadgen.result import Result, RunData

MS = 1_000_000


@pytest.fixture(scope="session")
def saved(make_run: Callable[..., RunData], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs: Server, Offline, SingleStream; one an hour, by two systems."""
    root = tmp_path_factory.mktemp("saved")
    due = [100 * MS * number for number in range(10)]
    runs = {
        "a": make_run(Server(target_qps=10), due, [at + 5 * MS for at in due]),
        "deep/b": make_run(Offline(), [0] * 4, [10 * MS] * 4),
        "deep/er/c": make_run(SingleStream(), [0, 1], [7 * MS, 0], status=[0, 2]),
    }
    for hour, (name, data) in enumerate(runs.items()):
        system = "ResNet on CPU" if hour else "a system"
        started_at = f"2026-01-02T0{hour}:00:00+00:00"
        named = dataclasses.replace(
            data,
            sut_name=system,
            started_at=started_at,
            settings=Settings(min_duration_s=0, min_queries=2),
        )
        Result(named).save(root / name)
    return root


@pytest.fixture
def runs(saved: Path, tmp_path: Path) -> Path:
    """A copy of them that may be changed."""
    return Path(shutil.copytree(saved, tmp_path / "runs"))


@pytest.fixture
def rewrite() -> Callable[..., None]:
    """Change fields of a run's `result.json`."""

    def change(folder: Path, **fields: Any) -> None:
        table = json.loads((folder / "result.json").read_text())
        (folder / "result.json").write_text(json.dumps({**table, **fields}))

    return change
