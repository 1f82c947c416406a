# SPDX-License-Identifier: Apache-2.0
"""The formats of files, by name and suffix, and `export`, which writes any of them.

Not for what a format is like: each has a module of its own.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, cast

from loadgen import whole_file
from loadgen.errors import MISSING, LoadGenError, Problem, SettingsError
from loadgen.export.arrow import write_arrow, write_parquet
from loadgen.export.csv_ import write_csv
from loadgen.export.document import write_json
from loadgen.export.hlog import write_hlog
from loadgen.export.openmetrics import write_openmetrics, write_prometheus
from loadgen.export.otlp import write_otlp
from loadgen.export.rows import need_rows
from loadgen.export.trace import write_trace
from loadgen.values import name_hint

if TYPE_CHECKING:
    from loadgen.result import Result


class Format(NamedTuple):
    """A format of files.

    Parameters
    ----------
    suffixes : tuple of str
        Of names of such files.
    write : callable
        Takes a result, and a binary file that it writes to.
    has_rows : bool
        Whether it has a run's rows, so that a run without any has no such file.
    """

    suffixes: tuple[str, ...]
    write: Callable[[Result, BinaryIO], None]
    has_rows: bool


FORMATS: Final = {
    "parquet": Format((".parquet",), write_parquet, has_rows=True),
    "arrow": Format((".arrow", ".feather"), write_arrow, has_rows=True),
    "csv": Format((".csv",), write_csv, has_rows=True),
    "trace": Format((".trace.json",), write_trace, has_rows=True),
    "otlp": Format((".otlp.json", ".otlp.jsonl"), write_otlp, has_rows=False),
    "json": Format((".json",), write_json, has_rows=False),
    "hlog": Format((".hlog",), write_hlog, has_rows=False),
    "openmetrics": Format((".openmetrics",), write_openmetrics, has_rows=False),
    "prometheus": Format((".prom",), write_prometheus, has_rows=False),
}
"""By name; of suffixes that fit, the first."""

_GZIP: Final = ".gz"


def export(
    result: Result,
    path: str | os.PathLike[str],
    format: str | None = None,
    *,
    overwrite: bool = False,
) -> Path:
    """Write a result for other tools; the file appears whole or not at all.

    Parameters
    ----------
    result : Result
    path : path
        Of the file; parents are made. With ``.gz`` at its end the file is compressed.
    format : str or None
        One of `FORMATS`; None: as the suffix says.
    overwrite : bool
        Whether a file that is there already is replaced.

    Returns
    -------
    Path
        The file, absolute.

    Raises
    ------
    SettingsError
        No such format or suffix; names those that are known.
    LoadGenError
        The run has no rows and the format needs them, or the file cannot be written; then what was
        there is still there.
    ImportError
        The format needs a library that an extra brings; says which.
    """
    name = _named(path) if format is None else format
    need(result, name)
    with (
        whole_file.replacing(path, None if overwrite else _refuse) as partial,
        partial.open("wb") as plain,
        _packed(plain) if Path(path).suffix.lower() == _GZIP else nullcontext(plain) as file,
    ):
        FORMATS[name].write(result, file)
    return Path(path).resolve()


def _packed(file: BinaryIO) -> AbstractContextManager[BinaryIO]:
    """Return a file whose contents are compressed into another; without a time, so repeatable."""
    return cast("AbstractContextManager[BinaryIO]", gzip.GzipFile("", "wb", 9, file, mtime=0))


def need(result: Result, format: str) -> None:
    """Raise if a result cannot be written in a format.

    Parameters
    ----------
    result : Result
    format : str

    Raises
    ------
    SettingsError
        There is no such format.
    LoadGenError
        It has a run's rows, and the run kept none.
    """
    if format not in FORMATS:
        allowed = f"one of {', '.join(FORMATS)}{name_hint(str(format), FORMATS)}"
        raise SettingsError([Problem("format", format, allowed)])
    if FORMATS[format].has_rows:
        need_rows(result, format)


def _refuse(target: Path) -> None:
    raise LoadGenError(f"{target}: is there already (overwrite=True replaces it)")


def _named(path: str | os.PathLike[str]) -> str:
    """Return the format that a path's suffix says."""
    file = Path(path).name.lower().removesuffix(_GZIP)
    for name, format_ in FORMATS.items():
        if any(file.endswith(suffix) for suffix in format_.suffixes):
            return name
    known = ", ".join(suffix for each in FORMATS.values() for suffix in each.suffixes)
    allowed = f"a path that ends with {known}; or a format, one of {', '.join(FORMATS)}"
    raise SettingsError([Problem("path", os.fspath(path) or MISSING, allowed)])
