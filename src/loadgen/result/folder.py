# SPDX-License-Identifier: Apache-2.0
"""The folder of a saved run: may it be written, and how it comes to be whole or not at all.

A folder is written beside its place, as ``<name>.partial``, and renamed when it is complete. Only
what `loadgen` itself has written is ever removed. Not for what the files hold.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from loadgen.errors import LoadGenError
from loadgen.result.manifest import KIND

RESULT_FILE, RUN_FILE = "result.json", "run.toml"
REPORT_FILE = "report.html"
"""Of `Result.report`, where nobody says another place."""
READINGS_FILE = "spl.txt"
"""Of power, where it was measured."""
COLUMNS, OUTPUTS, DATASET, TOKENS = "columns", "outputs", "dataset", "tokens"

_MARKER = ".loadgen-partial"  # in a folder that is being written: may be removed after a crash
_OWN_FILES = (RESULT_FILE, RUN_FILE, REPORT_FILE, READINGS_FILE, _MARKER)
_OWN_FOLDERS = (COLUMNS, OUTPUTS, DATASET, TOKENS)
_LOG_PREFIX = "mlperf_log_"
_NAMED = 3  # strange files that a message names


def prepare_output_dir(path: str | os.PathLike[str], overwrite: bool = False) -> Path:
    """Make sure, before a run, that its folder can be written after it.

    Parameters
    ----------
    path : path
        Where the run will be saved. Parents are made.
    overwrite : bool
        Whether a saved run that is there already may be replaced.

    Returns
    -------
    Path
        The same, absolute and without links.

    Raises
    ------
    LoadGenError
        It is there and not empty, is no saved run, or cannot be written; says which.
    """
    target = Path(path).absolute()
    try:
        target = target.resolve()
        _check_replaceable(target, overwrite)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(_new_partial(target))
    except OSError as error:
        raise _cannot_write(target, error) from error
    return target


@contextmanager
def replacing(path: str | os.PathLike[str], overwrite: bool) -> Iterator[Path]:
    """Give a new folder to write into; put it into its place if nothing was raised.

    Parameters
    ----------
    path : path
    overwrite : bool
        As for `prepare_output_dir`.
    """
    target = prepare_output_dir(path, overwrite)
    try:
        partial = _new_partial(target)
        try:
            yield partial
            (partial / _MARKER).unlink()
            _check_replaceable(target, overwrite)
            _swap(partial, target)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    except OSError as error:
        raise _cannot_write(target, error) from error


def is_partial(names: Iterable[str]) -> bool:
    """Return whether a folder is being written, or writing it was cut off, by the names in it."""
    return _MARKER in names


def _cannot_write(target: Path, error: OSError) -> LoadGenError:
    reason = error.strerror or str(error)
    return LoadGenError(f"{target}: cannot be written: {reason} ({error.filename or target.name})")


def _check_replaceable(target: Path, overwrite: bool) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise LoadGenError(f"{target}: is a file; expected an absent or empty folder")
    if next(target.iterdir(), None) is None:
        return
    if not overwrite:
        raise LoadGenError(
            f"{target}: is not empty; expected an absent or empty folder"
            " (overwrite=True replaces a saved result)"
        )
    if not _is_result(target):
        raise LoadGenError(
            f"{target}: is not empty and no saved result, so overwrite=True does not replace it"
        )
    _refuse_strangers(target)


def _is_result(folder: Path) -> bool:
    try:
        with (folder / RESULT_FILE).open("rb") as file:
            table = json.load(file)
    except (OSError, ValueError):
        return False
    return isinstance(table, dict) and table.get("kind") == KIND


def _refuse_strangers(folder: Path) -> None:
    """Raise if there is anything in a folder that `loadgen` did not write."""
    strangers = [
        str(entry.relative_to(folder))
        for entry in sorted(folder.rglob("*"))
        if not _is_own(entry, entry.relative_to(folder).parts[0])
    ]
    if strangers:
        named = ", ".join(strangers[:_NAMED])
        more = f" and {len(strangers) - _NAMED} more" if len(strangers) > _NAMED else ""
        raise LoadGenError(
            f"{folder}: holds files that loadgen did not write ({named}{more}):"
            " they would be lost; move them, or choose another folder"
        )


def _is_own(entry: Path, top: str) -> bool:
    if entry.is_symlink():
        return False
    if top in _OWN_FOLDERS:
        return entry.is_dir() if entry.name == top else entry.is_file() and entry.suffix == ".npy"
    return entry.is_file() and (top in _OWN_FILES or top.startswith(_LOG_PREFIX))


def _new_partial(target: Path) -> Path:
    """Make the folder to write into; one that a crash left behind is removed first."""
    partial = target.with_name(target.name + ".partial")
    if partial.is_dir() and (partial / _MARKER).exists():
        _refuse_strangers(partial)
        shutil.rmtree(partial)
    elif partial.exists() and not (partial.is_dir() and next(partial.iterdir(), None) is None):
        raise LoadGenError(f"{partial}: is in the way: the result is written there first")
    partial.mkdir(exist_ok=True)
    (partial / _MARKER).touch()
    return partial


def _swap(partial: Path, target: Path) -> None:
    """Put the new folder into its place; the old one goes only when the new one is there."""
    old = None
    if target.exists() and next(target.iterdir(), None) is not None:
        old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        target.replace(old)
    try:
        partial.replace(target)
    except OSError:
        if old is not None:
            old.replace(target)
        raise
    _sync(target.parent)
    if old is not None:
        shutil.rmtree(old)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
