# SPDX-License-Identifier: Apache-2.0
"""Reads MLPerf's summary, ours or LoadGen's: labels and values in sections.

Not for judging whether what it says is true.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from loadgen.mlperf.logs.read_source import Named, Source, short

__all__ = ["Summary", "Value", "read_summary"]

Value = bool | int | float | str

HEAD: Final = "MLPerf Results Summary"
STATS: Final = "Additional Stats"
PARAMETERS: Final = "Test Parameters Used"

_RULE: Final = re.compile("={10,}")
_INTEGER: Final = re.compile(r"[-+]?\d{1,20}")
_DECIMAL: Final = re.compile(r"[-+]?(\d{1,40}(\.\d{0,40})?([eE][-+]?\d{1,4})?|nan|inf)")
_COUNT: Final = re.compile(
    r"(?P<n>No|\d{1,20}) (?P<what>warnings?|errors?) encountered", re.IGNORECASE
)
_TEXTS: Final = ("SUT name", "Scenario", "Mode", "Result is")
_EARLY_STOPPING: Final = "Early Stopping Result"
_RECOMMENDATIONS: Final = "Recommendations"


@dataclass(frozen=True, eq=False)
class Summary(Mapping[str, Value]):
    """A summary: label to value, the first one where a label stands in several sections.

    Attributes
    ----------
    sections : mapping of str to mapping of str to value
        "MLPerf Results Summary", "Additional Stats", "Test Parameters Used"; labels are without
        blanks at their ends. Empty for an accuracy run without a failure.
    early_stopping : mapping of str to str
        The text below each "Early Stopping Result", by that line without its colon.
    recommendations : tuple of str
        Lines below "Recommendations:", as they stand.
    warnings, errors : int or None
        How many the log says there were; None: it was cut off.
    """

    sections: Mapping[str, Mapping[str, Value]]
    early_stopping: Mapping[str, str]
    recommendations: tuple[str, ...]
    warnings: int | None
    errors: int | None
    _first: Named[Value] = field(init=False, repr=False, default_factory=Named)

    def __post_init__(self) -> None:
        """Find the first value of each label."""
        for section in self.sections.values():
            for label, value in section.items():
                self._first.setdefault(label, value)

    def __getitem__(self, label: str) -> Value:
        return self._first[label]

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)

    def __len__(self) -> int:
        return len(self._first)

    @property
    def valid(self) -> bool | None:
        """Whether "Result is" VALID.

        None where it says nothing of it, as in an accuracy run without a failure.
        """
        result = self._first.get("Result is")
        return None if result is None else result == "VALID"

    @property
    def parameters(self) -> Mapping[str, Value]:
        """The test parameters used."""
        return self.sections.get(PARAMETERS, MappingProxyType({}))

    @property
    def stats(self) -> Mapping[str, Value]:
        """The additional stats."""
        return self.sections.get(STATS, MappingProxyType({}))


def read_summary(source: Source) -> Summary:
    """Read a summary.

    Parameters
    ----------
    source : Source

    Raises
    ------
    ResultError
        Strict: a line that no summary has, a figure that is no number, no "Result is", or no
        counts of warnings and errors at the end.
    """
    reader = _Reader(source)
    number = 0
    for number, text in source.lines():
        reader.line(number, text)
    if number == 0:
        source.defect(0, "is empty; expected a summary")
    return reader.finish(number)


class _Reader:
    """What is known of a summary up to a line."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._sections: Named[Named[Value]] = Named()
        self._blocks: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}
        self._section: Named[Value] | None = None
        self._block: list[str] | None = None
        self._after_rule = False
        self._free_lines = 0  # of LoadGen's warning about permutations, still to come

    def line(self, number: int, text: str) -> None:
        """Take the next line."""
        after_rule, self._after_rule = self._after_rule, False
        if _RULE.fullmatch(text):
            self._after_rule = True
            self._block = None
        elif not text.strip():
            self._block = None
        elif after_rule and text in (HEAD, STATS, PARAMETERS):
            self._section = self._sections.setdefault(text, Named())
        elif self._block is not None and text.startswith(" "):
            self._block.append(text)
        elif self._free_lines:
            self._free_lines -= 1
        elif not (self._heading(text) or self._count(text)):
            self._label(number, text)

    def _heading(self, text: str) -> bool:
        if text.startswith("WARNING: "):
            self._free_lines = 3
        elif text.rstrip() == "Per-query latency:":
            pass
        elif text.rstrip().endswith((_EARLY_STOPPING + ":", _RECOMMENDATIONS + ":")):
            self._block = self._blocks.setdefault(text.rstrip()[:-1], [])
        else:
            return False
        return True

    def _count(self, text: str) -> bool:
        found = _COUNT.match(text)
        if found is None:
            return False
        what = found["what"].lower().rstrip("s")
        self._counts[what] = 0 if found["n"] == "No" else int(found["n"])
        return True

    def _label(self, number: int, text: str) -> None:
        label, colon, value = text.partition(":")
        if not colon or self._section is None:
            self._source.defect(number, f"{short(text)}; expected a line of a summary")
            return
        label, value = label.strip(), value.strip()
        parsed = value if label in _TEXTS else _parsed(value)
        if isinstance(parsed, float) and not math.isfinite(parsed):
            self._source.defect(number, f"{short(text)}; expected a finite number")
        if label == "Result is" and value not in ("VALID", "INVALID"):
            self._source.defect(number, f"{short(text)}; expected VALID or INVALID")
        self._section.setdefault(label, parsed)

    def finish(self, last: int) -> Summary:
        """Return the summary; its last line is known."""
        if HEAD in self._sections and "Result is" not in self._sections[HEAD]:
            self._source.defect(last, "the summary ends without a result; expected 'Result is'")
        for what in ("warning", "error"):
            if last and what not in self._counts:
                expected = f"expected how many {what}s were encountered"
                self._source.defect(last, f"the summary is cut off; {expected}")
        return Summary(
            sections=MappingProxyType(
                Named((name, MappingProxyType(table)) for name, table in self._sections.items())
            ),
            early_stopping=MappingProxyType(
                Named(
                    (name, "\n".join(lines))
                    for name, lines in self._blocks.items()
                    if name != _RECOMMENDATIONS
                )
            ),
            recommendations=tuple(self._blocks.get(_RECOMMENDATIONS, ())),
            warnings=self._counts.get("warning"),
            errors=self._counts.get("error"),
        )


def _parsed(text: str) -> Value:
    if text in ("Yes", "NO"):
        return text == "Yes"
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text
