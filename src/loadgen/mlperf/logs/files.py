# SPDX-License-Identifier: Apache-2.0
"""The four log files of a test: what they are called, opened all together, copied to stdout.

They belong to one test of one process. Not for what is in them.
"""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, TextIO

from loadgen.errors import LoadGenError, Problem, SettingsError, described
from loadgen.mlperf.logs.claims import CLAIMS, Claim

__all__ = [
    "DEFAULT_PREFIX",
    "KINDS",
    "LogFiles",
    "LogOutput",
    "path_text",
    "to_stdout",
    "writing",
]

log = logging.getLogger("loadgen")

DEFAULT_PREFIX: Final = "mlperf_log_"

KINDS: Final[Mapping[str, str]] = {
    "summary": ".txt",
    "detail": ".txt",
    "accuracy": ".json",
    "trace": ".json",
}
"""Each log and how its name ends."""
_ROWS: Final = ("rows", ".npy")


@dataclass
class LogOutput:
    """Where the logs of a test go.

    Parameters
    ----------
    outdir : str
        It and its parents are made, where LoadGen needs it to be there; empty: the current one.
    prefix, suffix : str
        Before and after the word that says which log it is.
    prefix_with_datetime : bool
        Whether the date and a "_" follow the prefix.
    copy_detail_to_stdout, copy_summary_to_stdout : bool
    enable_trace : bool
        Whether a trace is written; its file is there in any case.
    rows : bool
        Whether the rows are written; else there is no such file.
    """

    outdir: str = "."
    prefix: str = DEFAULT_PREFIX
    suffix: str = ""
    prefix_with_datetime: bool = False
    copy_detail_to_stdout: bool = False
    copy_summary_to_stdout: bool = False
    enable_trace: bool = False
    rows: bool = False

    def paths(self, datetime_text: str = "") -> dict[str, Path]:
        """Return the path of each log.

        Parameters
        ----------
        datetime_text : str
            Local time as in ``2026-01-02T03:04:05Z``; only looked at with `prefix_with_datetime`.

        Examples
        --------
        >>> LogOutput(outdir="logs").paths()["detail"].as_posix()
        'logs/mlperf_log_detail.txt'
        """
        return {kind: self._path(kind, ending, datetime_text) for kind, ending in KINDS.items()}

    def rows_path(self, datetime_text: str = "") -> Path:
        """Return the path of the rows, as for `paths`."""
        return self._path(*_ROWS, datetime_text)

    def _path(self, kind: str, ending: str, datetime_text: str) -> Path:
        date = f"{datetime_text}_" if self.prefix_with_datetime else ""
        return Path(f"{self.outdir or '.'}/{self.prefix}{date}{kind}{self.suffix}{ending}")


@dataclass(frozen=True)
class LogFiles:
    """The four open files. A process that is forked from the one that opened them has none.

    Attributes
    ----------
    summary, detail, trace : text file
    accuracy : binary file, unbuffered
    paths : dict of str to Path
        Where they are, by these names.
    rows_path : Path
        Where rows belong to them; there is no such file yet.
    """

    summary: TextIO
    detail: TextIO
    accuracy: BinaryIO
    trace: TextIO
    paths: Mapping[str, Path]
    rows_path: Path
    _claim: Claim

    @classmethod
    def open(cls, output: LogOutput, datetime_text: str = "") -> LogFiles:
        """Make or empty all four files; rows of logs that these replace go.

        Parameters
        ----------
        output : LogOutput
        datetime_text : str
            As for `LogOutput.paths`.

        Raises
        ------
        LoadGenError
            One of them cannot be written, or another test of this process is writing it; says
            which, and why.
        """
        paths, rows = output.paths(datetime_text), output.rows_path(datetime_text)
        with _naming(paths["summary"]):
            claim = CLAIMS.take(paths.values())
        with ExitStack() as opened:
            opened.callback(CLAIMS.release, claim)
            for path in paths.values():
                claim.files.append(opened.enter_context(_open(path)))
            with writing(rows):
                rows.unlink(missing_ok=True)
            opened.pop_all()
        raw = dict(zip(paths, claim.files, strict=True))
        return cls(
            _text(raw["summary"], output.copy_summary_to_stdout),
            _text(raw["detail"], output.copy_detail_to_stdout),
            raw["accuracy"],
            _text(raw["trace"], False),
            paths,
            rows,
            claim,
        )

    @property
    def ours(self) -> bool:
        """Whether this process opened them."""
        return self._claim.process == os.getpid()

    def close(self) -> None:
        """Close all four, whatever becomes of each. Further calls do nothing.

        Raises
        ------
        LoadGenError
            What was still to be written could not be; says which and why.
        """
        if not self.ours:
            return
        with ExitStack() as closing:
            closing.callback(CLAIMS.release, self._claim)
            for kind, path in self.paths.items():
                closing.callback(_close, getattr(self, kind), path)


def path_text(directory: object) -> str:
    """Return what was given as the directory of logs, as text.

    Raises
    ------
    SettingsError
        It is no path.
    """
    try:
        return os.fsdecode(directory)  # type: ignore[arg-type]  # says itself if it cannot
    except TypeError:
        raise SettingsError([Problem("directory", directory, "a path")]) from None


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say of an error of the disk which file it was about.

    Raises
    ------
    LoadGenError
        In place of the `OSError`, which is its cause.
    """
    try:
        yield
    except OSError as error:
        raise LoadGenError(f"{path}: cannot be written: {error.strerror or error}") from error


def to_stdout(text: str) -> None:
    """Write to standard output; what its encoding has not, escaped.

    Raises
    ------
    Exception
        There is none, or whatever it raises.
    """
    if sys.stdout is None:
        raise LoadGenError("there is no standard output")
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "ascii"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))


class _CopiedFile(io.TextIOWrapper):
    """A text file whose text goes to stdout as well, as long as that takes it."""

    _stdout_works = True

    def write(self, text: str) -> int:
        written = super().write(text)
        if self._stdout_works:
            try:
                to_stdout(text)
            except Exception as error:  # nobody reads it, it is closed, or it is the user's own
                self._stdout_works = False
                log.warning("no further copy of the log to stdout: %s", described(error))
        return written


def _open(path: Path) -> io.FileIO:
    with _naming(path), writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb", buffering=0)


def _text(file: io.FileIO, copied: bool) -> TextIO:
    kind = _CopiedFile if copied else io.TextIOWrapper
    # A name may have characters that UTF-8 has not.
    return kind(io.BufferedWriter(file), "utf-8", errors="backslashreplace", newline="\n")


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except ValueError as error:  # a NUL in the name
        raise LoadGenError(f"{str(path)!r}: cannot be written: {error}") from error


def _close(file: TextIO | BinaryIO, path: Path) -> None:
    with writing(path):
        file.close()
