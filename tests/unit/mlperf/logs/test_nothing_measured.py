# SPDX-License-Identifier: Apache-2.0
"""Logs of tests without figures: they ended before their first query, or are about accuracy."""

from collections.abc import Callable
from typing import Any

import pytest

from loadgen.config.scenarios import SingleStream
from loadgen.config.settings import Settings
from loadgen.mlperf.logs.account import Account
from loadgen.mlperf.logs.summary import summary_text
from loadgen.mlperf.notes import Note
from loadgen.mlperf.settings import TestMode, TestScenario, TestSettings
from loadgen.result import Occurrence

RULE = "=" * 48
NO_WARNINGS = ["", "No warnings encountered during test."]

Entries = list[tuple[str, Any]]


def nothing_measured(mode: TestMode, scenario: TestScenario = TestScenario.Server) -> Account:
    asked = TestSettings()
    asked.mode, asked.scenario = mode, scenario
    error = Note("error_runtime", "LoadSamplesToRam raised\nValueError: no such file")
    return Account(asked, 4, 4, "a system", "a library", 0, later_notes=(error,))


@pytest.mark.parametrize("mode", TestMode)
def test_the_summary_says_invalid_and_why(mode: TestMode) -> None:
    assert summary_text(nothing_measured(mode)).splitlines() == [
        *(RULE, "MLPerf Results Summary", RULE),
        *("SUT name : a system", "Scenario : Server", f"Mode     : {mode.name}"),
        *("Result is : INVALID", "Recommendations:"),
        " * LoadSamplesToRam raised ValueError: no such file",
        *("", "No warnings encountered during test."),
        *("", "1 ERROR encountered. See detailed log."),
    ]


def test_an_accuracy_run_that_failed_says_so_and_why(
    make_run: Callable[..., Any], account_of: Callable[..., Account]
) -> None:
    data = make_run(
        SingleStream(), [0, 1], [5, 0], status=[0, 2], settings=Settings(mode="accuracy"),
        aborted_reason="the server\nwent away", violations={"answered_twice": Occurrence(2, "id")},
    )  # fmt: skip
    assert summary_text(account_of(data)).splitlines() == [
        *(RULE, "MLPerf Results Summary", RULE),
        *("SUT name : a system", "Scenario : SingleStream", "Mode     : AccuracyOnly"),
        *("Result is : INVALID", "Recommendations:"),
        " * the run was aborted (the server went away)",
        " * 1 of 2 issued samples was never answered, and none may be",
        " * 2 violations (answered_twice: 2), and 0 are allowed",
        *("", "No warnings encountered during test."),
        *("", "4 ERRORS encountered. See detailed log."),
    ]


def test_a_search_for_the_peak_that_cannot_be_has_the_official_summary() -> None:
    account = nothing_measured(TestMode.FindPeakPerformance, TestScenario.SingleStream)
    assert summary_text(account).splitlines()[:2] == NO_WARNINGS


@pytest.mark.parametrize("mode", [mode.name for mode in TestMode])
def test_the_detail_log_says_invalid_and_why(
    mode: str, logged: Callable[[Account], Entries], requested: Callable[..., TestSettings]
) -> None:
    account = Account(
        requested(scenario="Server", mode=mode, server_target_qps=float("nan")), 4, 4, "s", "q", 0,
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
