# SPDX-License-Identifier: Apache-2.0
"""Numbers as C's strtoull (base 0) and strtod read them in the "C" locale.

The official reader takes a value when either of the two reads all of it, and then, by the key, what
one of them makes of its beginning: the integer of "1e3" is 1. Pure functions; no text raises.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["MAX_COUNT", "is_integer", "is_number", "overflows", "strtod", "strtoull"]

MAX_COUNT: Final = 2**64 - 1

_INTEGER: Final = re.compile(
    r"(?P<sign>[+-]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|(?P<oct>0[0-7]*)|(?P<dec>[1-9][0-9]*))"
)
_HEXADECIMAL: Final = re.compile(
    r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][+-]?[0-9]+)?"
)
_DECIMAL: Final = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
    r"|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?)"
)
_NAN: Final = re.compile(r"[+-]?[nN][aA][nN](?:\([0-9A-Za-z_]*\))?")
_MAX_DIGITS: Final = 20  # of a decimal below 2**64


def is_integer(text: str) -> bool:
    """Whether strtoull reads all of it."""
    return _INTEGER.fullmatch(text) is not None


def is_number(text: str) -> bool:
    """Whether strtoull or strtod reads all of it."""
    forms = (_INTEGER, _DECIMAL, _HEXADECIMAL, _NAN)
    return any(form.fullmatch(text) for form in forms)


def strtoull(text: str) -> int:
    """Return the integer that the text begins with; 0 if it begins with none.

    Above 2**64 - 1 it is that; a minus sign counts down from 2**64.

    Examples
    --------
    >>> strtoull("0x10"), strtoull("010"), strtoull("10.7"), strtoull("-1") == 2**64 - 1
    (16, 8, 10, True)
    """
    found = _INTEGER.match(text)
    size = _size(found)
    if size > MAX_COUNT:
        return MAX_COUNT
    return -size & MAX_COUNT if found is not None and found["sign"] == "-" else size


def overflows(text: str) -> bool:
    """Whether the integer that the text begins with has more than 64 bits."""
    return _size(_INTEGER.match(text)) > MAX_COUNT


def _size(found: re.Match[str] | None) -> int:
    """Return an integer without its sign; 2**64 for one that is much larger."""
    if found is None:
        return 0
    if digits := found["hex"]:
        return int(digits, 16)
    if digits := found["oct"]:
        return int(digits, 8)
    digits = found["dec"]
    # Python refuses to convert thousands of digits.
    return int(digits) if len(digits) <= _MAX_DIGITS else MAX_COUNT + 1


def strtod(text: str) -> float:
    """Return the double of a text that `is_number`.

    Examples
    --------
    >>> strtod("0x1p-2"), strtod("010"), strtod("-1e400")
    (0.25, 10.0, -inf)
    """
    if _DECIMAL.fullmatch(text):
        return float(text)
    if _HEXADECIMAL.fullmatch(text):
        try:
            return float.fromhex(text)
        except OverflowError:
            return float("-inf" if text.startswith("-") else "inf")
    return float("-nan" if text.startswith("-") else "nan")
