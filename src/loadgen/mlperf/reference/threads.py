# SPDX-License-Identifier: Apache-2.0
"""Keeps a model to the thread that calls it, so that the generator has a processor of its own.

Threads of OpenMP that wait for each other on a machine that is busy cost far more than they bring:
a small model's training has taken forty times as long. Needs threadpoolctl.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from loadgen.sut import FunctionSUT
from loadgen.sut.handle import Run

__all__ = ["OneThreadSUT", "one_thread"]

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def one_thread(fn: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Return a function with no thread of BLAS or OpenMP but the caller's, at some 50 us a call.

    The libraries are those that are loaded by now. BLAS is limited for the whole process while the
    function runs.
    """
    import threadpoolctl  # type: ignore[import-untyped]  # noqa: PLC0415 - an extra has it

    libraries = threadpoolctl.ThreadpoolController()

    @functools.wraps(fn)
    def alone(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        with libraries.limit(limits=1):
            return fn(*args, **kwargs)

    return alone


class OneThreadSUT(FunctionSUT):
    """A function; BLAS is on one thread while a run goes on, which costs no call anything.

    It is so for the whole process. Threads of OpenMP are as they were: they need `one_thread`.

    Parameters
    ----------
    fn : callable
    max_batch_size : int
    name : str
    """

    def __init__(self, fn: Callable[[Any], Any], max_batch_size: int, name: str) -> None:
        super().__init__(fn, max_batch_size=max_batch_size)
        self.name = name
        self._limits: list[Any] = []

    def start(self, run: Run) -> None:
        """Start what a function has to start; from here on there is one thread."""
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 - as above

        self._limits.append(threadpool_limits(limits=1))  # first: if the start fails, `stop` comes
        super().start(run)

    def stop(self) -> None:
        """Stop it, and allow as many threads as before."""
        super().stop()
        self._limits.pop().restore_original_limits()
