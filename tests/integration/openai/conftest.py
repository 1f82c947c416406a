# SPDX-License-Identifier: Apache-2.0
"""A scripted server for the tests of the client; skipped where the extra `http` is not there."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadgen.testing import Script, ScriptedServer

sys.path.insert(0, str(Path(__file__).parent))  # for scripted_runs


@pytest.fixture(scope="package", autouse=True)
def library() -> None:
    pytest.importorskip("httptools", reason="needs the extra `http`")
    pytest.importorskip("msgspec", reason="needs the extra `http`")


@pytest.fixture(scope="package")
def server(library: None) -> Iterator[ScriptedServer]:
    with ScriptedServer(Script(n_tokens=4)) as running:
        yield running
