# SPDX-License-Identifier: Apache-2.0
"""``loadgen show`` and ``loadgen export``: a saved run in words, as a document, for other tools.

Not for the words (``report``), nor for the formats (the package ``loadgen.export``).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import loadgen
from loadgen import export as formats
from loadgen import index
from loadgen.cli.ending import VALID, WRONG_USE, WrongUse, code_of, complain
from loadgen.cli.grid import print_grid, printable
from loadgen.cli.output import Output, result_document
from loadgen.errors import LoadGenError, ResultError, SettingsError
from loadgen.export.document import to_json
from loadgen.export.formats import need
from loadgen.report import summary_for

_WEB: Final = ("http://", "https://")
_OTLP: Final = "otlp"
_STDOUT: Final = "-"
_BINARY: Final = ("parquet", "arrow")


def show(folder: Path, *, as_json: bool) -> int:
    """Show a saved run as it was shown when it ended; return the exit code: that of its verdict.

    Parameters
    ----------
    folder : Path
        If it is damaged, what can be read of it is shown.
    as_json : bool
        As for `Output`.
    """
    output = Output(as_json=as_json, quiet=False)
    try:
        result = loadgen.Result.load(folder)
        text, document = summary_for(result, sys.stdout), result_document(result)
    except ResultError as error:
        complain(printable(str(error)))
        row = {k: v for k, v in index.read_run(folder).items() if v is not None}
        if output.shows_words and len(row) > len(("path", "duration_s", "problem")):
            print_grid(("what", "as far as it was read"), [(k, str(v)) for k, v in row.items()])
        return output.end(WRONG_USE, str(error), result=None)
    output.write(text)
    return output.end(code_of([result], None), result=document)


def export(folder: Path, to: str, format_name: str | None, *, overwrite: bool, quiet: bool) -> int:
    """Write a saved run for other tools; return the exit code.

    Parameters
    ----------
    folder : Path
    to : str
        A file, the address of a collector of OpenTelemetry, or "-": standard output.
    format_name : str or None
        One of `loadgen.export.FORMATS`; None: as the suffix says.
    overwrite : bool
        Whether a file that is there already is replaced.
    quiet : bool
        Nothing is said of it.
    """
    output = Output(as_json=False, quiet=quiet)
    try:
        result = loadgen.Result.load(folder)
        if to.startswith(_WEB):
            if format_name not in (None, _OTLP):
                raise WrongUse(f"--format = {format_name!r}: an address is sent {_OTLP} only")
            formats.send_otlp(result, to)
            output.say(f"Sent to {printable(to)}")
        elif to == _STDOUT:
            _to_stdout(result, format_name)
        else:
            path = formats.export(result, to, format_name, overwrite=overwrite)
            output.say(f"Written to {printable(str(path))}")
    except SettingsError as error:
        named = {"path": "--to", "format": "--format"}
        raise SettingsError(p._replace(field=named[p.field]) for p in error.problems) from None
    except (LoadGenError, ImportError) as error:
        complain(printable(str(error).replace("overwrite=True", "--overwrite")))
        return WRONG_USE
    return VALID


def _to_stdout(result: loadgen.Result, format_name: str | None) -> None:
    if format_name is None:
        raise WrongUse(f"--to {_STDOUT} needs --format, one of {', '.join(formats.FORMATS)}")
    need(result, format_name)
    if format_name in _BINARY and sys.stdout.isatty():
        raise WrongUse(
            f"--format = {format_name!r}: is not for a terminal; give it a file or a pipe"
        )
    try:
        formats.FORMATS[format_name].write(result, sys.stdout.buffer)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise WrongUse(f"standard output cannot be written: {error.strerror or error}") from None


def schema() -> int:
    """Print the schema of a result's document; return the exit code."""
    print(to_json(formats.schema()))
    return VALID
