# SPDX-License-Identifier: Apache-2.0
"""Logs of tests that ended before their first query."""

from collections.abc import Callable
from typing import Any

import pytest

from loadgen.mlperf.logs.account import Account
from loadgen.mlperf.logs.summary import summary_text
from loadgen.mlperf.notes import Note
from loadgen.mlperf.settings import TestMode, TestScenario, TestSettings

RULE = "=" * 48
NO_WARNINGS = ["", "No warnings encountered during test."]

Entries = list[tuple[str, Any]]


def nothing_measured(mode: TestMode, scenario: TestScenario = TestScenario.Server) -> Account:
    asked = TestSettings()
    asked.mode, asked.scenario = mode, scenario
    error = Note("error_runtime", "LoadSamplesToRam raised\nValueError: no such file")
    return Account(asked, 4, 4, "a system", "a library", 0, later_notes=(error,))


def test_the_summary_says_invalid_and_why() -> None:
    assert summary_text(nothing_measured(TestMode.PerformanceOnly)).splitlines() == [
        *(RULE, "MLPerf Results Summary", RULE),
        *("SUT name : a system", "Scenario : Server", "Mode     : PerformanceOnly"),
        *("Result is : INVALID", "Recommendations:"),
        " * LoadSamplesToRam raised ValueError: no such file",
        *("", "No warnings encountered during test."),
        *("", "1 ERROR encountered. See detailed log."),
    ]


@pytest.mark.parametrize(
    ("mode", "scenario"),
    [
        (TestMode.AccuracyOnly, TestScenario.Server),
        (TestMode.FindPeakPerformance, TestScenario.SingleStream),
    ],
)
def test_a_summary_that_was_to_have_no_body_has_none(mode: Any, scenario: Any) -> None:
    assert summary_text(nothing_measured(mode, scenario)).splitlines()[:2] == NO_WARNINGS


def test_the_detail_log_says_invalid_and_why(
    logged: Callable[[Account], Entries], requested: Callable[..., TestSettings]
) -> None:
    account = Account(
        requested(scenario="Server", server_target_qps=float("nan")), 4, 4, "s", "q", 0,
        later_notes=(Note("error_invalid_test_settings", "server_target_qps = nan"),),
    )  # fmt: skip
    found = logged(account)
    assert ("requested_server_target_qps", None) in found
    assert found[-3:] == [
        ("error_invalid_test_settings", "server_target_qps = nan"),
        ("result_validity", "INVALID"),
        ("num_errors", 1),
    ]


def test_settings_that_cannot_be_used_have_no_effective_ones(
    logged: Callable[[Account], Entries], requested: Callable[..., TestSettings]
) -> None:
    asked = requested(scenario="SingleStream", single_stream_expected_latency_ns=0.0)
    found = logged(Account(asked, 4, 4, "s", "q", 0))
    assert not [key for key, _ in found if key.startswith("effective_")]
