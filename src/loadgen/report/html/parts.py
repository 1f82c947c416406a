# SPDX-License-Identifier: Apache-2.0
"""What a page is made of: sections of sentences, tables and pictures. Plain values, no HTML.

Not for how they look (``templates/``), nor for which of them a page has (``run.py`` and others).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from loadgen.report import units
from loadgen.values import per_cent

__all__ = [
    "HEALTH_TONES",
    "NOTHING",
    "Block",
    "Card",
    "Cell",
    "Code",
    "Fact",
    "Items",
    "Page",
    "Picture",
    "Rows",
    "Section",
    "Table",
    "Text",
    "Tone",
    "count",
    "health_cell",
    "percentile_name",
    "sentence",
    "share",
    "time",
    "verdict_cell",
]

Tone = Literal["good", "warn", "bad", "plain"]
"""In which colour something is shown; its words say the same."""


@dataclass(frozen=True)
class Cell:
    """A figure: as it is read, and as it was computed.

    Parameters
    ----------
    text : str
    value : int or float, optional
        Exact, in the unit of `loadgen.Result` (ns, samples/s); None where the text is all.
    key : str
        Where `result.json` has it, as in "figures.latency_ns.p99"; empty where it does not.
    tone : Tone
    """

    text: str
    value: float | None = None
    key: str = ""
    tone: Tone = "plain"


NOTHING: Final = Cell("-")
HEALTH_TONES: Final[Mapping[str, Tone]] = {"good": "good", "suspect": "warn", "bad": "bad"}
"""Of the verdicts on a generator."""


def time(ns: float | None, key: str = "") -> Cell:
    """Return a time with its unit."""
    return NOTHING if ns is None else Cell(units.time(ns), ns, key)


def count(number: int) -> Cell:
    """Return a count with commas."""
    return Cell(f"{number:,}", number)


def share(value: float, digits: int = 1) -> Cell:
    """Return a share in per cent."""
    return Cell(per_cent(value, digits), value)


def verdict_cell(is_valid: bool) -> Cell:
    """Return the verdict on a system."""
    return Cell("VALID", tone="good") if is_valid else Cell("INVALID", tone="bad")


def health_cell(verdict: str) -> Cell:
    """Return the verdict on a generator."""
    return Cell(verdict, tone=HEALTH_TONES[verdict])


def sentence(text: str) -> str:
    """Return words as a sentence: with a capital letter, and a stop.

    Examples
    --------
    >>> sentence("nothing was late"), sentence("")
    ('Nothing was late.', '')
    """
    return f"{text[:1].upper()}{text[1:]}" + ("" if text[-1:] in {".", ""} else ".")


def percentile_name(percentile: float) -> str:
    """Return what a percentile is called.

    Examples
    --------
    >>> percentile_name(99.9), percentile_name(99.99999)
    ('p99.9', 'p99.99999')
    """
    return f"p{percentile:.10g}"


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    kind: Literal["text"] = "text"


@dataclass(frozen=True)
class Items:
    """A list of sentences, and its heading if it has one."""

    items: Sequence[str]
    title: str = ""
    kind: Literal["items"] = "items"


@dataclass(frozen=True)
class Code:
    """Lines to copy.

    Parameters
    ----------
    label : str
        What they are, for who does not see them.
    text : str
    """

    label: str
    text: str
    kind: Literal["code"] = "code"


Rows = Sequence[Sequence[Cell | str]]


@dataclass(frozen=True)
class Table:
    """Rows below heads; the first cell of a row is its head.

    Parameters
    ----------
    caption : str
    heads : sequence of str
    rows : sequence of sequences of Cell or str
    is_folded : bool
        Whether only the caption is seen at first.
    """

    caption: str
    heads: Sequence[str]
    rows: Rows
    is_folded: bool = False
    kind: Literal["table"] = "table"

    def is_prose(self, column: int) -> bool:
        """Return whether a column is of words, which may take several lines, and not of figures."""
        return bool(self.rows) and isinstance(self.rows[0][column], str)

    @classmethod
    def of_pairs(
        cls, caption: str, pairs: Mapping[str, Cell | str], *, is_folded: bool = False
    ) -> Table:
        """Return a table of names and what belongs to them."""
        return cls(caption, (), [*pairs.items()], is_folded)


@dataclass(frozen=True)
class Picture:
    """A plot with what is seen in it, and its numbers.

    Parameters
    ----------
    title : str
    seen : str
        What the plot shows, in a sentence or two: its accessible name, and its caption.
    wide, narrow : str
        The same plot as SVG, for a screen and for a phone.
    numbers : Table
    is_open : bool
        Whether the numbers are shown at once.
    """

    title: str
    seen: str
    wide: str
    narrow: str
    numbers: Table
    is_open: bool = False
    kind: Literal["picture"] = "picture"


Block = Text | Items | Code | Table | Picture


@dataclass(frozen=True)
class Card:
    """A verdict at the top of a page.

    Parameters
    ----------
    about : str
        On what.
    verdict, meaning : str
    tone : Tone
    reasons : sequence of str
    """

    about: str
    verdict: str
    meaning: str
    tone: Tone
    reasons: Sequence[str] = ()


@dataclass(frozen=True)
class Fact:
    """A main figure, in large letters.

    Parameters
    ----------
    name : str
    figure : Cell
    note : str
    """

    name: str
    figure: Cell
    note: str = ""


@dataclass(frozen=True)
class Section:
    """A part of a page that the contents name."""

    anchor: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """A whole page.

    Parameters
    ----------
    title : str
    subtitle : sequence of str
    cards : sequence of Card
        In the order in which they are to be read.
    facts : sequence of Fact
    sections : sequence of Section
        Those without blocks are left out.
    guide : mapping of str to str
        Words of the page, and what they mean.
    """

    title: str
    subtitle: Sequence[str]
    cards: Sequence[Card]
    facts: Sequence[Fact] = ()
    sections: Sequence[Section] = field(default_factory=tuple)
    guide: Mapping[str, str] = field(default_factory=dict)
