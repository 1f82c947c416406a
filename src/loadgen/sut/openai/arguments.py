# SPDX-License-Identifier: Apache-2.0
"""The arguments of an `OpenAISUT`: what each has to be, and what may be shown of them.

Not for what they mean (`system`).
"""

from __future__ import annotations

import re
import resource
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, Final

from loadgen.errors import Problem
from loadgen.values import Refused, integer, problem_of

__all__ = [
    "connections",
    "first_token_problem",
    "key_problem",
    "most_connections",
    "spec_of",
    "table",
    "text",
    "without_password",
]

_OTHER_FILES: Final = 64  # that a process has open


def spec_of(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a run file has for these arguments; None where it has no form for one."""
    told = {
        name: value
        for name, value in given.items()
        if value != defaults[name] and value not in ({}, None)
    }
    return {"kind": "openai", **told} if _is_plain(told) else None


def _is_plain(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_plain(each) for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return isinstance(value, (str, bool, int)) or (isinstance(value, float) and isfinite(value))


def most_connections() -> int:
    """Return how many connections this process may open, other files left aside."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1_000_000 if soft == resource.RLIM_INFINITY else max(soft - _OTHER_FILES, 1)


def connections(most: int) -> Callable[[object], int]:
    """Return a check for how many connections there may be."""

    def check(value: object) -> int:
        try:
            return int(integer(1, most)(value))
        except Refused as refusal:
            raise Refused(f"{refusal}: more files this process may not open (ulimit -n)") from None

    return check


def without_password(url: object) -> object:
    """Return what may be shown of a URL."""
    return re.sub(r"//[^/@]*@", "//***@", url) if isinstance(url, str) else url


def text(value: object) -> str:
    """Check for a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise Refused("a text that is not empty")
    return value


def table(value: object) -> Mapping[str, Any]:
    """Check for named values."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise Refused("a mapping of field names to values")
    return value


def first_token_problem(timeout_s: object, stream: object) -> Problem | None:
    """Return what is wrong with a limit of a first token that there is none of."""
    if timeout_s is None or stream is not False:
        return None
    return Problem("first_token_timeout_s", timeout_s, "None with stream=False: there is none")


def key_problem(api_key: object) -> Any:
    """Check the API key without ever showing it."""
    if api_key is None:
        return None
    usable = isinstance(api_key, str) and api_key.isascii() and api_key.isprintable()
    shown = "***" if usable and isinstance(api_key, str) and api_key and " " not in api_key else ""
    return problem_of("api_key", shown, _key_shown)


def _key_shown(value: object) -> object:
    if not value:
        raise Refused("printable ASCII characters without a space (it is not shown here)")
    return value
