# SPDX-License-Identifier: Apache-2.0
"""Figures in the units that people read: times to four digits, counts with commas.

What was measured has four digits wherever it stands, zeros at the end too, so that a column does
not look more exact in one line than in the next. What was given (a limit, a knob) is written as
short as it was given: `loadgen.values.ns_in_words`.

Not for parsing, nor for files that are read by programs: those keep int64 ns.
"""

from __future__ import annotations

from datetime import datetime

from loadgen.metrics.throughput import Metric

_UNITS = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us"))
_ROUNDED_UP = 1 - 5e-5  # from this part of a unit on, four digits of the one below are its whole


def time(ns: float | None) -> str:
    """Write a time in the largest unit of which it has at least one.

    Parameters
    ----------
    ns : number or None, ns

    Examples
    --------
    >>> time(0), time(999), time(9_820_000), time(10_700_000), time(999_960), time(None)
    ('0 ns', '999 ns', '9.820 ms', '10.70 ms', '1.000 ms', '-')
    >>> time(61e9), time(86_400e9)
    ('61.00 s', '86,400 s')
    """
    if ns is None:
        return "-"
    for size, unit in _UNITS:
        if abs(ns) >= size * _ROUNDED_UP:
            return f"{_four_digits(ns / size)} {unit}"
    return f"{ns:.0f} ns"


def _four_digits(value: float) -> str:
    """Write four digits, more before the point: 1.234, 12.34, 1,234, 12,345."""
    exponent = int(f"{value:.3e}".partition("e")[2])  # of what it is rounded to: 9.9996 is 10.00
    return f"{value:,.{max(3 - exponent, 0)}f}"


def moment(text: str) -> str:
    """Write an instant of a calendar, as results have it, to the second.

    Examples
    --------
    >>> moment("2026-11-29T20:28:23.174176+00:00"), moment("last night")
    ('2026-11-29 20:28:23 UTC', 'last night')
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{found:%Y-%m-%d %H:%M:%S} {found.tzname() or ''}".strip()


def metric(figure: Metric | None) -> str:
    """Write a headline figure with its unit.

    Examples
    --------
    >>> metric(Metric("latency", 1_234_567, "ns")), metric(Metric("rate", 1998.7654, "samples/s"))
    ('1.235 ms', '1,998.77 samples/s')
    """
    if figure is None:
        return "-"
    if figure.unit == "ns":
        return time(figure.value)
    return f"{figure.value:,.2f} {figure.unit}"
