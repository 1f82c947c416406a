# SPDX-License-Identifier: Apache-2.0
"""What a client's own work adds to what it measures: queueing, its event loop, reading.

Not for the server's time, which is what the result has.
"""

from __future__ import annotations

import time
from typing import Any, Final

__all__ = ["ClientTime", "Spread"]

_SUB_BITS: Final = 5  # each power of two in 32 buckets: within 1.6 % of the middle


class Spread:
    """Durations by bucket, in constant memory.

    Examples
    --------
    >>> spread = Spread()
    >>> for us in range(1, 101):
    ...     spread.add(us * 1000)
    >>> spread.count, round(spread.percentile(50) / 1000), spread.largest
    (100, 50, 100000)
    """

    __slots__ = ("_buckets", "count", "largest")

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self.count = 0
        self.largest = 0

    def add(self, ns: int) -> None:
        """Count a duration."""
        shift = max(ns.bit_length() - _SUB_BITS - 1, 0)
        bucket = ns >> shift << shift
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1
        self.count += 1
        self.largest = max(self.largest, ns)

    def percentile(self, p: float) -> int:
        """Return the smallest duration that `p` percent do not exceed: the middle of its bucket."""
        wanted, seen = p / 100 * self.count, 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= wanted:
                shift = max(bucket.bit_length() - _SUB_BITS - 1, 0)
                return min(bucket + ((1 << shift) - 1) // 2, self.largest)
        return self.largest

    def facts(self) -> dict[str, int]:
        """Return how many there were, and their percentiles in ns."""
        return {
            "count": self.count,
            "p50_ns": self.percentile(50),
            "p90_ns": self.percentile(90),
            "p99_ns": self.percentile(99),
            "p999_ns": self.percentile(99.9),
            "max_ns": self.largest,
        }


class ClientTime:
    """Where the time of a client goes that is not the server's.

    Attributes
    ----------
    event_loop_lag : Spread
        From the issue of a sample until the event loop took it up: what anything that arrives
        waits for.
    queueing : Spread
        From there until the request was handed to the socket: building it, and waiting for a
        connection.
    added : Spread
        Both together: what a sample waited in the client before the server could know of it.
    """

    def __init__(self) -> None:
        self.event_loop_lag = Spread()
        self.queueing = Spread()
        self.added = Spread()
        self._began = (time.perf_counter_ns(), time.thread_time_ns())

    def add(self, issued_ns: int, taken_ns: int, sent_ns: int) -> None:
        """Count a request by its instants.

        `sent_ns` is 0 where it was not sent, `issued_ns` is `taken_ns` where nobody knows it.
        """
        if issued_ns != taken_ns:
            self.event_loop_lag.add(taken_ns - issued_ns)
        if sent_ns:
            self.queueing.add(sent_ns - taken_ns)
            self.added.add(sent_ns - issued_ns)

    def facts(self, reading: Spread) -> dict[str, Any]:
        """Return all of it; on the event loop's thread."""
        wall, cpu = time.perf_counter_ns() - self._began[0], time.thread_time_ns() - self._began[1]
        return {
            "added": self.added.facts(),
            "event_loop_lag": self.event_loop_lag.facts(),
            "queueing": self.queueing.facts(),
            "reading": reading.facts(),
            "event_loop_busy": round(cpu / max(wall, 1), 4),
        }
