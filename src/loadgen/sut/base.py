# SPDX-License-Identifier: Apache-2.0
"""What a system under test is, and how a run finds the way to hand samples to it.

Not for any particular kind of system: those are the other modules of this package.
"""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from loadgen.errors import Problem, SettingsError
from loadgen.values import Refused, integer

if TYPE_CHECKING:
    from loadgen._core import Batch, NativeSut
    from loadgen.config.scenarios import Scenario
    from loadgen.sut.handle import Run

log = logging.getLogger("loadgen")


@dataclass(frozen=True)
class Delivery:
    """How the core hands samples over.

    Parameters
    ----------
    kind : "push", "function", "pull" or "native"
        push: the core calls ``target(batch)`` and an answer may come later, from anywhere.
        function: the core calls ``target(samples)`` and what returns is the answer.
        pull: the system takes batches itself, in threads that its ``start(run)`` starts.
        native: the core calls the C functions of `target`.
    target : callable, NativeSut or None
        None: pull.
    max_batch_size : int or None
        The most samples a call of a function gets. None: a whole query.
    """

    kind: Literal["push", "function", "pull", "native"]
    target: Callable[[Any], Any] | NativeSut | None = None
    max_batch_size: int | None = None


class _ClassName:
    """Reads as the name of the class; an attribute of a subclass or an instance hides it."""

    def __get__(self, instance: object, owner: type) -> str:
        return owner.__name__


class SystemUnderTest(ABC):
    """What is measured. Only `issue` must be written.

    All methods are called on the thread that called `run`; with ``issue_threads=N``, `issue` by N
    threads at once. When one raises, the run ends: `run` raises a `SUTError` from it.

    Examples
    --------
    >>> class Echo(SystemUnderTest):
    ...     def issue(self, batch):
    ...         batch.complete()
    >>> Echo().name
    'Echo'
    """

    name: str = _ClassName()  # type: ignore[assignment]  # reads as a str, and str may replace it
    """How results and logs call it. The class's name unless set."""

    spec: Mapping[str, Any] | None = None
    """What a run file says of it: ``kind`` and arguments, nothing secret. None: it cannot."""

    def start(self, run: Run) -> None:  # noqa: B027  # empty on purpose: only issue() is a must
        """Get ready: samples are loaded, the clock is not running.

        Parameters
        ----------
        run : Run
            Keep it to answer by id.
        """

    @abstractmethod
    def issue(self, batch: Batch) -> None:
        """Take samples to answer. Return fast; complete them now or later, from any thread."""

    def flush(self) -> None:  # noqa: B027  # see start()
        """Be told, once per loaded set, that no more queries of it will come."""

    def stop(self) -> None:  # noqa: B027  # see start()
        """Give back what `start` took. Always called, also after an error."""

    def describe(self) -> Mapping[str, Any]:
        """Return what results are to say of it: its device, precision, versions, what it noticed.

        Called once, when everything is answered or given up, before `stop`; also after an error.

        Returns
        -------
        mapping of str to JSON values
            ``result.environment["system"]``; nothing where it is empty.
        """
        return {}

    def _delivery(self, scenario: Scenario) -> Delivery:
        """How this system wants its samples under a scenario; other kinds override it."""
        return Delivery("push", self.issue)


class Starts:
    """Which of a system's starts took a run on: `stop` is also called where `start` refused to.

    A run calls both on one thread, and a run inside another one on the same thread ends first.

    Thread safety: any thread.
    """

    def __init__(self) -> None:
        self._by_thread: dict[int, list[bool]] = {}

    def add(self, *, took_on: bool) -> None:
        """Remember what this thread's `start` did."""
        self._by_thread.setdefault(threading.get_ident(), []).append(took_on)

    def pop(self) -> bool:
        """Return what the `start` did that this thread's `stop` belongs to."""
        starts = self._by_thread.get(threading.get_ident())
        if starts is None:
            return True
        took_on = starts.pop()
        if not starts:
            del self._by_thread[threading.get_ident()]
        return took_on


def function(value: object) -> Callable[..., Any]:
    """Check for something that can be called."""
    if not callable(value):
        raise Refused("a callable")
    return value


def sizes_up_to(most: int) -> Callable[[object], object]:
    """Return a check for batch sizes, of which none is larger than `most`."""

    def check(value: object) -> object:
        try:
            sizes = [integer(1, most)(size) for size in value]  # type: ignore[attr-defined]
        except (TypeError, Refused):
            raise Refused(f"a sequence of integers in [1, {most}], the largest batch") from None
        return sizes

    return check


def check_arguments(*problems: Problem | None) -> None:
    """Raise one `SettingsError` if there is any problem."""
    found = [problem for problem in problems if problem is not None]
    if found:
        raise SettingsError(found)
