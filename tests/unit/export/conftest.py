# SPDX-License-Identifier: Apache-2.0
"""Results of every kind: each scenario, tokens, and runs that are odd."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.config.scenarios import Offline, Server, SingleStream
from loadgen.config.settings import Settings
from loadgen.result import Result, RunData
from loadgen.testing import ExponentialSUT, FixedSUT, LosingSUT, VirtualClock

Make = Callable[..., RunData]


def run(scenario: lg.Scenario, sut: lg.SystemUnderTest | None = None, **settings: Any) -> Result:
    """A run in simulated time; by default of 0.2 s, with latencies that differ."""
    return lg.run(
        sut or ExponentialSUT(mean_ns=2_000_000, servers=4),
        50,
        scenario,
        clock=VirtualClock(),
        **{"min_duration_s": 0.2, "min_queries": 100, **settings},
    )


class Fails(lg.SystemUnderTest):
    def issue(self, batch: lg.Batch) -> None:
        batch.fail("timeout", 'after "3" s\n<b>')


class Speaks(lg.SystemUnderTest):
    """Answers at once, with two tokens for each sample, and a first one before."""

    def issue(self, batch: lg.Batch) -> None:
        batch.first_token()
        batch.complete(n_tokens=[2] * len(batch))


SIMULATED: dict[str, Callable[[], Result]] = {
    "server": lambda: run(lg.Server(target_qps=500)),
    "limits": lambda: run(lg.Server(target_qps=500, target_latency_ms=None)),
    "gamma": lambda: run(lg.Server(target_qps=500, arrivals=lg.Gamma(burstiness=0.5))),
    "steps": lambda: run(lg.Server(target_qps=500, arrivals=lg.Steps([(1, 0.1), (2, 0.1)]))),
    "ramp": lambda: run(lg.Server(target_qps=500, arrivals=lg.Ramp(0.5, 2, duration_s=0.2))),
    "replay": lambda: run(
        lg.Server(target_qps=500, arrivals=lg.Replay(np.arange(100) / 200)), min_duration_s=0
    ),
    "overload": lambda: run(lg.Server(target_qps=5_000), FixedSUT(latency_ns=1_000_000, servers=1)),
    "single_stream": lambda: run(lg.SingleStream()),
    "multi_stream": lambda: run(lg.MultiStream(), min_queries=20),
    "offline": lambda: run(lg.Offline(n_samples=300)),
    "concurrent": lambda: run(lg.Concurrent(concurrency=8, target_latency_ms=50)),
    "accuracy": lambda: run(lg.SingleStream(), mode="accuracy"),
    "submission": lambda: run(lg.Server(target_qps=500), mode="submission"),
    "histogram": lambda: run(lg.Server(target_qps=500), recording="histogram"),
    "all_failed": lambda: run(lg.SingleStream(), Fails(), min_duration_s=0),
    "losing": lambda: run(lg.Server(target_qps=500), LosingSUT(every=10), drain_timeout_s=1),
    "tokens": lambda: run(lg.SingleStream(), Speaks(), min_duration_s=0, tokens=True),
    "identical": lambda: run(lg.SingleStream(), FixedSUT(latency_ns=7_000_000)),
}
LITERAL = ("none", "one", "one_missing", "ten", "given_up", "named")
EVERY = (*SIMULATED, *LITERAL)
WITH_ROWS = tuple(name for name in EVERY if name != "histogram")


def literal(make_run: Make, name: str) -> Result:
    """A run of literal instants."""
    if name == "none":
        return Result(make_run(Server(target_qps=10), [], []))
    if name == "one":
        return Result(make_run(SingleStream(), [0], [5]))
    if name == "one_missing":
        return Result(make_run(SingleStream(), [0], [0], status=[2]))
    if name == "ten":
        return Result(make_run(Offline(), [0] * 10, [10 * n for n in range(1, 11)]))
    data = make_run(Server(target_qps=10), [0, 100], [90, 150], issued=[3, 110])
    if name == "given_up":
        settings = Settings(min_duration_s=60)
        return Result(dataclasses.replace(data, settings=settings, aborted_reason="Ctrl-C"))
    return Result(dataclasses.replace(data, sut_name='<b>"a\\b"\n\x1b[31m\ud800', started_at=""))


@pytest.fixture(scope="session")
def result_of(make_run: Make) -> Callable[[str], Result]:
    """One of `EVERY`, by name; made once."""
    made: dict[str, Result] = {}

    def get(name: str) -> Result:
        if name not in made:
            made[name] = SIMULATED[name]() if name in SIMULATED else literal(make_run, name)
        return made[name]

    return get


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`every`: each of them by name; `with_rows`: those that kept rows."""
    for argument, names in (("every", EVERY), ("with_rows", WITH_ROWS)):
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, names)
