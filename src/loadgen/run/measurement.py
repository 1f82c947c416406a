# SPDX-License-Identifier: Apache-2.0
"""A session's series, on a thread of their own.

Not for who takes their batches (`consumers`), nor for what a series does (`execution`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from loadgen.errors import LoadGenError
from loadgen.run.execution import Execution
from loadgen.sut.base import Delivery


class Measurement:
    """What starts with a session's first batch.

    Thread safety: any thread.
    """

    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self._thread: threading.Thread | None = None
        # Not Thread.join(): before Python 3.13 the thread counts as ended when that is interrupted.
        self._measured = threading.Event()
        self._lock = threading.Lock()
        self._is_closed = False

    @property
    def started(self) -> bool:
        """Whether the clock was started."""
        return self._thread is not None

    def start(self) -> None:
        """Start the clock, if it is not running yet.

        Raises
        ------
        LoadGenError
            It cannot be started any more.
        """
        with self._lock:
            if self._is_closed:
                raise LoadGenError("the session is over")
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._measure, name="loadgen-session", daemon=True
                )
                try:
                    self._thread.start()
                except (RuntimeError, MemoryError):
                    self._thread = None  # there is none to wait for
                    raise

    def before_start(self, work: Callable[[], None]) -> None:
        """Do what can be done only while the clock is not running.

        Raises
        ------
        LoadGenError
            It is, or was.
        """
        with self._lock:
            if self.started or self._is_closed:
                raise LoadGenError("ask for attach_token before the first batch")
            work()

    def goes_on(self, timeout_s: float) -> bool:
        """Wait for the end, for so long; whether it has not come. A forked child has no thread."""
        return (
            not self._measured.wait(timeout_s)
            and self._thread is not None
            and self._thread.is_alive()
        )

    def close(self) -> None:
        """See to it that it starts no more."""
        with self._lock:
            self._is_closed = True

    def give_up(self) -> None:
        """End what goes on, and wait for that."""
        if self._thread is None:
            return
        self._execution.engine.abort()
        with self._execution.keeping_error():
            self._measured.wait()
        self._measured.wait()  # a third Ctrl-C gives a hook of the dataset up that hangs

    def _measure(self) -> None:
        execution = self._execution
        try:
            with execution.keeping_error():
                execution.measure(Delivery("pull"))
            execution.engine.finish()
        finally:
            self._measured.set()
