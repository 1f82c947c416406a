# SPDX-License-Identifier: Apache-2.0
"""What a client did and what it cost it, for results to say."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["Work"]


class Work:
    """What the client did, and what it cost it. Belongs to the event loop's thread."""

    def __init__(self) -> None:
        self._n_requests = 0
        self._n_open = 0
        self._most_open = 0
        self._encoding_ns = 0
        self._clock = time.pthread_getcpuclockid(threading.get_ident())
        self._began = time.perf_counter(), time.clock_gettime(self._clock)

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count a request, for as long as it is under way."""
        self._n_requests += 1
        self._n_open += 1
        self._most_open = max(self._most_open, self._n_open)
        try:
            yield
        finally:
            self._n_open -= 1

    def encoded(self, ns: int) -> None:
        """Count the processor time that making a request's arrays took."""
        self._encoding_ns += ns

    def facts(self) -> dict[str, Any]:
        """Return all of it; from any thread."""
        wall_s = time.perf_counter() - self._began[0]
        facts = {
            "requests": self._n_requests,
            "requests_at_once": self._most_open,
            "encoding_ms": round(self._encoding_ns / max(self._n_requests, 1) / 1e6, 4),
        }
        with suppress(OSError):  # of a loop that has ended by itself
            busy_s = time.clock_gettime(self._clock) - self._began[1]
            facts["event_loop_busy"] = round(busy_s / wall_s, 4)
        return facts
