# SPDX-License-Identifier: Apache-2.0
"""One run under examination: what its log says, value by value, and how findings are made of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.logs.evidence import DETAIL, RunLogs
from loadgen.mlperf.checker.logs.expected import Expected
from loadgen.mlperf.checker.logs.table import RULES
from loadgen.mlperf.logs.read import Detail, DetailEntry
from loadgen.mlperf.logs.read_source import short

__all__ = ["MOST_ISSUED", "Case", "Check", "Lacking", "about", "near"]

_END: Final = 1 << 64
MOST_ISSUED: Final = 1 << 32
"""Queries: more than an answer a µs for an hour."""
_SCENARIOS: Final = ("SingleStream", "MultiStream", "Server", "Offline")
_FLAGGED: Final = ("error_", "warning_")
_LONGEST: Final = 400  # characters of what is found or expected
_DIGITS: Final = 5.1e-6
"""Half a unit in the sixth digit, to which LoadGen writes a double; a little more, for the rest."""


class Lacking(Exception):
    """A value is not there or of another type: that was found already, by `keys`."""


@dataclass(frozen=True)
class Case:
    """One run.

    Parameters
    ----------
    expected : Expected
    logs : RunLogs
        With a detail log.
    """

    expected: Expected
    logs: RunLogs

    @cached_property
    def detail(self) -> Detail:
        """The detail log."""
        if self.logs.detail is None:
            raise Lacking
        return self.logs.detail

    @cached_property
    def values(self) -> dict[str, Any]:
        """Key to value; the first one, where a key stands several times."""
        columns = self.detail.columns
        return dict(zip(reversed(columns.key), reversed(columns.value), strict=True))

    @cached_property
    def flagged(self) -> tuple[DetailEntry, ...]:
        """Entries that are errors or warnings, by their flags or by their keys."""
        columns = self.detail.columns
        parts = zip(columns.key, columns.is_error, columns.is_warning, strict=True)
        places = [
            place
            for place, (key, is_error, is_warning) in enumerate(parts)
            if is_error or is_warning or key.startswith(_FLAGGED)
        ]
        return tuple(map(self.detail.at, places))

    def finding(
        self,
        rule: str,
        found: object,
        expected: object,
        *,
        key: str | None = None,
        line: int = 0,
        file: str = DETAIL,
        severity: Literal["error", "warning"] = "error",
    ) -> Finding:
        """Return a finding; `key` gives the line of the detail log, and what is there its name."""
        if key is not None:
            entries = self.detail.all(key)
            line = entries[0].line if entries else 0
            found = f"{key} is {found if isinstance(found, str) else short(found)}"
        name = self.expected.named(file)
        words = _clipped(str(found)), _clipped(str(expected))
        return Finding(name, line, rule, RULES[rule], *words, severity=severity)

    def value(self, key: str) -> Any:
        """Return a value.

        Raises
        ------
        Lacking
        """
        if key not in self.values:
            raise Lacking
        return self.values[key]

    def values_of(self, key: str) -> list[Any]:
        """Return the values of all entries of a key."""
        values = self.detail.columns.value
        return [values[place] for place in self.detail.places(key)]

    def text(self, key: str) -> str:
        """Return a value that is a text, or raise `Lacking`."""
        value = self.value(key)
        if isinstance(value, str):
            return value
        raise Lacking

    def flag(self, key: str) -> bool:
        """Return a value that is true or false, or raise `Lacking`."""
        value = self.value(key)
        if isinstance(value, bool):
            return value
        raise Lacking

    def integer(self, key: str) -> int:
        """Return a value that is an integer of 64 bits and not negative, or raise `Lacking`."""
        value = self.value(key)
        if type(value) is int and 0 <= value < _END:  # a bool is none
            return value
        raise Lacking

    def integers(self, key: str) -> list[int]:
        """Return the values of all entries of a key, as `integer` does."""
        values = self.values_of(key)
        if all(type(value) is int and 0 <= value < _END for value in values):
            return values
        raise Lacking

    def number(self, key: str) -> float:
        """Return a value that is a finite number and not negative, or raise `Lacking`."""
        value = self.value(key)
        if isinstance(value, float) and math.isfinite(value) and value >= 0:
            return value
        return float(self.integer(key))

    @cached_property
    def scenario(self) -> str:
        """The scenario that the log says it ran; the folder's, where it says none that there is."""
        said = self.values.get("requested_scenario")
        return str(said) if said in _SCENARIOS else self.expected.scenario_in_log

    @cached_property
    def tokens(self) -> bool:
        """Whether first tokens and counts of tokens were recorded."""
        return self.values.get("requested_use_token_latencies") is True

    @cached_property
    def n_queries(self) -> int:
        """How many queries the log says were issued; `Lacking` where no run has as many."""
        n = self.integer("result_query_count")
        if 0 < n <= MOST_ISSUED:
            return n
        raise Lacking

    @cached_property
    def n_samples(self) -> int:
        """How many samples these had."""
        return self.n_queries * self.integer("generated_samples_per_query")

    @cached_property
    def percentile(self) -> float:
        """The target percentile, as a fraction."""
        return self.number("effective_target_latency_percentile")


Check = Callable[[Case], Iterator[Finding]]
"""Yields what it finds; ends with `Lacking` where the log has nothing to look at."""


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def about(written: float) -> tuple[float, float]:
    """Return the least and the largest double that LoadGen writes so, with six digits.

    Examples
    --------
    >>> low, high = about(40.0)
    >>> low < 40 < high, high - low < 0.001
    (True, True)
    """
    if written == 0:
        return 0.0, 0.0
    half = 0.5000001 * 10.0 ** (math.floor(math.log10(abs(written))) - 5)
    return written - half, written + half


def near(a: float, b: float, roundings: int = 1) -> bool:
    """Return whether two numbers differ by no more than rounding to six digits can explain."""
    return abs(a - b) <= roundings * _DIGITS * max(abs(a), abs(b))
