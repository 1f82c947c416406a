# SPDX-License-Identifier: Apache-2.0
"""Runs of a simulated system whose latencies are lognormal, and depend on those before them."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import signal

from loadgen.config.scenarios import Server
from loadgen.result import Result, RunData

MEDIAN_NS = 1e6
SERVER = Server(target_qps=1000, target_latency_ms=None)


@pytest.fixture(scope="session")
def simulate(make_run: Callable[..., RunData]) -> Callable[..., Result]:
    """A run of n queries of a system that is `slower` times as slow as the standard one.

    phi: coefficient of the AR(1) process of the logarithms. common: of each query, what makes it
    slow or fast in any system, half of the variance.
    """

    def run(
        rng: np.random.Generator,
        n: int,
        *,
        slower: float = 1.0,
        phi: float = 0.0,
        common: Any = None,
        traffic: str = "one",
        **fields: Any,
    ) -> Result:
        noise = rng.standard_normal(n + 100)
        own = signal.lfilter([np.sqrt(1 - phi * phi)], [1, -phi], noise)[100:]
        series = own if common is None else np.sqrt(0.5) * (own + common)
        latency = np.exp(np.log(MEDIAN_NS * slower) + 0.5 * series).astype(np.int64)
        due = np.cumsum(rng.exponential(1e6, n)).astype(np.int64)
        scenario = fields.pop("scenario", SERVER)
        made = make_run(scenario, due.tolist(), (due + latency).tolist(), **fields)
        return Result(dataclasses.replace(made, traffic_digest=traffic))

    return run


@pytest.fixture(scope="session")
def runs(simulate: Callable[..., Result]) -> dict[str, Result]:
    rng = np.random.default_rng(1)
    return {
        "base": simulate(rng, 5_000),
        "again": simulate(rng, 5_000, traffic="another"),
        "slow": simulate(rng, 5_000, slower=1.3),
        "quick": simulate(rng, 5_000, slower=0.7, traffic="another"),
    }
