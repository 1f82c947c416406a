# SPDX-License-Identifier: Apache-2.0
"""Processes of a server, which `worker.py` is the program of."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

WORKER = Path(__file__).with_name("worker.py")


class Worker(subprocess.Popen[str]):
    """A process that joins a session and plays a role."""

    def __init__(self, role: str, token: str) -> None:
        super().__init__(
            [sys.executable, str(WORKER), role, token],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        """Return the next line that it writes."""
        assert self.stdout is not None
        return self.stdout.readline().strip()

    def says(self) -> str:
        """Wait for its end, which has to be a good one, and return what else it wrote."""
        assert self.stdout is not None
        said = self.stdout.read()  # communicate() knows nothing of what line() has read ahead
        _, errors = self.communicate(timeout=50)
        assert self.returncode == 0, errors
        return said.strip()


@pytest.fixture
def start() -> Iterator[Callable[..., list[Worker]]]:
    """Give `start(token, *roles)`, which returns when all have joined. None outlives the test."""
    started: list[Worker] = []

    def start_all(token: str, *roles: str) -> list[Worker]:
        new = [Worker(role, token) for role in roles]
        started.extend(new)
        for worker in new:
            assert worker.line() == "joined", worker.communicate(timeout=50)
        return new

    yield start_all
    for worker in started:
        worker.kill()
        worker.communicate()
