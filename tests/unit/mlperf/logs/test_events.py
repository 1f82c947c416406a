# SPDX-License-Identifier: Apache-2.0
"""What is said of a run beside its figures."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from loadgen.config.scenarios import Server, SingleStream
from loadgen.config.settings import Settings
from loadgen.mlperf.logs.account import Account
from loadgen.mlperf.logs.summary import summary_text
from loadgen.mlperf.notes import Note
from loadgen.result import Occurrence, RunData

MS = 1_000_000

MakeRun = Callable[..., RunData]
AccountOf = Callable[..., Account]
Entries = list[tuple[str, Any]]


def ended(data: RunData, end: str, **fields: Any) -> RunData:
    (series,) = data.series
    return dataclasses.replace(data, series=(dataclasses.replace(series, end=end, **fields),))


def texts(found: Entries, key: str = "error_runtime") -> list[str]:
    return [value for name, value in found if name == key]


@pytest.mark.parametrize(
    ("scenario", "end", "text"),
    [
        (SingleStream(), "max_queries", "Max query count reached. query_count 3"),
        (Server(target_qps=1.0), "max_duration", "Max test duration reached. duration_ns 20"),
        (
            Server(target_qps=1.0, max_outstanding=1),
            "too_many_outstanding",
            "Too many outstanding queries. issued 3 outstanding 2",
        ),
    ],
)
def test_an_early_end_is_an_error(
    scenario: Any, end: str, text: str, make_run: MakeRun, log: Callable[..., Entries]
) -> None:
    found = log(ended(make_run(scenario, [0, 10, 20], [5, 30, 40]), end))
    assert texts(found) == [f"IssueQueryThread 0 Ending early: {text}"]
    assert found[-1] == ("num_errors", 1)


def test_running_out_of_queries_is_an_error_where_they_were_to_last(
    make_run: MakeRun, log: Callable[..., Entries]
) -> None:
    (text,) = texts(log(ended(make_run(SingleStream(), [0], [5]), "ran_out")))
    assert text.startswith("Ending early: Ran out of generated queries to issue before the minimum")
    assert texts(log(ended(make_run(Server(target_qps=1.0), [0], [5]), "ran_out"))) == []


def test_errors_have_the_official_words_as_often_as_they_happened(
    make_run: MakeRun, log: Callable[..., Entries]
) -> None:
    data = make_run(
        SingleStream(),
        [0] * 5,
        [9] * 5,
        status=[0, 0, 0, 0, 2],
        first_token=[-1, 1, 1, 1, 1],
        n_tokens=[5, 0, 1, 5, 5],
        settings=Settings(tokens=True, min_duration_s=0, min_queries=1),
        violations={
            "answered_twice": Occurrence(2, "id 1"),
            "first_token_after_completion": Occurrence(1, "id 1"),
            "invalid_token_count": Occurrence(2, "id 1"),
            "foreign_id": Occurrence(3, "id 1"),
        },
    )
    found = log(data)
    assert texts(found)[:8] == [
        "Attempted to record a sample latency before it's first token latency",
        "n_tokens argument missing or attempted to record 0 as number of tokens",
        "Number of tokens need to be greater than 1",
        "Encountered incomplete samples at the end of a series of queries. count: 1",
        "Attempted to complete a sample twice.",
        "Attempted to complete a sample twice.",
        "Attempted to record token latency after sample was completed",
        "n_tokens argument missing or attempted to record 0 as number of tokens",
    ]
    assert texts(found)[8].startswith("3 violations (foreign_id: 3), and 0 are allowed")
    assert found[-1] == ("num_errors", 9)


def test_an_error_is_repeated_a_thousand_times_at_most(
    make_run: MakeRun, log: Callable[..., Entries]
) -> None:
    broken = {"answered_twice": Occurrence(1234, "id 1")}
    found = texts(log(make_run(SingleStream(), [0], [5], violations=broken)))
    assert len(found) == 1001
    assert found[-1] == "Attempted to complete a sample twice. (234 more times)"


@pytest.mark.parametrize(
    ("warnings", "errors", "tail"),
    [
        (1, 1, ["1 warning encountered.", "1 ERROR encountered."]),
        (2, 3, ["2 warnings encountered.", "3 ERRORS encountered."]),
    ],
)
def test_warnings_and_errors_are_counted_wherever_they_were_said(
    warnings: int, errors: int, tail: list[str], make_run: MakeRun, account_of: AccountOf
) -> None:
    data = make_run(SingleStream(), [0], [5], settings=Settings(mode="accuracy"))
    account = account_of(
        data,
        notes=(Note("warning_generic_message", "w"),) * warnings,
        later_notes=(Note("error_runtime", "e"), Note("generic_message", "m")) * errors,
    )
    first, second = (f"{text} See detailed log." for text in tail)
    assert summary_text(account).splitlines() == ["", first, "", second]
