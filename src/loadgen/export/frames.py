# SPDX-License-Identifier: Apache-2.0
"""A run's rows as a data frame of pandas or polars: the extras ``pandas`` and ``polars``.

Columns and units are those of `Result.samples`; what never came is null, not -1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loadgen.errors import needs_extra
from loadgen.export.arrow import to_arrow
from loadgen.export.rows import NULLABLE, is_null, need_rows

if TYPE_CHECKING:
    from loadgen.result import Result


def to_pandas(result: Result) -> Any:
    """Return the rows as a frame of pandas; columns that may be null are of its type Int64.

    Values are the memory of `Result.samples`; what is null is one byte a row beside them. pandas
    copies a column that is written to.

    Parameters
    ----------
    result : Result

    Returns
    -------
    pandas.DataFrame
        ``attrs["loadgen"]`` says which run it is of.

    Raises
    ------
    LoadGenError
        The run kept no rows.
    ImportError
        pandas is not installed; says how to.
    """
    try:
        import pandas as pd  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise needs_extra("pandas", error) from error
    need_rows(result, "to_pandas()")
    samples = result.samples
    columns = {
        name: pd.arrays.IntegerArray(samples[name], is_null(samples, name))
        if name in NULLABLE
        else pd.Series(samples[name], copy=False)
        for name in samples
    }
    frame = pd.DataFrame(columns, copy=False)
    frame.attrs["loadgen"] = repr(result)
    return frame


def to_polars(result: Result) -> Any:
    """Return the rows as a frame of polars, by way of `to_arrow`, which says what is copied.

    Parameters
    ----------
    result : Result

    Returns
    -------
    polars.DataFrame

    Raises
    ------
    LoadGenError
        The run kept no rows.
    ImportError
        polars or pyarrow is not installed; says how to.
    """
    try:
        import polars as pl  # noqa: PLC0415 - an extra
        import pyarrow as _  # noqa: PLC0415, F401 - what `to_arrow` needs
    except ImportError as error:
        raise needs_extra("polars", error) from error
    need_rows(result, "to_polars()")
    return pl.from_arrow(to_arrow(result), rechunk=False)
