# SPDX-License-Identifier: Apache-2.0
"""What tests share: reproducible property tests, Ctrl-C, where the checkout is, a quick Python.

The tests run against the installed package; nothing here puts src/ on the path.
"""

import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from warm_python import WarmPython

# Wall time decides nothing in tests/ (that is what benchmarks/truth is for), and the same commit
# draws the same examples everywhere.
hypothesis.settings.register_profile(
    "loadgen", deadline=None, derandomize=True, database=None, print_blob=True
)
hypothesis.settings.load_profile("loadgen")

# A job that a shell started in the background ignores Ctrl-C, and so do the programs that it
# starts: tests of Ctrl-C would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """Give files out in their order, not those with many tests first: the long tests are few."""
    config.option.loadscopereorder = False


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the source tree that the tests are part of."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def warm_python() -> Iterator[WarmPython]:
    """Run a program as a process of its own, whose imports were done before."""
    python = WarmPython()
    yield python
    python.close()
