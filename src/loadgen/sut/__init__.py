# SPDX-License-Identifier: Apache-2.0
"""Systems under test: what a run measures, and ways to make one from what a user has.

`torch`, `jax`, `onnx` and `kserve` need the extra of that name, `openai` needs `http`; each is
loaded when it is first used.
"""

from __future__ import annotations

import importlib
import inspect
import typing

from loadgen.errors import Problem, SettingsError
from loadgen.sut.asyncio_ import AsyncSUT
from loadgen.sut.base import Delivery, SystemUnderTest
from loadgen.sut.function import FunctionSUT
from loadgen.sut.native import NativeSUT, get_include

if typing.TYPE_CHECKING:
    from loadgen.sut import jax as jax
    from loadgen.sut import kserve as kserve
    from loadgen.sut import onnx as onnx
    from loadgen.sut import openai as openai
    from loadgen.sut import torch as torch

__all__ = [
    "AsyncSUT",
    "Delivery",
    "FunctionSUT",
    "NativeSUT",
    "SystemUnderTest",
    "as_sut",
    "get_include",
]

_OTHER_FUNCTIONS = (
    inspect.iscoroutinefunction,
    inspect.isasyncgenfunction,
    inspect.isgeneratorfunction,
)
"""Those whose call does none of their work."""

_LAZY = ("jax", "kserve", "onnx", "openai", "torch")


def as_sut(sut: object) -> SystemUnderTest:
    """Take what a user may pass as the system under test.

    Parameters
    ----------
    sut : SystemUnderTest or callable
        A callable becomes a `FunctionSUT`.

    Raises
    ------
    SettingsError
        It is neither, or a class or a coroutine function where more is needed; or a system whose
        `issue` cannot be called with a batch.

    Examples
    --------
    >>> type(as_sut(len)).__name__
    'FunctionSUT'
    """
    if isinstance(sut, SystemUnderTest):
        _check_issue(sut)
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


def _check_issue(system: SystemUnderTest) -> None:
    """Refuse a system whose `issue` would answer nothing, and would be waited for."""
    issue: object = system.issue
    if not callable(issue) or any(is_other(issue) for is_other in _OTHER_FUNCTIONS):
        field = f"{type(system).__name__}.issue"
        allowed = "a plain method that takes a batch; a coroutine goes into loadgen.AsyncSUT(fn)"
        raise SettingsError([Problem(field, issue, allowed)])


def __getattr__(name: str) -> typing.Any:
    """Load what needs an extra (PEP 562)."""
    if name in _LAZY:
        return importlib.import_module(f"loadgen.sut.{name}")
    raise AttributeError(f"module 'loadgen.sut' has no attribute {name!r}")
