# SPDX-License-Identifier: Apache-2.0
"""A run's rows in parts, for formats that have them: which columns may be null, and where.

Not for a format: each has a module of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from loadgen.errors import LoadGenError
from loadgen.result.data import MISSING
from loadgen.result.samples import NEVER

if TYPE_CHECKING:
    from loadgen.result import Result

NULLABLE: Final = ("first_token_ns", "completed_ns", "latency_ns")
"""Columns that have -1 in `Result.samples` where something never came: null in other formats."""

ROWS_AT_ONCE: Final = 1 << 20

Column = npt.NDArray[Any]


def need_rows(result: Result, what: str) -> None:
    """Raise if a run kept no rows.

    Parameters
    ----------
    result : Result
    what : str
        What needs them.

    Raises
    ------
    LoadGenError
        It did not; says which formats need none.
    """
    if not len(result.samples):
        raise LoadGenError(
            f"{what} needs rows, and recording = 'histogram' keeps none;"
            " json, hlog, openmetrics, prometheus and otlp need none"
        )


def is_null(columns: Mapping[str, Column], name: str) -> npt.NDArray[np.bool_]:
    """Return where a column of `NULLABLE` has no value.

    Parameters
    ----------
    columns : mapping of str to array, shape (n,)
        As `Result.samples` has them.
    name : str
        Of the column.
    """
    is_token = name == "first_token_ns"
    found: npt.NDArray[np.bool_] = (
        columns[name] == NEVER if is_token else columns["status"] == MISSING
    )
    return found


def parts(result: Result, size: int = ROWS_AT_ONCE) -> Iterator[dict[str, Column]]:
    """Yield all rows, so many at once; none where there are none.

    Parameters
    ----------
    result : Result
    size : int
        Rows of a part.
    """
    for first in range(0, result.n_issued, size):
        yield result.samples.part(first, min(first + size, result.n_issued))
