# SPDX-License-Identifier: Apache-2.0
"""``loadgen report``: a page about a saved run; and pages that other commands write on request.

Not for what is on a page: that is the package ``loadgen.report.html``.
"""

from __future__ import annotations

import os
import sys
import traceback
import webbrowser
from collections.abc import Callable
from pathlib import Path

import loadgen
from loadgen.cli import ending
from loadgen.cli.app import Opening
from loadgen.cli.output import Output
from loadgen.errors import LoadGenError, ResultError
from loadgen.result.folder import REPORT_FILE


def report(
    run: Path, *, out: Path | None, overwrite: bool, opening: Opening, as_json: bool, quiet: bool
) -> int:
    """Write the page of a saved run; return the exit code.

    Parameters
    ----------
    run : Path
        Its folder.
    out : Path or None
        The file; None: ``report.html`` in the folder.
    overwrite : bool
        Replace a report that is there.
    opening : {"auto", "yes", "no"}
        Whether a browser shows it; "auto": at a terminal with a screen.
    as_json, quiet : bool
        As for `Output`.
    """
    output = Output(as_json=as_json, quiet=quiet)
    try:
        result = loadgen.Result.load(run)
    except ResultError as error:
        raise ending.WrongUse(str(error)) from None
    target = run / REPORT_FILE if out is None else out
    written, why = write(target, lambda path: result.report(path, overwrite=overwrite), output)
    if written is None:
        return output.end(ending.WRONG_USE, why, report=None)
    if opening == "yes" or (opening == "auto" and output.shows_words and _has_screen()):
        webbrowser.open(Path(written).as_uri())
    return output.end(ending.VALID, report=written)


def write(
    page: Path | None, action: Callable[[Path], Path], output: Output
) -> tuple[str | None, str | None]:
    """Write a page and say where it is; return its file, or why there is none.

    Whatever keeps it from being made is said, and nothing is raised: it was measured all the same,
    and has to be shown.

    Parameters
    ----------
    page : Path or None
        Its file. None: no page is asked for, so there is neither.
    action : callable
        Writes it; returns its file.
    output : Output
    """
    if page is None:
        return None, None
    made = _folders_to_make(page)
    try:
        written = action(page)
    except (LoadGenError, ImportError) as error:
        text = _as_typed(error)
    except (Exception, KeyboardInterrupt) as error:
        if isinstance(error, Exception):
            traceback.print_exc()
        text = f"{page}: the page could not be made: {ending.in_words(error)}"
    else:
        output.say(f"{made}Report: {written}")
        return str(written), None
    ending.complain(text)
    return None, text


def prepared(page: Path | None, overwrite: bool, output: Output) -> None:
    """Make sure, before runs, that a page can be written after them; say which folders that took.

    Raises
    ------
    WrongUse
        It cannot.
    """
    if page is None:
        return
    made = _folders_to_make(page)
    try:
        from loadgen.report import html  # noqa: PLC0415 - with the libraries of an extra

        html.prepare(page, overwrite=overwrite)
    except (LoadGenError, ImportError) as error:
        raise ending.WrongUse(_as_typed(error)) from None
    if made:
        output.say(made)


def _folders_to_make(page: Path) -> str:
    """Say that a page's folder is made: where it was mistyped, that should be seen."""
    folder = page.absolute().parent
    return "" if folder.is_dir() else f"Made for the report: {folder}\n"


def _as_typed(error: Exception) -> str:
    return str(error).replace("overwrite=True", "--overwrite")


def _has_screen() -> bool:
    has_display = sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    return has_display and sys.stdout is not None and sys.stdout.isatty()
