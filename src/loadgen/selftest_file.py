# SPDX-License-Identifier: Apache-2.0
"""What `loadgen selftest` found on this machine, kept in the user's cache folder.

One small file, for one machine: what was measured on another one, or by another version, is not
told. Not for measuring: that is ``selftest``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from loadgen import whole_file

__all__ = ["KEPT_NUMBERS", "cache_file", "load", "save"]

KEPT_NUMBERS: Final = (
    "clock_read_ns",
    "interrupted_share",
    "sleep_error_p99_ns",
    "plan_cost_ns",
    "push_server_samples_per_s",
    "held_qps",
)
"""What results have of it, besides "measured_at"; "held_qps" may be None."""

_KEYED_BY: Final = (
    "cpu_model", "kernel", "cpus", "affinity", "cpu_limit", "python", "loadgen",
)  # fmt: skip
_NONE_HELD: Final = ("held_qps", None)
_MOST_BYTES: Final = 65_536
_LARGEST: Final = 1e18
_LONGEST_TEXT: Final = 64


def cache_file(variables: Mapping[str, str] = os.environ) -> Path | None:
    """Return where it is kept; None where the user has no home.

    Parameters
    ----------
    variables : mapping of str to str
        The environment variables.
    """
    folder = variables.get("XDG_CACHE_HOME", "")
    if os.path.isabs(folder):  # noqa: PTH117 - the text may be anything; a relative one is ignored
        return Path(folder, "loadgen", "selftest.json")
    try:
        return Path.home() / ".cache" / "loadgen" / "selftest.json"
    except RuntimeError:
        return None


def save(path: Path, machine: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
    """Write the file, whole or not at all.

    Parameters
    ----------
    path : Path
        Folders are made.
    machine : mapping
        What `environment.describe` says.
    kept : mapping
        "measured_at" and `KEPT_NUMBERS`.

    Raises
    ------
    LoadGenError
        It cannot be written.
    """
    text = json.dumps({"machine": _key(machine), "figures": dict(kept)}, indent=1, allow_nan=False)
    with whole_file.replacing(path) as file:
        file.write_text(text + "\n", encoding="utf-8")


def load(path: Path | None, machine: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what was kept of this machine; None where there is nothing, or nothing usable.

    Parameters
    ----------
    path : Path or None
        What `cache_file` says.
    machine : mapping
        What `environment.read` says.
    """
    try:
        if path is None or not path.is_file():
            return None
        with path.open("rb") as file:
            found = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("machine") != _key(machine):
        return None
    return _checked(found.get("figures"))


def _key(machine: Mapping[str, Any]) -> dict[str, Any]:
    return {name: machine.get(name) for name in _KEYED_BY}


def _checked(figures: object) -> dict[str, Any] | None:
    """Return the figures if all are there and can be written into a result."""
    if not isinstance(figures, dict):
        return None
    when = figures.get("measured_at")
    if not isinstance(when, str) or len(when) > _LONGEST_TEXT:
        return None
    kept = {name: figures.get(name) for name in KEPT_NUMBERS}
    if not all(_is_number(value) or (name, value) == _NONE_HELD for name, value in kept.items()):
        return None
    return {"measured_at": when, **kept}


def _is_number(value: object) -> bool:
    """Whether it is one that JSON has: neither infinite nor NaN, and no bool."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return 0 <= value < _LARGEST
