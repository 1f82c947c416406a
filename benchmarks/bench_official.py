# SPDX-License-Identifier: Apache-2.0
"""loadgen beside the official package (mlcommons-loadgen), on the same work, in one process.

Both sides alternate, so that what the machine does in between hits both; figures are medians over
the repeats, ratios are those of the medians with the lowest and the highest pair. The system under
test does nothing but answer. Time counts from the call that starts the run until the headline
figure and the verdict have been read: the official side reads them from its summary file.

    python benchmarks/bench_official.py [--repeats 5] [--json]
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import platform
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import mlperf_loadgen as official  # type: ignore[import-not-found]

import loadgen as lg

SAMPLES = 1_024
STREAM_QUERIES = 300_000
SERVER_SECONDS = 3
PERCENTILES = (50, 90, 99)
RATE = "samples/s"


@dataclass(frozen=True)
class Row:
    """One line of the table. `ratio` is how many times better loadgen is."""

    work: str
    official: float
    loadgen: float
    unit: str
    ratio: float
    lowest: float
    highest: float


def official_run(scenario: str, folder: Path, **attributes: float) -> tuple[float, str]:
    """Run the official package: seconds, and its summary."""
    settings = official.TestSettings()
    settings.scenario = getattr(official.TestScenario, scenario)
    settings.mode = official.TestMode.PerformanceOnly
    settings.min_duration_ms = 0
    for name, value in attributes.items():
        setattr(settings, name, value)
    log = official.LogSettings()
    log.enable_trace = False
    log.log_output.outdir = str(folder)

    def issue(samples: list[official.QuerySample]) -> None:
        official.QuerySamplesComplete(
            [official.QuerySampleResponse(sample.id, 0, 0) for sample in samples]
        )

    sut = official.ConstructSUT(issue, lambda: None)
    qsl = official.ConstructQSL(SAMPLES, SAMPLES, lambda _: None, lambda _: None)
    try:
        start = time.perf_counter()
        official.StartTestWithLogSettings(sut, qsl, settings, log)
        summary = (folder / "mlperf_log_summary.txt").read_text(encoding="utf-8")
        return time.perf_counter() - start, summary
    finally:
        official.DestroySUT(sut)
        official.DestroyQSL(qsl)


def figure(summary: str, label: str) -> int:
    """Return a figure of the official summary."""
    found = re.search(rf"^{re.escape(label)}\s*: (\d+)$", summary, re.M)
    if found is None:
        raise ValueError(f"the official summary has no {label!r}:\n{summary}")
    return int(found[1])


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
    seconds, _ = official_run("SingleStream", folder, min_query_count=STREAM_QUERIES)
    ours, result = timed_run(lg.SingleStream(), sut, min_queries=STREAM_QUERIES)
    return [STREAM_QUERIES / seconds], [result.n_issued / ours]


def server_latencies(qps: int, folder: Path) -> tuple[list[float], list[float]]:
    """Latencies in us of a Server that answers inside issue(), both sides: official, loadgen."""
    queries = qps * SERVER_SECONDS
    _, summary = official_run(
        "Server", folder, min_query_count=queries, server_target_qps=float(qps)
    )
    _, result = timed_run(lg.Server(target_qps=qps), Push(), min_queries=queries)
    theirs = [figure(summary, f"{p:.2f} percentile latency (ns)") / 1e3 for p in PERCENTILES]
    return theirs, [ns / 1e3 for ns in result.latency.percentiles(PERCENTILES)]


def compare(
    works: Sequence[str],
    unit: str,
    repeats: int,
    once: Callable[[Path], tuple[list[float], list[float]]],
) -> list[Row]:
    """Alternate both sides `repeats` times; `once` gives a figure for each of `works`."""
    with tempfile.TemporaryDirectory() as folder:
        pairs = [once(Path(folder)) for _ in range(repeats)]
    rows = []
    for position, work in enumerate(works):
        theirs = [one[position] for one, _ in pairs]
        ours = [other[position] for _, other in pairs]
        gains = [b / a if unit == RATE else a / b for a, b in zip(theirs, ours, strict=True)]
        a, b = statistics.median(theirs), statistics.median(ours)
        rows.append(Row(work, a, b, unit, b / a if unit == RATE else a / b, min(gains), max(gains)))
    return rows


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = []
    for name, sut in (("function", nothing), ("push", Push())):
        work = [f"SingleStream, {name}"]
        rows += compare(work, RATE, options.repeats, functools.partial(stream_rate, sut))
    for qps in (1_000, 10_000):
        works = [f"Server {qps:,} QPS, push, p{p} latency" for p in PERCENTILES]
        rows += compare(works, "us", options.repeats, functools.partial(server_latencies, qps))
    machine = f"{platform.platform()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    if options.json:
        json.dump({"machine": machine, "rows": [asdict(row) for row in rows]}, sys.stdout, indent=2)
        return 0
    print(f"{machine}; {options.repeats} repeats, alternating, medians")
    print(
        f"{'work':<38}{'official':>14}{'loadgen':>14} {'':<10}{'times better (lowest-highest)':>30}"
    )
    for row in rows:
        ratio = f"{row.ratio:,.1f} ({row.lowest:,.1f}-{row.highest:,.1f})"
        print(
            f"{row.work:<38}{row.official:>14,.3f}{row.loadgen:>14,.3f} {row.unit:<10}{ratio:>30}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
