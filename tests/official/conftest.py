# SPDX-License-Identifier: Apache-2.0
"""Where the official scripts are; the benchmark and the systems are those of the audits' tests."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from loadgen.mlperf.rules import Benchmark, load_rules

sys.path.insert(0, str(Path(__file__).parents[1] / "integration" / "mlperf" / "audit"))

VARIABLE = "MLPERF_INFERENCE_DIR"


@pytest.fixture
def official() -> Callable[..., Path]:
    """Find a script of a checkout, by the places that it has had."""
    root = os.environ.get(VARIABLE, "")
    if not root:
        pytest.skip(f"{VARIABLE} names no checkout of mlcommons/inference")

    def find(test: str, name: str) -> Path:
        places = (f"compliance/{test}/{name}", f"compliance/nvidia/{test}/{name}")
        found = next((Path(root) / each for each in places if (Path(root) / each).is_file()), None)
        if found is None:
            pytest.skip(f"{root} has none of {', '.join(places)}")
        return found

    return find


@pytest.fixture
def lab(tmp_path: Path):
    from audited import TABLE, Lab

    return Lab(tmp_path, Benchmark.model_validate(TABLE), load_rules("steelyard-1").round)
