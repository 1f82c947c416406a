# SPDX-License-Identifier: Apache-2.0
"""Readings of power over time, and the file that they are kept in: ``spl.txt``.

A line a reading, as SPEC PTDaemon writes them; more fields may follow::

    Time,11-29-2026 23:05:07.250,Watts,45.050000

Not for what a run took (``energy.py``), nor for reading a meter (``samplers.py``).
"""

from __future__ import annotations

import datetime
import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from loadgen.errors import ResultError, SettingsError
from loadgen.values import number, problem_of

__all__ = ["Readings", "instant_ns", "line_of", "read_meter", "stamp_of"]

_STAMP: Final = re.compile(r"(\d\d)-(\d\d)-(\d{4}) (\d\d):(\d\d):(\d\d)\.(\d{3})")
_FORM: Final = "MM-DD-YYYY HH:MM:SS.mmm"
_LINE: Final = re.compile(r"Time,([^,]*),Watts,([^,]*)(?:,.*)?")
_LONGEST_LINE: Final = 4096


@dataclass(frozen=True)
class Readings:
    """What a meter showed.

    Parameters
    ----------
    time_ns : int64 array, shape (n_readings,), ns since 1970, UTC
        Rising.
    watts : float64 array, shape (n_readings,), W
    source : str
        Where they are from.
    """

    time_ns: npt.NDArray[np.int64]
    watts: npt.NDArray[np.float64]
    source: str

    def __len__(self) -> int:
        return len(self.time_ns)


def instant_ns(text: str) -> int:
    """Return the instant of a stamp, which is taken for UTC, in ns since 1970.

    Raises
    ------
    ValueError
        It is none.

    Examples
    --------
    >>> instant_ns("01-02-1970 00:00:00.500")
    86400500000000
    """
    match = _STAMP.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no instant; expected {_FORM}")
    month, day, year, hour, minute, second, ms = map(int, match.groups())
    moment = datetime.datetime(year, month, day, hour, minute, second, tzinfo=datetime.UTC)
    return (int(moment.timestamp()) * 1000 + ms) * 1_000_000


def stamp_of(time_ns: int) -> str:
    """Return an instant as such files have it, in UTC.

    Examples
    --------
    >>> stamp_of(86_400_500_000_000)
    '01-02-1970 00:00:00.500'
    """
    seconds, rest_ns = divmod(time_ns, 1_000_000_000)
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return f"{moment:%m-%d-%Y %H:%M:%S}.{rest_ns // 1_000_000:03d}"


def line_of(time_ns: int, watts: float) -> str:
    """Return the line of a reading."""
    return f"Time,{stamp_of(time_ns)},Watts,{watts:.6f}\n"


def read_meter(path: str | os.PathLike[str], *, offset_s: float = 0.0) -> Readings:
    """Read the file of a meter.

    Parameters
    ----------
    path : path
    offset_s : float, s
        What the meter's clock lacks of UTC: this is added to its stamps. A meter in a zone one hour
        east of Greenwich has -3600.

    Raises
    ------
    SettingsError
        `offset_s` is no finite number.
    ResultError
        It cannot be read, has no reading, or a line is none: names the file, the line, what is
        there and what was expected. Readings are of one meter, each later than the one before.
    """
    file = Path(path)
    if problem := problem_of("offset_s", offset_s, number()):
        raise SettingsError([problem])
    times: list[int] = []
    watts: list[float] = []
    for line, text in _lines(file):
        try:
            time_ns, reading = _reading(text)
            if times and time_ns <= times[-1]:
                raise ValueError("is not later than the one before")
        except ValueError as error:
            raise ResultError(f"{file}, line {line}: {error}") from error
        times.append(time_ns)
        watts.append(reading)
    if not times:
        raise ResultError(f"{file}: has no reading; expected lines Time,{_FORM},Watts,NUMBER")
    offset_ns = round(offset_s * 1e9)
    return Readings(np.array(times, np.int64) + offset_ns, np.array(watts), str(file))


def _reading(text: str) -> tuple[int, float]:
    match = _LINE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:80]!r} is no reading; expected Time,{_FORM},Watts,NUMBER")
    watts = float(match[2])
    if not (math.isfinite(watts) and watts >= 0):
        raise ValueError(f"{match[2]} W; expected a finite number, not negative")
    return instant_ns(match[1]), watts


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    """Yield number and text of lines that have something."""
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            for line in range(1, 2**63):
                text = opened.readline(_LONGEST_LINE)
                if not text:
                    return
                if len(text) == _LONGEST_LINE:
                    raise ResultError(f"{file}, line {line}: is longer than a reading can be")
                if text.strip():
                    yield line, text.strip()
    except OSError as error:
        raise ResultError(f"{file}: cannot be read: {error.strerror or error}") from error
