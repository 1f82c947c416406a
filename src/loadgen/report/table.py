# SPDX-License-Identifier: Apache-2.0
"""Several results in one table: a line a run, with both verdicts.

In colour on a terminal, plain elsewhere. Not for one result: that is `summary`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from loadgen.report import units

if TYPE_CHECKING:
    from loadgen.result import Result

_PERCENTILES = (50, 90, 99, 99.9)
_UNBOUNDED = 1_000  # columns; wider than any table
_HEADS = ("scenario", "figure", *(f"p{p:g}" for p in _PERCENTILES), "system", "generator")
_COLOURS = {"VALID": "green", "INVALID": "red", "good": "green", "suspect": "yellow", "bad": "red"}


def table(results: Iterable[Result]) -> str:
    """Return the table as plain text.

    Parameters
    ----------
    results : iterable of Result

    Returns
    -------
    str
        A line for the heads and one a result; the last without a newline.
    """
    rows = [_HEADS, *map(_cells, results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            f"{cell:<{width}}" if _is_text(number) else f"{cell:>{width}}"
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def print_table(results: Iterable[Result], file: TextIO | None = None) -> None:
    """Write the table, in colour if `file` is a terminal.

    Parameters
    ----------
    results : iterable of Result
    file : text file or None
        None: standard output.
    """
    out = sys.stdout if file is None else file
    if not out.isatty():
        out.write(table(results) + "\n")
        return
    from rich.console import Console  # noqa: PLC0415 - only where there is a terminal
    from rich.table import Table  # noqa: PLC0415

    drawn = Table(box=None, pad_edge=False, collapse_padding=True)  # fits in 80 columns
    for number, head in enumerate(_HEADS):
        drawn.add_column(head, justify="left" if _is_text(number) else "right")
    for row in map(_cells, results):
        drawn.add_row(*(f"[{_COLOURS[c]}]{c}[/]" if c in _COLOURS else c for c in row))
    console = Console(file=out)
    # On a narrow terminal lines wrap; a figure is never cut.
    options = console.options.update(max_width=_UNBOUNDED)
    console.width = max(console.width, console.measure(drawn, options=options).maximum)
    console.print(drawn)


def _is_text(number: int) -> bool:
    return _HEADS[number] in ("scenario", "system", "generator")


def _cells(result: Result) -> tuple[str, ...]:
    latency = result.latency
    times = latency.percentiles(_PERCENTILES) if latency else [None] * len(_PERCENTILES)
    return (
        result.scenario.name,
        units.metric(result.metric).replace(" samples/s", "/s"),
        *map(units.time, times),
        "VALID" if result.valid else "INVALID",
        result.health.verdict,
    )
