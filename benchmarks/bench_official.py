# SPDX-License-Identifier: Apache-2.0
"""loadgen beside the official package (mlcommons-loadgen), on the same work, in one process.

Both sides alternate, so that what the machine does in between hits both; figures are medians over
the repeats, ratios are those of the medians with the lowest and the highest pair. The system under
test does nothing but answer. Time counts from the call that starts the run until the headline
figure and the verdict have been read: the official side reads them from its summary file.

    python benchmarks/bench_official.py [--repeats 5] [--json]
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import mlperf_loadgen as official  # type: ignore[import-not-found]
from side_by_side import RATE, SAMPLES, Row, compare, figure, main, mlperf_run

import loadgen as lg

STREAM_QUERIES = 300_000
SERVER_SECONDS = 3
PERCENTILES = (50, 90, 99)


def timed_run(scenario: lg.Scenario, sut: object, **fields: object) -> tuple[float, lg.Result]:
    """Run loadgen: seconds until metric and verdict were read, and the result."""
    start = time.perf_counter()
    result = lg.run(sut, SAMPLES, scenario, min_duration_s=0, progress=False, **fields)
    if result.metric is None or not result.valid:
        raise ValueError(f"not a valid run: {result.reasons}")
    return time.perf_counter() - start, result


class Push(lg.SystemUnderTest):
    """Answers inside issue()."""

    def issue(self, batch: lg.Batch) -> None:
        """Answer."""
        batch.complete()


def nothing(samples: object) -> None:
    """Be a function that does nothing."""


def stream_rate(sut: object, folder: Path) -> tuple[list[float], list[float]]:
    """Samples per second of SingleStream, both sides: official, loadgen."""
    seconds, _ = mlperf_run(official, "SingleStream", folder, min_query_count=STREAM_QUERIES)
    ours, result = timed_run(lg.SingleStream(), sut, min_queries=STREAM_QUERIES)
    return [STREAM_QUERIES / seconds], [result.n_issued / ours]


def server_latencies(qps: int, folder: Path) -> tuple[list[float], list[float]]:
    """Latencies in us of a Server that answers inside issue(), both sides: official, loadgen."""
    queries = qps * SERVER_SECONDS
    _, summary = mlperf_run(
        official, "Server", folder, min_query_count=queries, server_target_qps=float(qps)
    )
    _, result = timed_run(lg.Server(target_qps=qps), Push(), min_queries=queries)
    theirs = [figure(summary, f"{p:.2f} percentile latency (ns)") / 1e3 for p in PERCENTILES]
    return theirs, [ns / 1e3 for ns in result.latency.percentiles(PERCENTILES)]


def measure(repeats: int) -> Iterator[Row]:
    """Yield the lines of the table."""
    for name, sut in (("function", nothing), ("push", Push())):
        work = [f"SingleStream, {name}"]
        yield from compare(work, RATE, repeats, functools.partial(stream_rate, sut))
    for qps in (1_000, 10_000):
        works = [f"Server {qps:,} QPS, push, p{p} latency" for p in PERCENTILES]
        yield from compare(works, "us", repeats, functools.partial(server_latencies, qps))


if __name__ == "__main__":
    sys.exit(main(__doc__, measure))
