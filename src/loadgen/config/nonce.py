# SPDX-License-Identifier: Apache-2.0
"""The nonce of a round: a text that nobody knew before it was published.

It stands in a run's settings and logs, which so were written after that. It changes nothing of the
traffic. Not for what it proves (``docs/checking.md``), nor for the chain that begins with it
(`loadgen.mlperf.chain`).
"""

from __future__ import annotations

import re
from typing import Final

from loadgen.values import Refused

__all__ = ["FORM", "is_nonce", "nonce_text"]

FORM: Final = "a text of 16 to 128 letters, digits, '.', '_' and '-'"
"""Goes through files, commands and logs as it is. Shorter ones can be tried out beforehand."""


def is_nonce(value: object) -> bool:
    """Return whether a value is one."""
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9._-]{16,128}", value) is not None


def nonce_text(value: object) -> str:
    """Check for a nonce.

    Raises
    ------
    Refused

    Examples
    --------
    >>> nonce_text("steelyard-1.0f2a96c45d11")
    'steelyard-1.0f2a96c45d11'
    """
    if not is_nonce(value):
        raise Refused(FORM)
    return str(value)
