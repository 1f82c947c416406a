# SPDX-License-Identifier: Apache-2.0
"""Where a run's kept answers go besides its `Result`: whoever wants them follows one protocol.

Not for writing any format: that is what a sink does.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from loadgen.errors import Problem, SettingsError
from loadgen.run.shielded import Errand

if TYPE_CHECKING:
    from loadgen._core import Engine
    from loadgen.result import Result
    from loadgen.sut.handle import Run

_LOOK_AGAIN_S = 0.05
_MOST_AT_ONCE = 8 << 20
"""Bytes that are copied out of the core together."""

_BACKLOG = 64 << 20
"""In a performance series answers are left alone, up to so many bytes: writing them takes time."""


class Sink(Protocol):
    """Told of a run: once before it, once for each kept answer, once at the end.

    `open` and `close` are called on the thread that called `run`; `close` always, once `open` has
    returned. `output` is called on a thread of the run's own, while the run goes on and at its end;
    never twice at once. Ctrl-C does not reach that thread; pressed twice while the last answers are
    given, the rest of them is left out.
    """

    def open(self, run: Run) -> None:
        """Prepare for a run: settings are checked, nothing has been loaded or started."""

    def output(self, row: int, index: int, data: bytes) -> None:
        """Take the bytes of a row's answer; `index` says which sample of the dataset it was."""

    def close(self, result: Result | None) -> None:
        """Take the result of the run, which may have been ended by an error.

        None: nothing was issued, or the result could not be made.
        """


def check(sinks: object) -> tuple[Sink, ...]:
    """Return what was given as sinks.

    Raises
    ------
    SettingsError
        It is no sequence, or something in it has no `open`, `output` or `close`.
    """
    if isinstance(sinks, (str, bytes)) or not isinstance(sinks, Iterable):
        raise SettingsError([Problem("sinks", sinks, "a list of sinks")])
    found = tuple(sinks)
    problems = [
        Problem(f"sinks[{number}]", sink, f"an object with a method {name}()")
        for number, sink in enumerate(found)
        for name in ("open", "output", "close")
        if isinstance(sink, type) or not callable(getattr(sink, name, None))
    ]
    if problems:
        raise SettingsError(problems[:1])
    return found


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
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._engine = engine
        self._sinks = sinks
        self._on_error = on_error
        self._failed = False
        self._backlog = 0
        self._over = False
        self._wake = threading.Event()
        self._process = os.getpid()
        self._errand = Errand(self._work, "loadgen-outputs")

    def series(self, *, accuracy: bool) -> None:
        """Begin a series: accuracy answers are given at once, others when many are waiting."""
        self._backlog = 0 if accuracy else _BACKLOG
        if self._sinks:
            with suppress(RuntimeError):  # without a thread all is given at the end
                self._errand.start()

    def finish(self) -> None:
        """Give what is left, on the same thread, and wait for it. Nothing more is answered.

        Raises
        ------
        BaseException
            What a signal handler raised meanwhile; everything was given all the same, unless it
            came twice.
        """
        # A forked child has no such thread, and no answers of its own.
        if not self._sinks or os.getpid() != self._process:
            return
        self._over = True
        try:
            self._wake.set()
        finally:
            self._errand.wait(self._leave_off)

    def _leave_off(self) -> None:
        self._failed = True

    def _work(self) -> None:
        while not self._over:
            self._wake.wait(_LOOK_AGAIN_S)
            engine = self._engine
            if engine.output_bytes_waiting > self._backlog or engine.short_of_room:
                self._give_all()
        self._give_all()

    def _give_all(self) -> None:
        while taken := self._engine.take_outputs(_MOST_AT_ONCE):
            try:
                for sink in self._sinks:
                    for row, index, data in taken:
                        if self._failed:  # also in the middle of it
                            break
                        sink.output(row, index, data)
            except BaseException as error:  # on a thread of our own nobody else would see it
                self._failed = True
                self._on_error(error)
