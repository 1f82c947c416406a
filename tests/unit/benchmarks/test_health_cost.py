# SPDX-License-Identifier: Apache-2.0
"""benchmarks/health_cost.py knows where health is in the sources, without the build."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

import health_cost

ROOT = health_cost.ROOT


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Only the files that are changed."""
    for name in health_cost.WITHOUT:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


def test_health_is_left_out_of_a_copy(copy: Path) -> None:
    health_cost.leave_out(copy)
    for name, (_, instead) in health_cost.WITHOUT.items():
        assert (copy / name).read_text(encoding="utf-8").count(instead) == 1


def test_a_line_that_is_not_there_any_more_is_named(copy: Path) -> None:
    name, (line, _) = next(iter(health_cost.WITHOUT.items()))
    (copy / name).write_text("", encoding="utf-8")
    with pytest.raises(ValueError, match="and has 0 times: ") as caught:
        health_cost.leave_out(copy)
    assert name in str(caught.value)
    assert line.strip() in str(caught.value)
