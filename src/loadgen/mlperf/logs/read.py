# SPDX-License-Identifier: Apache-2.0
"""Reads the logs of one test, ours or LoadGen's: `read_logs`.

Not for judging them: what they say is given as it stands.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loadgen.errors import ResultError
from loadgen.mlperf.logs.files import DEFAULT_PREFIX, KINDS, path_text
from loadgen.mlperf.logs.read_accuracy import Accuracy, AccuracyEntry
from loadgen.mlperf.logs.read_detail import Detail, DetailEntry, read_detail
from loadgen.mlperf.logs.read_source import Defect, Defects, Source
from loadgen.mlperf.logs.read_summary import Summary, read_summary
from loadgen.mlperf.logs.read_trace import Trace

__all__ = [
    "Accuracy",
    "AccuracyEntry",
    "Defect",
    "Detail",
    "DetailEntry",
    "Logs",
    "Summary",
    "Trace",
    "read_logs",
]

_MAY_BE_EMPTY: Final = "trace"  # LoadGen makes the file even where it writes no trace


@dataclass(frozen=True)
class Logs:
    """The logs of one test; None for each that is not there.

    Parameters
    ----------
    directory : Path
    summary : Summary or None
    detail : Detail or None
    accuracy : Accuracy or None
        Read when it is iterated over.
    trace : Trace or None
        Read when it is iterated over; None also for the empty file of a run without one.
    """

    directory: Path
    summary: Summary | None
    detail: Detail | None
    accuracy: Accuracy | None
    trace: Trace | None
    _defects: Defects

    @property
    def defects(self) -> tuple[Defect, ...]:
        """What was found that is not as it should be, so far; empty if the logs are read strictly.

        The accuracy log and the trace add theirs while they are iterated over.
        """
        return self._defects.all()


def read_logs(directory: str | os.PathLike[str], *, strict: bool = True) -> Logs:
    """Read the logs of one test, under their default names.

    Parameters
    ----------
    directory : path
    strict : bool
        Whether a defect is an error. LoadGen's own logs have some: unescaped quotes, ``-nan``,
        traces that are no JSON, files that a run left unfinished. False: they are repaired as far
        as possible and listed in `Logs.defects`.

    Raises
    ------
    SettingsError
        `directory` is no path.
    ResultError
        No log is there, or one cannot be read or, if strict, is not as it should be; names the
        file, the line, what is there and what was expected.
    """
    folder = Path(path_text(directory))
    defects = Defects()
    try:
        present = _present(folder)
    except OSError as error:
        raise ResultError(f"{folder}: cannot be read: {error.strerror or error}") from error
    sources = {kind: Source(path, strict, defects) for kind, path in present.items()}
    summary, detail = sources.get("summary"), sources.get("detail")
    accuracy, trace = sources.get("accuracy"), sources.get("trace")
    return Logs(
        folder,
        None if summary is None else read_summary(summary),
        None if detail is None else read_detail(detail),
        None if accuracy is None else Accuracy(accuracy),
        None if trace is None else Trace(trace),
        defects,
    )


def _present(folder: Path) -> dict[str, Path]:
    """Return the paths of the logs that are there."""
    if not folder.is_dir():
        there = "a file" if folder.exists() else "absent"
        raise ResultError(f"{folder}: is {there}; expected a directory with logs")
    names = {kind: f"{DEFAULT_PREFIX}{kind}{ending}" for kind, ending in KINDS.items()}
    found = {kind: folder / name for kind, name in names.items() if (folder / name).exists()}
    if not found:
        raise ResultError(f"{folder}: has no log; expected any of {', '.join(names.values())}")
    for path in found.values():
        if not path.is_file():
            raise ResultError(f"{path}: is not a file; expected a log")
    if _MAY_BE_EMPTY in found and found[_MAY_BE_EMPTY].stat().st_size == 0:
        del found[_MAY_BE_EMPTY]
    return found
