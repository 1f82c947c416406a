# SPDX-License-Identifier: Apache-2.0
"""What benchmarks beside the official package share: its tests, pairs of figures, the table."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SAMPLES = 1_024
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


def mlperf_run(
    api: Any, scenario: str, folder: Path, *, fast: bool = False, **attributes: float
) -> tuple[float, str]:
    """Run a test of MLPerf's API, official or ours, without a trace: seconds, and its summary."""
    settings = api.TestSettings()
    settings.scenario = getattr(api.TestScenario, scenario)
    settings.mode = api.TestMode.PerformanceOnly
    settings.min_duration_ms = 0
    for name, value in attributes.items():
        setattr(settings, name, value)
    log = api.LogSettings()
    log.enable_trace = False
    log.log_output.outdir = str(folder)
    answer, respond = api.QuerySamplesComplete, api.QuerySampleResponse

    def issue(samples: Any) -> None:
        answer([respond(sample.id, 0, 0) for sample in samples])

    def issue_fast(ids: list[int], indices: list[int]) -> None:
        answer([respond(each, 0, 0) for each in ids])

    construct, destroy = (
        (api.ConstructFastSUT, api.DestroyFastSUT) if fast else (api.ConstructSUT, api.DestroySUT)
    )
    sut = construct(issue_fast if fast else issue, lambda: None)
    qsl = api.ConstructQSL(SAMPLES, SAMPLES, lambda _: None, lambda _: None)
    try:
        start = time.perf_counter()
        api.StartTestWithLogSettings(sut, qsl, settings, log)
        summary = (folder / "mlperf_log_summary.txt").read_text(encoding="utf-8")
        return time.perf_counter() - start, summary
    finally:
        destroy(sut)
        api.DestroyQSL(qsl)


def figure(summary: str, label: str) -> int:
    """Return a figure of a summary."""
    found = re.search(rf"^{re.escape(label)}\s*: (\d+)$", summary, re.M)
    if found is None:
        raise ValueError(f"the summary has no {label!r}:\n{summary}")
    return int(found[1])


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


def main(description: str, measure: Callable[[int], Iterable[Row]]) -> int:
    """Measure with as many repeats as the command line says, and print the table."""
    parser = argparse.ArgumentParser(description=description.split("\n", maxsplit=1)[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = list(measure(options.repeats))
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
