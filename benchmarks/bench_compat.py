# SPDX-License-Identifier: Apache-2.0
"""The drop-in beside the official package: the very same Python system under test through both.

Both sides alternate in one process; figures are medians over the repeats, ratios are those of the
medians with the lowest and the highest pair. Rates count from StartTest to the summary that was
read, of a system that answers inside issue_query; latencies are the summary's own.

    python benchmarks/bench_compat.py [--repeats 5] [--json]
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from pathlib import Path

import mlperf_loadgen as official  # type: ignore[import-not-found]
from side_by_side import RATE, Row, compare, figure, main, mlperf_run

from loadgen.compat import mlperf_loadgen as ours

FLOOD_QPS = 1e9
SERVER_SECONDS = 3
PERCENTILES = (50, 90, 99)
WORKS = (
    ("SingleStream", 200_000, {"min_query_count": 200_000}),
    ("MultiStream", 400_000, {"min_query_count": 50_000, "multi_stream_samples_per_query": 8}),
    ("Server", 200_000, {"min_query_count": 200_000, "server_target_qps": FLOOD_QPS}),
    ("Offline", 500_000, {"min_query_count": 500_000}),
)


def rates(
    scenario: str, n_samples: int, attributes: dict[str, float], fast: bool, folder: Path
) -> tuple[list[float], list[float]]:
    """Samples per second, both sides: official, ours."""
    seconds = [
        mlperf_run(api, scenario, folder, fast=fast, **attributes)[0] for api in (official, ours)
    ]
    return [n_samples / seconds[0]], [n_samples / seconds[1]]


def latencies(qps: int, folder: Path) -> tuple[list[float], list[float]]:
    """Latencies in us of a Server, both sides: official, ours."""
    attributes = {"min_query_count": qps * SERVER_SECONDS, "server_target_qps": float(qps)}
    summaries = [mlperf_run(api, "Server", folder, **attributes)[1] for api in (official, ours)]
    theirs, own = (
        [figure(summary, f"{p:.2f} percentile latency (ns)") / 1e3 for p in PERCENTILES]
        for summary in summaries
    )
    return theirs, own


def measure(repeats: int) -> Iterator[Row]:
    """Yield the lines of the table."""
    for scenario, n_samples, attributes in WORKS:
        for fast in (False, True):
            once = functools.partial(rates, scenario, n_samples, attributes, fast)
            flood = ", flood" if scenario == "Server" else ""
            work = [f"{scenario}{flood}, {'fast' if fast else 'list'} SUT"]
            yield from compare(work, RATE, repeats, once)
    for qps in (1_000, 10_000):
        works = [f"Server {qps:,} QPS, p{p} latency" for p in PERCENTILES]
        yield from compare(works, "us", repeats, functools.partial(latencies, qps))


if __name__ == "__main__":
    sys.exit(main(__doc__, measure))
