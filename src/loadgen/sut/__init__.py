# SPDX-License-Identifier: Apache-2.0
"""Systems under test: what a run measures, and ways to make one from what a user has."""

from __future__ import annotations

import inspect

from loadgen.errors import Problem, SettingsError
from loadgen.sut.asyncio_ import AsyncSUT
from loadgen.sut.base import Delivery, SystemUnderTest
from loadgen.sut.function import FunctionSUT
from loadgen.sut.native import NativeSUT, get_include

__all__ = [
    "AsyncSUT",
    "Delivery",
    "FunctionSUT",
    "NativeSUT",
    "SystemUnderTest",
    "as_sut",
    "get_include",
]


def as_sut(sut: object) -> SystemUnderTest:
    """Take what a user may pass as the system under test.

    Parameters
    ----------
    sut : SystemUnderTest or callable
        A callable becomes a `FunctionSUT`.

    Raises
    ------
    SettingsError
        It is neither, or a class or a coroutine function where more is needed.

    Examples
    --------
    >>> type(as_sut(len)).__name__
    'FunctionSUT'
    """
    if isinstance(sut, SystemUnderTest):
        return sut
    if isinstance(sut, type) and issubclass(sut, SystemUnderTest):
        allowed = f"an object, not a class: {sut.__name__}(...)"
    elif inspect.iscoroutinefunction(sut) or inspect.isasyncgenfunction(sut):
        allowed = "a plain function here; an async one goes into loadgen.AsyncSUT(fn)"
    elif callable(sut):
        return FunctionSUT(sut)
    else:
        allowed = "a callable or a loadgen.SystemUnderTest"
    raise SettingsError([Problem("sut", sut, allowed)])
