# SPDX-License-Identifier: Apache-2.0
"""Writes a training log, line by line: ``:::MLLOG {...}``.

With the extra `training` the lines are the official package's (`mlperf_logging.mllog`), elsewhere
our own, which are the same. Not for what stands in a log.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TextIO

try:
    from mlperf_logging.mllog.mllog import MLLogger
except ImportError:  # an extra brings it
    MLLogger = None

__all__ = ["MARK", "LogWriter"]

MARK: Final = ":::MLLOG "
START: Final = "INTERVAL_START"
END: Final = "INTERVAL_END"
POINT: Final = "POINT_IN_TIME"

_ROOT: Final = str(Path(__file__).resolve().parents[3])
"""What names of this package's files in a log are relative to."""

Write = Callable[[str, int, str, Any, dict[str, Any]], None]
"""Takes the kind of an event, its time in ms, key, value, metadata."""


class LogWriter:
    """Writes events of one run.

    Parameters
    ----------
    file : text file
        Flushed after each line: a run that is killed leaves what happened.
    now_ms : callable
        Returns ms since 1970.
    is_official : bool
        Whether the official package writes, if it is there.
    """

    def __init__(
        self, file: TextIO, now_ms: Callable[[], int], *, is_official: bool = True
    ) -> None:
        self._now_ms = now_ms
        usable = is_official and MLLogger is not None
        self._write = _official(file) if usable else _own(file)

    def start(self, key: str, value: Any = None, **metadata: Any) -> None:
        """Write that something begins."""
        self._write(START, self._now_ms(), key, value, metadata)

    def end(self, key: str, value: Any = None, **metadata: Any) -> None:
        """Write that something is over."""
        self._write(END, self._now_ms(), key, value, metadata)

    def event(self, key: str, value: Any = None, **metadata: Any) -> None:
        """Write what is so at an instant."""
        self._write(POINT, self._now_ms(), key, value, metadata)


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:
        """Let a disk that is full be told: logging would write it to standard error and go on."""
        raise  # noqa: PLE0704 - it is called where an exception is handled


def _official(file: TextIO) -> Write:
    logger = logging.Logger("loadgen.training")  # in no registry: this run's alone
    logger.addHandler(_Handler(file))
    # It takes the root for a regular expression.
    official = MLLogger(logger=logger, root_dir=re.escape(_ROOT))
    methods = {START: official.start, END: official.end, POINT: official.event}

    def write(kind: str, time_ms: int, key: str, value: Any, metadata: dict[str, Any]) -> None:
        # The line that is named is the one that called `LogWriter`.
        methods[kind](key, value, metadata, time_ms=time_ms, stack_offset=3)

    return write


def _own(file: TextIO) -> Write:
    def write(kind: str, time_ms: int, key: str, value: Any, metadata: dict[str, Any]) -> None:
        caller = sys._getframe(2)
        name = caller.f_code.co_filename.removeprefix(f"{_ROOT}/")
        entry = {
            "namespace": "",
            "time_ms": time_ms,
            "event_type": kind,
            "key": key,
            "value": value,
            "metadata": {"file": name, "lineno": caller.f_lineno, **metadata},
        }
        file.write(f"{MARK}{json.dumps(entry)}\n")
        file.flush()

    return write
