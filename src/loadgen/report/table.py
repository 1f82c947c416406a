# SPDX-License-Identifier: Apache-2.0
"""Several results in one table, with both verdicts; and what a terminal gets: it in colour.

Not for one result: that is `summary`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, TextIO

from loadgen import terminal
from loadgen.report import units
from loadgen.report.grid import aligned, fitted
from loadgen.report.text import summary
from loadgen.report.times import TABLE_WIDTH

if TYPE_CHECKING:
    from loadgen.result import Result

_PERCENTILES = (50, 90, 99, 99.9)
_HEADS = ("scenario", "figure", *(f"p{p:g}" for p in _PERCENTILES), "system", "generator")
_LEFT = tuple(_HEADS.index(head) for head in ("scenario", "system", "generator"))
_COLOURS: Final = {
    "VALID": "green", "INVALID": "red", "good": "green", "suspect": "yellow", "bad": "red",
}  # fmt: skip
_IN_A_TABLE: Final = re.compile(rf"\b({'|'.join(_COLOURS)})\b")
_IN_A_SUMMARY: Final = re.compile(rf"(?<=^System     |^Generator  )({'|'.join(_COLOURS)})\b", re.M)


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


def print_table(results: Iterable[Result], file: TextIO | None = None) -> None:
    """Write the table; on a terminal in colour, and turned on its side where it is too wide.

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
    text = "\n".join(fitted(_rows(results), terminal.columns(TABLE_WIDTH), _LEFT))
    out.write(_painted(_IN_A_TABLE, text, out) + "\n")


def print_summary(result: Result, file: TextIO | None = None) -> None:
    """Write `Result.summary()`; on a terminal as wide as that is, with the verdicts in colour.

    Parameters
    ----------
    result : Result
    file : text file or None
        None: standard output.
    """
    out = sys.stdout if file is None else file
    width = terminal.columns(TABLE_WIDTH) if out.isatty() else TABLE_WIDTH
    out.write(_painted(_IN_A_SUMMARY, summary(result, width), out) + "\n")


def _painted(verdicts: re.Pattern[str], text: str, out: TextIO) -> str:
    if not terminal.has_colour(out):
        return text
    return verdicts.sub(lambda found: terminal.painted(found[0], _COLOURS[found[0]]), text)


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
