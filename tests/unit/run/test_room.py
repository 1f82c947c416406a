# SPDX-License-Identifier: Apache-2.0
"""Runs whose rows do not fit are refused before they start, with the sum."""

from typing import Any

import pytest

import loadgen as lg
from loadgen import environment
from loadgen.run.room import bytes_per_row


@pytest.fixture(autouse=True)
def ten_gigabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """So much is free."""
    monkeypatch.setattr(environment, "available_memory", lambda: 10 * 10**9)


def refusal(scenario: lg.Scenario, **fields: Any) -> str:
    with pytest.raises(lg.SettingsError) as error:
        lg.run(lambda _: pytest.fail("the run was started"), 10, scenario, **fields)
    return str(error.value)


def test_the_sum_and_the_way_out_are_told() -> None:
    assert refusal(lg.Server(1_000), min_queries=10**9) == (
        "min_queries = 1000000000: needs less: at least 1,000,000,000 samples of 29 bytes are "
        "29.0 GB, and 10.0 GB are free; or recording='histogram', which keeps no rows"
    )


@pytest.mark.parametrize(
    ("scenario", "fields", "begins"),
    [
        (lg.Server(1e6), {"min_duration_s": 1_000}, "min_duration_s = 1000.0: needs less"),
        (lg.Offline(n_samples=10**9), {}, "n_samples = 1000000000: needs less"),
        (lg.Offline(expected_qps=1e9), {"min_duration_s": 1}, "expected_qps = 1000000000.0: needs"),
        (lg.MultiStream(samples_per_query=8), {"min_queries": 10**8}, "min_queries = 100000000: "),
        (lg.SingleStream(), {"min_queries": 4 * 10**8, "tokens": True}, "min_queries = 400000000"),
    ],
)
def test_the_field_that_makes_it_so_long_is_named(
    scenario: lg.Scenario, fields: dict[str, Any], begins: str
) -> None:
    assert refusal(scenario, **fields).startswith(begins)


def test_what_ends_earlier_needs_no_more_than_that() -> None:
    few = {"min_queries": 10**9, "max_queries": 10, "min_duration_s": 0}
    assert lg.run(lambda _: None, 10, lg.SingleStream(), **few).n_issued == 10


def test_a_run_that_keeps_no_rows_needs_no_room_for_them() -> None:
    with pytest.raises(lg.Interrupted):
        lg.run(Ending(), 10, lg.SingleStream(), min_queries=10**9, recording="histogram")


class Ending(lg.SystemUnderTest):
    """Ends the run with its first query."""

    def issue(self, batch: lg.Batch) -> None:
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("scenario", "tokens", "size"),
    [
        (lg.Server(1), False, 29),
        (lg.Server(1), True, 41),
        (lg.SingleStream(), False, 21),
        (lg.Offline(), False, 13),
    ],
)
def test_a_row_has_the_size_of_its_columns(scenario: lg.Scenario, tokens: bool, size: int) -> None:
    settings = lg.Settings(min_queries=1, min_duration_s=0, tokens=tokens)
    assert bytes_per_row(scenario, settings) == size
