# SPDX-License-Identifier: Apache-2.0
"""A run's rows as Arrow and Parquet, through pyarrow: the extra ``arrow``.

Columns and units are those of `Result.samples`. What never came is null, not -1. The schema's
metadata has the run: ``b"loadgen"``, the JSON document of ``loadgen show --json`` without rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np

from loadgen.errors import needs_extra
from loadgen.export.document import result_document, to_json
from loadgen.export.rows import NULLABLE, Column, is_null, need_rows, parts

if TYPE_CHECKING:
    from loadgen.result import Result

METADATA_KEY: Final = b"loadgen"

_COMPRESSION: Final = "zstd"


def to_arrow(result: Result) -> Any:
    """Return the rows as a table.

    Values are the memory of `Result.samples` where that has a value a row; what is null is one bit
    a row beside them. Copied are constant columns, which have one value in memory for all rows
    (Offline's instants, the number of a run's only series).

    Parameters
    ----------
    result : Result

    Returns
    -------
    pyarrow.Table

    Raises
    ------
    LoadGenError
        The run kept no rows.
    ImportError
        pyarrow is not installed; says how to.
    """
    pa = _pyarrow()
    need_rows(result, "to_arrow()")
    return pa.table(_arrays(pa, result.samples), schema=_schema(pa, result))


def write_parquet(result: Result, file: BinaryIO) -> None:
    """Write the rows as Parquet, a part at a time.

    Parameters
    ----------
    result : Result
    file : binary file
    """
    pa = _pyarrow()
    from pyarrow import parquet  # noqa: PLC0415 - an extra

    with _disk_errors(pa):
        schema = _schema(pa, result)
        with parquet.ParquetWriter(file, schema, compression=_COMPRESSION) as writer:
            for part in parts(result):
                writer.write_batch(pa.record_batch(_arrays(pa, part), schema=schema))


def write_arrow(result: Result, file: BinaryIO) -> None:
    """Write the rows as an Arrow IPC file (Feather, version 2), a part at a time.

    Not compressed, so that it may be mapped.

    Parameters
    ----------
    result : Result
    file : binary file
    """
    pa = _pyarrow()
    with _disk_errors(pa):
        schema = _schema(pa, result)
        with pa.ipc.new_file(file, schema) as writer:
            for part in parts(result):
                writer.write_batch(pa.record_batch(_arrays(pa, part), schema=schema))


def _pyarrow() -> Any:
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise needs_extra("arrow", error) from error
    return pa


@contextmanager
def _disk_errors(pa: Any) -> Iterator[None]:
    """Have what pyarrow says of a disk that is full made an OSError."""
    try:
        yield
    except pa.ArrowException as error:
        raise OSError(str(error)) from error


def _schema(pa: Any, result: Result) -> Any:
    fields = [
        pa.field(name, pa.from_numpy_dtype(array.dtype), nullable=name in NULLABLE)
        for name, array in result.samples.part(0, 0).items()
    ]
    return pa.schema(fields, metadata={METADATA_KEY: to_json(result_document(result))})


def _arrays(pa: Any, columns: Mapping[str, Column]) -> list[Any]:
    return [
        _array(pa, column, is_null(columns, name) if name in NULLABLE else None)
        for name, column in columns.items()
    ]


def _array(pa: Any, values: Column, null: Column | None) -> Any:
    """Return an array over the memory of values; `pa.array` would load pandas first."""
    values = np.ascontiguousarray(values)
    valid = None if null is None else pa.py_buffer(np.packbits(~null, bitorder="little"))
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(values)])
