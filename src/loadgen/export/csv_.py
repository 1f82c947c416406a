# SPDX-License-Identifier: Apache-2.0
"""A run's rows as CSV: a line of names, which end with the unit, then a line a sample.

What never came is an empty field. No quotes are needed: all fields are integers (RFC 4180).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from loadgen.export.rows import NULLABLE, Column, is_null, parts

if TYPE_CHECKING:
    from loadgen.result import Result

_ROWS_AT_ONCE: Final = 1 << 13  # as bytes, less than 1 MB: they stay in the cache
_ZERO, _MINUS, _COMMA, _NEWLINE = b"0-,\n"

_Texts = tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]
"""Characters, shape (n, width), and which of them are there."""


def write_csv(result: Result, file: BinaryIO) -> None:
    """Write the rows.

    Parameters
    ----------
    result : Result
    file : binary file
    """
    file.write((",".join(result.samples) + "\n").encode("ascii"))
    for part in parts(result, _ROWS_AT_ONCE):
        columns = [_texts(part, name) for name in part]
        characters, shown = (np.hstack(each) for each in zip(*columns, strict=True))
        characters[:, -1] = _NEWLINE
        file.write(characters[shown].tobytes())


def _texts(part: dict[str, Column], name: str) -> _Texts:
    """Return a column as texts that end with a comma: digits in all rows at once, from the last."""
    values = part[name].astype(np.int64)
    is_there = ~is_null(part, name) if name in NULLABLE else np.full(len(values), True)
    rest = np.abs(values).view(np.uint64)  # which has that of -2**63
    width = len(str(rest.max())) + 2
    characters, shown = (
        np.empty((len(values), width), np.uint8),
        np.empty((len(values), width), bool),
    )
    characters[:, 0], shown[:, 0] = _MINUS, is_there & (values < 0)
    characters[:, -1], shown[:, -1] = _COMMA, True
    for place in range(width - 2, 0, -1):
        tens = rest // 10
        characters[:, place], shown[:, place] = rest - 10 * tens + _ZERO, is_there
        rest, is_there = tens, is_there & (tens > 0)
    return characters, shown
