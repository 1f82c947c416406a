# SPDX-License-Identifier: Apache-2.0
"""A benchmark of its own, and a place where its audits are made."""

import sys
from pathlib import Path

import pytest

from loadgen.mlperf.rules import Benchmark, load_rules

sys.path.insert(0, str(Path(__file__).parent))  # for audited


@pytest.fixture
def lab(tmp_path: Path):
    from audited import TABLE, Lab

    return Lab(tmp_path, Benchmark.model_validate(TABLE), load_rules("steelyard-1").round)
