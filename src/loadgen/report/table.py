# SPDX-License-Identifier: Apache-2.0
"""Several results in one table, with both verdicts; and what a terminal gets: it in colour.

Not for one result: that is `summary`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, TextIO

from loadgen import terminal
from loadgen.grades import GRADES
from loadgen.report import units
from loadgen.report.grid import aligned, fitted
from loadgen.report.text import summary
from loadgen.report.times import TABLE_WIDTH

if TYPE_CHECKING:
    from loadgen.result import Result

_PERCENTILES = (50, 90, 99, 99.9)
_HEADS = ("scenario", "figure", *(f"p{p:g}" for p in _PERCENTILES), "system", "generator")
_LEFT = tuple(_HEADS.index(head) for head in ("scenario", "system", "generator"))
_VERDICT: Final = re.compile(rf"(?<=^System     |^Generator  )({'|'.join(GRADES)})\b", re.M)


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
    return "\n".join(aligned(_rows(results), _LEFT))


def table_for(results: Iterable[Result], stream: TextIO) -> str:
    """Return the table; for a terminal in colour, and turned on its side where it is too wide."""
    if not terminal.is_terminal(stream):
        return table(results)
    width, colour = terminal.columns(TABLE_WIDTH, stream), terminal.has_colour(stream)
    return "\n".join(fitted(_rows(results), width, _LEFT, colour=colour))


def summary_for(result: Result, stream: TextIO | None) -> str:
    """Return `Result.summary()`; for a terminal as wide as that is, with the verdicts in colour."""
    text = summary(result, terminal.columns(TABLE_WIDTH, stream))
    return terminal.with_verdicts(text, _VERDICT, stream)


def _rows(results: Iterable[Result]) -> list[tuple[str, ...]]:
    return [_HEADS, *map(_cells, results)]


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
