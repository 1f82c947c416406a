# SPDX-License-Identifier: Apache-2.0
"""How values are written in MLPerf's logs: as a C++ stream prints them, and as JSON.

JSON is always valid: a number that is none (nan, inf) becomes ``null``, and texts are escaped. Not
for which value stands where.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

__all__ = ["fixed", "json_value", "one_line", "plain"]


def plain(value: object) -> str:
    """Return a number as a C++ stream prints it: 6 significant digits; 1 or 0 for a bool.

    Examples
    --------
    >>> plain(12345678), plain(1e6), plain(2116.784), plain(True), plain(float("inf"))
    ('12345678', '1e+06', '2116.78', '1', 'inf')
    """
    if isinstance(value, bool):
        return "1" if value else "0"
    return f"{value:g}" if isinstance(value, float) else str(value)


def fixed(value: float) -> str:
    """Return a number with 2 decimals."""
    return f"{value:.2f}"


def one_line(text: str) -> str:
    r"""Return a text that can be written into a line of UTF-8.

    Examples
    --------
    >>> one_line("two\nlines")
    'two lines'
    """
    encodable = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return encodable.replace("\r", " ").replace("\n", " ")


def json_value(value: object) -> str:
    """Return a value as JSON; a float with 6 significant digits, ``null`` where it is no number.

    Examples
    --------
    >>> json_value({"a": [1, True, 0.1 + 0.2]}), json_value(float("nan"))
    ('{"a":[1,true,0.3]}', 'null')
    """
    if isinstance(value, float):
        return plain(value) if math.isfinite(value) else "null"
    if isinstance(value, str):
        encodable = value.encode("utf-8", "backslashreplace").decode("utf-8")
        return json.dumps(encodable, ensure_ascii=False)
    if isinstance(value, Mapping):
        pairs = (f"{json_value(str(name))}:{json_value(each)}" for name, each in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, Sequence):
        return "[" + ",".join(map(json_value, value)) + "]"
    return json.dumps(value)
