# SPDX-License-Identifier: Apache-2.0
"""A run's durations as an HdrHistogram log: an interval of a second a line, as its tools read it.

The latency has no tag, since that is what those tools show unless they are told another one; other
durations have theirs. An interval holds what ended in it. Where the run kept no rows, and for times
between tokens, there is one interval, the whole run. Values are in ns, with three significant
digits; counts are exact.

The encoding is written here, since the package `hdrhistogram` takes a call of Python a value and
writes neither tags nor times.

References
----------
HdrHistogram (Java) 2.2, ``HistogramLogWriter`` (log, version 1.3), ``AbstractHistogram`` (V2
encoding of counts: ZigZag LEB128, at most nine bytes, a negative number for so many zeros).
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from loadgen.metrics import Columns
from loadgen.metrics.columns import CHUNK_ROWS
from loadgen.metrics.histogram import Histogram

if TYPE_CHECKING:
    from loadgen.result import Result

_DIGITS: Final = 3
_HALF_MAGNITUDE: Final = 10  # 2 * 10**3 values of one unit are told apart: 2**11 of them
_HALF: Final = 1 << _HALF_MAGNITUDE
_COUNTS_COOKIE: Final = 0x1C849303 | 0x10
_COMPRESSED_COOKIE: Final = 0x1C849304 | 0x10
_HIGHEST_NS: Final = 3_600_000_000_000  # an hour, or more where a value is larger
_MOST_BYTES: Final = 9  # of a number
_MOST_INTERVALS: Final = (1 << 31) - 2
_INTERVAL_NS: Final = 1_000_000_000

_TIMED: Final = ("latency", "service_time", "issue_delay", "ttft")
_KINDS: Final = (*_TIMED, "tpot", "itl")

Int64Array = npt.NDArray[np.int64]
_Keyed = tuple[Int64Array, Int64Array]


def write_hlog(result: Result, file: BinaryIO) -> None:
    """Write the log.

    Parameters
    ----------
    result : Result
    file : binary file
    """
    lines = [line for kind in _KINDS for line in _intervals(result, kind)]
    head = "#[Logged with loadgen]\n#[Histogram log format version 1.3]\n"
    if result.started_at:
        start = datetime.fromisoformat(result.started_at)
        when = f"{start.timestamp():.3f} (seconds since epoch)"
        head += f"#[StartTime: {when}, {start.isoformat()}]\n#[BaseTime: {when}]\n"
    head += '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n'
    file.write(head.encode("ascii"))
    # Readers stop at an instant that is later than those they look for.
    for _, line in sorted(lines, key=lambda each: each[0]):
        file.write(line.encode("ascii"))


def _intervals(result: Result, kind: str) -> Iterator[tuple[int, str]]:
    """Yield when each interval of a kind of duration starts, in ns, and its line."""
    values = _values(result, kind)
    if values is None:
        return
    end_ns = max((each.start_ns + each.end_ns for each in result.series), default=0)
    if isinstance(values, Histogram):
        found = [(0, _index_of(values.smallest), values.counts, values.max)]
        length_ns = end_ns
    else:
        length_ns = _INTERVAL_NS if kind in _TIMED else max(end_ns, 1)
        origin_ns = result.data.run_start_ns if kind in _TIMED else None
        found = list(_counted(values, origin_ns, length_ns))
    tag = "" if kind == "latency" else f"Tag={kind},"
    for number, index, counts, largest in found:
        start_ns = number * length_ns
        length_s = max(min(length_ns, end_ns - start_ns), 0) / 1e9
        payload = _encoded(index, counts, largest)
        yield start_ns, f"{tag}{start_ns / 1e9:.3f},{length_s:.3f},{largest / 1e6:.3f},{payload}\n"


def _values(result: Result, kind: str) -> Columns | Histogram | None:
    """Return where values of a kind are; None where there are none."""
    durations = getattr(result, kind)
    if not durations:
        return None
    if durations.columns is not None:
        return durations.columns  # type: ignore[no-any-return]  # by getattr
    data = result.data
    found: Histogram | None = data.token_gaps if kind == "itl" else getattr(data.tally, kind)
    return found


def _counted(
    values: Columns, origin_ns: int | None, length_ns: int
) -> Iterator[tuple[int, Int64Array, Int64Array, int]]:
    """Yield each interval's number, indices of counts, counts, and largest value.

    Parameters
    ----------
    values : Columns
    origin_ns : int or None
        What to take off the values' ends to have them since the run's start; None: all values are
        of the first interval.
    length_ns : int
        Of an interval.
    """
    shift = 32  # an index has less than 2**16
    counted: list[_Keyed] = []
    largest: list[_Keyed] = []
    for first in range(0, len(values.end), CHUNK_ROWS):
        rows = slice(first, first + CHUNK_ROWS)
        known = slice(None) if values.status is None else values.status[rows] == 0
        end = values.end[rows][known]
        duration = np.maximum(end - values.start[rows][known], 0)
        number = np.zeros_like(end) if origin_ns is None else (end - origin_ns) // length_ns
        number = np.clip(number, 0, _MOST_INTERVALS)  # a damaged column has any instant
        counted.append(np.unique((number << shift) + _index_of(duration), return_counts=True))
        largest.append(_by_key(number, duration, np.maximum))
    key, count = _merged(counted, np.add)
    each, most = _merged(largest, np.maximum)
    first_key = np.searchsorted(key, np.append(each, each[-1] + 1) << shift)
    for place, number in enumerate(each.tolist()):
        mine = slice(first_key[place], first_key[place + 1])
        yield number, key[mine] - (number << shift), count[mine], int(most[place])


def _merged(parts: list[_Keyed], reduce: np.ufunc) -> _Keyed:
    keys, values = (np.concatenate(each) for each in zip(*parts, strict=True))
    return _by_key(keys, values, reduce)


def _by_key(keys: Int64Array, values: Int64Array, reduce: np.ufunc) -> _Keyed:
    """Return the keys, ascending and each once, and what the values of each come to."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))
    if not len(starts):
        return keys, values
    return ordered[starts], reduce.reduceat(values[order], starts)


def _index_of(values: Int64Array) -> Int64Array:
    """Return which count each value is in: buckets of doubling width, each of 1,024 parts."""
    # How many bits there are above those of the first bucket: few enough to be exact as float.
    bucket = np.frexp((values >> (_HALF_MAGNITUDE + 1)).astype(np.float64))[1].astype(np.int64)
    index: Int64Array = ((bucket + 1) << _HALF_MAGNITUDE) + (values >> bucket) - _HALF
    return index


def _encoded(index: Int64Array, counts: Int64Array, largest: int) -> str:
    """Return a histogram in the V2 encoding, compressed, as base64."""
    index, counts = _by_key(index, counts, np.add)  # counted finer, they may share an index
    gaps = np.diff(index, prepend=-1) - 1
    numbers = np.column_stack([-gaps, counts])[np.column_stack([gaps > 0, counts > 0])]
    body = _leb128(numbers)
    highest = max(_HIGHEST_NS, largest)
    head = struct.pack(">IIIIQQd", _COUNTS_COOKIE, len(body), 0, _DIGITS, 1, highest, 1.0)
    packed = zlib.compress(head + body)
    return base64.b64encode(struct.pack(">II", _COMPRESSED_COOKIE, len(packed)) + packed).decode(
        "ascii"
    )


def _leb128(numbers: Int64Array) -> bytes:
    """Return numbers as ZigZag LEB128; a ninth byte has all of its eight bits."""
    rest = ((numbers << 1) ^ (numbers >> 63)).view(np.uint64)[:, None]
    shifts = 7 * np.arange(_MOST_BYTES, dtype=np.uint64)
    shifted = rest >> shifts
    is_last = np.append(shifted[:, 1:] == 0, np.full((len(rest), 1), True), axis=1)
    is_shown = np.append(np.full((len(rest), 1), True), ~is_last[:, :-1], axis=1)
    encoded = np.where(is_last, shifted, shifted | 0x80).astype(np.uint8)
    return bytes(encoded[is_shown])
