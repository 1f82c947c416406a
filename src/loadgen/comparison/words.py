# SPDX-License-Identifier: Apache-2.0
"""Figures of a comparison's table. Not for what they are."""

from __future__ import annotations

from loadgen.report import units
from loadgen.values import four_digits

__all__ = ["end", "figure"]


def end(value: float | None) -> str:
    """Return one end of an interval."""
    return "?" if value is None else four_digits(value)


def figure(value: float, unit: str) -> str:
    """Return a figure with its unit."""
    return units.time(value) if unit == "ns" else f"{value:,.2f}/s"
