# SPDX-License-Identifier: Apache-2.0
"""Checks of single plain values, conversions between units, and figures in words.

A *check* takes any object and returns it as a plain Python value, or raises `Refused` with what
is allowed. Scenarios and settings use the same checks, so that a field is judged and explained
in one way, whether it comes from a keyword, a TOML file or a saved result.

Not here: rules about several fields together (``validate.py``), and the fields themselves.
"""

from __future__ import annotations

import difflib
import math
import numbers
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final

from loadgen.errors import Problem

__all__ = [
    "MAX_COUNT",
    "MAX_SECONDS",
    "NARROW",
    "NOTICEABLE",
    "TEXT_WIDTH",
    "Check",
    "Refused",
    "boolean",
    "choice",
    "count_in_words",
    "four_digits",
    "integer",
    "is_bool",
    "name_hint",
    "ns_from_ms",
    "ns_from_s",
    "ns_in_words",
    "number",
    "optional",
    "per_cent",
    "percentile",
    "problem_of",
    "time_in_words",
]

Check = Callable[[object], Any]

MAX_SECONDS: Final = 1e9
"""Longest duration that may be asked for: 31 years, so that sums of int64 ns cannot overflow."""

MAX_COUNT: Final = 2**33
"""Most rows that a record has (`csrc/core/record/record.hpp`)."""

NOTICEABLE: Final = 0.05
"""Share by which two runs of one system differ anyhow: nobody would act on less. A level, a rate, a
queue that changes by less is not told of."""

TEXT_WIDTH: Final = 98
"""Of what is written for people: it fits into 100 columns."""

NARROW: Final = 70
"""Columns; where there are fewer, text goes below its label."""

_UNITS: Final = ((1e9, "s"), (1e6, "ms"), (1e3, "us"))
_ROUNDED_UP: Final = 1 - 5e-5  # from this part of a unit on, four digits of the one below are it
_HIGHEST_PERCENTILE: Final = 100.0


class Refused(ValueError):
    """A value that a check does not let through; the text says what is allowed."""


def problem_of(field: str, value: object, check: Check) -> Problem | None:
    """Return the problem that `check` has with a value, or None.

    Parameters
    ----------
    field : str
        The name to report.
    value : object
        What was given.
    check : callable
        One of the checks below.
    """
    try:
        check(value)
    except Refused as refusal:
        return Problem(field, value, str(refusal))
    return None


def is_bool(value: object) -> bool:
    """Return whether a value is Python's or NumPy's True or False."""
    return isinstance(value, bool) or type(value).__name__ in {"bool_", "bool"}


def number(
    low: float | None = None, high: float | None = None, *, above: float | None = None
) -> Check:
    """Check for a finite number; bool is none.

    Parameters
    ----------
    low, high : float or None
        Smallest and largest value allowed.
    above : float or None
        A bound that is itself not allowed.
    """
    bounds = []
    if above is not None:
        bounds.append(f"above {above:g}")
    if low is not None:
        bounds.append(f"of at least {low:g}")
    if high is not None:
        bounds.append(f"of at most {high:g}")
    allowed = " ".join(["a finite number", " and ".join(bounds)]).strip()

    def check(value: object) -> float:
        if is_bool(value) or not isinstance(value, numbers.Real):
            raise Refused(allowed)
        try:
            plain = float(value)
        except OverflowError:  # an integer of hundreds of digits
            raise Refused(allowed) from None
        if (
            not math.isfinite(plain)
            or (above is not None and not plain > above)
            or (low is not None and plain < low)
            or (high is not None and plain > high)
        ):
            raise Refused(allowed)
        return plain

    return check


def integer(low: int, high: int | None = None) -> Check:
    """Check for an integer in [low, high]; bool is none, and neither is 1e6."""
    allowed = f"an integer of at least {low}"
    if high is not None:
        allowed += f" and at most {high}"

    def check(value: object) -> int:
        if is_bool(value) or not isinstance(value, numbers.Integral):
            if isinstance(value, numbers.Real) and not is_bool(value) and value == value // 1:
                raise Refused(f"{allowed}; did you mean {int(float(value))}?")
            raise Refused(allowed)
        plain = int(value)
        if plain < low or (high is not None and plain > high):
            raise Refused(allowed)
        return plain

    return check


def boolean(value: object) -> bool:
    """Check for True or False; 0 and 1 are neither."""
    if not is_bool(value):
        raise Refused("True or False")
    return bool(value)


def choice(*names: str) -> Check:
    """Check for one of a few names."""
    allowed = "one of " + ", ".join(repr(name) for name in names)
    if len(names) == 1:
        allowed = repr(names[0])

    def check(value: object) -> str:
        if not isinstance(value, str) or value not in names:
            raise Refused(allowed + (name_hint(value, names) if isinstance(value, str) else ""))
        return value

    return check


def optional(inner: Check) -> Check:
    """Check that also lets None through."""

    def check(value: object) -> Any:
        if value is None:
            return None
        try:
            return inner(value)
        except Refused as refusal:
            raise Refused(f"None or {refusal}") from None

    return check


def percentile(value: object) -> float:
    """Check for a percentile: a number in [0, 100] and not in (0, 1), which is a fraction."""
    allowed = "a percentile in [0, 100]"
    if is_bool(value) or not isinstance(value, numbers.Real):
        raise Refused(allowed)
    try:
        plain = float(value)
    except OverflowError:  # an integer of hundreds of digits
        raise Refused(allowed) from None
    if 0.0 < plain < 1.0:
        meant = (Decimal(repr(plain)) * 100).normalize()
        raise Refused(f"{allowed}; did you mean {meant:f}?")
    if not 0.0 <= plain <= _HIGHEST_PERCENTILE:
        raise Refused(allowed)
    return plain


def name_hint(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean ...?" for a name that is nearly one of the known ones, else ""."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def ns_from_s(seconds: float) -> int:
    """Return whole nanoseconds, from the decimal that the number is written as.

    Examples
    --------
    >>> ns_from_s(0.3), ns_from_s(1e-9)
    (300000000, 1)
    """
    return int(Decimal(repr(float(seconds))).scaleb(9).to_integral_value())


def ns_from_ms(milliseconds: float) -> int:
    """Return whole nanoseconds, from the decimal that the number is written as."""
    return int(Decimal(repr(float(milliseconds))).scaleb(6).to_integral_value())


def time_in_words(ns: float) -> str:
    """Return a time that was measured: four digits, in the largest unit of which it has one.

    Examples
    --------
    >>> time_in_words(999), time_in_words(9_820_000), time_in_words(999_960), time_in_words(9e13)
    ('999 ns', '9.820 ms', '1.000 ms', '90,000 s')
    """
    for size, unit in _UNITS:
        if abs(ns) >= size * _ROUNDED_UP:
            return f"{four_digits(ns / size)} {unit}"
    return f"{ns:.0f} ns"


def four_digits(value: float) -> str:
    """Return a figure that was measured: four digits, more before the point.

    Examples
    --------
    >>> four_digits(1), four_digits(0.98), four_digits(9.9996), four_digits(12_345.6)
    ('1.000', '0.9800', '10.00', '12,346')
    """
    exponent = int(f"{value:.3e}".partition("e")[2])  # of what it is rounded to
    return f"{value:,.{max(3 - exponent, 0)}f}"


def ns_in_words(nanoseconds: float) -> str:
    """Return a duration that was given, as short as it was, with the unit that reads best.

    Examples
    --------
    >>> ns_in_words(1_234_567), ns_in_words(12), ns_in_words(20_000e9)
    ('1.235 ms', '12 ns', '20,000 s')
    """
    if abs(nanoseconds) >= 1e13:  # noqa: PLR2004 - where four digits would end in an exponent
        return f"{nanoseconds / 1e9:,.0f} s"
    for scale, unit in _UNITS:
        if abs(nanoseconds) >= scale:
            return f"{nanoseconds / scale:.4g} {unit}"
    return f"{nanoseconds:.4g} ns"


def count_in_words(count: int, noun: str, plural: str | None = None) -> str:
    """Return a count with its noun in the right number.

    Examples
    --------
    >>> count_in_words(1, "query", "queries"), count_in_words(270336, "sample")
    ('1 query', '270,336 samples')
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def per_cent(share: float, digits: int = 0, *, apart_from: Iterable[float] = ()) -> str:
    """Return a share with its unit; with the digits that show it apart from thresholds.

    Examples
    --------
    >>> per_cent(0.05), per_cent(0.12345, 1), per_cent(0.0505, apart_from=[0.05])
    ('5 %', '12.3 %', '5.1 %')
    """
    words = f"{100 * share:.{digits}f} %"
    if any(share != each and words == per_cent(each, digits) for each in apart_from):
        return per_cent(share, digits + 1, apart_from=apart_from)
    return words
