# SPDX-License-Identifier: Apache-2.0
"""HdrHistogram logs, read back by the package hdrhistogram."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from loadgen.config.scenarios import Server
from loadgen.export.hlog import _index_of, _leb128
from loadgen.result import Result

Get = Callable[[str], Result]
HOUR_NS = 3_600_000_000_000
KINDS = ("latency", "service_time", "issue_delay", "ttft", "tpot", "itl")


def intervals(path: Path) -> list[Any]:
    reader = HistogramLogReader(str(path), HdrHistogram(1, HOUR_NS, 3))
    found = []
    while (histogram := reader.get_next_interval_histogram()) is not None:
        found.append(histogram)
    reader.close()
    return found


def wholes(path: Path) -> dict[str, HdrHistogram]:
    """All intervals of each kind, added up."""
    found: dict[str, HdrHistogram] = {}
    for each in intervals(path):
        kind = each.get_tag() or "latency"
        found.setdefault(kind, HdrHistogram(1, HOUR_NS, 3)).add(each)
    return found


def test_counts_and_percentiles_are_those_of_the_result(
    every: str, result_of: Get, tmp_path: Path
) -> None:
    result = result_of(every)
    found = wholes(result.export(tmp_path / "run.hlog"))
    expected = {kind: values for kind in KINDS if (values := getattr(result, kind))}
    assert found.keys() == expected.keys()
    for kind, values in expected.items():
        histogram = found[kind]
        assert histogram.get_total_count() == values.count
        for percentile in (50, 90, 99):
            # One is counted from 1 and rounded, ours is MLPerf's: neighbours in the list.
            rank = min(int(values.count * percentile / 100), values.count - 1)
            low, high = values.elements([max(rank - 1, 0), rank])
            value = histogram.get_value_at_percentile(percentile)
            assert low * 0.998 <= value <= high * 1.002, kind
        assert histogram.get_max_value() == histogram.get_highest_equivalent_value(values.max)


def test_an_interval_of_a_second_holds_what_ended_in_it(
    make_run: Callable[..., Any], tmp_path: Path
) -> None:
    second = 1_000_000_000
    due = [0, 100, second - 10, 3 * second]
    data = make_run(Server(target_qps=1), due, [5, 1_100, second + 5, 3 * second + 7])
    found = intervals(Result(data).export(tmp_path / "run.hlog"))
    latency = [each for each in found if each.get_tag() is None]
    started_s = datetime.fromisoformat("2026-01-02T03:04:05.678+00:00").timestamp()
    starts_s = [each.get_start_time_stamp() / 1000 - started_s for each in latency]
    assert starts_s == pytest.approx([0, 1, 3], abs=1e-3)
    assert [each.get_total_count() for each in latency] == [2, 1, 1]
    assert [each.get_max_value() for each in latency] == [1_000, 15, 7]


def test_the_file_says_when_the_run_was_in_utc(result_of: Get, tmp_path: Path) -> None:
    lines = result_of("one").export(tmp_path / "run.hlog").read_text("ascii").splitlines()
    started = "1767323045.678 (seconds since epoch)"
    assert lines[2:4] == [
        f"#[StartTime: {started}, 2026-01-02T03:04:05.678000+00:00]",
        f"#[BaseTime: {started}]",
    ]


@pytest.mark.parametrize(
    "value", [0, 1, 2047, 2048, 2049, 4095, 4096, 10**6, 2**40 - 1, 2**40, 2**53 + 1, 2**61]
)
def test_a_value_is_counted_where_the_package_counts_it(value: int) -> None:
    theirs = HdrHistogram(1, 2**62, 3).get_counts_array_index(value)
    assert _index_of(np.array([value])).tolist() == [theirs]


@pytest.mark.parametrize(
    ("number", "encoded"),
    [
        (0, b"\x00"),
        (-1, b"\x01"),
        (1, b"\x02"),
        (63, b"\x7e"),
        (64, b"\x80\x01"),
        (-65, b"\x81\x01"),
        (2**62, b"\x80" * 8 + b"\x80"),
    ],
)
def test_numbers_are_zigzag_leb128_of_at_most_nine_bytes(number: int, encoded: bytes) -> None:
    assert _leb128(np.array([number])) == encoded
    assert _leb128(np.array([5, number, -1])) == b"\x0a" + encoded + b"\x01"


def test_an_answer_at_an_impossible_instant_is_counted_all_the_same(
    make_run: Callable[..., Any], tmp_path: Path
) -> None:
    data = make_run(Server(target_qps=1), [0, 100, 200], [5, 2**62, -(2**61)])
    (latency,) = [
        sum(each.get_total_count() for each in intervals(path) if each.get_tag() is None)
        for path in [Result(data).export(tmp_path / "run.hlog")]
    ]
    assert latency == 3
