# SPDX-License-Identifier: Apache-2.0
"""The official API's settings of logs, and its two vector types. Attributes are checked when set.

Not for writing logs: `loadgen.mlperf.logs` does.
"""

from __future__ import annotations

from typing import Any, ClassVar

from loadgen.mlperf.logs.files import LogOutput
from loadgen.mlperf.settings import Field, OfficialEnum, Strict

__all__ = [
    "LogOutputSettings",
    "LogSettings",
    "LoggingMode",
    "VectorQuerySample",
    "VectorQuerySampleResponse",
]


class LoggingMode(OfficialEnum):
    """When logs are written. Without effect: answers while a test goes on, the rest at its end."""

    AsyncPoll = 0
    EndOfTestOnly = 1
    Synchronous = 2


_OFF = Field(bool, False)


class LogOutputSettings(Strict):
    """Where the logs go, and what they are called.

    Examples
    --------
    >>> settings = LogOutputSettings()
    >>> settings.outdir, settings.prefix, settings.copy_summary_to_stdout
    ('.', 'mlperf_log_', False)
    """

    FIELDS: ClassVar[dict[str, Field]] = {
        "outdir": Field(str, "."),
        "prefix": Field(str, "mlperf_log_"),
        "suffix": Field(str, ""),
        "prefix_with_datetime": _OFF,
        "copy_detail_to_stdout": _OFF,
        "copy_summary_to_stdout": _OFF,
    }
    __slots__ = tuple(FIELDS)


class LogSettings(Strict):
    """What is logged, and where.

    ``log_output`` is always the same object: setting it copies the values, as in C++.
    """

    FIELDS: ClassVar[dict[str, Field]] = {
        "log_output": Field(LogOutputSettings, None),
        "log_mode": Field(LoggingMode, LoggingMode.AsyncPoll),
        "log_mode_async_poll_interval_ms": Field(int, 1000),
        "enable_trace": Field(bool, True),
    }
    __slots__ = tuple(FIELDS)

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "log_output", LogOutputSettings())

    def __setattr__(self, name: str, value: object) -> None:
        # It is not there yet while a copy is being made.
        is_there = getattr(self, "log_output", None) is not None
        if name == "log_output" and is_there and isinstance(value, LogOutputSettings):
            for each in LogOutputSettings.FIELDS:
                setattr(self.log_output, each, getattr(value, each))
        else:
            super().__setattr__(name, value)

    def to_output(self) -> LogOutput:
        """Return them in the form of `loadgen.mlperf.logs`."""
        values = {each: getattr(self.log_output, each) for each in LogOutputSettings.FIELDS}
        return LogOutput(**values, enable_trace=self.enable_trace)


class VectorQuerySample(list[Any]):
    """A list of QuerySample."""


class VectorQuerySampleResponse(list[Any]):
    """A list of QuerySampleResponse."""
