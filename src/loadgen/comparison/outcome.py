# SPDX-License-Identifier: Apache-2.0
"""What a comparison came to, as values and in words. Not for how it was found (``judge.py``)."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from loadgen import markup
from loadgen.comparison.difference import Difference, Verdict, times_more
from loadgen.comparison.words import end, figure
from loadgen.report.grid import fitted
from loadgen.terminal import wrapped
from loadgen.values import TEXT_WIDTH

if TYPE_CHECKING:
    from loadgen.result import Result

__all__ = ["Comparison"]

_HEADS: Final[Mapping[Verdict, str]] = {
    "same": "Same: B is as fast as A, within",
    "faster": "Faster: B is faster than A. Margin",
    "slower": "Slower: B is slower than A. Margin",
    "cannot tell": "Cannot tell whether B is faster or slower than A. Margin",
}
_ONE_RUN: Final = "Same, since A and B are one run: B is as fast as A, within"


@dataclass(frozen=True)
class Comparison:
    """Whether B is faster or slower than A.

    Parameters
    ----------
    differences : tuple of Difference
        One a figure.
    left_out : mapping of str to str
        What could not be compared, and why.
    confidence, margin : float
        As given to `compare`.
    paired : bool
        Both runs had the same traffic, so what it did to both is no difference.
    forced : tuple of str
        Why the runs are not comparable; empty unless ``force=True``.
    notes : tuple of str
        What else to know.
    runs : tuple of str
        What A and B are.
    counts : tuple of int
        Latencies that A and B have.
    results : tuple of Result
        A and B themselves; may be empty.
    identical : bool
        They have the same answers at the same instants, and so are one run.
    """

    differences: tuple[Difference, ...]
    left_out: Mapping[str, str]
    confidence: float
    margin: float
    paired: bool
    forced: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    runs: tuple[str, ...] = ("A", "B")
    counts: tuple[int, int] = (0, 0)
    results: tuple[Result, ...] = field(default=(), repr=False, compare=False)
    identical: bool = False

    @property
    def verdict(self) -> Verdict:
        """Slower when any figure is, else faster when any is; same when all are."""
        found = {each.verdict for each in self.differences}
        for verdict in ("slower", "faster"):
            if verdict in found:
                return verdict
        return "same" if found == {"same"} else "cannot tell"

    @property
    def more_samples(self) -> int | None:
        """How many more latencies each run needs to tell, if all figures stay as they are.

        None where it tells, or where that cannot be said. `left_out` has what other figures need.
        Of runs of unequal length it is the longer one's need.
        """
        undecided = [each for each in self.differences if each.verdict == "cannot tell"]
        times = [times_more(each, self.margin) for each in undecided]
        if not times or None in times:
            return None
        return math.ceil((max(filter(None, times)) - 1.0) * max(self.counts)) or None

    def __getitem__(self, name: str) -> Difference:
        """Return the difference of a figure, by its name, such as "latency p99" or "rate".

        Raises
        ------
        KeyError
            It was not compared; says why.
        """
        for each in self.differences:
            if each.name == name:
                return each
        why = self.left_out.get(name) or self.left_out.get(name.partition(" ")[0])
        raise KeyError(f"{name}: not compared, {why or 'there is no such figure'}")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "verdict": self.verdict,
            "confidence": self.confidence,
            "margin": self.margin,
            "paired": self.paired,
            "differences": [each.to_dict() for each in self.differences],
            "left_out": dict(self.left_out),
            "forced": list(self.forced),
            "notes": list(self.notes),
            "runs": list(self.runs),
            "counts": list(self.counts),
            "more_samples": self.more_samples,
        }

    @property
    def headline(self) -> str:
        """The verdict in a sentence, with margin and confidence."""
        level = f"{100 * self.margin:g} %, confidence {100 * self.confidence:g} %"
        head = _ONE_RUN if self.identical and self.verdict == "same" else _HEADS[self.verdict]
        return f"{head} {level}."

    def report(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write a page about the comparison: one HTML file, which needs the extra ``report``.

        Parameters
        ----------
        path : path
            An absent file; parents are made.
        overwrite : bool
            Whether a report that is there already is replaced.

        Returns
        -------
        Path
            The file, absolute.

        Raises
        ------
        LoadGenError
            It cannot be written.
        ImportError
            The extra is not installed.
        """
        from loadgen.report import html  # noqa: PLC0415 - with the libraries of an extra

        return html.write(html.comparison_page(self), path, overwrite=overwrite)

    def summary(self, *, width: int = TEXT_WIDTH) -> str:
        """Return the comparison in words, in lines of at most `width` columns."""
        return "\n".join(self._lines(width))

    def _lines(self, width: int) -> Iterator[str]:
        yield wrapped(self.headline, "", "  ", width)
        for name, run in zip("AB", self.runs, strict=True):
            yield wrapped(f"{name}  {run}", "  ", "     ", width)
        for reason in self.forced:
            yield wrapped(f"NOT COMPARABLE, compared all the same: {reason}", "  ", None, width)
        yield ""
        if self.differences:
            yield from fitted(list(self._rows()), width, left=(0, 5))
        for name, why in self.left_out.items():
            yield wrapped(f"{name}: not compared, {why}", "", "  ", width)
        yield ""
        for note in self.remarks():
            yield wrapped(note, "- ", "  ", width)

    def _rows(self) -> Iterator[tuple[str, ...]]:
        """Yield the table's heads and its rows; nothing where nothing is compared."""
        if self.differences:
            yield "", "A", "B", "B / A", f"with {100 * self.confidence:g} %", "verdict"
        for each in self.differences:
            low, high = each.ratio_interval
            mark = " *" if each.clear_alone and each.verdict == "cannot tell" else ""
            yield (
                each.name,
                figure(each.a, each.unit),
                figure(each.b, each.unit),
                end(each.ratio),
                f"{end(low)} to {end(high)}",
                each.verdict + mark,
            )

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the verdict, then the figures."""
        rows = list(self._rows())
        return markup.fragment(
            markup.line("B against A:", self.verdict),
            *(markup.line(name, text=run) for name, run in zip("AB", self.runs, strict=True)),
            markup.items(f"not comparable, compared all the same: {why}" for why in self.forced),
            markup.table(rows) if rows else "",
            markup.details("In words", self.summary()),
        )

    def remarks(self) -> Iterator[str]:
        """Yield what to know besides the verdict, in sentences."""
        if any(each.clear_alone and each.verdict == "cannot tell" for each in self.differences):
            yield (
                "* would differ if it were the only figure; with so many, one of them looks like "
                "this by chance too often (Holm's correction)"
            )
        if more := self.more_samples:
            yield (
                f"to tell in all of them takes about {float(f'{more:.2g}'):,.0f} more latencies in "
                "each run, if the figures stay as they are"
            )
        if self.paired:
            yield "both runs had the same traffic, so they are compared query by query"
        else:
            yield "the runs had different traffic (seeds, length): its chance is in the intervals"
        yield from self.notes
        yield (
            "the intervals are about these two runs: what changes from one start of a system to "
            "the next is not in them, and shows only in several runs of each"
        )
