# SPDX-License-Identifier: Apache-2.0
"""What logs are written of."""

from collections.abc import Callable
from typing import Any

import pytest

from loadgen.config.scenarios import Concurrent, Server
from loadgen.errors import LoadGenError
from loadgen.mlperf.logs.account import Account, epoch_ns
from loadgen.mlperf.settings import TestScenario
from loadgen.result import Result, RunData


@pytest.mark.parametrize(
    ("moment", "ns"),
    [
        ("", 0),
        ("1970-01-01T00:00:00.000001+00:00", 1_000),
        ("2026-01-02T03:04:05.678+00:00", 1_767_323_045_678_000_000),
        ("2026-01-02T04:04:05.678901+01:00", 1_767_323_045_678_901_000),
    ],
)
def test_an_instant_is_exact_in_ns(moment: str, ns: int) -> None:
    assert epoch_ns(moment) == ns


def test_an_account_can_be_made_of_any_result(make_run: Callable[..., RunData]) -> None:
    result = Result(make_run(Server(target_qps=5.0, target_latency_ms=20.0), [0, 9], [5, 20]))
    account = Account.of(result)
    assert account.requested.scenario is TestScenario.Server
    assert account.requested.server_target_latency_ns == 20_000_000
    assert (account.total, account.performance) == (4, 4)
    assert (account.sut_name, account.qsl_name) == ("a system", "dataset")
    assert account.began_ns == 1_767_323_045_678_000_000
    assert account.result is result


def test_a_scenario_that_mlperf_has_no_name_for_is_refused(make_run: Callable[..., Any]) -> None:
    with pytest.raises(LoadGenError, match="no scenario 'concurrent'"):
        Account.of(Result(make_run(Concurrent(concurrency=2), [0], [5])))
