# SPDX-License-Identifier: Apache-2.0
"""The page of a suite: its table, what stands behind it, and above all what it is not.

Needs the extra ``report``. Not for the page of one run, which lies in its folder.
"""

from __future__ import annotations

from pathlib import Path

from loadgen.mlperf.suite.outcome import HEADS, SuiteResult
from loadgen.report import html
from loadgen.report.html.parts import Card, Items, Page, Section, Table
from loadgen.result.folder import REPORT_FILE
from loadgen.values import count_in_words

__all__ = ["write_page"]


def write_page(result: SuiteResult) -> Path:
    """Write the page of a suite into its folder, instead of one that is there.

    Parameters
    ----------
    result : SuiteResult

    Raises
    ------
    LoadGenError
        It cannot be written.
    """
    return html.write(_page(result), result.folder / REPORT_FILE, overwrite=True)


def _page(result: SuiteResult) -> Page:
    done = sum(row.error is None for row in result.rows)
    of_all = f"{done:,} of {count_in_words(len(result.rows), 'run')} finished"
    if result.caveat is not None:
        card = Card("Suite", "not a result", result.caveat, "warn", [of_all])
    elif result.passed:
        card = Card("Suite", "passed", "each run is valid, and its accuracy meets a gate", "good")
    else:
        card = Card("Suite", "not passed", "see what stands below the table", "bad", [of_all])
    table = Table("Score, accuracy and verdicts", HEADS, result.cells())
    sections = [Section("results", "Results", [table])]
    if remarks := result.remarks():
        sections.append(Section("remarks", "What to know", [Items(remarks)]))
    return Page(result.round_, [result.notice, result.caveat or ""], [card], sections=sections)
