# SPDX-License-Identifier: Apache-2.0
"""What a page says of samples that failed or are missing, and of answers against the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from loadgen.report.html.parts import (
    Block,
    Cell,
    Rows,
    Section,
    Table,
    Text,
    count,
    sentence,
    share,
)
from loadgen.report.words import none_answers

if TYPE_CHECKING:
    from loadgen.result import Result

__all__ = ["failures_section"]

_MOST_KINDS: Final = 10
"""Of failures, that are shown at once: the others are folded up."""


def failures_section(result: Result) -> Section:
    """Return what became of the samples, and each kind of failure with its first example."""
    states = {"ok": result.n_completed, "failed": result.n_failed, "missing": result.n_missing}
    total = max(sum(states.values()), 1)
    rows: Rows = [[name, count(n), share(n / total, 2)] for name, n in states.items()]
    blocks: list[Block] = [Table("What became of the samples", ("", "samples", "share"), rows)]
    if answered := none_answers(result):
        blocks.append(Text(sentence(answered)))
    for label, found in (("Failures", result.failures), ("Violations", result.violations)):
        if found:
            kinds: list[list[Cell | str]] = [
                [kind, count(each.count), each.example]
                for kind, each in sorted(found.items(), key=lambda item: -item[1].count)
            ]
            first, rest = kinds[:_MOST_KINDS], kinds[_MOST_KINDS:]
            heads = ("kind", "count", "first")
            blocks.append(Table(f"{label} by kind", heads, first))
            if rest:
                name = f"{len(rest):,} more kinds of {label.lower()}"
                blocks.append(Table(name, heads, rest, is_folded=True))
        else:
            blocks.append(Text(f"{label}: none."))
    return Section("failures", "Failures", blocks)
