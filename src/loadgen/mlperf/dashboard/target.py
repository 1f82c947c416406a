# SPDX-License-Identifier: Apache-2.0
"""The folder that a site goes to: whether it may, and how, so that nothing else is lost.

Not for what is in it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from loadgen.errors import LoadGenError
from loadgen.mlperf.dashboard.reading import is_submission

__all__ = ["MARK", "check_outside", "check_replaceable", "is_site", "swap"]

MARK: Final = '<meta name="generator" content="loadgen dashboard">'
"""By which a folder is known as a site of ours, that may be replaced."""
_MARKED_WITHIN: Final = 1024
_OWN: Final = frozenset(
    {"index.html", "style.css", "app.js", "results.js", "results.json", "details", "logs"}
)


def is_site(folder: Path) -> bool:
    """Return whether a folder has a site that was built here."""
    try:
        with (folder / "index.html").open("rb") as file:
            return MARK.encode() in file.read(_MARKED_WITHIN)
    except OSError:
        return False


def check_outside(target: Path, results: Iterable[Path]) -> None:
    """Refuse a folder within a submission that is read.

    Raises
    ------
    LoadGenError
    """
    for each in results:
        if is_submission(each) and target.resolve().is_relative_to(each.resolve()):
            raise LoadGenError(
                f"{target}: lies within the submission {each}; expected a folder outside of it: in"
                " it, the site would be files that no manifest has"
            )


def check_replaceable(target: Path, overwrite: bool) -> None:
    """Refuse a folder that holds anything but a site of ours, or one that is not to be replaced.

    Raises
    ------
    LoadGenError
    """
    try:
        names = {each.name for each in target.iterdir()}
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise LoadGenError(f"{target}: is a file; expected an absent or empty folder") from None
    except OSError as error:
        raise LoadGenError(f"{target}: cannot be read: {error.strerror or error}") from error
    if not names:
        return
    if not is_site(target):
        raise LoadGenError(f"{target}: is not empty, and no site; expected an absent folder")
    strangers = sorted(names - _OWN)
    if strangers:
        raise LoadGenError(
            f"{target}: has files that are not of the site ({', '.join(strangers[:3])}): they"
            " would be lost; move them, or choose another folder"
        )
    if not overwrite:
        raise LoadGenError(
            f"{target}: is there already; expected an absent folder"
            " (overwrite=True replaces a site)"
        )


def swap(partial: Path, target: Path) -> None:
    """Put the new folder into its place; the old one goes only when the new one is there."""
    old = partial.with_name(partial.name + ".old")
    if target.exists():
        target.rename(old)
    try:
        partial.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
