# SPDX-License-Identifier: Apache-2.0
"""Pages of a suite: of its table, what stands behind it, and above all what it is not; of a run.

Without the extra ``report`` there are none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from loadgen.mlperf.suite.outcome import HEADS, SuiteResult
from loadgen.result import Result
from loadgen.result.folder import REPORT_FILE
from loadgen.values import count_in_words

if TYPE_CHECKING:
    from loadgen.report.html.parts import Page

__all__ = ["write_run_page", "write_suite_page"]


def write_suite_page(result: SuiteResult) -> None:
    """Write the page of a suite into its folder, instead of one that is there.

    Parameters
    ----------
    result : SuiteResult

    Raises
    ------
    LoadGenError
        It cannot be written.
    """
    with suppress(ImportError):
        from loadgen.report import html  # noqa: PLC0415 - needs the extra

        html.write(_page(result), result.folder / REPORT_FILE, overwrite=True)


def write_run_page(result: Result, folder: Path, notes: Sequence[str]) -> None:
    """Write the page of a run into its folder.

    Parameters
    ----------
    result : Result
    folder : Path
    notes : sequence of str
        Stand above what is on every page of a run.

    Raises
    ------
    LoadGenError
        It cannot be written.
    """
    with suppress(ImportError):
        from loadgen.report import html  # noqa: PLC0415 - needs the extra

        page = html.run_page(result)
        page = dataclasses.replace(page, subtitle=[*notes, *page.subtitle])
        html.write(page, folder / REPORT_FILE)


def _page(result: SuiteResult) -> Page:
    from loadgen.report.html.parts import Card, Items, Page, Section, Table  # noqa: PLC0415 - too

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
