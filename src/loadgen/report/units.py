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
from loadgen.values import time_in_words


def time(ns: float | None) -> str:
    """Write a time, as `time_in_words` does; "-" for none.

    Examples
    --------
    >>> time(9_820_000), time(None)
    ('9.820 ms', '-')
    """
    return "-" if ns is None else time_in_words(ns)


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


def load(value: float) -> str:
    """Write a load to six digits, without an exponent.

    Examples
    --------
    >>> load(4), load(282.84271), load(1234567.8)
    ('4', '282.843', '1,234,568')
    """
    # From a million on, "%.6g" would write an exponent.
    return f"{value:,.0f}" if value >= 1_000_000 else f"{value:,.6g}"  # noqa: PLR2004


def rounded_load(value: float) -> str:
    """Write a load to four digits, or whole: for a sentence, where a place of many is meant.

    Examples
    --------
    >>> rounded_load(4), rounded_load(424.264), rounded_load(12_345.6)
    ('4', '424.3', '12,346')
    """
    return f"{value:,.4g}" if value < 1_000 else f"{value:,.0f}"  # noqa: PLR2004 - as many digits


def share(value: float) -> str:
    """Write a share in per cent, to three digits.

    Examples
    --------
    >>> share(1 - 0.99), share(0), share(0.12345), share(1)
    ('1 %', '0 %', '12.3 %', '100 %')
    """
    return f"{100 * value:.3g} %"
