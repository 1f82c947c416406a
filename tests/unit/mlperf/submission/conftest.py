# SPDX-License-Identifier: Apache-2.0
"""Logs as they were written."""

import shutil
from pathlib import Path

import pytest
from submissions import UNET, unpacked


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Logs of the official package, as they were written: beside them stands nothing else."""
    folder, there = tmp_path / "logs", unpacked(UNET) / UNET
    shutil.copytree(there / "performance" / "run_1", folder / "first")
    shutil.copytree(there / "accuracy", folder / "second")
    shutil.copytree(there / "TEST01", folder / "TEST01")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "main.py").write_text("print('a network')\n")
    return folder
