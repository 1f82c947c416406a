# SPDX-License-Identifier: Apache-2.0
"""What a submission has of one result, for its page: the logs themselves, and their percentiles."""

from __future__ import annotations

import math
import os
import re
import stat
from pathlib import Path
from typing import Final, NamedTuple

from loadgen.errors import ResultError
from loadgen.mlperf.dashboard.entry import Entry
from loadgen.mlperf.logs import read_logs

__all__ = ["Evidence", "Log", "evidence_of"]

_PERFORMANCE: Final = "performance/run_1"
_LOGS: Final = (
    f"{_PERFORMANCE}/mlperf_log_summary.txt",
    f"{_PERFORMANCE}/mlperf_log_detail.txt",
    "accuracy/mlperf_log_summary.txt",
    "accuracy/mlperf_log_detail.txt",
    "accuracy/accuracy.txt",
)
_MOST_BYTES: Final = 1 << 20
"""Of a log that is copied into a site; larger ones, and those that cannot be read, are named."""
_PERCENTILE: Final = re.compile(r"result_(.*?)(\d+\.\d+)_percentile(?:_latency)?_ns")
_CURVES: Final = {
    "": "Latency",
    "first_token_": "Time to first token",
    "time_per_output_token_": "Time per output token",
}
"""By how their keys in the detail log begin."""


class Log(NamedTuple):
    """One log: where it lies below its result; its bytes, None where these are too many."""

    name: str
    data: bytes | None


class Evidence(NamedTuple):
    """What there is.

    Parameters
    ----------
    logs : list of Log
    curves : dict of str to list of (float, float)
        What of: percentile and ns.
    """

    logs: list[Log]
    curves: dict[str, list[tuple[float, float]]]


def evidence_of(entry: Entry) -> Evidence:
    """Return what the submission of a result has for its page; nothing where it is not at hand."""
    if entry.root is None or not entry.path:
        return Evidence([], {})
    folder = entry.root / entry.path
    logs = [Log(name, _bytes(folder / name)) for name in _LOGS if _is_file(folder / name)]
    return Evidence(logs, _curves(folder / _PERFORMANCE))


def _is_file(path: Path) -> bool:
    """Return whether there is a file, not a link: what a link names is not of the submission."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _bytes(path: Path) -> bytes | None:
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(number, "rb") as file:  # noqa: PTH123 - of a descriptor
            data = file.read(_MOST_BYTES + 1)
    except OSError:
        return None
    return data if len(data) <= _MOST_BYTES else None


def _curves(folder: Path) -> dict[str, list[tuple[float, float]]]:
    try:
        detail = read_logs(folder, strict=False).detail
    except ResultError:
        return {}
    found: dict[str, dict[float, float]] = {}
    for key, value in (detail or {}).items():
        matched = _PERCENTILE.fullmatch(key)
        name = _CURVES.get(matched[1]) if matched else None
        is_number = isinstance(value, int | float) and math.isfinite(value)
        if matched and name and is_number:
            found.setdefault(name, {})[float(matched[2])] = value
    return {name: sorted(points.items()) for name, points in found.items()}
