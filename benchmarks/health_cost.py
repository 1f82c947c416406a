# SPDX-License-Identifier: Apache-2.0
"""What generator health costs the thread that issues: ns a query, with it and without it.

A second core is built, in a folder of its own, whose issuing threads count no delays and look for
no reasons, and whose runs do not watch machine and interpreter. Both issue the same flood of
queries, of which each is late, so that each is looked into; systems do nothing but answer. Each run
has a process of its own, and the sides take turns. What counts is the processor time of the issuing
thread, so other work on the machine matters little.

    python benchmarks/health_cost.py [--repeats 11] [--queries 1000000]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from one_run import Figures, Run, run_loadgen

ROOT = Path(__file__).resolve().parents[1]
SYSTEMS = ("push", "native", "pull")
BUILT_FROM = ("csrc", "src", "build", "setup.py", "pyproject.toml", "README.md", "LICENSE")
BUILD = ("setup.py", "-q", "build_ext", "--inplace")
# What is left out, by file: a line, and what stands there instead.
WITHOUT = {
    "csrc/core/engine/open_loop.cpp": (
        "void Issuer::count_delay(Instant due, Instant issued) {\n",
        "void Issuer::count_delay(Instant due, Instant issued) {\n  return;\n",
    ),
    "src/loadgen/monitor.py": ("    if simulated:\n", "    if simulated or True:\n"),
}


def leave_out(folder: Path) -> None:
    """Make the copy in a folder one without health.

    Raises
    ------
    ValueError
        A line of `WITHOUT` is not there, or not once.
    """
    for name, (line, instead) in WITHOUT.items():
        text = (folder / name).read_text(encoding="utf-8")
        if text.count(line) != 1:
            raise ValueError(f"{name} needs once, and has {text.count(line)} times: {line.strip()}")
        (folder / name).write_text(text.replace(line, instead), encoding="utf-8")


def build_without(folder: Path) -> Path:
    """Build the other side in a folder; return what its PYTHONPATH is."""
    for name in BUILT_FROM:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, symlinks=True)
        elif source.exists():
            shutil.copy2(source, folder / name)
    leave_out(folder)
    subprocess.run([sys.executable, *BUILD], cwd=folder, check=True)
    return folder / "src"


def issue_ns(sut: str, n_queries: int) -> float:
    """Return the processor time of the issuing thread for a query, ns: this process's only run."""
    wanted = Run("loadgen", sut, "Server", n_samples=n_queries, qps=1e9)
    used_ns: int = run_loadgen(wanted, Figures()).data.issuing["cpu_ns"]
    return used_ns / n_queries


def measured(source: Path, sut: str, n_queries: int) -> float:
    """Return the same, of a process that runs the package in `source`."""
    found = subprocess.run(
        [sys.executable, __file__, "--one", sut, "--queries", str(n_queries)],
        env={**os.environ, "PYTHONPATH": str(source)}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return float(json.loads(found.stdout))


def main() -> None:
    """Print a line for each kind of system: medians of both sides, and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=11)
    parser.add_argument("--queries", type=int, default=1_000_000)
    parser.add_argument("--one", choices=SYSTEMS, help="run once, here, and print ns a query")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(issue_ns(given.one, given.queries)))
        return
    with tempfile.TemporaryDirectory() as folder:
        sources = ROOT / "src", build_without(Path(folder))
        heads = f"{'system':<8}{'with, ns':>10}{'without, ns':>13}"
        print(f"{heads}{'ratio of a pair (quartiles)':>30}")
        for sut in SYSTEMS:
            pairs = [
                [measured(source, sut, given.queries) for source in sources]
                for _ in range(given.repeats)
            ]
            mine, other = (statistics.median(side) for side in zip(*pairs, strict=True))
            low, ratio, high = statistics.quantiles([a / b for a, b in pairs], n=4)
            ratios = f"{ratio:.3f} ({low:.3f} to {high:.3f})"
            print(f"{sut:<8}{mine:>10.1f}{other:>13.1f}{ratios:>30}", flush=True)


if __name__ == "__main__":
    main()
