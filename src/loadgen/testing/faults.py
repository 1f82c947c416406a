# SPDX-License-Identifier: Apache-2.0
"""Simulated systems that break the rules: lost answers, repeated ones, exceptions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal, get_args

from loadgen.sut.base import check_arguments
from loadgen.testing.base import SimulatedSUT
from loadgen.values import choice, integer, problem_of

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.sut.handle import Run

__all__ = ["LosingSUT", "RaisingSUT", "RepeatingSUT"]

Where = Literal["start", "issue", "flush", "stop"]


class _EverySoMany(SimulatedSUT):
    """Does something to the samples number `every`, ``2 * every``, ... of a run."""

    def __init__(self, every: int, latency_ns: int = 0) -> None:
        super().__init__()
        check_arguments(
            problem_of("every", every, integer(1)),
            problem_of("latency_ns", latency_ns, integer(0)),
        )
        self._every, self._latency_ns = every, latency_ns
        self._seen = 0

    def start(self, run: Run) -> None:
        """Count from the beginning."""
        super().start(run)
        self._seen = 0


class LosingSUT(_EverySoMany):
    """Never answers every so many samples.

    Parameters
    ----------
    every : int
        The samples number `every`, ``2 * every``, ... get no answer.
    latency_ns : int, ns
        Of the others.

    Examples
    --------
    >>> import loadgen as lg
    >>> from loadgen.testing import VirtualClock
    >>> sut = LosingSUT(every=10, latency_ns=1_000)
    >>> result = lg.run(sut, 95, lg.Offline(), drain_timeout_s=1, clock=VirtualClock())
    >>> result.n_missing, sut.truth.n_unanswered, result.valid
    (9, 9, False)
    """

    def _take(self, batch: Batch, now_ns: int) -> None:
        first = 0
        for lost in _nth(self._every, self._seen, len(batch)):
            self._answer_some(batch, first, lost, now_ns)
            first = lost + 1
        self._answer_some(batch, first, len(batch), now_ns)
        self._seen += len(batch)

    def _answer_some(self, batch: Batch, first: int, end: int, now_ns: int) -> None:
        if first < end:
            self._do_at(now_ns + self._latency_ns, partial(self._answer, batch[first:end]))


class RepeatingSUT(_EverySoMany):
    """Answers every so many samples twice, the second time right after the first.

    Parameters
    ----------
    every : int
        The samples number `every`, ``2 * every``, ... are answered twice.
    latency_ns : int, ns
        Of all samples.

    Examples
    --------
    >>> import loadgen as lg
    >>> from loadgen.testing import VirtualClock
    >>> sut = RepeatingSUT(every=10, latency_ns=1_000)
    >>> result = lg.run(sut, 95, lg.Offline(), clock=VirtualClock())
    >>> result.latency.max, sum(each.count for each in result.violations.values()), result.valid
    (1000, 9, False)
    """

    def _take(self, batch: Batch, now_ns: int) -> None:
        repeated = _nth(self._every, self._seen, len(batch))
        self._seen += len(batch)
        self._do_at(now_ns + self._latency_ns, partial(self._answer_with_repeats, batch, repeated))

    def _answer_with_repeats(self, batch: Batch, repeated: range) -> None:
        # The last answer of a run may end it, so what is repeated comes before the others.
        first = 0
        others = []
        for position in repeated:
            self._answer(batch[position])
            batch[position].complete()
            others.append(batch[first:position])
            first = position + 1
        for each in [*others, batch[first:]]:
            if len(each) > 0:
                self._answer(each)


class RaisingSUT(SimulatedSUT):
    """Raises an exception where it is told to, and answers at once until then.

    Parameters
    ----------
    where : {"start", "issue", "flush", "stop"}
    at : int
        In which of its calls, counted from 1.
    error : Exception
        What is raised; the very object is the `SUTError`'s cause.

    Examples
    --------
    >>> import loadgen as lg
    >>> sut = RaisingSUT("issue", at=3, error=OSError("the server went away"))
    >>> try:
    ...     lg.run(sut, 8, lg.SingleStream())
    ... except lg.SUTError as error:
    ...     print(error, error.result.n_issued)
    RaisingSUT raised OSError: the server went away 3
    """

    def __init__(self, where: Where, at: int = 1, error: Exception | None = None) -> None:
        super().__init__()
        check_arguments(
            problem_of("where", where, choice(*get_args(Where))),
            problem_of("at", at, integer(1)),
        )
        self._where, self._at = where, at
        self._error = error or RuntimeError(f"simulated failure in {where}()")
        self._calls: dict[str, int] = {}

    def start(self, run: Run) -> None:
        """Count from the beginning, and raise where told so."""
        self._calls = {}
        super().start(run)
        self._perhaps_raise("start")

    def flush(self) -> None:
        """Raise where told so."""
        self._perhaps_raise("flush")

    def stop(self) -> None:
        """Raise where told so."""
        super().stop()
        self._perhaps_raise("stop")

    def _take(self, batch: Batch, now_ns: int) -> None:
        self._perhaps_raise("issue")
        self._answer(batch)

    def _perhaps_raise(self, where: Where) -> None:
        self._calls[where] = self._calls.get(where, 0) + 1
        if where == self._where and self._calls[where] == self._at:
            raise self._error


def _nth(every: int, seen: int, n: int) -> range:
    """Return which of the next `n` samples are number `every`, ``2 * every``, ... of all."""
    return range(every - 1 - seen % every, n, every)
