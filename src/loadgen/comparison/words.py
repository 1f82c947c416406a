# SPDX-License-Identifier: Apache-2.0
"""Figures of a comparison's table. Not for what they are."""

from __future__ import annotations

from loadgen.values import ns_in_words

__all__ = ["end", "figure"]


def end(value: float | None) -> str:
    """Return one end of an interval."""
    return "?" if value is None else f"{value:.4g}"


def figure(value: float, unit: str) -> str:
    """Return a figure with its unit."""
    return ns_in_words(value) if unit == "ns" else f"{value:,.6g}/s"
