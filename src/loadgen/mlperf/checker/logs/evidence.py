# SPDX-License-Identifier: Apache-2.0
"""Reads the summary and the detail log of a run once, in the form that LoadGen writes them.

Memory is bounded by `LARGEST`, whatever the files are. Not for what the entries mean, nor for the
accuracy log and the trace, which are read as a stream.
"""

from __future__ import annotations

import functools
import json
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from loadgen.mlperf.logs.read_detail import Detail, DetailColumns
from loadgen.mlperf.logs.read_source import short

__all__ = ["DETAIL", "LOADED", "SUMMARY", "Fault", "RunLogs", "read_evidence"]

SUMMARY: Final = "mlperf_log_summary.txt"
DETAIL: Final = "mlperf_log_detail.txt"
LOADED: Final = "loaded_qsl_set"

LARGEST: Final = 1 << 26
"""Bytes of a detail log: the loaded set of 800,000 samples takes 5.5 MB."""
_MOST: Final = {SUMMARY: 1 << 20, DETAIL: LARGEST}
_MOST_LINES: Final = 1 << 20
_MOST_FAULTS: Final = 20  # of a file, before the rest of them is only counted
# The parts of each line as LoadGen writes them, byte for byte; of another line none. Only the value
# is without bounds, and what follows it is short, so that no line can keep this busy. Most values
# are simple, and tried first.
_LINE: Final = re.compile(
    r'^(?::::MLLOG \{"key": "([a-z0-9_.]{1,80})", '
    r'"value": (-?\d[\d.e+-]*|true|false|"[^"\\\n]{0,200}"|.*), "time_ms": (\d{1,20}\.\d{6}), '
    r'"namespace": "mlperf::logging", "event_type": "POINT_IN_TIME", "metadata": '
    r'\{"is_error": (true|false), "is_warning": (true|false), "file": "[\w.+/ -]{1,80}", '
    r'"line_no": \d{1,6}, "pid": (\d{1,20}), "tid": (\d{1,20})\}\}\r?|.*)$',
    re.MULTILINE,
)
_SHORT: Final = 80  # characters
_LONG: Final = 1 << 16


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


_JSON: Final = json.JSONDecoder(parse_constant=_refuse)


class _Unlike(str):
    """Takes the place of a value that is none of LoadGen's: what was expected."""


class Fault(NamedTuple):
    """Something that is not as LoadGen writes it: file, line, rule, what is there, what should."""

    file: str
    line: int
    rule: str
    found: str
    expected: str


@dataclass(frozen=True)
class RunLogs:
    """What the logs of a run say.

    Parameters
    ----------
    detail : Detail or None
        Key to value; the value of ``loaded_qsl_set`` is text, as it stands. None: there is none.
    summary : tuple of str or None
        Lines.
    threads : sequence of tuple of str
        Who wrote each entry of `detail`: the process and the thread.
    faults : tuple of Fault
    """

    detail: Detail | None
    summary: tuple[str, ...] | None
    threads: Sequence[tuple[str, str]] = ()
    faults: tuple[Fault, ...] = field(default=(), repr=False)


def read_evidence(folder: Path) -> RunLogs:
    """Read the summary and the detail log.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    RunLogs
        Of a file that is not there, or cannot be read, None and a fault.
    """
    faults: list[Fault] = []
    summary = _text(folder, SUMMARY, faults)
    detail = _text(folder, DETAIL, faults)
    lines = None if summary is None else tuple(summary.removesuffix("\n").split("\n"))
    if detail is None:
        return RunLogs(None, lines, (), tuple(faults))
    columns, threads = _columns(detail.removesuffix("\n"), faults)
    return RunLogs(Detail(columns), lines, threads, tuple(faults))


def _columns(detail: str, faults: list[Fault]) -> tuple[DetailColumns, list[tuple[str, str]]]:
    """Return the entries, and who wrote each; lines that are none are among the faults."""
    rows = _LINE.findall(detail)
    values = [_value(row[0], row[1]) for row in rows]
    lines: Sequence[int] = range(1, len(rows) + 1)
    if _Unlike in map(type, values):
        wrong = {line: each for line, each in enumerate(values, start=1) if type(each) is _Unlike}
        faults += _wrong_lines(detail, wrong)
        lines = [line for line in lines if line not in wrong]
        rows, values = ([column[line - 1] for line in lines] for column in (rows, values))
    if not rows:
        return DetailColumns(), []
    keys, _, times, errors, warnings, processes, threads = zip(*rows, strict=True)
    is_error, is_warning = ([each == "true" for each in flags] for flags in (errors, warnings))
    columns = DetailColumns(keys, values, [*map(float, times)], is_error, is_warning, lines)
    return columns, [*zip(processes, threads, strict=True)]


def _wrong_lines(detail: str, wrong: Mapping[int, _Unlike]) -> Iterator[Fault]:
    """Yield the first of the lines that are not as LoadGen's: number to what is expected."""
    lines = detail.split("\n")
    for number, expected in islice(wrong.items(), _MOST_FAULTS):
        yield Fault(DETAIL, number, "log.line", short(lines[number - 1]), expected)
    if len(wrong) > _MOST_FAULTS:
        more = f"{len(wrong) - _MOST_FAULTS:,} more such lines"
        yield Fault(DETAIL, 0, "log.line", more, "lines as LoadGen writes them")


def _text(folder: Path, name: str, faults: list[Fault]) -> str | None:
    """Return a file's text; None and a fault where it cannot be read."""
    path = folder / name
    try:
        there = path.stat()
        if not stat.S_ISREG(there.st_mode):
            raise OSError("no regular file")
        if there.st_size > _MOST[name]:
            size = f"{there.st_size:,} bytes"
            faults.append(Fault(name, 0, "log.size", size, f"at most {_MOST[name]:,} bytes"))
            return None
        with path.open("rb") as file:
            content = file.read(there.st_size + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        faults.append(Fault(name, 0, "log.missing", f"cannot be read: {reason}", "a log"))
        return None
    if not content:
        faults.append(Fault(name, 0, "log.missing", "an empty file", "a log"))
        return None
    if len(content) > _MOST_LINES and (n_lines := content.count(b"\n")) > _MOST_LINES:
        words = f"at most {_MOST_LINES:,} lines"  # each takes memory of its own
        faults.append(Fault(name, 0, "log.size", f"{n_lines:,} lines", words))
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        faults.append(Fault(name, line, "log.line", "bytes that are no UTF-8", "text"))
        return content.decode("utf-8", "replace")


def _value(key: str, raw: str) -> Any:
    """Return a value; of a loaded set, which may be long and is compared as a whole, its text.

    Where there is none, or it is no JSON, or nothing that LoadGen would write: `_Unlike`.
    """
    if key == LOADED:
        return raw
    if raw.isdecimal() and raw.isascii() and (raw[0] != "0" or raw == "0"):
        if len(raw) <= _SHORT:  # as most are, which is quicker
            return int(raw)
    elif not key:
        return _Unlike("an entry as LoadGen writes it, with all of its parts in their order")
    try:
        if len(raw) <= _SHORT:
            return _short_value(raw)
        return _long_value(raw) if len(raw) <= _LONG else _JSON.decode(raw)
    except (ValueError, RecursionError):
        return _Unlike(f"a value in JSON, not {short(raw)}")


@functools.lru_cache(maxsize=4096)
def _short_value(raw: str) -> Any:
    """Return the same of a text that many logs have: flags, names, settings."""
    return _JSON.decode(raw)


@functools.lru_cache(maxsize=64)
def _long_value(raw: str) -> Any:
    """Return the same of a longer one, such as the checksums of LoadGen's files."""
    return _JSON.decode(raw)
