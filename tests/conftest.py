# SPDX-License-Identifier: Apache-2.0
"""What every test shares: reproducible property tests, and where the checkout is.

The tests run against the installed package; nothing here puts src/ on the path.
"""

from pathlib import Path

import hypothesis
import pytest

# Wall time decides nothing in tests/ (that is what benchmarks/truth is for), and the same commit
# draws the same examples everywhere.
hypothesis.settings.register_profile(
    "loadgen", deadline=None, derandomize=True, database=None, print_blob=True
)
hypothesis.settings.load_profile("loadgen")


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the source tree that the tests are part of."""
    return Path(__file__).resolve().parents[1]
