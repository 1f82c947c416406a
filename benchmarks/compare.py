# SPDX-License-Identifier: Apache-2.0
"""Loadgen beside the official package (mlcommons-loadgen), on the same work: a table of ratios.

Every run has a process of its own, and the sides alternate, so that what the machine does in
between hits all of them. Figures are medians over the repeats; ratios are those of the medians,
with the lowest and the highest pair. benchmarks/README.md says how to read it.

    python benchmarks/compare.py [--repeats 5] [--quick] [--only PATTERN] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from one_run import Run
from side_by_side import HEADER, Ours, Work, commit, compare, line, machine, stops_in_words

FLOOD_QPS = 1e9
DELAYS = ("p50", "p90", "p99", "p99.9", "max")
RATES = (100, 1_000, 10_000, 100_000)
LEAST_QUERIES = 500  # with fewer the 99th percentile has no verdict
MOST_PLANNED_OFFICIAL = 10_000_000  # beyond it takes minutes and tens of GB


@dataclass(frozen=True)
class Sizes:
    """How long a campaign takes. Quick figures show that everything works; they are no figures."""

    delay_s: float = 5
    memory: int = 10_000_000
    offline: int = 10_000_000
    planned: tuple[int, ...] = (10_000_000, 100_000_000)
    repeats: int = 5


QUICK = Sizes(delay_s=1, memory=2_000_000, offline=2_000_000, planned=(1_000_000,), repeats=2)


# Times better than the official package, end to end.
RATE_TARGETS = {
    "SingleStream": {"function": 20, "push": 15, "native": 15},
    "MultiStream": {"function": 20},
    "Server": {"pull": 50, "push coalesced": 60, "native": 12, "native coalesced": 30},
    "Offline": {"function": 40, "push": 40, "pull": 40, "native": 8},
}
# Its native interface needs C++ headers, which its wheel leaves out. On another machine it was so
# many times faster than its Python interface (M samples/s of both).
NATIVE_GAINS = {"SingleStream": 0.69 / 0.34, "Server": 0.84 / 0.37, "Offline": 5.4 / 0.73}
KINDS = ("function", "push", "pull", "native")
SERVER_KINDS = (*KINDS, "push coalesced", "native coalesced")


def end_to_end(sizes: Sizes) -> Iterator[Work]:
    """Yield how much gets through a system that does nothing; CPU time; what the end takes."""
    for scenario, n_samples in (
        ("SingleStream", 300_000),
        ("MultiStream", 400_000),
        ("Server", 1_000_000),
        ("Offline", 1_000_000),
        ("Offline", sizes.offline),
    ):
        server = scenario == "Server"
        qps = FLOOD_QPS if server else 0.0
        yield Work(
            f"end to end: {scenario}{' flooded' if server else ''}, {n_samples:,} samples",
            Run("official", "list", scenario, n_samples, qps),
            tuple(
                _through(kind, scenario, n_samples, qps)
                for kind in (SERVER_KINDS if server else KINDS)
            ),
            ("rate", "CPU", "end"),
        )


def _through(kind: str, scenario: str, n_samples: int, qps: float) -> Ours:
    sut, _, coalesced = kind.partition(" ")
    target = RATE_TARGETS[scenario].get(kind)
    gain = NATIVE_GAINS.get(scenario) if sut == "native" else None
    return Ours(
        kind,
        Run("loadgen", sut, scenario, n_samples, qps, coalesce=bool(coalesced)),
        targets={} if target is None else {"rate": target},
        gains={} if gain is None else {"rate": gain},
    )


def drop_in(sizes: Sizes) -> Iterator[Work]:
    """Yield the very same Python system under test of MLPerf's interface through both."""
    for scenario, n_samples in (
        ("SingleStream", 200_000),
        ("MultiStream", 400_000),
        ("Server", 200_000),
        ("Offline", 500_000),
    ):
        for sut in ("list", "fast"):
            qps = FLOOD_QPS if scenario == "Server" else 0.0
            yield Work(
                f"drop-in: {scenario}{' flooded' if qps else ''}, {sut} SUT",
                Run("official", sut, scenario, n_samples, qps),
                (Ours("drop-in", Run("drop-in", sut, scenario, n_samples, qps)),),
                ("rate", "CPU", "end"),
            )


def delay(sizes: Sizes) -> Iterator[Work]:
    """Yield the latency of a Server's system that answers at once: what the generator adds."""
    for spare_cores, name, rates in (
        (None, "idle", RATES),
        (1, "other cores busy", RATES),
        (0, "all cores busy", (1_000, 10_000)),
    ):
        for qps in rates:
            n_queries = max(LEAST_QUERIES, int(qps * sizes.delay_s))
            yield Work(
                f"delay: Server {qps:,} QPS, {name}",
                Run("official", "list", "Server", n_queries, qps),
                tuple(
                    Ours(
                        sut,
                        Run("loadgen", sut, "Server", n_queries, qps),
                        targets=_delay_targets(sut, qps, spare_cores),
                    )
                    for sut in ("push", "native")
                ),
                (*DELAYS, "CPU"),
                spare_cores,
            )


def _delay_targets(sut: str, qps: int, spare_cores: int | None) -> dict[str, float]:
    if qps not in (1_000, 10_000):
        return {}
    if spare_cores == 0:
        return {"p90": 1}
    median = 500 if sut == "native" else 80
    tail = 20 if qps == 10_000 and spare_cores is None else 5
    return {"p50": median, "p90": median, "p99": tail}


def memory(sizes: Sizes) -> Iterator[Work]:
    """Yield bytes a sample: the slope of the peak between a tenth of the samples and all."""
    for scenario, sut, times in (
        ("Server", "push", 10),
        ("Offline", "function", 10),
        ("MultiStream", "function", 3),
    ):
        rest = (scenario, sizes.memory, FLOOD_QPS if scenario == "Server" else 0.0)
        yield Work(
            f"memory: {scenario}, up to {sizes.memory:,} samples",
            Run("official", "list", *rest, measure="memory"),
            (Ours(sut, Run("loadgen", sut, *rest, measure="memory"), targets={"bytes": times}),),
            ("bytes",),
        )


def first_query(sizes: Sizes) -> Iterator[Work]:
    """Yield the time to the first query. The official package plans every query before it."""
    for planned in sizes.planned:
        rest = ("Server", planned, FLOOD_QPS)
        ours = Run("loadgen", "push", *rest, measure="first_query")
        theirs = Run("official", "list", *rest, measure="first_query")
        yield Work(
            f"first query: {planned:,} planned",
            theirs if planned <= MOST_PLANNED_OFFICIAL else None,
            (Ours("push", ours, limits={"first": 30 if planned <= 10_000_000 else 250}),),
            ("first",),
        )


def main() -> int:
    """Measure what the command line says, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--repeats", type=int, help="5; with --quick 2")
    parser.add_argument("--quick", action="store_true", help="small: whether everything works")
    parser.add_argument("--only", default="", metavar="PATTERN", help="a regular expression")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all rows")
    options = parser.parse_args()
    sizes = QUICK if options.quick else Sizes()
    repeats = options.repeats or sizes.repeats
    groups = (end_to_end, drop_in, delay, memory, first_query)
    works = [work for group in groups for work in group(sizes)]
    works = [work for work in works if re.search(options.only, work.name, re.I)]
    about = {
        "machine": machine(),
        "commit": commit(),
        "repeats": repeats,
        "quick": options.quick,
    }
    print(f"{about['machine']}; commit {about['commit']}; {repeats} repeats, alternating, medians")
    print("* not measured, its Python figure times a gain: see the limits in benchmarks/README.md")
    if options.quick:
        print("QUICK: too short to quote.")
    print(HEADER, flush=True)
    rows = []
    stops = {}
    for number, work in enumerate(works, 1):
        print(f"[{number}/{len(works)}] {work.name}", file=sys.stderr)
        found, stopped = compare(work, repeats)
        print(
            f"\n{work.name}   ({stops_in_words(stopped)})", *map(line, found), sep="\n", flush=True
        )
        rows += found
        stops[work.name] = stopped
        if options.json:  # each time: an interrupt costs one work
            report = about | {
                "stopped": stops,
                "rows": [asdict(row) | {"misses": row.misses} for row in rows],
            }
            options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 1 if not rows or any(row.loadgen is None for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
