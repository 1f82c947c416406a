# SPDX-License-Identifier: Apache-2.0
"""What a page says of the batches that a system took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadgen.report import words
from loadgen.report.html import drawing, scales
from loadgen.report.html.drawing import COLOURS, Axes
from loadgen.report.html.parts import Picture, Section, Table, count, share

if TYPE_CHECKING:
    from loadgen.result import Result

__all__ = ["batches_section"]


def batches_section(result: Result) -> Section:
    """Return the sizes of batches; without blocks where the system was handed its work."""
    sizes = dict(sorted(result.batch_sizes.items()))
    if not sizes or words.client(result):
        return Section("batches", "Batch sizes", [])
    n_batches = sum(sizes.values())

    def into(axes: Axes, narrow: bool) -> None:
        axes.vlines([*sizes], 0, [*sizes.values()], color=COLOURS["first"], linewidth=4)
        axes.margins(x=0.08)
        scales.count_axis(axes, max(sizes.values()), "batches")
        scales.integer_axis(axes, "samples in a batch")

    rows = [[count(size), count(n), share(n / n_batches, 2)] for size, n in sizes.items()]
    numbers = Table("Batch sizes", ("samples in a batch", "batches", "share"), rows)
    seen = f"How many batches of each size were taken: {words.batches(sizes)}."
    picture = Picture("Batch sizes", seen, *drawing.draw("batches", into), numbers)
    return Section("batches", "Batch sizes", [picture])
