# SPDX-License-Identifier: Apache-2.0
"""What a page says of the generator: how late it issued and why, and what its traffic was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from loadgen.health import SHARES, DelayFigures
from loadgen.report import words
from loadgen.report.html.curves import curve
from loadgen.report.html.parts import (
    NOTHING,
    Block,
    Cell,
    Section,
    Table,
    Text,
    count,
    sentence,
    time,
)
from loadgen.sut.watch import blocked_in_words
from loadgen.values import per_cent

if TYPE_CHECKING:
    from loadgen.metrics.gaps import Check
    from loadgen.result import Result

__all__ = ["arrivals_section", "checks_section", "delay_section"]

_MEANING: Final = {
    "gaps": "differ from the planned distribution by",
    "lag_1": "correlation of a gap with the one before it",
    "total": "all gaps together, of what was planned",
    "total_exact": "how exactly they took what was planned",
}
_DISPERSION: Final = "irregularity of so many gaps together, of the planned one"


def delay_section(result: Result) -> Section:
    """Return the panel on issue delay: the curve, its parts, and what was measured beside it."""
    blocks: list[Block] = []
    delays, latency = result.issue_delay, result.latency
    if delays and delays.max > 0:
        lines = {"issue delay": delays} | ({"latency": latency} if latency else {})
        about = "Latency counts from when a query was due, so the delay is a part of it."
        blocks.append(curve("delay", "Issue delay beside latency", lines, about=about))
    elif delays:
        blocks.append(Text("Nothing was issued late: each query was due when it was issued."))
    rows = [*_delay_rows(result)]
    if rows:
        heads = ("", "p50", "p90", "p99", "p99.9", "max", "queries")
        blocks.append(Table("What the delay is made of", heads, rows))
    figures = result.health.figures
    blocks.append(
        Table.of_pairs(
            "What was measured of the generator",
            {_readable(name): _figure(name, value) for name, value in figures.items()},
            is_folded=True,
        )
    )
    return Section("delay", "Issue delay", blocks)


def _delay_rows(result: Result) -> Iterator[list[Cell | str]]:
    parts = {"the generator's own": result.own_delay, "the system's": result.blocked_delay}
    told = words.client(result)
    for part, label in words.CLIENT_PARTS.items():
        if (found := DelayFigures.from_client(told.get(part))) is not None:
            parts[label.strip()] = found
    for label, found in parts.items():
        if found.count:
            known = (found.p50_ns, found.p90_ns, found.p99_ns, found.p999_ns, found.max_ns)
            yield [label, *map(time, known), count(found.count)]


def _readable(name: str) -> str:
    return name.removesuffix("_ns").replace("_", " ")


def _figure(name: str, value: float) -> Cell:
    key = f"figures.health.figures.{name}"
    if name.endswith("_ns"):
        return time(value, key)
    if name.endswith("_share"):
        return Cell(per_cent(value, 1, apart_from=SHARES), value, key)
    return Cell(f"{value:,.6g}", value, key)


def arrivals_section(result: Result) -> Section:
    """Return the test of arrivals; without blocks where nothing was due."""
    found = result.arrivals
    if found is None:
        return Section("arrivals", "Arrivals", [])
    rows = [_check_row(each) for each in found.checks]
    blocks: list[Block] = [Text(sentence(found.words))]
    if rows:
        heads = ("question", "found", "at least", "at most", "as planned?")
        blocks.append(Table("What the gaps between queries say", heads, rows))
    return Section("arrivals", "Arrivals", blocks)


def _check_row(check: Check) -> list[Cell | str]:
    kind, _, scale = check.name.partition("_")
    meaning = _MEANING.get(check.name, _DISPERSION)
    ends = [NOTHING if end is None else _number(end) for end in (check.low, check.high)]
    answer = Cell("yes", tone="good") if check.passed else Cell("no", tone="bad")
    name = f"{kind} {scale}".strip().replace("_", " ")
    return [f"{name}: {meaning}", _number(check.value), *ends, answer]


def _number(value: float) -> Cell:
    return Cell(f"{value:,.4g}", value)


def checks_section(result: Result) -> Section:
    """Return what else the run says of itself: steady state, Little's law, queueing."""
    found = (result.steady_state, result.littles_law, result.queueing)
    texts = [Text(sentence(each.words)) for each in found if each is not None]
    blocks: list[Block] = [*texts]
    if blocked := words.watched(result.environment.get("system", {})):
        blocks.append(Text(sentence(f"event loop {blocked_in_words(blocked)}")))
    return Section("checks", "What the run says of itself", blocks)
