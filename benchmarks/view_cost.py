# SPDX-License-Identifier: Apache-2.0
"""What the live view costs the thread that issues: with it and without it, in turns.

Two runs of each kind of system: a flood, of which the processor time of the issuing thread counts,
and a moderate rate, of which it counts how late the generator issued and for how long it waited for
the interpreter, since a thread in the same one could hold it up without costing it time. Systems do
nothing but answer. Each run has a process of its own; the view goes to a pseudo-terminal that
another process reads.

    python benchmarks/view_cost.py [--repeats 11] [--queries 3000000] [--qps 2000]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys

from one_run import Figures, Run, run_loadgen

SYSTEMS = ("push", "native", "pull")
MODERATE_S = 6
FLOOD_QPS = 1e9


def on_a_terminal() -> None:
    """Make standard error a terminal of this process's own, which `cat` reads."""
    ours, theirs = os.openpty()
    subprocess.Popen(["cat"], stdin=ours, stdout=subprocess.DEVNULL)
    sys.stderr = os.fdopen(theirs, "w", encoding="utf-8")
    os.environ["TERM"] = "xterm"
    os.environ.pop("CI", None)


def one(sut: str, n_queries: int, qps: float, view: bool) -> dict[str, float]:
    """Return what counts of this process's only run."""
    if view:
        on_a_terminal()
    wanted = Run("loadgen", sut, "Server", n_samples=n_queries, qps=qps, view=view)
    result = run_loadgen(wanted, Figures())
    if qps == FLOOD_QPS:
        used_ns: int = result.data.issuing["cpu_ns"]
        return {"ns a query": used_ns / n_queries}
    late_ns: int = result.own_delay.p99_ns or 0
    waited_ns = sum(each["locked_ns"] for each in result.data.issuing["late"])
    return {"late p99, us": late_ns / 1e3, "lock, us/s": waited_ns / 1e3 / (n_queries / qps)}


def measured(*arguments: str) -> dict[str, float]:
    """Return the same, of a process of its own."""
    command = [sys.executable, __file__, *arguments]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(found.stdout)
    return figures


def show(sut: str, what: str, pairs: list[tuple[float, float]]) -> None:
    """Print a line: medians with the view and without, and the ratio of a pair."""
    mine, other = (statistics.median(side) for side in zip(*pairs, strict=True))
    low, ratio, high = statistics.quantiles([a / max(b, 1e-9) for a, b in pairs], n=4)
    ratios = f"{ratio:.3f} ({low:.3f} to {high:.3f})" if other else "-"
    print(f"{sut:<8}{what:<14}{mine:>10.1f}{other:>10.1f}{ratios:>30}", flush=True)


def main() -> None:
    """Print three lines for each kind of system: medians of both sides, and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=11)
    parser.add_argument("--queries", type=int, default=3_000_000)
    parser.add_argument("--qps", type=float, default=2_000)
    parser.add_argument("--one", choices=SYSTEMS, help="run once, here, and print the figure")
    parser.add_argument("--view", action="store_true", help="with --one: with the view")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one(given.one, given.queries, given.qps, given.view)))
        return
    print(f"{'system':<8}{'':<14}{'with':>10}{'without':>10}{'ratio of a pair (quartiles)':>30}")
    moderate = ("--queries", str(int(MODERATE_S * given.qps)), "--qps", str(given.qps))
    flood = ("--queries", str(given.queries), "--qps", str(FLOOD_QPS))
    for sut in SYSTEMS:
        for load in (flood, moderate):
            pairs = []
            for n in range(given.repeats):  # each side comes first as often as the other
                sides = [["--view"], []][:: 1 if n % 2 else -1]
                found = [measured("--one", sut, *load, *view) for view in sides]
                pairs.append(found[:: 1 if n % 2 else -1])
            for what in pairs[0][0]:
                show(sut, what, [(mine[what], other[what]) for mine, other in pairs])


if __name__ == "__main__":
    main()
