# SPDX-License-Identifier: Apache-2.0
"""A run's rows as CSV: a line of names, which end with the unit, then a line a sample.

What never came is an empty field. No quotes are needed: all fields are integers (RFC 4180).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from loadgen.export.rows import NULLABLE, Column, is_null, parts

if TYPE_CHECKING:
    from loadgen.result import Result

_ROWS_AT_ONCE: Final = 1 << 16  # as texts, some 40 MB


def write_csv(result: Result, path: Path) -> None:
    """Write the rows.

    Parameters
    ----------
    result : Result
    path : Path
    """
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write(",".join(result.samples) + "\n")
        for part in parts(result, _ROWS_AT_ONCE):
            lines = zip(*(_texts(part, name) for name in part), strict=True)
            file.write("\n".join(map(",".join, lines)) + "\n")


def _texts(part: dict[str, Column], name: str) -> list[str]:
    """Return a column as texts: by way of a list's text, which is twice as fast as one by one."""
    texts = str(part[name].tolist())[1:-1].split(", ")
    if name in NULLABLE:
        for row in np.flatnonzero(is_null(part, name)).tolist():
            texts[row] = ""
    return texts
