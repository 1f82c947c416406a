# SPDX-License-Identifier: Apache-2.0
"""Say where a text sets another value than a reader would think, or one that cannot be used."""

from __future__ import annotations

import math
from typing import Final

from loadgen.mlperf.conf.keys import Key
from loadgen.mlperf.conf.numbers import MAX_COUNT, is_integer, overflows, strtod, strtoull

__all__ = ["Doubt", "doubt"]

Doubt = tuple[str, str | None]
"""What is wrong with a value, and a better one."""

_MAX_32: Final = 2**31 - 1
_WHOLE: Final = 100.0  # percent


def doubt(key: Key, text: str) -> Doubt | None:
    """Return what is doubtful about a key's value; None where nothing is.

    Examples
    --------
    >>> from loadgen.mlperf.conf.keys import KEYS
    >>> doubt([key for key in KEYS if key.name == "min_query_count"][0], "1e3")
    ('is read as 1: needs an integer that is written out', '1000')
    """
    return _of_integer(key, text) if key.is_integer else _of_number(key, text)


def _of_integer(key: Key, text: str) -> Doubt | None:
    number = strtoull(text)
    if not is_integer(text):
        return _of_cut(text, number)
    if text.startswith("-") and number:
        return f"is read as {number}: needs an integer of at least 0", None
    if overflows(text):
        return f"is more than fits and becomes {number}: needs at most {MAX_COUNT}", None
    digits = text.lstrip("+-")
    if digits.startswith("0") and digits[1:2] not in ("x", "X") and number:
        better = digits.lstrip("0")
        if better != str(number):
            return f"is read as octal {number}: needs a decimal without leading zeros", better
    return _of_size(key, number)


def _of_cut(text: str, number: int) -> Doubt | None:
    """Return the doubt about a number that is read only up to its first other character."""
    meant = strtod(text)
    written = None
    if math.isfinite(meant) and 0 <= meant <= MAX_COUNT and meant.is_integer():
        written = str(int(meant))
        if int(meant) == number:
            return None
    return f"is read as {number}: needs an integer that is written out", written


def _of_size(key: Key, number: int) -> Doubt | None:
    value = key.value(str(number))
    if key.kind == "is_one" and number > 1:
        return "is read as 0: needs 0 or 1", None
    if key.kind == "count32" and value != number:
        return f"is cut to 32 bits and becomes {value}: needs at most {_MAX_32}", None
    if key.kind == "count" and number * int(key.scale) > MAX_COUNT:
        most = MAX_COUNT // int(key.scale)
        return f"is more than fits and becomes {value} ns: needs at most {most}", None
    return None


def _of_number(key: Key, text: str) -> Doubt | None:
    number = strtod(text)
    if key.name == "target_latency_percentile":
        if 0 < number < 1:
            return "is less than 1 percent: needs percent", f"{number * _WHOLE:.10g}"
        if not 0 < number < _WHOLE:
            return "is no percentile: needs a number between 0 and 100", None
    if key.name == "accuracy_log_probability" and not 0 <= number <= _WHOLE:
        return "is no probability: needs percent, 0 to 100", None
    if not (math.isfinite(number) and number >= 0):
        return "is out of range: needs a finite number of at least 0", None
    return None
