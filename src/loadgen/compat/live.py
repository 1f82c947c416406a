# SPDX-License-Identifier: Apache-2.0
"""The tests that go on in this process: where an answer belongs that comes without any handle.

The one table of the package that is no part of a run: the official API completes samples by id
alone. The upper 16 bits of an id are the tag of the run that it belongs to.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from loadgen import _core

if TYPE_CHECKING:
    from loadgen.sut.handle import Run

__all__ = ["LIVE", "Live"]

_EXITS: Final = "the process ends"

_PATIENCE_S: Final = 5.0
"""So long the process's end waits for tests on threads that would not live on."""


class Live:
    """The tests and runs that go on; a run's ids find it by their tag.

    Thread safety: any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._tests: set[object] = set()
        self._exits = False
        self._runs: set[Run] = set()
        self._engines: dict[int, _core.Engine | None] = {}  # by tag; None: the run has ended

    @contextmanager
    def test(self) -> Iterator[None]:
        """Hold one test, from its first call to its logs."""
        test = object()
        with self._lock:
            self._tests.add(test)
        try:
            yield
        finally:
            with self._lock:
                self._tests.discard(test)
                self._changed.notify_all()

    def exit(self, patience_s: float = _PATIENCE_S) -> None:
        """End the tests that go on, since their process ends, and wait for their logs."""
        with self._lock:
            self._exits = bool(self._tests)
        if self._exits:
            self.abort(_EXITS)
            with self._lock:
                self._changed.wait_for(lambda: not self._tests, patience_s)
                self._exits = False

    def leave_to_parent(self) -> None:
        """Know in a forked child that none of the parent's tests goes on in it."""
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._tests = set()

    @contextmanager
    def going_on(self, run: Run) -> Iterator[None]:
        """Take answers for a run."""
        tag = run._engine.tag
        with self._lock:
            self._runs.add(run)
            self._engines[tag] = run._engine
            exits = self._exits
        if exits:
            run.abort(_EXITS)
        try:
            yield
        finally:
            with self._lock:
                self._engines[tag] = None
                self._runs.remove(run)

    def complete(
        self, responses: Sequence[Any], callback: Callable[[Any], object] | None = None
    ) -> None:
        """Take answers, each for the run that it belongs to."""
        _core.complete_responses(self._engines, responses, callback)

    def first_token(self, responses: Sequence[Any]) -> None:
        """Take first tokens, each for the run that it belongs to."""
        _core.first_token_responses(self._engines, responses)

    def abort(self, reason: str) -> None:
        """End every run that goes on."""
        with self._lock:
            runs = list(self._runs)
        for run in runs:
            run.abort(reason)


LIVE = Live()
atexit.register(LIVE.exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=LIVE.leave_to_parent)
