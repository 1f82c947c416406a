# SPDX-License-Identifier: Apache-2.0
"""Figures and lines of a comparison's table. Not for what they are."""

from __future__ import annotations

from loadgen.values import ns_in_words

__all__ = ["end", "figure", "line"]


def end(value: float | None) -> str:
    """Return one end of an interval."""
    return "?" if value is None else f"{value:.4g}"


def figure(value: float, unit: str) -> str:
    """Return a figure with its unit."""
    return ns_in_words(value) if unit == "ns" else f"{value:,.6g}/s"


def line(name: str, *cells: str) -> str:
    """Return a line of the table."""
    a, b, ratio, interval, verdict = cells
    return f"{name:<19}{a:>12}{b:>12}{ratio:>9}{interval:>20}  {verdict}"
