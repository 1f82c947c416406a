# SPDX-License-Identifier: Apache-2.0
"""A page as HTML, and as a file that appears whole or not at all.

Everything is in the one file: styles and plots; no script. Whatever a name holds is text.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from loadgen import whole_file
from loadgen.errors import LoadGenError, needs_extra

try:
    import jinja2
except ImportError as error:
    raise needs_extra("report", error) from error

if TYPE_CHECKING:
    from loadgen.report.html.parts import Page

__all__ = ["MARK", "prepare", "render", "write"]

MARK: Final = '<meta name="generator" content="loadgen report">'
"""By which a file is known as a page of ours, that may be replaced."""

_MARKED_WITHIN: Final = 1024


def _together(value: object) -> object:
    """Keep a figure and its "%" in one line; what is escaped already stays as it is."""
    return value.replace(" %", "\N{NO-BREAK SPACE}%") if type(value) is str else value


_ENVIRONMENT: Final = jinja2.Environment(
    loader=jinja2.PackageLoader("loadgen.report.html"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
    finalize=_together,
)


def render(page: Page) -> str:
    """Return a page as HTML.

    Parameters
    ----------
    page : Page
    """
    return _ENVIRONMENT.get_template("page.html").render(page=page, mark=MARK)


def write(page: Page, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write a page into a file.

    Parameters
    ----------
    page : Page
    path : path
        An absent file; parents are made.
    overwrite : bool
        Whether a page of this package that is there already is replaced.

    Returns
    -------
    Path
        The file, absolute.

    Raises
    ------
    LoadGenError
        It cannot be written, or there is something that must not be replaced; names it.
    """
    target = prepare(path, overwrite=overwrite)
    text = render(page)
    with whole_file.replacing(target, partial(_check, overwrite)) as file:
        file.write_text(text, encoding="utf-8", errors="backslashreplace")
    return target


def prepare(path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Make sure, before the work for a page, that its file can be written after it.

    Parameters
    ----------
    path, overwrite : path, bool
        As for `write`.

    Returns
    -------
    Path
        The file, absolute.

    Raises
    ------
    LoadGenError
        As `write` does.
    """
    return whole_file.prepare(path, partial(_check, overwrite))


def _check(overwrite: bool, target: Path) -> None:
    if not overwrite:
        raise LoadGenError(
            f"{target}: is there already; expected an absent file"
            " (overwrite=True replaces a report)"
        )
    with target.open("rb") as file:
        if MARK.encode() not in file.read(_MARKED_WITHIN):
            raise LoadGenError(f"{target}: is no report, so overwrite=True does not replace it")
