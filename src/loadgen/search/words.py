# SPDX-License-Identifier: Apache-2.0
"""Loads, shares and durations, as a search writes them. Not for what it says."""

from __future__ import annotations

from typing import Final

__all__ = ["load_in_words", "rounded_load", "seconds_in_words", "share_in_words"]

_LARGE: Final = 1_000_000  # from here on, "%.6g" would write an exponent


def load_in_words(load: float) -> str:
    """Return a load to six digits, without an exponent.

    Examples
    --------
    >>> load_in_words(4), load_in_words(282.84271), load_in_words(1234567.8)
    ('4', '282.843', '1,234,568')
    """
    return f"{load:,.0f}" if load >= _LARGE else f"{load:,.6g}"


def rounded_load(load: float) -> str:
    """Return a load to four digits, or whole: for a sentence, where a place of many is meant.

    Examples
    --------
    >>> rounded_load(4), rounded_load(424.264), rounded_load(12_345.6)
    ('4', '424.3', '12,346')
    """
    return f"{load:,.4g}" if load < 1_000 else f"{load:,.0f}"  # noqa: PLR2004 - as many digits


def share_in_words(share: float) -> str:
    """Return a share in per cent, to three digits.

    Examples
    --------
    >>> share_in_words(1 - 0.99), share_in_words(0), share_in_words(0.12345), share_in_words(1)
    ('1 %', '0 %', '12.3 %', '100 %')
    """
    return f"{100 * share:.3g} %"


def seconds_in_words(seconds: float) -> str:
    """Return a duration in s, to three digits or whole.

    Examples
    --------
    >>> seconds_in_words(0.01234), seconds_in_words(12.34), seconds_in_words(1234.5)
    ('0.0123 s', '12.3 s', '1,234 s')
    """
    return f"{seconds:.3g} s" if seconds < 1_000 else f"{seconds:,.0f} s"  # noqa: PLR2004 - three digits
