# SPDX-License-Identifier: Apache-2.0
"""Read the bytes of a conf file."""

from __future__ import annotations

from pathlib import Path

__all__ = ["read"]


def read(path: str | Path, *, folder_is_empty: bool = False) -> bytes:
    """Return what is in a file.

    Parameters
    ----------
    path : str or Path
    folder_is_empty : bool
        Whether to take a folder for an empty file, as a C++ stream does.

    Raises
    ------
    OSError
        It cannot be opened.
    """
    # An empty path is no file, although it is a folder for `Path`.
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read()
    except IsADirectoryError:
        if folder_is_empty:
            return b""
        raise
