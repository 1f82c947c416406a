# SPDX-License-Identifier: Apache-2.0
"""The tables of rules in docs/statistics.md have the numbers of the code, engine included."""

import re
from pathlib import Path

import numpy as np
import pytest

from loadgen.health import DelayFigures, assess, causes
from loadgen.metrics import Columns, Distribution

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs/statistics.md").read_text(encoding="utf-8")
HEALTH = TEXT.partition("## Health: was the generator good enough?")[2].partition("\n## ")[0]


def table(head: str) -> list[list[str]]:
    """The rows below a table's head, cell by cell."""
    rows = HEALTH.partition(f"| {head} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("| ").split("|")] for row in rows]


VERDICTS = table("own delay | own_share | verdict")
CAUSES = {row[0]: row for row in table("cause | stage | named when")}


def test_there_are_tables() -> None:
    assert len(VERDICTS) == 5
    assert len(CAUSES) == 8


@pytest.mark.parametrize("row", VERDICTS, ids=lambda row: " ".join(row[:2]))
def test_a_verdict_is_that_of_its_row(row: list[str]) -> None:
    size, share, verdict, _ = row
    limit_ns = 1_000
    assert size in ("below 1 us", "1 us and more")
    bound, percent = re.fullmatch(r"(at most|above) (\d+) %", share).groups()
    for own_ns in (limit_ns - 1,) if size == "below 1 us" else (limit_ns, 10**7):
        # The largest latency with a share above the limit, or the smallest one without.
        latency_ns = (100 * own_ns - (bound == "above")) // int(percent)
        latency_ns += bound == "at most" and 100 * own_ns % int(percent) > 0
        columns = Columns(np.full(100, latency_ns), np.zeros(100, np.int64), None)
        own = DelayFigures(100, *[own_ns] * 5)
        assert assess(own, DelayFigures(), Distribution(columns), 99).verdict == verdict


def test_causes_have_the_thresholds_of_their_rows() -> None:
    numbers = {name: re.findall(r"1/3|\d+ us|\d+ %", row[2]) for name, row in CAUSES.items()}
    third, busy = "1/3", f"{causes.BUSY:.0%}".replace("%", " %")
    assert causes.EXPLAINS == 1 / 3
    minor, major = (f"{ns // 1000} us" for ns in (causes.MINOR_FAULT_NS, causes.MAJOR_FAULT_NS))
    assert numbers == {
        "garbage collection": [third],
        "other Python threads": [third],
        "time stolen by the hypervisor": [third],
        "control group's CPU limit": [third],
        "other work on the machine, or the system's own": [third],
        "late sleeps": [],
        "rate above what it can issue": [busy],
        "page faults": [minor, major, third],
    }


@pytest.mark.parametrize(
    ("words", "file", "constant"),
    [
        (r"issued more than (\d+) us late is split", "late_issues.hpp", r"kLate = .*?\{(\d+)\}"),
        (r"that took at most (\d+) us: no work", "late_issues.hpp", r"kLongestWork = .*?\{(\d+)\}"),
        (r"in one of the (\d+)\s+issues before", "open_loop.cpp", r"kLooksAfterWaiting = (\d+)"),
        (r"in pull up to (\d+): went", "open_loop.cpp", r"kMostPublishedTogether = (\d+)"),
    ],
)
def test_the_engine_has_the_numbers_of_the_text(words: str, file: str, constant: str) -> None:
    source = (ROOT / "csrc/core/engine" / file).read_text(encoding="utf-8")
    (said,), (coded,) = re.findall(words, HEALTH), re.findall(constant, source)
    assert said == coded
