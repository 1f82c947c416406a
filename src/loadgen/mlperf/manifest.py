# SPDX-License-Identifier: Apache-2.0
"""The manifest of a submission: the SHA-256 of every file; and its signature.

``manifest.json`` is ``{"version": 1, "files": {path: {"sha256": ..., "bytes": ...}}}``, paths
relative to its folder with ``/``, in their order. ``manifest.json.sig`` signs the bytes of that
file by Ed25519 (RFC 8032): ``{"version": 1, "algorithm": "Ed25519", "public_key": ...,
"signature": ...}``, both in hexadecimal.

Not for what the files say.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from loadgen.errors import LoadGenError, needs_extra
from loadgen.whole_file import replacing

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = [
    "MANIFEST",
    "SIGNATURE",
    "Listed",
    "digest_of",
    "manifest_text",
    "parsed_manifest",
    "public_key_of",
    "signature_text",
    "signed_by",
    "write_manifest",
]

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.json.sig"

_VERSION: Final = 1
_ALGORITHM: Final = "Ed25519"
_SHA256: Final = re.compile("[0-9a-f]{64}")
_KEY: Final = re.compile("[0-9a-f]{64}")
_SIGNED: Final = re.compile("[0-9a-f]{128}")


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


def write_manifest(
    root: str | os.PathLike[str], private_key: str | os.PathLike[str] | None = None
) -> dict[str, Listed]:
    """Write the manifest of all files below a folder, and its signature if there is a key.

    Parameters
    ----------
    root : path
        A manifest and a signature that are there are replaced.
    private_key : path, optional
        A PEM file with an Ed25519 key, not encrypted.

    Returns
    -------
    dict of str to Listed

    Raises
    ------
    LoadGenError
        A file cannot be read or written, is a link or no file, or the key cannot be used; says
        which and why.
    ImportError
        There is a key, and the extra ``sign`` is missing.
    """
    folder = Path(root)
    key = None if private_key is None else _private_key(Path(private_key))
    try:
        files = {
            path.relative_to(folder).as_posix(): digest_of(path) for path in _files_below(folder)
        }
    except OSError as error:
        raise LoadGenError(f"{error.filename}: cannot be read: {error.strerror}") from error
    text = manifest_text(files)
    with replacing(folder / MANIFEST) as partial:
        partial.write_text(text, encoding="utf-8")
    if key is None:
        (folder / SIGNATURE).unlink(missing_ok=True)  # of another manifest
    else:
        with replacing(folder / SIGNATURE) as partial:
            partial.write_text(signature_text(text.encode(), key), encoding="utf-8")
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


def signature_text(manifest: bytes, key: Ed25519PrivateKey) -> str:
    """Return the signature of a manifest's bytes, as its file has it."""
    table = {
        "version": _VERSION,
        "algorithm": _ALGORITHM,
        "public_key": key.public_key().public_bytes_raw().hex(),
        "signature": key.sign(manifest).hex(),
    }
    return json.dumps(table, indent=1) + "\n"


def signed_by(manifest: bytes, table: Any) -> str | None:
    """Return the public key that a signature is of; None where it is not one of this manifest.

    Parameters
    ----------
    manifest : bytes
        The whole file.
    table : object
        Of the signature's JSON.

    Returns
    -------
    str or None
        64 hexadecimal digits. Whose key that is the signature does not say.

    Raises
    ------
    ValueError
        It is no signature; says what was expected.
    ImportError
        The extra ``sign`` is missing.
    """
    fields = table if isinstance(table, dict) else {}
    if (fields.get("version"), fields.get("algorithm")) != (_VERSION, _ALGORITHM):
        raise ValueError(f'expected "version": {_VERSION} and "algorithm": "{_ALGORITHM}"')
    key, signature = fields.get("public_key"), fields.get("signature")
    if not (isinstance(key, str) and _KEY.fullmatch(key)):
        raise ValueError('expected 64 hexadecimal digits as "public_key"')
    if not (isinstance(signature, str) and _SIGNED.fullmatch(signature)):
        raise ValueError('expected 128 hexadecimal digits as "signature"')
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
            Ed25519PublicKey,
        )
    except ImportError as error:
        raise needs_extra("sign", error) from error
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(
            bytes.fromhex(signature), manifest
        )
    except InvalidSignature:
        return None
    return key


def public_key_of(private_key: str | os.PathLike[str]) -> str:
    """Return the public half of a key, 64 hexadecimal digits: what a reader is told to expect.

    Raises
    ------
    LoadGenError, ImportError
        As for `write_manifest`.
    """
    return str(_private_key(Path(private_key)).public_key().public_bytes_raw().hex())


def _private_key(path: Path) -> Ed25519PrivateKey:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
            load_pem_private_key,
        )
    except ImportError as error:
        raise needs_extra("sign", error) from error
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise LoadGenError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (TypeError, ValueError) as error:  # TypeError: it is encrypted
        raise LoadGenError(f"{path}: no key that can be used: {error}") from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        wanted = "openssl genpkey -algorithm ed25519 makes one"
        raise LoadGenError(f"{path}: is no Ed25519 key; {wanted}")
    return key
