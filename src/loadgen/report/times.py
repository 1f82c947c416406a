# SPDX-License-Identifier: Apache-2.0
"""The table of a run's times: percentiles, mean and extremes of each kind, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from loadgen.health import DelayFigures
from loadgen.metrics import SHOWN_PERCENTILES
from loadgen.report import units
from loadgen.report.grid import fitted
from loadgen.report.words import CLIENT_PARTS, client

if TYPE_CHECKING:
    from loadgen.metrics.latency import Distribution
    from loadgen.result import Result

__all__ = ["TABLE_WIDTH", "time_lines", "time_table"]

_LABEL: Final = 18
_CELL: Final = 9
TABLE_WIDTH: Final = _LABEL + _CELL * (len(SHOWN_PERCENTILES) + 3)
_HEADS: Final = (*(f"p{percentile:g}" for percentile in SHOWN_PERCENTILES), "mean", "min", "max")


def time_lines(result: Result, width: int) -> list[str]:
    """Return the table as text; on its side where there are fewer than `TABLE_WIDTH` columns."""
    rows = time_table(result)
    lines = [
        f"{row[0]:<{_LABEL}}" + "".join(f"{cell:>{_CELL}}" for cell in row[1:]) for row in rows
    ]
    return lines if width >= TABLE_WIDTH else fitted(rows, width)


def time_table(result: Result) -> list[tuple[str, ...]]:
    """Return the times in words: heads, then a row for each kind; the first column has names."""
    return [("", *_HEADS), *_time_rows(result)]


def _time_rows(result: Result) -> Iterator[tuple[str, ...]]:
    per_query = " /query" if result.scenario.name == "multi_stream" else ""
    yield from _time_row("latency" + per_query, result.latency)
    yield from _time_row("service time", result.service_time)
    yield from _time_row("issue delay", result.issue_delay)
    yield from _delay_row("  generator's", result.own_delay)
    yield from _delay_row("  system's", result.blocked_delay)
    yield from _client_rows(result)
    yield from _time_row("TTFT first token", result.ttft)
    yield from _time_row("TPOT per token", result.tpot)
    yield from _time_row("ITL between tokens", result.itl if result.n_completed else None)


def _client_rows(result: Result) -> Iterator[tuple[str, ...]]:
    """Say what a client of a server added before it sent; other systems tell nothing of it."""
    told = client(result)
    for part, label in CLIENT_PARTS.items():
        if figures := DelayFigures.from_client(told.get(part)):
            yield from _delay_row(label, figures)


def _time_row(label: str, values: Distribution | None) -> Iterator[tuple[str, ...]]:
    if values:
        cells = [*values.percentiles(SHOWN_PERCENTILES), values.mean, values.min, values.max]
        yield label, *map(units.time, cells)


def _delay_row(label: str, figures: DelayFigures) -> Iterator[tuple[str, ...]]:
    if figures.count:
        known = (figures.p50_ns, figures.p90_ns, None, None, figures.p99_ns, figures.p999_ns)
        yield label, *map(units.time, (*known, None, None, figures.max_ns))
