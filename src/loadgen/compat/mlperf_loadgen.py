# SPDX-License-Identifier: Apache-2.0
"""The Python API of MLPerf's LoadGen, on top of this package's own runs.

Names, arguments and defaults are the official ones of version 6.0, so that a script which says
``import mlperf_loadgen`` can be run unmodified, with ``python -m loadgen.compat``. This is an
independent implementation, not MLCommons LoadGen.

Two functions more than the official module has: `RegisterIssueQueryThread` and `AbortTest`, of the
official C++ API. Not here: how any of it works.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Sequence

from loadgen._core import QuerySample, QuerySampleResponse
from loadgen.compat.conduct import start_test
from loadgen.compat.conf import TestSettings
from loadgen.compat.handles import HANDLES, Library, Sut, called
from loadgen.compat.issue_threads import ROOM
from loadgen.compat.live import LIVE
from loadgen.compat.log_settings import (
    LoggingMode,
    LogOutputSettings,
    LogSettings,
    VectorQuerySample,
    VectorQuerySampleResponse,
)
from loadgen.mlperf import settings
from loadgen.mlperf.settings import TestMode, TestScenario

__all__ = [
    "AbortTest",
    "ConstructFastSUT",
    "ConstructQDL",
    "ConstructQSL",
    "ConstructSUT",
    "DestroyFastSUT",
    "DestroyQDL",
    "DestroyQSL",
    "DestroySUT",
    "FirstTokenComplete",
    "LogOutputSettings",
    "LogSettings",
    "LoggingMode",
    "QuerySample",
    "QuerySampleResponse",
    "QuerySamplesComplete",
    "RegisterIssueQueryThread",
    "StartTest",
    "StartTestWithLogSettings",
    "TestMode",
    "TestScenario",
    "TestSettings",
    "VectorQuerySample",
    "VectorQuerySampleResponse",
]

Issue = Callable[[list[QuerySample]], object]
FastIssue = Callable[[list[int], list[int]], object]
Flush = Callable[[], object]
Move = Callable[[list[int]], object]
ResponseCallback = Callable[[QuerySampleResponse], object]


def ConstructSUT(issue_query: Issue, flush_queries: Flush, /) -> int:
    """Return the handle of a system under test.

    Parameters
    ----------
    issue_query : callable
        Gets a query as a list of QuerySample, on the thread that called StartTest.
    flush_queries : callable
        Told once per series that no more queries of it will come.
    """
    issue = called(issue_query, "ConstructSUT: issue_query")
    flush = called(flush_queries, "ConstructSUT: flush_queries")
    return HANDLES.add(Sut("SUT", issue, flush, lambda: "PySUT"))


def ConstructFastSUT(issue_query: FastIssue, flush_queries: Flush, /) -> int:
    """Return the handle of a system under test whose issue_query gets ids and indices as lists."""
    issue = called(issue_query, "ConstructFastSUT: issue_query")
    flush = called(flush_queries, "ConstructFastSUT: flush_queries")
    return HANDLES.add(Sut("FastSUT", issue, flush, lambda: "PyFastSUT"))


def ConstructQDL(issue_query: Issue, flush_queries: Flush, name: Callable[[], str], /) -> int:
    """Return the handle of a query dispatch library: a system under test that says its name.

    Parameters
    ----------
    issue_query, flush_queries : callable
        As for ConstructSUT.
    name : callable
        Asked when a test begins, and for each performance result.
    """
    issue = called(issue_query, "ConstructQDL: issue_query")
    flush = called(flush_queries, "ConstructQDL: flush_queries")
    return HANDLES.add(Sut("QDL", issue, flush, called(name, "ConstructQDL: name")))


def ConstructQSL(
    total_sample_count: int, performance_sample_count: int, load: Move, unload: Move, /
) -> int:
    """Return the handle of a query sample library.

    Parameters
    ----------
    total_sample_count, performance_sample_count : int
        All samples, and how many are loaded at once.
    load, unload : callable
        Get a list of indices.
    """
    return HANDLES.add(
        Library(
            _count("total_sample_count", total_sample_count),
            _count("performance_sample_count", performance_sample_count),
            called(load, "ConstructQSL: load"),
            called(unload, "ConstructQSL: unload"),
        )
    )


def DestroySUT(sut: int, /) -> None:
    """Forget a handle of ConstructSUT."""
    HANDLES.sut(sut)
    HANDLES.remove(sut)


def DestroyFastSUT(sut: int, /) -> None:
    """Forget a handle of ConstructFastSUT."""
    DestroySUT(sut)


def DestroyQDL(qdl: int, /) -> None:
    """Forget a handle of ConstructQDL."""
    DestroySUT(qdl)


def DestroyQSL(qsl: int, /) -> None:
    """Forget a handle of ConstructQSL."""
    HANDLES.library(qsl)
    HANDLES.remove(qsl)


def StartTest(
    sut: int,
    qsl: int,
    test_settings: TestSettings,
    audit_config_filename: str = "audit.config",
) -> None:
    """Run a test, with logs in the working directory. See StartTestWithLogSettings."""
    StartTestWithLogSettings(sut, qsl, test_settings, LogSettings(), audit_config_filename)


def StartTestWithLogSettings(
    sut: int,
    qsl: int,
    test_settings: TestSettings,
    log_settings: LogSettings,
    audit_config_filename: str = "audit.config",
) -> None:
    """Run a test, on this thread, which may be any; return when its logs are written.

    Parameters
    ----------
    sut : int
        Handle of a SUT, FastSUT or QDL.
    qsl : int
    test_settings : TestSettings
    log_settings : LogSettings
    audit_config_filename : str
        Where there is such a file, it overrides settings.

    Raises
    ------
    SettingsError
        A ValueError: the official package would crash or never end. Says which and why.
    LoadGenError
        A log file cannot be made; nothing ran.
    BaseException
        Whatever a callback raised, as it is. The logs are written, and INVALID.
    """
    for name, value, kind in (
        ("test_settings", test_settings, settings.TestSettings),
        ("log_settings", log_settings, LogSettings),
    ):
        if not isinstance(value, kind):
            raise TypeError(f"{name} = {value!r}: needs a {kind.__name__}")
    audit_file = os.fsdecode(audit_config_filename)
    output = log_settings.to_output()
    start_test(HANDLES.sut(sut), HANDLES.library(qsl), test_settings, output, audit_file)


def QuerySamplesComplete(
    responses: Sequence[QuerySampleResponse], response_cb: ResponseCallback | None = None
) -> None:
    """Answer samples, from any thread. The clock is read first.

    Parameters
    ----------
    responses : sequence of QuerySampleResponse
        Of any queries. `data` is the address of `size` bytes, which are copied where they are
        logged.
    response_cb : callable, optional
        Called with a response that is logged; it may change `data` and `size`.

    Raises
    ------
    LoadGenError
        No test goes on.
    """
    LIVE.complete(responses, response_cb)


def FirstTokenComplete(
    responses: Sequence[QuerySampleResponse], response_cb: ResponseCallback | None = None
) -> None:
    """Say that the first tokens of samples are there, from any thread.

    Parameters
    ----------
    responses : sequence of QuerySampleResponse
    response_cb : callable, optional
        Not called, as in the official package.
    """
    LIVE.first_token(responses)


def RegisterIssueQueryThread() -> None:
    """Call issue_query on this thread, for a test with server_num_issue_query_threads.

    Returns when a test has ended. Not in the official Python API.
    """
    ROOM.register()


def AbortTest() -> None:
    """End the tests that go on, from any thread: nothing more is issued or waited for.

    Not in the official Python API.
    """
    LIVE.abort("AbortTest was called")


def _count(name: str, value: int) -> int:
    """Check a count as the official bindings do: an integer of 64 bits without a sign."""
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if not 0 <= number < 2**64:
        raise TypeError(f"{name} = {value!r}: needs an int in [0, 2**64)")
    return number
