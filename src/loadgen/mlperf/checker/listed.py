# SPDX-License-Identifier: Apache-2.0
"""The manifest of a submission, compared with its files; and its signature."""

from __future__ import annotations

import re
from typing import Final

from loadgen.errors import text_of
from loadgen.mlperf.checker.tree import Tree
from loadgen.mlperf.manifest import (
    MANIFEST,
    SIGNATURE,
    Listed,
    digest_of,
    parsed_manifest,
    signed_by,
)

__all__ = ["check_manifest", "known_key"]

_LARGEST: Final = 1 << 26
_KEY: Final = re.compile("[0-9a-f]{64}")


def known_key(text: str) -> str | None:
    """Return a public key as manifests have it, 64 hexadecimal digits; None: it is none."""
    return text.lower() if _KEY.fullmatch(text.lower()) else None


def check_manifest(tree: Tree, signer: str | None) -> str | None:
    """Compare a manifest with the files, where there is one; return who signed it.

    Parameters
    ----------
    tree : Tree
    signer : str or None
        The public key that has to have signed it; None: any, or none.
    """
    if MANIFEST in tree.files:
        _check_files(tree)
    elif SIGNATURE in tree.files:
        tree.findings.add(SIGNATURE, "manifest.signature", "a signature alone", MANIFEST)
    key = _check_signature(tree) if {MANIFEST, SIGNATURE} <= tree.files.keys() else None
    if signer is not None and key != signer:
        found = f"signed by {key}" if key else "no signature that holds"
        tree.findings.add(SIGNATURE, "manifest.signer", found, f"one by {signer}")
    return key


def _check_files(tree: Tree) -> None:
    table = tree.table(MANIFEST, _LARGEST)
    if table is None:
        return
    try:
        listed = parsed_manifest(dict(table))
    except ValueError as error:
        tree.findings.add(MANIFEST, "manifest.format", "another form", text_of(error))
        return
    for path in tree.files.keys() - listed.keys() - {MANIFEST, SIGNATURE}:
        tree.findings.add(path, "manifest.file", "not in the manifest", "every file in it")
    for path, entry in listed.items():
        found = _difference(tree, path, entry)
        if found:
            expected = f"{entry.n_bytes:,} bytes, SHA-256 {entry.sha256}"
            place = path if path in tree.files else MANIFEST
            tree.findings.add(place, "manifest.file", found, expected)


def _difference(tree: Tree, path: str, entry: Listed) -> str:
    """Return what of a file is not as the manifest says; empty if all is."""
    if path not in tree.files:
        return f"no file {path!r:.200}"
    if tree.files[path] != entry.n_bytes:
        return f"{tree.files[path]:,} bytes"
    try:
        digest = digest_of(tree.absolute(path)).sha256
    except OSError as error:
        return f"cannot be read: {error.strerror or text_of(error)}"
    return "" if digest == entry.sha256 else f"SHA-256 {digest}"


def _check_signature(tree: Tree) -> str | None:
    """Return the key that signed the manifest; None where that is not so, which is found."""
    table, manifest = tree.table(SIGNATURE), tree.read(MANIFEST, _LARGEST)
    if table is None or manifest is None:
        return None
    try:
        key = signed_by(manifest, dict(table))
    except ValueError as error:
        tree.findings.add(SIGNATURE, "manifest.signature", "another form", text_of(error))
        return None
    except ImportError as error:
        tree.findings.add(
            SIGNATURE, "manifest.signature", "not checked", text_of(error), severity="warning"
        )
        return None
    if key is None:
        tree.findings.add(SIGNATURE, "manifest.signature", "one of other bytes", "one of these")
    return key
