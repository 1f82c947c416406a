# SPDX-License-Identifier: Apache-2.0
"""The two sides, started once."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from sides import Sides

OFFICIAL = importlib.util.find_spec("mlperf_loadgen") is not None


@pytest.fixture(scope="session")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    if not OFFICIAL:
        pytest.skip("mlcommons-loadgen is not installed")
    both = Sides(tmp_path_factory.mktemp("parity"))
    yield both
    both.close()
