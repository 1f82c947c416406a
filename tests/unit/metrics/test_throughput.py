# SPDX-License-Identifier: Apache-2.0
"""Rates by MLPerf's formulas, on literal figures."""

import numpy as np
import pytest

from loadgen.metrics.throughput import (
    Metric,
    completed_per_second,
    final_done_ns,
    latest_done_ns,
    offline_per_second,
    qps_with_overhead,
    qps_without_overhead,
    scheduled_per_second,
)

SECOND = 1_000_000_000


def test_rates_are_those_of_the_manual() -> None:
    assert completed_per_second(1001, 2 * SECOND) == 500.0
    assert scheduled_per_second(1001, 4 * SECOND) == 250.0
    assert offline_per_second(1000, 4 * SECOND) == 250.0
    assert qps_with_overhead(101, SECOND) == 100.0
    assert qps_without_overhead(2_000_000) == 500.0


def test_one_query_has_no_rate_and_is_no_division_by_zero() -> None:
    assert completed_per_second(1, 0) == 0.0
    assert completed_per_second(0, 0) == 0.0
    assert scheduled_per_second(1, 0) == 0.0
    assert qps_with_overhead(1, 0) == 0.0


def test_a_duration_below_a_clock_tick_counts_as_one() -> None:
    assert offline_per_second(5, 0) == 5e9


@pytest.mark.parametrize(
    ("completed", "status", "final", "latest"),
    [
        ([110, 150, 130], [0, 0, 0], 30, 50),
        ([110, 150, 130], [0, 0, 1], 30, 50),
        ([110, 150, -7], [0, 1, 2], 50, 50),
        ([-7, -7], [2, 2], 0, 0),
        ([], [], 0, 0),
    ],
)
def test_final_done_is_that_of_the_last_issued_sample(
    completed: list[int], status: list[int], final: int, latest: int
) -> None:
    columns = np.array(completed, np.int64), np.array(status, np.uint8), 100
    assert final_done_ns(*columns) == final
    assert latest_done_ns(*columns) == latest


def test_a_metric_says_name_figure_and_unit() -> None:
    assert str(Metric("90th percentile latency", 1234567, "ns")) == (
        "90th percentile latency: 1,234,567 ns"
    )
    assert str(Metric("Samples per second", 1234.5678, "samples/s")) == (
        "Samples per second: 1,234.57 samples/s"
    )
