# SPDX-License-Identifier: Apache-2.0
"""Where a run's kept answers go besides its `Result`: whoever wants them follows one protocol.

Not for writing any format: that is what a sink does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from loadgen._core import Engine
    from loadgen.result import Result
    from loadgen.sut.handle import Run

_LOOK_AGAIN_S = 0.05
_MOST_AT_ONCE = 8 << 20
"""Bytes that are copied out of the core together."""

_BACKLOG = 64 << 20
"""In a performance series answers are left alone, up to so many bytes: writing them takes time."""

_MOST_WAITING = 256 << 20
"""Of an accuracy series whose answers are forgotten: where sinks are slower, answers wait."""


class Sink(Protocol):
    """Told of a run: once before it, once for each kept answer, once at the end.

    `open` and `close` are called on the thread that called `run`; `close` always, once `open` has
    returned. `output` is called while the run goes on, on a thread of the run's own, and at its
    end; never twice at once.
    """

    def open(self, run: Run) -> None:
        """Prepare for a run: settings are checked, nothing has been loaded or started."""

    def output(self, row: int, index: int, data: bytes) -> None:
        """Take the bytes of a row's answer; `index` says which sample of the dataset it was."""

    def close(self, result: Result | None) -> None:
        """Take the result of the run, which may have been ended by an error.

        None: nothing was issued, or the result could not be made.
        """


def open_all(sinks: Sequence[Sink], run: Run) -> None:
    """Open every sink; where one raises, close those before it."""
    for number, sink in enumerate(sinks):
        try:
            sink.open(run)
        except BaseException:
            for opened in sinks[:number]:
                opened.close(None)
            raise


class OutputStream:
    """Gives kept answers to sinks as they come, in the order in which they come.

    Parameters
    ----------
    engine : Engine
    sinks : sequence of Sink
    forget : bool
        Whether the answers' memory is given back once the sinks have them.
    on_error : callable
        Gets what a sink raised; no further answer is given to any.

    Notes
    -----
    Thread safety: one thread starts, tells and finishes it.
    """

    def __init__(
        self,
        engine: Engine,
        sinks: Sequence[Sink],
        *,
        forget: bool,
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._engine = engine
        self._sinks = sinks
        self._forget = forget
        self._on_error = on_error
        self._failed = False
        self._backlog = 0
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def series(self, *, accuracy: bool) -> None:
        """Begin a series: accuracy answers are given at once, others when many are waiting."""
        self._backlog = 0 if accuracy else _BACKLOG
        self._engine.output_limit = _MOST_WAITING if accuracy and self._forget else 0
        if self._thread is None and self._sinks:
            self._thread = threading.Thread(target=self._work, name="loadgen-outputs", daemon=True)
            self._thread.start()

    def finish(self) -> None:
        """Give what is left. Nothing more is answered."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        self._give_all()

    def _work(self) -> None:
        while not self._over.wait(_LOOK_AGAIN_S):
            if self._engine.output_bytes_waiting > self._backlog:
                self._give_all()

    def _give_all(self) -> None:
        while taken := self._engine.take_outputs(_MOST_AT_ONCE, self._forget):
            try:
                for sink in () if self._failed else self._sinks:
                    for row, index, data in taken:
                        sink.output(row, index, data)
            except BaseException as error:  # on a thread of our own nobody else would see it
                self._failed = True
                self._on_error(error)
