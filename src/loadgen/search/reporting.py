# SPDX-License-Identifier: Apache-2.0
"""`report`: the results of a sweep as one page. Not for the page itself (`loadgen.report.html`)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from loadgen.errors import Problem, SettingsError
from loadgen.search.points import curve, knee, load_of

if TYPE_CHECKING:
    from loadgen.result import Result

__all__ = ["report"]


def report(
    results: Iterable[Result], path: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write a page about runs at several loads: one HTML file, which needs the extra ``report``.

    Parameters
    ----------
    results : iterable of Result
        As `sweep` returns them, and in any order: all of Server, or all of Concurrent.
    path : path
        An absent file; parents are made.
    overwrite : bool
        Whether a report that is there already is replaced.

    Returns
    -------
    Path
        The file, absolute.

    Raises
    ------
    SettingsError
        There is no result, or they are of other scenarios.
    LoadGenError
        It cannot be written.
    ImportError
        The extra is not installed.
    """
    from loadgen.report import html  # noqa: PLC0415 - with the libraries of an extra

    found = list(results)
    if not found:
        raise SettingsError([Problem("results", found, "at least one result")])
    points = curve(found)
    page = html.sweep_page(sorted(found, key=load_of), points, knee(points))
    return html.write(page, path, overwrite=overwrite)
