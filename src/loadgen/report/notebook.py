# SPDX-License-Identifier: Apache-2.0
"""`Result._repr_html_`: the verdicts, the figure and the times, for notebooks.

The words and figures are those of `Result.summary`, which it has folded up as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadgen import markup
from loadgen.report.text import headline, summary, verdicts
from loadgen.report.times import time_table

if TYPE_CHECKING:
    from loadgen.result import Result

__all__ = ["notebook_html"]


def notebook_html(result: Result) -> str:
    """Return a piece of HTML.

    Parameters
    ----------
    result : Result
    """
    parts = []
    for each in verdicts(result):
        parts += [markup.line(each.label, each.word, each.text), markup.items(each.reasons)]
    return markup.fragment(
        *parts,
        *(markup.line("", text=line.text) for line in headline(result)),
        markup.table(time_table(result)),
        markup.details(f"{result.sut_name}: {result.scenario.name}, all figures", summary(result)),
    )
