# SPDX-License-Identifier: Apache-2.0
"""Draw what `compare.py --only delay --json FILE` measured: issue delay against rate.

    python benchmarks/plot_delay.py FILE [--output delay.svg]

What the official package calls latency, of a system that answers inside `issue`, stands beside
ours and beside our issue delay, which the official package does not report.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

FIGURES = {"p50": "-", "p99": "--", "p99.9": ":"}
# Label in the legend, colour, whose rows, which value of a row, which figures. Beyond the median a
# native system's latency is its issue delay: two lines would lie on each other.
LINES = (
    ("official, latency", "tab:red", "push", "official", FIGURES),
    ("loadgen push, latency", "tab:blue", "push", "loadgen", FIGURES),
    ("loadgen native, latency", "tab:green", "native", "loadgen", FIGURES),
    ("loadgen native, issue delay", "tab:gray", "native", "own", {"p50": "-"}),
)
LEAST_US = 1e-3  # a logarithmic axis has no 0


def points(
    rows: list[dict[str, Any]], load: str, label: str, figure: str, value: str
) -> list[tuple[int, float]]:
    """Return rate and delay in us of one line."""
    found = []
    for row in rows:
        work = re.fullmatch(r"delay: Server ([\d,]+) QPS, (.+)", row["work"])
        if work is None or work[2] != load or (row["label"], row["figure"]) != (label, figure):
            continue
        if row[value] is not None:
            found.append((int(work[1].replace(",", "")), max(row[value], LEAST_US)))
    return sorted(found)


def draw(report: dict[str, Any], output: Path) -> None:
    """Draw one panel for each load of the cores."""
    loads = ("idle", "other cores busy", "all cores busy")
    figure, panels = plt.subplots(1, len(loads), figsize=(14, 5), sharex=True, sharey=True)
    for panel, load in zip(panels, loads, strict=True):
        for label, colour, whose, value, figures in LINES:
            for percentile, style in figures.items():
                line = points(report["rows"], load, whose, percentile, value)
                panel.plot(
                    *zip(*line, strict=True) if line else ([], []),
                    style,
                    color=colour,
                    marker=".",
                    label=f"{label}, {percentile}",
                )
        panel.set(xscale="log", yscale="log", xlabel="queries/s", title=f"Server, {load}")
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("latency, us")
    quick = " - QUICK, not to be quoted" if report["quick"] else ""
    figure.suptitle(
        f"{report['machine']}\ncommit {report['commit']}, medians of {report['repeats']}{quick}",
        fontsize=8,
    )
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=7)
    figure.tight_layout(rect=(0, 0.12, 1, 1))
    figure.savefig(output)


def main() -> None:
    """Read the JSON, write the picture."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("json", type=Path)
    parser.add_argument("--output", type=Path, default=Path("delay.svg"), help=".svg, .png, .pdf")
    options = parser.parse_args()
    draw(json.loads(options.json.read_text(encoding="utf-8")), options.output)


if __name__ == "__main__":
    main()
