# SPDX-License-Identifier: Apache-2.0
"""What is made of a record of 10^5 samples: percentiles, verdict, text, files."""

import itertools
from pathlib import Path
from typing import Any

import pytest

import loadgen as lg
from loadgen import mlperf
from loadgen.metrics.early_stopping import estimate_rank_from_top

PERCENTILES = (50, 90, 95, 97, 99, 99.9)


def fresh(result: lg.Result) -> lg.Result:
    """Return the result again, with nothing worked out yet."""
    return lg.Result(result._data)


def test_six_percentiles(benchmark: Any, result: lg.Result) -> None:
    benchmark(lambda: fresh(result).latency.percentiles(PERCENTILES))


def test_a_confidence_interval(benchmark: Any, result: lg.Result) -> None:
    benchmark(lambda: fresh(result).latency.interval(99))


@pytest.mark.parametrize("name", ["arrivals", "steady_state", "littles_law", "queueing"])
def test_a_check(benchmark: Any, result: lg.Result, name: str) -> None:
    benchmark(lambda: getattr(fresh(result), name))


def test_comparison(benchmark: Any, result: lg.Result) -> None:
    benchmark(lambda: lg.compare(fresh(result), fresh(result)))


def test_early_stopping_rank(benchmark: Any) -> None:
    benchmark(estimate_rank_from_top, 100_000, 0.99)


def test_metric_and_verdict(benchmark: Any, result: lg.Result) -> None:
    def read() -> None:
        again = fresh(result)
        assert again.metric is not None
        assert again.verdict is not None

    benchmark(read)


def test_health(benchmark: Any, result: lg.Result) -> None:
    benchmark(lambda: fresh(result).health)


def test_timeline(benchmark: Any, result: lg.Result) -> None:
    benchmark(result.timeline)


def test_summary(benchmark: Any, result: lg.Result) -> None:
    benchmark(lambda: fresh(result).summary())


def test_save(benchmark: Any, result: lg.Result, tmp_path: Path) -> None:
    benchmark(result.save, tmp_path / "result", overwrite=True)


def test_load_and_read_the_metric(benchmark: Any, result: lg.Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "result")
    benchmark(lambda: lg.Result.load(folder).metric)


def test_mlperf_logs(benchmark: Any, result: lg.Result, tmp_path: Path) -> None:
    benchmark(mlperf.write_logs, result, tmp_path)


def test_mlperf_trace(benchmark: Any, result: lg.Result, tmp_path: Path) -> None:
    numbers = itertools.count()
    benchmark.pedantic(
        lambda: mlperf.write_logs(result, tmp_path / str(next(numbers)), trace=True), rounds=3
    )


def test_read_mlperf_logs(benchmark: Any, result: lg.Result, tmp_path: Path) -> None:
    folder = mlperf.write_logs(result, tmp_path)
    benchmark(mlperf.read_logs, folder)
