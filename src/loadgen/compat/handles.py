# SPDX-License-Identifier: Apache-2.0
"""What the official API builds by ``Construct...`` and names by an integer afterwards.

Not for calling any of it: that is `loadgen.compat.adapters`.
"""

from __future__ import annotations

import itertools
import operator
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from loadgen.errors import LoadGenError

__all__ = ["HANDLES", "HandleError", "Handles", "Library", "MissingCallback", "Sut", "called"]


class HandleError(LoadGenError, ValueError):
    """A handle that names nothing, or something else than what is needed."""


class MissingCallback(LoadGenError, RuntimeError):
    """A callback that was given as None was to be called."""


@dataclass(frozen=True)
class Sut:
    """A system under test: its callbacks.

    Parameters
    ----------
    kind : "SUT", "FastSUT" or "QDL"
        Which function built it; FastSUT gets ids and indices as two lists.
    issue, flush : callable
    name : callable
        Returns its name.
    """

    kind: Literal["SUT", "FastSUT", "QDL"]
    issue: Callable[..., Any]
    flush: Callable[[], Any]
    name: Callable[[], str]


@dataclass(frozen=True)
class Library:
    """A query sample library: its counts and callbacks.

    Parameters
    ----------
    total, performance : int
        All samples, and those that are loaded at once.
    load, unload : callable
        Get a list of indices.
    """

    total: int
    performance: int
    load: Callable[[list[int]], Any]
    unload: Callable[[list[int]], Any]


class Handles:
    """Integers, and what they stand for.

    Thread safety: any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = itertools.count(1)
        self._last = 0
        self._things: dict[int, Sut | Library] = {}

    def add(self, thing: Sut | Library) -> int:
        """Return a new handle of something."""
        with self._lock:
            self._last = next(self._next)
            self._things[self._last] = thing
            return self._last

    def sut(self, handle: int) -> Sut:
        """Return the system under test of a handle, whichever function built it.

        Raises
        ------
        HandleError
            It names none.
        """
        thing = self._find(handle)
        if isinstance(thing, Sut):
            return thing
        raise HandleError(f"handle {handle} is a QSL; a SUT, a FastSUT or a QDL is needed here")

    def library(self, handle: int) -> Library:
        """Return the query sample library of a handle.

        Raises
        ------
        HandleError
            It names none.
        """
        thing = self._find(handle)
        if isinstance(thing, Library):
            return thing
        raise HandleError(f"handle {handle} is a {thing.kind}; a QSL is needed here")

    def remove(self, handle: int) -> None:
        """Forget a handle; a test that goes on keeps what it stood for."""
        self._find(handle)
        with self._lock:
            self._things.pop(operator.index(handle), None)

    def _find(self, handle: int) -> Sut | Library:
        number = operator.index(handle)
        with self._lock:
            thing, last = self._things.get(number), self._last
        if thing is not None:
            return thing
        state = "was destroyed" if 1 <= number <= last else "was never given out"
        raise HandleError(f"handle {number} {state}; use what a Construct function returned")


def called(callback: object, where: str) -> Callable[..., Any]:
    """Return a callback; None, which the official API takes, only fails when it is called.

    Parameters
    ----------
    callback : callable or None
    where : str
        What it is, for messages: "ConstructSUT: issue_query".
    """
    if callable(callback):
        return callback
    if callback is not None:
        raise TypeError(f"{where} = {callback!r}: needs a callable")

    def missing(*_: object) -> None:
        raise MissingCallback(f"{where} was given as None, and is called now")

    return missing


HANDLES = Handles()
"""Of this process: the official API has no other place for them."""
