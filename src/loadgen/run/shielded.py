# SPDX-License-Identifier: Apache-2.0
"""Work that Ctrl-C does not cut short: a thread of its own does it, and is waited for.

Only the main thread is interrupted, so nobody else's work is. Not for work that never ends.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

__all__ = ["Errand", "shielded"]


class Errand:
    """Work on a thread of its own.

    Parameters
    ----------
    work : callable
    name : str
        Of the thread.

    Attributes
    ----------
    error : BaseException or None
        What the work raised.

    Notes
    -----
    Thread safety: one thread starts it and waits for it.
    """

    def __init__(self, work: Callable[[], object], name: str = "loadgen-errand") -> None:
        self.error: BaseException | None = None
        self._work = work
        self._name = name
        self._process = os.getpid()
        self._started = False
        self._done = False
        self._begun = threading.Lock()
        self._ended = threading.Lock()
        self._ended.acquire()

    def start(self) -> None:
        """Let the thread begin, unless it has.

        Raises
        ------
        RuntimeError
            There can be no more threads, or the interpreter shuts down.
        """
        if not self._started:
            threading.Thread(target=self._carry_out, name=self._name, daemon=True).start()
            self._started = True

    def wait(self, hurry: Callable[[], object] | None = None) -> None:
        """Return when the work is done, whatever a signal handler raises meanwhile.

        It is done here where there can be no thread for it.

        Parameters
        ----------
        hurry : callable, optional
            Called when a handler raises for the second time.

        Raises
        ------
        BaseException
            What a handler raised first, once the work is done. Not what the work raised.
        """
        interrupts: list[BaseException] = []
        self._wait(interrupts, hurry)
        if interrupts:
            raise interrupts[0]

    def _wait(self, interrupts: list[BaseException], hurry: Callable[[], object] | None) -> None:
        while True:
            try:
                if hurry is not None and len(interrupts) > 1:
                    hurry()
                try:
                    self.start()  # an interrupted start() may or may not have been one
                except (RuntimeError, MemoryError):
                    self._carry_out()
                while not self._done:
                    self._ended.acquire()
                return
            except BaseException as error:  # a signal handler's
                if os.getpid() != self._process:
                    raise  # the handler forked; the thread is the parent's
                interrupts.append(error)

    def _carry_out(self) -> None:
        """Do the work, once, whoever comes first."""
        if not self._begun.acquire(blocking=False):
            return
        try:
            self._work()
        except BaseException as error:
            self.error = error
        finally:
            self._done = True
            self._ended.release()


def shielded(work: Callable[[], object]) -> None:
    """Do work to its end, also where Ctrl-C comes meanwhile.

    Raises
    ------
    BaseException
        What the work raised; or what a signal handler did, when the work is done.
    """
    if threading.current_thread() is not threading.main_thread():
        work()  # no signal handler runs here
        return
    errand = Errand(work)
    try:
        errand.wait()
    except BaseException as interrupt:
        raise interrupt from errand.error
    if errand.error is not None:
        raise errand.error
