# SPDX-License-Identifier: Apache-2.0
"""Figures in the units that people read: times to four digits, counts with commas.

Not for parsing, nor for files that are read by programs: those keep int64 ns.
"""

from __future__ import annotations

from loadgen.metrics.throughput import Metric

_UNITS = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us"))
_FOUR_DIGITS = 4
_LARGE = 10_000  # from here on, "%.4g" would write an exponent


def time(ns: float | None) -> str:
    """Write a time in the largest unit of which it has at least one.

    Parameters
    ----------
    ns : number or None, ns

    Examples
    --------
    >>> time(0), time(999), time(12_345), time(250_000_000), time(61e9), time(86_400e9), time(None)
    ('0 ns', '999 ns', '12.35 us', '250.0 ms', '61.00 s', '86,400 s', '-')
    """
    if ns is None:
        return "-"
    for size, unit in _UNITS:
        if abs(ns) >= size:
            return f"{_four_digits(ns / size)} {unit}"
    return f"{ns:.0f} ns"


def _four_digits(value: float) -> str:
    """Write four digits without an exponent: 1.234, 12.34, 123.4, 1234, 12,345."""
    if abs(value) >= _LARGE:
        return f"{value:,.0f}"
    before = len(f"{abs(value):.0f}")
    return f"{value:.{max(_FOUR_DIGITS - before, 0)}f}"


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
