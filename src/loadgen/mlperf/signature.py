# SPDX-License-Identifier: Apache-2.0
"""Signatures of a submission's manifest: whose key signed it, as what. Several stand beside others.

``manifest.json.sig`` is ``{"version": 2, "signatures": [{"algorithm": "Ed25519", "public_key": ...,
"role": ..., "signature": ...}]}``, keys and signatures in hexadecimal. Ed25519 (RFC 8032) signs the
bytes of the manifest; where there is a role, these, a zero byte, and the role in UTF-8: no JSON has
a zero byte, so what is signed can be read in one way only. A file of version 1 is one such entry,
without a role.

Not for what the manifest says (``manifest.py``).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from loadgen.errors import LoadGenError, Problem, SettingsError, needs_extra, text_of
from loadgen.mlperf.manifest import MANIFEST, SIGNATURE
from loadgen.whole_file import replacing

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = [
    "Signature",
    "holds",
    "parsed_signatures",
    "public_key_of",
    "sign_manifest",
    "signature_text",
]

_VERSIONS: Final = (1, 2)
_ALGORITHM: Final = "Ed25519"
_KEY: Final = re.compile("[0-9a-f]{64}")
_SIGNED: Final = re.compile("[0-9a-f]{128}")
_P: Final = (1 << 255) - 19
_ORDER_8: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD83D3D706A17C7
_WEAK: Final = frozenset({0, 1, _P - 1, _ORDER_8, _P - _ORDER_8})
"""The y of the points of small order: as keys, they "sign" anything, and nobody owns them."""
_LONGEST_ROLE: Final = 100
_ROLES: Final = f"1 to {_LONGEST_ROLE} letters that show"


class Signature(NamedTuple):
    """One signature of a manifest.

    Parameters
    ----------
    public_key : str
        64 hexadecimal digits. Whose key that is a signature does not say.
    signature : str
        128 hexadecimal digits.
    role : str
        What the owner of the key says to sign as, such as "submitter". Signed too. Empty: nothing.
    """

    public_key: str
    signature: str
    role: str = ""

    def __str__(self) -> str:
        return f"{self.public_key} ({self.role})" if self.role else self.public_key


def parsed_signatures(table: Any) -> list[Signature]:
    """Return the signatures that a file has.

    Parameters
    ----------
    table : object
        Of JSON.

    Raises
    ------
    ValueError
        These are no signatures; says what was expected.
    """
    fields = table if isinstance(table, dict) else {}
    version = fields.get("version")
    if version not in _VERSIONS:
        raise ValueError('expected "version": 1 or 2')
    entries = [fields] if version == 1 else fields.get("signatures")
    if not isinstance(entries, list) or not entries:
        raise ValueError('expected a list as "signatures", which is not empty')
    return [_parsed(each) for each in entries]


def _parsed(entry: Any) -> Signature:
    fields = entry if isinstance(entry, dict) else {}
    if fields.get("algorithm") != _ALGORITHM:
        raise ValueError(f'expected "algorithm": "{_ALGORITHM}"')
    key, signature, role = (fields.get(name) for name in ("public_key", "signature", "role"))
    if not (isinstance(key, str) and _KEY.fullmatch(key)):
        raise ValueError('expected 64 hexadecimal digits as "public_key"')
    if not (isinstance(signature, str) and _SIGNED.fullmatch(signature)):
        raise ValueError('expected 128 hexadecimal digits as "signature"')
    if role is None:
        return Signature(key, signature)
    if not (isinstance(role, str) and _is_role(role)):
        raise ValueError(f'expected {_ROLES} as "role"')
    return Signature(key, signature, role)


def _is_role(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_ROLE and text.isprintable()


def _signed(manifest: bytes, role: str) -> bytes:
    return manifest + b"\0" + role.encode() if role else manifest


def _is_owned(key: str) -> bool:
    """Return whether someone may own a key: OpenSSL takes weak ones, and two forms of some."""
    y = int.from_bytes(bytes.fromhex(key), "little") % (1 << 255)  # without the sign of x
    return y < _P and y not in _WEAK


def holds(signature: Signature, manifest: bytes) -> bool:
    """Return whether a signature is one of a manifest, and of its own role.

    None holds by a key that signs anything: of small order, or in another form than RFC 8032's.

    Parameters
    ----------
    signature : Signature
    manifest : bytes
        The whole file.

    Raises
    ------
    ImportError
        The extra ``sign`` is missing.
    """
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
            Ed25519PublicKey,
        )
    except ImportError as error:
        raise needs_extra("sign", error) from error
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(signature.public_key)).verify(
            bytes.fromhex(signature.signature), _signed(manifest, signature.role)
        )
    except InvalidSignature:
        return False
    return _is_owned(signature.public_key)


def signature_text(signatures: Iterable[Signature]) -> str:
    """Return what a file of signatures has."""
    entries = [
        {"algorithm": _ALGORITHM, "public_key": each.public_key}
        | ({"role": each.role} if each.role else {})
        | {"signature": each.signature}
        for each in signatures
    ]
    return json.dumps({"version": _VERSIONS[-1], "signatures": entries}, indent=1) + "\n"


def sign_manifest(
    root: str | os.PathLike[str], private_key: str | os.PathLike[str], role: str = ""
) -> Signature:
    """Sign the manifest of a folder, beside who signed it before.

    Parameters
    ----------
    root : path
        Has a ``manifest.json``. Its files are not looked at: `loadgen.mlperf.checker.check` does.
    private_key : path
        A PEM file with an Ed25519 key, not encrypted.
    role : str
        What to sign as, such as "reviewer"; 1 to 100 letters, or none. A signature by the same key
        as the same is replaced.

    Returns
    -------
    Signature
        The new one.

    Raises
    ------
    SettingsError
        `role` or `private_key` cannot be used, or the extra ``sign`` is missing.
    LoadGenError
        There is no manifest, or the signatures that are there cannot be read; says which and why.
    """
    if role and not _is_role(role):
        raise SettingsError([Problem("role", role, _ROLES)])
    key, folder = _private_key(Path(private_key)), Path(root)
    try:
        manifest = (folder / MANIFEST).read_bytes()
    except OSError as error:
        said = error.strerror or error
        raise LoadGenError(f"{folder / MANIFEST}: cannot be read: {said}") from error
    signature = key.sign(_signed(manifest, role)).hex()
    new = Signature(key.public_key().public_bytes_raw().hex(), signature, role)
    mine = (new.public_key, new.role)
    others = [each for each in _there(folder / SIGNATURE) if (each.public_key, each.role) != mine]
    with replacing(folder / SIGNATURE) as partial:
        partial.write_text(signature_text([*others, new]), encoding="utf-8")
    return new


def _there(file: Path) -> list[Signature]:
    try:
        return parsed_signatures(json.loads(file.read_bytes()))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise LoadGenError(f"{file}: has no signatures that can be kept: {error}") from error


def public_key_of(private_key: str | os.PathLike[str]) -> str:
    """Return the public half of a key, 64 hexadecimal digits: what a reader is told to expect.

    Raises
    ------
    SettingsError
        It cannot be used, or the extra ``sign`` is missing.
    """
    return str(_private_key(Path(private_key)).public_key().public_bytes_raw().hex())


def _private_key(path: Path) -> Ed25519PrivateKey:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
            load_pem_private_key,
        )
    except ImportError as error:
        needed = f"the extra `sign`: pip install 'loadgen[sign]' ({text_of(error)})"
        raise _no_key(path, needed) from error
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise _no_key(path, f"a file that can be read: {error.strerror or error}") from error
    except (TypeError, ValueError) as error:  # TypeError: it is encrypted
        raise _no_key(path, f"a key in PEM, not encrypted: {error}") from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise _no_key(path, "an Ed25519 key: openssl genpkey -algorithm ed25519 makes one")
    return key


def _no_key(path: Path, allowed: str) -> SettingsError:
    return SettingsError([Problem("private_key", str(path), allowed)])
