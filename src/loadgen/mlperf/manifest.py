# SPDX-License-Identifier: Apache-2.0
"""The manifest of a submission: the SHA-256 of every file.

``manifest.json`` is ``{"version": 1, "files": {path: {"sha256": ..., "bytes": ...}}}``, paths
relative to its folder with ``/``, in their order.

Not for what the files say, nor for who signed them (``signature.py``).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from loadgen.errors import LoadGenError
from loadgen.whole_file import replacing

__all__ = [
    "MANIFEST",
    "SIGNATURE",
    "Listed",
    "digest_of",
    "manifest_text",
    "parsed_manifest",
    "write_manifest",
]

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.json.sig"

_VERSION: Final = 1
_SHA256: Final = re.compile("[0-9a-f]{64}")


class Listed(NamedTuple):
    """What a manifest says of a file.

    Parameters
    ----------
    sha256 : str
        64 hexadecimal digits.
    n_bytes : int
    """

    sha256: str
    n_bytes: int


def digest_of(path: Path) -> Listed:
    """Return what a manifest has to say of a file.

    Raises
    ------
    OSError
    """
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return Listed(sha256, file.tell())


def manifest_text(files: Mapping[str, Listed]) -> str:
    """Return a manifest: the same for the same files, whatever their order."""
    table = {
        path: {"sha256": files[path].sha256, "bytes": files[path].n_bytes} for path in sorted(files)
    }
    return json.dumps({"version": _VERSION, "files": table}, indent=1, ensure_ascii=False) + "\n"


def parsed_manifest(table: Any) -> dict[str, Listed]:
    """Return the files of a manifest.

    Parameters
    ----------
    table : object
        Of JSON.

    Raises
    ------
    ValueError
        It is no manifest; says what was expected.
    """
    if not isinstance(table, dict) or table.get("version") != _VERSION:
        raise ValueError(f'expected an object with "version": {_VERSION}')
    files = table.get("files")
    if not isinstance(files, dict):
        raise ValueError('expected an object as "files"')
    listed = {}
    for path, entry in files.items():
        sha256 = entry.get("sha256") if isinstance(entry, dict) else None
        n_bytes = entry.get("bytes") if isinstance(entry, dict) else None
        if not (isinstance(sha256, str) and _SHA256.fullmatch(sha256) and type(n_bytes) is int):
            raise ValueError(f'expected "sha256" and "bytes" of {path!r:.80}')
        listed[path] = Listed(sha256, n_bytes)
    return listed


def write_manifest(root: str | os.PathLike[str]) -> dict[str, Listed]:
    """Write the manifest of all files below a folder.

    Parameters
    ----------
    root : path
        A manifest that is there is replaced. Signatures of it stay if it says the same; those of
        another one are removed.

    Returns
    -------
    dict of str to Listed

    Raises
    ------
    LoadGenError
        A file cannot be read or written, is a link or no file; says which and why.
    """
    folder = Path(root)
    file = folder / MANIFEST
    try:
        files = {
            path.relative_to(folder).as_posix(): digest_of(path) for path in _files_below(folder)
        }
        text = manifest_text(files).encode()
        if not (file.exists() and file.read_bytes() == text):
            (folder / SIGNATURE).unlink(missing_ok=True)
    except OSError as error:
        raise LoadGenError(f"{error.filename}: cannot be read: {error.strerror}") from error
    with replacing(file) as partial:
        partial.write_bytes(text)
    return files


def _files_below(folder: Path) -> Iterable[Path]:
    for place, folders, names in os.walk(folder, onerror=_raise):
        for name in [*folders, *names]:
            path = Path(place, name)
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise LoadGenError(f"{path}: is a link or no file; a manifest has only files")
        yield from (
            Path(place, name)
            for name in names
            if Path(place) != folder or name not in (MANIFEST, SIGNATURE)
        )


def _raise(error: OSError) -> None:
    raise error
