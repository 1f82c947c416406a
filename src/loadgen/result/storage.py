# SPDX-License-Identifier: Apache-2.0
"""A run as a folder: written down, and read back without believing it.

::

    result.json      everything but the rows ("format": 1); its "figures" are not read back
    run.toml         repeats the run
    columns/*.npy    one row a sample, in the public form; a constant column has one row
    outputs/*.npy    the kept answers
    dataset/*.npy    the dataset's columns, for `Result.by`
    tokens/*.npy     rows and instants of all tokens

Arrays are mapped, never unpickled. Not for the folder's coming into being: `loadgen.result.folder`.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from loadgen.config.run_file import RunFile, write_run_file
from loadgen.errors import ResultError
from loadgen.result import columnfile, token_times
from loadgen.result.data import RunData
from loadgen.result.folder import (
    COLUMNS,
    DATASET,
    OUTPUTS,
    RESULT_FILE,
    RUN_FILE,
    TOKENS,
    prepare_output_dir,
    replacing,
)
from loadgen.result.manifest import Reader, check_format, from_table, to_table
from loadgen.result.outputs import Outputs
from loadgen.result.samples import INSTANTS, instant_converter, is_constant

__all__ = ["load", "prepare_output_dir", "run_file_text", "save"]

log = logging.getLogger("loadgen")

# Public name of each column in a file, its name in RunData.columns, and its dtype.
_COLUMNS = {
    "index": ("index", np.uint32),
    **{public: (raw, np.int64) for public, raw in INSTANTS.items()},
    "status": ("status", np.uint8),
    "n_tokens": ("n_tokens", np.uint32),
}
_REQUIRED = ("index", "scheduled_ns", "issued_ns", "completed_ns", "status")
_OUTPUT_ROWS = {"offset": np.int64, "length": np.uint32, "kind": np.uint16}
_ALL, _CONSTANT, _SAME_AS = "all rows", "constant", "same as "


def save(
    data: RunData,
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    digest: str | None = None,
    figures: Mapping[str, Any] | None = None,
) -> Path:
    """Write a run.

    Parameters
    ----------
    data : RunData
    path : path
        An absent or empty folder; parents are made.
    overwrite : bool
        Whether a saved run that is there already is replaced.
    digest : str or None
        Of the traffic.
    figures : mapping or None
        Plain values to show in `result.json` to who reads it without `loadgen`.

    Returns
    -------
    Path
        The folder, absolute.

    Raises
    ------
    LoadGenError
        It cannot be written; then nothing is left behind, and what was there is still there.
    """
    with replacing(path, overwrite) as folder:
        table = to_table(data, digest)
        table["columns"] = _write_columns(data, folder / COLUMNS)
        table["outputs"] = _write_outputs(data.outputs, folder / OUTPUTS)
        table["dataset_columns"] = _write_dataset(data.dataset_columns, folder / DATASET)
        table["token_times"] = token_times.write(data.token_times, folder / TOKENS)
        table["figures"] = dict(figures or {})
        (folder / RUN_FILE).write_text(run_file_text(data), encoding="utf-8")
        with (folder / RESULT_FILE).open("x", encoding="utf-8") as file:
            json.dump(table, file, indent=1, default=_plain)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
    return Path(path).resolve()


def load(path: str | os.PathLike[str]) -> RunData:
    """Read what `save` wrote; columns are mapped.

    Raises
    ------
    ResultError
        Something is absent, damaged or too new: names the file, what is there, what should be.
    """
    folder = Path(path).absolute()
    reader = check_format(folder / RESULT_FILE, _read_json(folder))
    data = from_table(reader)
    columns = _read_columns(reader, folder / COLUMNS, data.n_rows)
    missing = [name for name in _REQUIRED if _COLUMNS[name][0] not in columns]
    if missing and data.tally is None:
        raise ResultError(f"{reader.path}: lists no column {missing[0]!r}")
    return dataclasses.replace(
        data,
        columns=columns,
        outputs=_read_outputs(reader, folder / OUTPUTS, data.n_rows),
        dataset_columns=_read_dataset(reader, folder / DATASET, data.dataset_total),
        token_times=token_times.read(reader, folder / TOKENS, data.n_rows),
    )


def smallest_sizes(columns: Mapping[str, Any], n_rows: int) -> dict[str, int]:
    """Return how many bytes each column's file has at least, by the file's name.

    Parameters
    ----------
    columns : mapping
        As `result.json` lists them.
    n_rows : int
    """
    rows = {_ALL: n_rows, _CONSTANT: 1}
    return {
        f"{public}.npy": rows[how] * np.dtype(_COLUMNS[public][1]).itemsize
        for public, how in columns.items()
        if public in _COLUMNS and isinstance(how, str) and how in rows
    }


def _read_json(folder: Path) -> object:
    file = folder / RESULT_FILE
    try:
        return json.loads(file.read_bytes())
    except FileNotFoundError:
        what = "holds no saved result" if folder.is_dir() else "no such folder"
        raise ResultError(f"{folder}: {what}; expected {RESULT_FILE} in it") from None
    except OSError as error:
        raise ResultError(f"{file}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ResultError(f"{file}: damaged: {error}; expected one JSON object") from error


def run_file_text(data: RunData) -> str:
    """Return the text of `run.toml`."""
    count = data.dataset_spec is not None and data.dataset_spec.isdecimal()
    dataset = int(data.dataset_spec or 0) if count else data.dataset_spec
    return write_run_file(RunFile(data.scenario, data.settings, data.sut_spec, dataset))


def _plain(value: object) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    return str(value)


def _write_columns(data: RunData, folder: Path) -> dict[str, str]:
    """Write the columns; return, for each, how it is kept."""
    folder.mkdir()
    kept: dict[str, str] = {}
    written: dict[str, npt.NDArray[Any]] = {}
    for public, (name, dtype) in _COLUMNS.items():
        if name not in data.columns:
            continue
        column = data.columns[name]
        same = [other for other, array in written.items() if _is_same(array, column)]
        if same:
            kept[public] = _SAME_AS + same[0]
            continue
        part = instant_converter(data, public) if public in INSTANTS else _rows_of(column)
        constant = is_constant(column)
        n_rows = 1 if constant else data.n_rows
        columnfile.write(folder / f"{public}.npy", n_rows, dtype, part)
        kept[public] = _CONSTANT if constant else _ALL
        if public in ("scheduled_ns", "issued_ns"):
            written[public] = column
    return kept


def _is_same(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> bool:
    """Whether two columns are the same numbers in memory, perhaps as two views."""
    return a is b or (
        a.__array_interface__["data"] == b.__array_interface__["data"]
        and (a.shape, a.strides, a.dtype) == (b.shape, b.strides, b.dtype)
    )


def _rows_of(column: npt.NDArray[Any]) -> columnfile.Part:
    return lambda first, last: column[first:last]


def _read_columns(reader: Reader, folder: Path, n_rows: int) -> dict[str, npt.NDArray[Any]]:
    columns: dict[str, npt.NDArray[Any]] = {}
    for public, how in reader.get("columns", "dict").items():
        if public not in _COLUMNS:
            raise ResultError(f"{reader.path}: columns lists {public!r}; no such column is known")
        name, dtype = _COLUMNS[public]
        other = how.removeprefix(_SAME_AS) if isinstance(how, str) else None
        file = folder / f"{public}.npy"
        if how == _ALL:
            columns[name] = columnfile.read(file, n_rows, dtype)
        elif how == _CONSTANT:
            columns[name] = np.broadcast_to(columnfile.read(file, 1, dtype)[0], (n_rows,))
        elif other in _COLUMNS and _COLUMNS[other][0] in columns:
            columns[name] = columns[_COLUMNS[other][0]]
        else:
            raise ResultError(
                f"{reader.path}: columns.{public} is {how!r}; expected {_ALL!r}, {_CONSTANT!r} or"
                f' "{_SAME_AS}" and a column before it'
            )
    return columns


def _write_outputs(outputs: Outputs | None, folder: Path) -> dict[str, Any] | None:
    if outputs is None or outputs.n_kept == 0:
        return None
    folder.mkdir()
    for name, dtype in _OUTPUT_ROWS.items():
        columnfile.write(
            folder / f"{name}.npy", len(outputs), dtype, _rows_of(getattr(outputs, name))
        )
    columnfile.write(folder / "data.npy", len(outputs.data), np.uint8, _rows_of(outputs.data))
    return {"n_bytes": len(outputs.data), "kinds": list(outputs.kinds)}


def _read_outputs(reader: Reader, folder: Path, n_rows: int) -> Outputs | None:
    table = reader.get("outputs", "dict | None")
    if table is None:
        return None
    inner = Reader(reader.path, table, "outputs.")
    rows = {
        name: columnfile.read(folder / f"{name}.npy", n_rows, dtype)
        for name, dtype in _OUTPUT_ROWS.items()
    }
    data = columnfile.read(folder / "data.npy", inner.get("n_bytes", "int"), np.uint8)
    return Outputs(data=data, kinds=tuple(inner.get("kinds", "list")), **rows)


def _write_dataset(columns: Mapping[str, npt.NDArray[Any]], folder: Path) -> list[str]:
    """Write the dataset's columns, numbered; a column that only pickling could keep is left out."""
    names: list[str] = []
    for name, values in columns.items():
        column = np.asarray(values)
        if column.dtype.hasobject:
            if not all(isinstance(value, str) for value in column):
                log.warning(
                    "the dataset's column %r is not saved: it holds objects, not all of them text",
                    name,
                )
                continue
            column = column.astype(np.str_)
        folder.mkdir(exist_ok=True)
        file = folder / f"{len(names)}.npy"
        columnfile.write(file, len(column), column.dtype, _rows_of(column))
        names.append(name)
    return names


def _read_dataset(reader: Reader, folder: Path, total: int) -> dict[str, npt.NDArray[Any]]:
    return {
        str(name): columnfile.read(folder / f"{number}.npy", total, None)
        for number, name in enumerate(reader.get("dataset_columns", "list"))
    }
