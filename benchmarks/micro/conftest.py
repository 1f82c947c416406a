# SPDX-License-Identifier: Apache-2.0
"""A result to work on: 10^5 samples of a Server, in simulated time, so always the same."""

import pytest

import loadgen as lg
from loadgen.testing import ExponentialSUT, VirtualClock

QUERIES = 100_000


@pytest.fixture(scope="session")
def result() -> lg.Result:
    made = lg.run(
        ExponentialSUT(mean_ns=500_000, servers=4),
        1_024,
        lg.Server(target_qps=1_000),
        min_queries=QUERIES,
        min_duration_s=0,
        progress=False,
        clock=VirtualClock(),
    )
    assert made.n_completed == QUERIES
    return made
