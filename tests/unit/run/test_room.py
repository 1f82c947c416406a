# SPDX-License-Identifier: Apache-2.0
"""Runs whose rows do not fit are refused before they start, with the sum."""

import os
from typing import Any

import pytest

import loadgen as lg
from loadgen import environment
from loadgen.run.room import bytes_per_row, expected
from loadgen.traffic import effective

_TALKING = lg.Server(100, conversations=lg.Conversations())


class Unstarted(lg.SystemUnderTest):
    """Is not to be started."""

    def start(self, run: lg.Run) -> None:
        pytest.fail("the run was started")

    def issue(self, batch: lg.Batch) -> None:
        pytest.fail("a query was issued")


@pytest.fixture(autouse=True)
def ten_gigabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """So much is free."""
    monkeypatch.setattr(environment, "available_memory", lambda: 10 * 10**9)


def refusal(scenario: lg.Scenario, *, total: int = 10, **fields: Any) -> str:
    with pytest.raises(lg.SettingsError) as error:
        lg.run(Unstarted(), total, scenario, **fields)
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


@pytest.mark.parametrize(
    ("fields", "begins"),
    [
        ({"mode": "accuracy"}, "accuracy_sample_count = 1000000000: needs less: at least 1,000,"),
        ({"mode": "submission", "min_queries": 1}, "accuracy_sample_count = 1000000000: needs le"),
        ({"mode": "accuracy", "accuracy_sample_count": 6 * 10**8}, "accuracy_sample_count = 6000"),
        ({"mode": "submission", "min_queries": 2 * 10**9}, "min_queries = 2000000000: needs less"),
    ],
)
def test_samples_of_an_accuracy_run_are_named_where_they_are_more(
    fields: dict[str, Any], begins: str
) -> None:
    assert refusal(lg.SingleStream(), total=10**9, **fields).startswith(begins)


@pytest.mark.parametrize(
    ("scenario", "fields"),
    [
        (lg.Offline(n_samples=10**9), {}),
        (lg.SingleStream(), {"mode": "accuracy", "total": 10**9}),
        (lg.SingleStream(), {"min_queries": 10**9, "accuracy_log_target": 5}),
        pytest.param(
            lg.Server(1),
            {"min_queries": 10**9, "issue_threads": 2},
            marks=pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="1 thread at most"),
        ),
    ],
)
def test_a_way_out_that_would_be_refused_is_not_offered(
    scenario: lg.Scenario, fields: dict[str, Any]
) -> None:
    assert refusal(scenario, **fields).endswith("10.0 GB are free")


@pytest.mark.parametrize(
    ("scenario", "fields", "rows"),
    [
        (lg.SingleStream(), {"min_queries": 10**9, "max_queries": 10}, 10),
        (lg.SingleStream(), {"min_queries": 10**9, "max_duration_s": 0.2}, 1),
        (lg.Concurrent(4), {"min_queries": 10**9, "max_duration_s": 0.2}, 1),
        (lg.SingleStream(expected_latency_ms=0.001), {"min_duration_s": 10**4}, 100),
        (lg.Server(1e5), {"min_queries": 10**9, "max_duration_s": 0.2}, 20_000),
        (lg.Server(1e5, arrivals=lg.Replay([0, 0.1, 0.2])), {"min_duration_s": 10**6}, 3),
        (lg.Server(1, arrivals=lg.Replay([0, 0.1, 0.2])), {"max_duration_s": 0.15}, 2),
        (lg.Server(1e5), {"sample_order": "unique", "min_duration_s": 10**6}, 10),
        (lg.MultiStream(), {"sample_order": "unique", "min_queries": 10**9}, 10),
        (lg.Server(1e5), {"mode": "accuracy", "accuracy_sample_count": 10**9}, 10),
    ],
)
def test_what_ends_earlier_needs_no_more_than_that(
    scenario: lg.Scenario, fields: dict[str, Any], rows: int
) -> None:
    settings = lg.Settings(**fields)
    sizes = effective(scenario, settings, 10, 10)
    assert expected(scenario, settings, sizes, 10).rows == rows


def test_a_run_that_ends_earlier_is_not_refused() -> None:
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
        (lg.Server(1), True, 49),
        (lg.SingleStream(), False, 21),
        (lg.Offline(), False, 13),
    ],
)
def test_a_row_has_the_size_of_its_columns(scenario: lg.Scenario, tokens: bool, size: int) -> None:
    settings = lg.Settings(min_queries=1, min_duration_s=0, tokens=tokens)
    assert bytes_per_row(scenario, settings) == size


def test_an_instant_of_a_token_has_16_bytes_and_a_sample_has_at_least_one() -> None:
    settings = lg.Settings(tokens=True, token_times="exact")
    assert bytes_per_row(lg.SingleStream(), settings) == 21 + 20 + 16


def test_a_kept_answer_has_its_header_and_what_it_is_found_by() -> None:
    settings = lg.Settings(mode="accuracy")
    assert bytes_per_row(lg.SingleStream(), settings) == 21 + 14 + 16
    assert bytes_per_row(lg.SingleStream(), settings, keeps_outputs=False) == 21
    fits = {"mode": "accuracy", "sinks": [Nowhere()]}
    assert lg.run(lambda _: None, 10, lg.SingleStream(), **fits).n_issued == 10
    assert "300,000,000 samples of 51 bytes are 15.3 GB" in refusal(
        lg.SingleStream(), total=3 * 10**8, mode="accuracy"
    )


class Nowhere:
    """A sink that keeps nothing."""

    def open(self, run: lg.Run) -> None:
        pass

    def output(self, row: int, index: int, data: memoryview) -> None:
        pass

    def close(self, result: lg.Result | None) -> None:
        pass


@pytest.mark.parametrize(
    ("scenario", "fields", "turns", "rows"),
    [
        (lg.Server(100, arrivals=lg.Steps([(1, 10), (3, 1)])), {"min_duration_s": 20}, (), 4_000),
        (lg.Server(100, arrivals=lg.Ramp(0, 2, 10)), {"max_duration_s": 5}, (), 250),
        (lg.Server(100, arrivals=lg.Replay([0, 4, 8], speed=2)), {"max_duration_s": 3}, (), 2),
        (_TALKING, {"min_duration_s": 20}, (3, 1), 4_000),
        (_TALKING, {"min_duration_s": 20, "max_duration_s": 30}, (3, 1), 2_000),
    ],
)
def test_load_shapes_have_as_many_rows_as_are_expected_of_them(
    scenario: lg.Scenario, fields: dict[str, Any], turns: tuple[int, ...], rows: int
) -> None:
    settings = lg.Settings(**{"min_duration_s": 10, "min_queries": 1, **fields})
    sizes = effective(scenario, settings, 4, 4, turns=turns)
    assert expected(scenario, settings, sizes, 4).rows == rows
